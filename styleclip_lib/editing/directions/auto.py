"""Global directions that find their own strength, and that take a text apart which says several things."""

import torch

from ...models import Models
from ...portraits.language.captions import plainly, said_apart
from ...portraits.language.parsing import parse
from ...portraits.world.attributes import BY_NAME
from ..strength import fits, seen_faces, weighed_strength
from ..style_edit import StyleEdit
from .global_directions import ALPHA, NEUTRAL, Change, GlobalDirections
from .prompt_templates import can_read

ENOUGH = 4.0
"""The fit with which to stop. Colours of hair pass through grey at 3."""


def auto_edit(directions: GlobalDirections, w_plus: torch.Tensor, text: str, neutral: str | None = None,
              beta: float | None = None, crowd: torch.Tensor | None = None, rgb: bool | None = None) -> StyleEdit:
    """Edits a face as far as `weighed_strength` says, one statement of the text after the other.

    "A man with blue eyes and a hat" becomes "a man with blue eyes" and "a man with a hat": in one step the louder statement drowns the
    other, and each needs a strength of its own. Texts with words outside the vocabulary of the portraits stay in one piece.

    w_plus   [1, num_ws, w_dim]
    neutral  what the face is without the text; None: either "a face" (a man or a woman if the text says so), or what it shows in
             place of the text, in CLIP's eyes (`shown_instead`), whichever leads to an edit that is worth more
    beta     as for `GlobalDirections.edit`
    crowd    what `seen_faces` returned, so that it is not drawn again
    rgb      whether the channels of the toRGB layers are asked too; None: for a statement that speaks of a colour, if they were tried

    Raises StyleclipError as `GlobalDirections.edit` does.
    """
    models = directions.models
    crowd = seen_faces(models) if crowd is None else crowd
    edit = directions.edit_several(w_plus, changes := [])
    for part in said_apart(text):
        starts = dict.fromkeys([neutral_of(part), shown_instead(models, edit.image, part, crowd)] if neutral is None else [neutral])
        found = []
        for start in starts:
            change = Change(part, start, ALPHA, beta, paints(directions, part) if rgb is None else rgb)

            def draw(strength: float, change=change, before=tuple(changes)) -> torch.Tensor:
                return directions.edit_several(w_plus, [*before, change._replace(alpha=strength * ALPHA)]).image

            strength, worth = weighed_strength(models, draw, part, crowd=crowd, enough=ENOUGH)
            found.append((worth, change._replace(alpha=strength * ALPHA)))
        change = max(found, key=lambda pair: pair[0])[1]
        if change.alpha:
            changes.append(change)
            edit = directions.edit_several(w_plus, changes)
    edit.recipe["asked"] = text
    return edit


def paints(directions: GlobalDirections, text: str) -> bool:
    """Whether the channels of the toRGB layers are asked too: if the text speaks of a colour, and they were tried."""
    return directions.rgb_effects is not None and parse(text).speaks_of_color


def shown_instead(models: Models, image: torch.Tensor, text: str, crowd: torch.Tensor) -> str:
    """What a face shows in place of what the text says: of the attribute's other values the one that fits best, in words.

    A direction to blond hair from hair of any colour is a mean over all colours; from blue hair another one is needed.
    Where the text itself fits best there is nothing in its place, and for a text that says more or less than one thing, or one in words
    outside the vocabulary of the portraits, nobody knows: then it is `neutral_of`.

    image [1, 3, R, R], crowd as for `best_strength` -> a text
    """
    said = parse(text)
    things = [statement for statement in said.statements if statement[0] != "gender"]
    if said.unknown or len(things) != 1 or things[0][0] not in BY_NAME:
        return neutral_of(text)
    name, value = things[0]
    noun = dict(said.statements).get("gender", "face")
    others = [plainly((name, other), noun) for other in BY_NAME[name].values if other != value]
    others = [other for other in others if can_read(models.clip, [other])]
    best = int(fits(models, image, [*others, text], crowd).argmax())
    return others[best] if best < len(others) else neutral_of(text)


def neutral_of(text: str) -> str:
    """What a face is before the text: of the gender that the text says, if any."""
    gender = dict(parse(text).statements).get("gender")
    return f"a {gender}" if gender else NEUTRAL
