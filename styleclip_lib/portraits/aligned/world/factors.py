"""The factors of a portrait: every number that the renderer needs, and nothing else.

The position of the face in the picture is not a factor, since portraits are aligned (see `camera`).
"""

from dataclasses import dataclass, fields, replace
from types import SimpleNamespace

import torch

from ....errors import StyleclipError
from .attributes import BY_NAME, index_of, number_of


@dataclass(frozen=True)
class Factors:
    """The factors of N portraits, one tensor [N] each.

    Categories hold the index of their value in `attributes.ATTRIBUTES` (int64). Everything else is float32
    in [-1, 1] unless a range is given. The factors in `IDENTITY` make up the person; all others may change from one
    picture of a person to the next.
    """

    # who it is
    gender: torch.Tensor
    age: torch.Tensor  # [0, 1], child to old
    weight: torch.Tensor
    skin_tone: torch.Tensor  # [0, 1], very light to very dark
    eye_color: torch.Tensor
    iris_shade: torch.Tensor
    brows: torch.Tensor
    face_length: torch.Tensor
    jaw: torch.Tensor
    cheekbones: torch.Tensor
    eye_size: torch.Tensor
    eye_spacing: torch.Tensor
    eye_tilt: torch.Tensor
    brow_shape: torch.Tensor
    nose_width: torch.Tensor
    nose_length: torch.Tensor
    mouth_width: torch.Tensor
    mouth_height: torch.Tensor
    lip_fullness: torch.Tensor
    ear_size: torch.Tensor
    undertone: torch.Tensor
    freckles: torch.Tensor  # [0, 1], none below 0.75
    # hair
    hair_style: torch.Tensor
    hair_color: torch.Tensor
    hair_shade: torch.Tensor
    hair_length: torch.Tensor
    hair_volume: torch.Tensor
    hair_waves: torch.Tensor
    parting: torch.Tensor
    fringe: torch.Tensor  # [0, 1], no fringe below 0.75
    facial_hair: torch.Tensor
    # expression
    expression: torch.Tensor
    expression_strength: torch.Tensor  # [0.75, 1]
    eyes: torch.Tensor
    gaze_x: torch.Tensor
    gaze_y: torch.Tensor
    # what is worn
    glasses: torch.Tensor
    glasses_shape: torch.Tensor
    frame_color: torch.Tensor  # [0, 1]
    headwear: torch.Tensor
    headwear_color: torch.Tensor  # [0, 1]
    makeup: torch.Tensor
    makeup_color: torch.Tensor  # [0, 1]
    earrings: torch.Tensor
    clothes: torch.Tensor
    clothes_shade: torch.Tensor
    collar: torch.Tensor  # [0, 1]: round neck, V-neck, shirt
    # the picture
    yaw: torch.Tensor
    pitch: torch.Tensor
    light: torch.Tensor
    light_height: torch.Tensor
    background: torch.Tensor
    background_shade: torch.Tensor
    # what an aligner leaves, see `camera.aligned_frame`
    slip_roll: torch.Tensor
    slip_x: torch.Tensor
    slip_y: torch.Tensor
    slip_size: torch.Tensor

    def __len__(self) -> int:
        return len(self.gender)

    def __getitem__(self, index) -> "Factors":
        """The chosen portraits; an integer keeps the batch dimension."""
        index = slice(index, index + 1 or None) if isinstance(index, int) else index
        return Factors(**{name: value[index] for name, value in self.items()})

    @staticmethod
    def joined(parts: "list[Factors]") -> "Factors":
        """Concatenates several sets of portraits."""
        return Factors(**{name: torch.cat([getattr(part, name) for part in parts]) for name in NAMES})

    def items(self):
        """(name, tensor [N]) for every factor, in the order of the class."""
        return [(field.name, getattr(self, field.name)) for field in fields(self)]

    def replace(self, **changes) -> "Factors":
        """A copy with some factors changed, to a number, the name of a value, or a tensor [N].

        `factors.replace(glasses="sunglasses", yaw=0.0)` puts sunglasses on everybody and turns them to the front. The rules of
        `from_uniform` are not applied again: a woman may get a beard. Raises StyleclipError for an unknown factor or value.
        """
        return replace(self, **{name: self._as_tensor(name, value) for name, value in changes.items()})

    def _as_tensor(self, name, value):
        if name not in NAMES:
            raise StyleclipError(f"A portrait has no factor '{name}'; choose one of {', '.join(NAMES)}.")
        old = getattr(self, name)
        if isinstance(value, str):
            value = number_of(name, value)
        return torch.as_tensor(value, dtype=old.dtype, device=old.device).expand(len(self)).clone()

    def portrait(self, index: int) -> "Portrait":
        """One portrait as plain numbers and names, for the renderer."""
        row = {name: value[index].item() for name, value in self.items()}
        return Portrait(**{name: BY_NAME[name].values[value] if is_category(name) else value for name, value in row.items()})

    def to(self, device) -> "Factors":
        return Factors(**{name: value.to(device) for name, value in self.items()})


