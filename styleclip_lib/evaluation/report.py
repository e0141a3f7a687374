"""Measuring an edit: did it do what the text asks, and what else did it do?"""

from dataclasses import dataclass

import torch

from ..models import Models
from ..portraits.language.parsing import parse
from ..portraits.world.attributes import ATTRIBUTES, BY_NAME

SCALE_TOLERANCE = 0.25  # a scale counts as changed when it moved by more than this share of its range


@dataclass
class EditReport:
    """What an edit did.

    text      what was asked for
    wanted    {attribute: value} that the text asks for
    reached   {attribute: whether it is so after the edit}
    already   whether all of it was so before
    changed   {attribute: (before, after)} for every attribute that the text does not mention and that changed
    identity  cosine of the person before and after, 1 = the same
    perceptual  perceptual distance between both pictures
    clip_gain   how much nearer the picture came to the text, in cosine
    seconds     how long the edit took, if it was told
    readable    whether the domain can read attributes; if not, `wanted`, `reached` and `changed` are empty and say nothing
    """

    text: str
    wanted: dict[str, str]
    reached: dict[str, bool]
    already: bool
    changed: dict[str, tuple[str, str]]
    identity: float
    perceptual: float
    clip_gain: float
    seconds: float | None = None
    readable: bool = True

    @property
    def target_reached(self) -> bool | None:
        """Whether all that the text asks for is so; None if it asks for nothing that can be measured."""
        return all(self.reached.values()) if self.wanted else None

    def __str__(self) -> str:
        if self.wanted:
            target = ", ".join(f"{name} = {value} {'reached' if self.reached[name] else 'not reached'}"
                               for name, value in self.wanted.items())
        else:
            target = "nothing that the attributes can measure"
        changed = ", ".join(f"{name} ({a} -> {b})" for name, (a, b) in self.changed.items()) or "nothing"
        read = f"Asked for: {target}. Also changed: {changed}." if self.readable else "What changed nobody can read in this domain."
        return (f"{read} Same person: {self.identity:.2f}. CLIP gain: {self.clip_gain:+.3f}."
                + (f" {self.seconds:.0f} s." if self.seconds is not None else ""))


@torch.no_grad()
def measure_edit(models: Models, before: torch.Tensor, after: torch.Tensor, text: str, seconds: float | None = None) -> EditReport:
    """Compares a face before and after an edit.

    before, after [1, 3, R, R] in [-1, 1]. Without a network that reads attributes the report says how far person, picture
    and CLIP's verdict have moved, and no more. Raises StyleclipError for a word that the domain's CLIP does not know.
    """
    before, after = before.to(models.device).clamp(-1, 1), after.to(models.device).clamp(-1, 1)
    vector = models.clip.encode_text([text])
    gain = (models.clip.encode_image(after) - models.clip.encode_image(before)) @ vector.T
    return EditReport(
        text=text, **_read(models, before, after, text), identity=float((models.identity(before) * models.identity(after)).sum()),
        perceptual=float(models.perceptual(before, after)), clip_gain=float(gain), seconds=seconds,
        readable=models.attributes is not None)


def _read(models: Models, before: torch.Tensor, after: torch.Tensor, text: str) -> dict:
    """The part of the report that attributes tell."""
    if models.attributes is None:
        return {"wanted": {}, "reached": {}, "already": False, "changed": {}}
    was, is_now = models.attributes(before), models.attributes(after)
    wanted = {name: value for name, value in dict(parse(text).statements).items() if name in BY_NAME}
    hidden = hidden_attributes(was) | hidden_attributes(is_now)
    changed = {attribute.name: (_value(attribute, was), _value(attribute, is_now)) for attribute in ATTRIBUTES
               if attribute.name not in wanted and attribute.name not in hidden and _moved(attribute, was, is_now)}
    return {"wanted": wanted, "reached": {name: holds(is_now, name, value) for name, value in wanted.items()},
            "already": bool(wanted) and all(holds(was, name, value) for name, value in wanted.items()), "changed": changed}


def holds(reading: dict[str, torch.Tensor], name: str, value: str) -> bool:
    """Whether a reading of one picture says that the attribute has this value.

    A scale has a value when it lies nearer to the value's interval than half the gap to where the value is clearly false.
    """
    attribute = BY_NAME[name]
    if not attribute.is_scale:
        return attribute.values[int(reading[name][0].argmax())] == value
    low, high = attribute.intervals[attribute.values.index(value)]
    number = float(reading[name][0])
    return low - attribute.margin / 2 <= number <= high + attribute.margin / 2


def _value(attribute, reading) -> str:
    """What to call the reading of one picture: a value, or a number where a scale lies between its values."""
    part = reading[attribute.name]
    if not attribute.is_scale:
        return attribute.values[int(part[0].argmax())]
    true = attribute.is_true(part)[0]
    return attribute.values[int(true.float().argmax())] if true.any() else f"{float(part[0]):.2f}"


def _moved(attribute, was, is_now) -> bool:
    a, b = was[attribute.name][0], is_now[attribute.name][0]
    if not attribute.is_scale:
        return int(a.argmax()) != int(b.argmax())
    span = 1.0 if attribute.intervals[0][0] == 0 else 2.0
    return abs(float(a - b)) > SCALE_TOLERANCE * span


def hidden_attributes(reading) -> set[str]:
    """Attributes that cannot be seen in the picture, so that a change of their reading means nothing."""
    def is_value(name, *values):
        return BY_NAME[name].values[int(reading[name][0].argmax())] in values

    hidden: set[str] = set()
    if is_value("glasses", "sunglasses"):
        hidden |= {"eyes", "eye_color", "brows"}
    if is_value("eyes", "closed"):
        hidden |= {"eye_color"}
    if is_value("hair_style", "bald"):
        hidden |= {"hair_color"}
    if is_value("headwear", "hat", "cap"):
        hidden |= {"hair_style", "hair_color"}
    return hidden
