"""Global directions that choose their own strength, for each part of a text by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from ...models import Models
from ...portraits.language.captions import plainly
from ...portraits.world.attributes import BY_NAME
from ..face import Face
from ..prompt import Prompt
from ..recipe import NEUTRAL
from ..recipes import Change, Directions
from ..result import Edit
from ..strength import Embeddings, weighed_strength, z_scores
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
    """The recipe's changes, or one for the text, from the neutral text to the target."""
    if not recipe.changes:
        prompt = recipe.required(prompt)
        rgb = moves_rgb(directions, prompt) if recipe.rgb is None else recipe.rgb
        return (Change(prompt.text, prompt.neutral or NEUTRAL, recipe.alpha, recipe.beta, rgb),)
    prompts = [None if change.rgb is not None else Prompt.of(directions.models, change.target) for change in recipe.changes]
    return tuple(replace(change, rgb=moves_rgb(directions, own)) if own else change for change, own in zip(recipe.changes, prompts))


def auto_edit(directions: GlobalDirections, face: Face, prompt: Prompt, beta: float | None = None, rgb: bool | None = None,
              alpha: float = Directions.DEFAULT.alpha, strengths: Sequence[float] = Directions.STRENGTHS) -> Edit:
    """Edits a face with the strength chosen by `weighed_strength`, one part of the text after the other.

    "A man with blue eyes and a hat" becomes "a man with blue eyes" and "a man with a hat": in one step the more visible part would
    dominate, and each needs its own strength.

    beta   as for `GlobalDirections.edit`
    rgb    whether the channels of the toRGB layers change too; None: for a part that names a colour, if their effects are known
    alpha  the alpha of strength 1

    Without a neutral text in the prompt, each part starts from "a face" (a man or a woman if the text says so), or from the attribute
    value that, by CLIP, the face has instead (`shown_instead`), whichever gives the edit with the better score.
    Raises StyleclipError as `GlobalDirections.edit` does.
    """
    models, changes = directions.models, ()
    edit = directions.apply(face, changes)
    for part in prompt.parts or (prompt,):
        start = Embeddings.of(models, edit.image)
        if part.is_true_of(start.embedding, models.calibration.early_exit):
            continue
        tried = []
        for neutral in _neutrals(models, start.embedding, part):
            change = Change(part.text, neutral, alpha, beta, moves_rgb(directions, part) if rgb is None else rgb)

            def draw(strength: float, change=change, before=changes) -> Tensor:
                return directions.apply(face, (*before, replace(change, alpha=strength * alpha))).image

            strength, score = weighed_strength(models, draw, part, start, strengths=strengths, cap_z=models.calibration.cap_z_directions)
            tried.append((score, replace(change, alpha=strength * alpha)))
        change = max(tried, key=lambda pair: pair[0])[1]
        if change.alpha:
            changes = (*changes, change)
            edit = directions.apply(face, changes)
    return replace(edit, prompt=prompt)


def moves_rgb(directions: GlobalDirections, prompt: Prompt) -> bool:
    """Whether the channels of the toRGB layers change too: if the text names a colour, and their effects are known."""
    return directions.rgb_effects is not None and prompt.speaks_of_color


def _neutrals(models: Models, embedding: Tensor, part: Prompt) -> list[str]:
    """The neutral texts from which a part may start, without repetition."""
    if part.neutral is not None:
        return [part.neutral]
    return list(dict.fromkeys([neutral_of(part), shown_instead(models, embedding, part)]))


def shown_instead(models: Models, embedding: Tensor, prompt: Prompt) -> str:
    """What a face shows instead of the text, in words: the other value of the attribute with the highest CLIP z-score.

    The direction from "a face" to blond hair is a mean over all hair colours; starting from blue hair it is a different one.
    If the text itself has the highest z-score, or names several attribute values or none, or has words outside the vocabulary of the
    portraits, this is `neutral_of`.

    embedding  CLIP's embedding of the face [1, D]
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
    """The neutral text: a face, or the gender that the text names."""
    return f"a {prompt.gender}" if prompt.gender else NEUTRAL
