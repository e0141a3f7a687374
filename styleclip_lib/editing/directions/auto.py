"""Global directions that find their own strength, and that take a text apart which says several things."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from ...models import Models
from ...portraits.language.captions import plainly
from ...portraits.world.attributes import BY_NAME
from ..face import Face
from ..prompt import Prompt
from ..recipes import NEUTRAL, Change, Directions
from ..result import Edit
from ..strength import Judged, weighed_strength, z_scores
from .global_directions import GlobalDirections
from .prompt_templates import can_read


def directions_of(models: Models, recipe: Directions | None = None, prompt: Prompt | None = None) -> GlobalDirections:
    """The domain's directions, loaded or computed once and remembered, with the recipe's ridge.

    Raises StyleclipError if no channel reaches the beta of the recipe.
    """
    if "directions" not in models.memo:
        models.memo["directions"] = GlobalDirections.available(models)
    directions = models.memo["directions"]
    if recipe is not None and recipe.ridge is not None:
        directions = replace(directions, ridge=recipe.ridge)
    if recipe is not None and prompt is not None and not recipe.changes:
        for change in changes_of(directions, recipe, prompt):
            directions.threshold(change)
    return directions


def changes_of(directions: GlobalDirections, recipe: Directions, prompt: Prompt | None) -> tuple[Change, ...]:
    """What a recipe does: its changes, or one for the text, from the neutral text to the target."""
    if not recipe.changes:
        prompt = recipe.required(prompt)
        rgb = moves_rgb(directions, prompt) if recipe.rgb is None else recipe.rgb
        return (Change(prompt.text, prompt.neutral or NEUTRAL, recipe.alpha, recipe.beta, rgb),)
    prompts = [None if change.rgb is not None else Prompt.of(directions.models, change.target) for change in recipe.changes]
    return tuple(replace(change, rgb=moves_rgb(directions, own)) if own else change for change, own in zip(recipe.changes, prompts))


def auto_edit(directions: GlobalDirections, face: Face, prompt: Prompt, beta: float | None = None, rgb: bool | None = None,
              alpha: float = Directions.DEFAULT.alpha, strengths: Sequence[float] = Directions.STRENGTHS) -> Edit:
    """Edits a face as far as `weighed_strength` says, one part of the text after the other.

    "A man with blue eyes and a hat" becomes "a man with blue eyes" and "a man with a hat": in one step the louder part drowns the
    other, and each needs a strength of its own.

    beta   as for `GlobalDirections.edit`
    rgb    whether the channels of the toRGB layers move too; None: for a part that speaks of a colour, if they were tried
    alpha  what the strength 1 is

    Without a neutral text in the prompt, each part goes from "a face" (a man or a woman if the text says so), or from what the face shows
    in its place, in CLIP's eyes (`shown_instead`), whichever leads to an edit that is worth more.
    Raises StyleclipError as `GlobalDirections.edit` does.
    """
    models, changes = directions.models, ()
    edit = directions.apply(face, changes)
    for part in prompt.parts or (prompt,):
        start = Judged.of(models, edit.image)
        if part.is_true_of(start.embedding, models.calibration.early_exit):
            continue
        tried = []
        for neutral in _neutrals(models, start.embedding, part):
            change = Change(part.text, neutral, alpha, beta, moves_rgb(directions, part) if rgb is None else rgb)

            def draw(strength: float, change=change, before=changes) -> Tensor:
                return directions.apply(face, (*before, replace(change, alpha=strength * alpha))).image

            strength, worth = weighed_strength(models, draw, part, start, strengths=strengths, cap_z=models.calibration.cap_z_directions)
            tried.append((worth, replace(change, alpha=strength * alpha)))
        change = max(tried, key=lambda pair: pair[0])[1]
        if change.alpha:
            changes = (*changes, change)
            edit = directions.apply(face, changes)
    return replace(edit, prompt=prompt)


def moves_rgb(directions: GlobalDirections, prompt: Prompt) -> bool:
    """Whether the channels of the toRGB layers move too: if the text speaks of a colour, and they were tried."""
    return directions.rgb_effects is not None and prompt.speaks_of_color


def _neutrals(models: Models, embedding: Tensor, part: Prompt) -> list[str]:
    """The neutral texts from which a part may go, each once."""
    if part.neutral is not None:
        return [part.neutral]
    return list(dict.fromkeys([neutral_of(part), shown_instead(models, embedding, part)]))


def shown_instead(models: Models, embedding: Tensor, prompt: Prompt) -> str:
    """What a face shows in place of what the text says: of the attribute's other values the one that fits best, in words.

    A direction to blond hair from hair of any colour is a mean over all colours; from blue hair another one is needed.
    Where the text itself fits best there is nothing in its place, and for a text that says more or less than one thing, or one in words
    outside the vocabulary of the portraits, nobody knows: then it is `neutral_of`.

    embedding  CLIP's vector of the face [1, D]
    """
    things = [attribute_value for attribute_value in prompt.attribute_values if attribute_value[0] != "gender"]
    if prompt.unknown or len(things) != 1 or things[0][0] not in BY_NAME:
        return neutral_of(prompt)
    name, value = things[0]
    others = [plainly((name, other), prompt.gender or "face") for other in BY_NAME[name].values if other != value]
    others = [other for other in others if can_read(models.clip, [other])]
    best = int(z_scores(models, embedding, models.clip.encode_text([*others, prompt.text])).argmax())
    return others[best] if best < len(others) else neutral_of(prompt)


def neutral_of(prompt: Prompt) -> str:
    """What a face is before the text: of the gender that the text says, if any."""
    return f"a {prompt.gender}" if prompt.gender else NEUTRAL
