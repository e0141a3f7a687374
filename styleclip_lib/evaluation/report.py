"""Measuring an edit: whether the face shows what the text asks for, and what else has changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import mean

import torch

from ..editing.prompt import Prompt, understood
from ..finite import require_finite
from ..models import Models
from ..photos.loading import Photo
from ..portraits.world.attributes import ATTRIBUTES, Attribute, Reading
from .photo_identity import SAME, distance_to_photograph

SCALE_TOLERANCE = 0.25  # a scale counts as changed if it moves by more than this share of its range


@dataclass
class EditReport:
    """The measured effects of an edit.

    text          what was asked for
    wanted        {attribute: value} that the text asks for
    successes     {attribute: whether the edited face has this value}
    true_before   whether the face had all of these values before
    side_effects  {attribute: (before, after)} for every attribute that the text does not mention and that changed
    identity      cosine of the person before and after, 1 = the same
    perceptual    perceptual distance between both pictures
    clip_gain     gain in the cosine between picture and text
    seconds       how long the edit took, if known
    readable      whether the domain can read attributes; if not, `wanted`, `successes` and `side_effects` are empty
    person_distance  distance from the person in the photograph by dlib's network for faces (`photo_identity`); None if unknown
    """

    text: str
    wanted: dict[str, str]
    successes: dict[str, bool]
    true_before: bool
    side_effects: dict[str, tuple[str, str]]
    identity: float
    perceptual: float
    clip_gain: float
    seconds: float | None = None
    readable: bool = True
    person_distance: float | None = None

    @property
    def success(self) -> bool | None:
        """Whether the face has everything that the text asks for; None if none of it can be measured."""
        return all(self.successes.values()) if self.wanted else None

    def __str__(self) -> str:
        if self.wanted:
            target = ", ".join(f"{name} = {value} {'(success)' if self.successes[name] else '(not achieved)'}"
                               for name, value in self.wanted.items())
        else:
            target = "nothing that the attributes can measure"
        changed = ", ".join(f"{name} ({a} -> {b})" for name, (a, b) in self.side_effects.items()) or "nothing"
        unknown = "This domain cannot read attributes, so side effects are unknown."
        read = f"Asked for: {target}. Side effects: {changed}." if self.readable else unknown
        person = "" if self.person_distance is None else (f" Distance from the person in the photograph: {self.person_distance:.2f} "
                                                          f"(below {SAME}: the same).")
        return (f"{read} Same person: {self.identity:.2f}.{person} CLIP gain: {self.clip_gain:+.3f}."
                + (f" {self.seconds:.0f} s." if self.seconds is not None else ""))


@torch.no_grad()
def measure_edit(models: Models, before: torch.Tensor, after: torch.Tensor, text: str | Prompt, seconds: float | None = None,
                 photo: Photo | None = None) -> EditReport:
    """Compares a face before and after an edit.

    before, after [1, 3, R, R] in [-1, 1]; text: what was asked for, or its prompt; photo: the photograph of the face before.
    Without a network that reads attributes, the report has only identity, perceptual distance and CLIP gain.

    Raises StyleclipError for a word that the domain's CLIP does not know, and if a network's output is infinite or undefined.
    """
    before, after = before.to(models.device).clamp(-1, 1), after.to(models.device).clamp(-1, 1)
    prompt = understood(models, text)
    gain = (models.clip.encode_image(after) - models.clip.encode_image(before)) @ prompt.vector.T
    identity, perceptual = (models.identity(before) * models.identity(after)).sum(), models.perceptual(before, after)
    for what, measured in (("The CLIP gain", gain), ("The cosine of the person", identity), ("The perceptual distance", perceptual)):
        require_finite(what, measured)
    return EditReport(
        text=prompt.text, **_read(models, before, after, prompt), identity=float(identity), perceptual=float(perceptual),
        clip_gain=float(gain), seconds=seconds,
        person_distance=None if photo is None else distance_to_photograph(photo, after, models.folder),
        readable=models.attributes is not None)


def in_short(reports: Iterable[EditReport]) -> dict[str, float]:
    """The figures of a model card, over the edits whose text was not true before: their number, the success rate, and the mean number of
    side effects and mean identity. If there are none, only their number."""
    counted = [report for report in reports if not report.true_before]
    if not counted:
        return {"edits": 0}
    return {"edits": len(counted), "success rate": round(mean(bool(report.success) for report in counted), 3),
            "side effects": round(mean(len(report.side_effects) for report in counted), 2),
            "identity": round(mean(report.identity for report in counted), 3)}


def _read(models: Models, before: torch.Tensor, after: torch.Tensor, prompt: Prompt) -> dict:
    """The part of the report that is read from the attributes."""
    if models.attributes is None:
        return {"wanted": {}, "successes": {}, "true_before": False, "side_effects": {}}
    (was,), (is_now,) = models.attributes.read(before), models.attributes.read(after)
    require_finite("What is read of the attributes", *was.parts.values(), *is_now.parts.values())
    wanted = {name: value for name, value in dict(prompt.attribute_values).items() if name in is_now.parts}
    hidden = hidden_attributes(was) | hidden_attributes(is_now)
    changed = {attribute.name: (_value(attribute, was), _value(attribute, is_now)) for attribute in ATTRIBUTES
               if attribute.name in is_now.parts and attribute.name not in {*wanted, *hidden} and _moved(attribute, was, is_now)}
    return {"wanted": wanted, "successes": {name: is_now.has(name, value) for name, value in wanted.items()},
            "true_before": bool(wanted) and all(was.has(name, value) for name, value in wanted.items()), "side_effects": changed}


def _value(attribute: Attribute, reading: Reading) -> str:
    """The name of the value that was read, or a number if a scale lies between its values."""
    return reading.value(attribute.name) or f"{reading.number(attribute.name):.2f}"


def _moved(attribute: Attribute, was: Reading, is_now: Reading) -> bool:
    if not attribute.is_scale:
        return was.index(attribute.name) != is_now.index(attribute.name)
    span = 1.0 if attribute.intervals[0][0] == 0 else 2.0
    return abs(was.number(attribute.name) - is_now.number(attribute.name)) > SCALE_TOLERANCE * span


def hidden_attributes(reading: Reading) -> set[str]:
    """Attributes that are not visible in the picture, so that a change in their reading means nothing."""
    hidden: set[str] = set()
    if reading.has("glasses", "sunglasses"):
        hidden |= {"eyes", "eye_color", "brows"}
    if reading.has("eyes", "closed"):
        hidden |= {"eye_color"}
    if reading.has("hair_style", "bald"):
        hidden |= {"hair_color"}
    if reading.value("headwear") in ("hat", "cap"):
        hidden |= {"hair_style", "hair_color"}
    return hidden