class Portrait(SimpleNamespace):
    """The factors of one portrait: floats, and for categories the names of their values."""


def is_category(name: str) -> bool:
    """Whether a factor holds the index of a value."""
    return name in BY_NAME and not BY_NAME[name].is_scale


NAMES: tuple[str, ...] = tuple(field.name for field in fields(Factors))
IDENTITY: tuple[str, ...] = NAMES[: NAMES.index("hair_style")]

_FROM_ZERO = ("age", "skin_tone", "freckles", "fringe", "frame_color", "headwear_color", "makeup_color", "collar")


def sample(n: int, seed: int) -> Factors:
    """Draws n portraits. The same seed gives the same people on every machine.

    Returns Factors of length n, on the CPU.
    """
    generator = torch.Generator().manual_seed(seed)
    return from_uniform(torch.rand(n, len(NAMES), generator=generator))


def from_uniform(u: torch.Tensor) -> Factors:
    """Turns uniform numbers into factors, one column for each factor, by inverse transform sampling.

    A few rules keep people plausible: only men who are no longer children have beards, make-up and earrings are mostly worn by women,
    nobody wears a hat on a mohawk, and grey or white hair is more common in old age.

    u [N, len(NAMES)] in [0, 1)  ->  Factors of length N
    """
    columns = dict(zip(NAMES, u.unbind(1)))
    values = {name: draw(name, column) for name, column in columns.items()}
    values["expression_strength"] = 0.75 + 0.25 * columns["expression_strength"]

    man = values["gender"] == index_of("gender", "man")
    child = values["age"] < 0.2
    values["facial_hair"] = torch.where(man & ~child, values["facial_hair"], 0)
    values["makeup"] = (columns["makeup"] > torch.where(man | child, 0.96, 0.45)).long()
    values["earrings"] = (columns["earrings"] > torch.where(man, 0.85, 0.5)).long()
    mohawk = values["hair_style"] == index_of("hair_style", "mohawk")
    values["headwear"] = torch.where(mohawk, 0, values["headwear"])
    turns_grey = (values["age"] > 0.8) & (columns["hair_shade"] < 0.4)
    values["hair_color"] = torch.where(
        turns_grey, index_of("hair_color", "grey") + (columns["hair_shade"] < 0.2).long(), values["hair_color"])
    return Factors(**values)


def draw(name: str, u: torch.Tensor) -> torch.Tensor:
    """One factor from uniform numbers u [N], before the rules."""
    attribute = BY_NAME.get(name)
    if attribute is not None and not attribute.is_scale:
        return torch.bucketize(u.contiguous(), share_edges(name).to(u)[1:-1])
    return u if name in _FROM_ZERO else 2 * u - 1


def share_edges(name: str) -> torch.Tensor:
    """The cumulative shares of a category's values: [0, share of the first, share of the first two, ..., 1]."""
    shares = torch.tensor(BY_NAME[name].shares)
    return torch.cat([torch.zeros(1), shares.cumsum(0)])
