"""Global directions that find their own strength, and that take a text apart which says several things."""

import torch

from ..portraits.captions import said_apart
from ..portraits.parsing import parse
from .global_directions import ALPHA, NEUTRAL, Change, GlobalDirections
from .latent_optimization import speaks_of_color
from .strength import best_strength, seen_faces
from .style_edit import StyleEdit


def auto_edit(directions: GlobalDirections, w_plus: torch.Tensor, text: str, neutral: str | None = None,
              beta: float | None = None, crowd: torch.Tensor | None = None, rgb: bool | None = None) -> StyleEdit:
    """Edits a face as far as `best_strength` says, one statement of the text after the other.

    "A man with blue eyes and a hat" becomes "a man with blue eyes" and "a man with a hat": in one step the louder statement drowns the
    other, and each needs a strength of its own. Texts with words outside the vocabulary of the portraits stay in one piece.

    w_plus   [1, num_ws, w_dim]
    neutral  what the face is without the text; None: a man or a woman if the text says so, else a face
    beta     as for `GlobalDirections.edit`
    crowd    what `seen_faces` returned, so that it is not drawn again
    rgb      whether the channels of the toRGB layers are asked too; None: for a statement that speaks of a colour, if they were tried

    Raises StyleclipError as `GlobalDirections.edit` does.
    """
    crowd = seen_faces(directions.models) if crowd is None else crowd
    edit = directions.edit_several(w_plus, changes := [])
    for part in said_apart(text):
        start = neutral_of(part) if neutral is None else neutral
        change, before = Change(part, start, ALPHA, beta, paints(directions, part) if rgb is None else rgb), list(changes)

        def draw(strength: float, change=change, before=before) -> torch.Tensor:
            return directions.edit_several(w_plus, [*before, change._replace(alpha=strength * ALPHA)]).image

        strength = best_strength(directions.models, draw, part, crowd=crowd)
        if strength:
            changes.append(change._replace(alpha=strength * ALPHA))
            edit = directions.edit_several(w_plus, changes)
    edit.recipe["asked"] = text
    return edit


def paints(directions: GlobalDirections, text: str) -> bool:
    """Whether the channels of the toRGB layers are asked too: if the text speaks of a colour, and they were tried."""
    return directions.rgb_effects is not None and speaks_of_color(text)


def neutral_of(text: str) -> str:
    """What a face is before the text: of the gender that the text says, if any."""
    gender = dict(parse(text).statements).get("gender")
    return f"a {gender}" if gender else NEUTRAL
