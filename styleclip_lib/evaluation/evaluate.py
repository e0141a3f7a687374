"""How well does each method do what a text asks, and what else does it change? Over held-out portraits and many texts."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from tqdm.auto import tqdm

from ..editing.face import Face
from ..editing.prompt import Prompt
from ..editing.recipes import Recipe
from ..errors import StyleclipError
from ..inversion.invert import Inversion, invert
from ..models import Models
from ..networks.perceptual import Perceptual
from ..portraits.drawing.render import render
from ..portraits.language.attribute_values import COLUMN, AttributeValue, values_true
from ..portraits.language.parsing import parse
from ..portraits.world.factors import Factors, sample
from .recipes import ORACLE
from .report import EditReport, measure_edit

SEED = 4242  # of the portraits: no training used it
TOUCHED = 0.1  # a pixel whose colour moves by more than this (of a range of 2) had to change
MARGIN = 9  # pixels around it that may change too, at 256 pixels


@dataclass(frozen=True)
class Question:
    """A text, its kind ("single", "combined", "paraphrase"), and what must be true of the portraits that it is asked of."""

    text: str
    kind: str
    of: tuple[AttributeValue, ...] = ()


MAN, WOMAN = (("gender", "man"),), (("gender", "woman"),)

QUESTIONS: tuple[Question, ...] = (
    Question("a smiling face", "single"),
    Question("a really angry face", "single"),
    Question("a sad face", "single"),
    Question("a surprised face", "single"),
    Question("a face with closed eyes", "single"),
    Question("a face with glasses", "single"),
    Question("a face with sunglasses", "single"),
    Question("a face with a hat", "single"),
    Question("a bald face", "single"),
    Question("mohawk hairstyle", "single"),
    Question("a face with long hair", "single"),
    Question("a face with blue hair", "single"),
    Question("an old face", "single"),
    Question("a man with a beard", "single", MAN),
    Question("a woman with makeup", "single", WOMAN),
    Question("a smiling face with glasses", "combined"),
    Question("a sad face with blond hair", "combined"),
    Question("an angry face with sunglasses", "combined"),
    Question("a man with blue eyes and a hat", "combined", MAN),
    Question("a fat man with a beard", "combined", MAN),
    Question("a blond woman with sunglasses", "combined", WOMAN),
    Question("a smiling woman with long red hair", "combined", WOMAN),
    Question("a happy person", "paraphrase"),
    Question("a furious face", "paraphrase"),
    Question("a bespectacled face", "paraphrase"),
    Question("a person in a brimmed hat", "paraphrase"),
    Question("a hairless face", "paraphrase"),
    Question("a face with ginger hair", "paraphrase"),
)


@dataclass
class HeldOut:
    """Portraits that nothing was trained on, found again in the generator: factors of N, and N inversions.

    factors are None for faces that a generator invents, of which nothing is known.
    """

    factors: Factors | None
    inversions: list[Inversion]


@dataclass
class Answer:
    """What a method made of one portrait and one text; outside = perceptual distance where nothing had to change, if that is known."""

    portrait: int
    report: EditReport
    outside: float | None


@dataclass
class Row:
    """A method and a text: all its answers."""

    method: str
    question: Question
    answers: list[Answer] = field(default_factory=list)

    def summary(self) -> dict:
        return {"method": self.method, "text": self.question.text, "kind": self.question.kind, **summarised(self.answers)}


def held_out(models: Models, count: int = 50, seed: int = SEED, progress: bool = True) -> HeldOut:
    """Renders portraits and inverts them, with the defaults of `invert`.

    Raises StyleclipError if the domain is not one of portraits, since nothing is known about other pictures.
    """
    if models.attributes is None:
        raise StyleclipError(f"The domain '{models.domain}' has no network that reads attributes, so its edits cannot be evaluated.")
    factors = sample(count, seed)
    size = models.generator.img_resolution
    shown = tqdm(range(count), desc="inverting portraits", disable=not progress, leave=False)
    return HeldOut(factors, [invert(models, render(factors[i], size), progress=False) for i in shown])


@torch.no_grad()
def invented(models: Models, count: int = 50, seed: int = SEED) -> HeldOut:
    """Faces that the generator invents, for a domain whose pictures are not portraits of the known world."""
    faces = [models.sample(seed + number) for number in range(count)]
    return HeldOut(None, [Inversion(w_plus, models.generator.synthesis(w_plus)) for w_plus in faces])


def evaluate(models: Models, recipes: Mapping[str, Recipe], people: HeldOut, questions: Sequence[Question] = QUESTIONS,
             each: int | None = None, progress: bool = True) -> list[Row]:
    """Asks every recipe every question.

    each  how many portraits a question is asked of, another part of the people for each question; None: all that it suits

    Ctrl-C returns the rows that are whole. Raises StyleclipError if a question suits nobody.
    """
    rows: list[Row] = []
    chosen = [portraits_for(people, question, each, start=7 * number) for number, question in enumerate(questions)]
    shown = tqdm(total=len(recipes) * sum(map(len, chosen)), desc="edits", disable=not progress, leave=False)
    try:
        for name, recipe in recipes.items():
            for question, portraits in zip(questions, chosen):
                row, prompt, began = Row(name, question), Prompt.of(models, question.text), time.perf_counter()
                ready = recipe.prepare(models, prompt, progress=False)
                learning = time.perf_counter() - began
                for portrait in portraits:
                    row.answers.append(answer(models, ready, people, portrait, prompt, 0.0 if row.answers else learning))
                    shown.update()
                rows.append(row)
    except KeyboardInterrupt:
        print(f"Stopped after {len(rows)} of {len(recipes) * len(chosen)} rows; these are whole.")
    shown.close()
    return rows


def oracle_edits(models: Models, people: HeldOut, questions: Sequence[Question] = QUESTIONS, each: int | None = None) -> list[Row]:
    """What a perfect edit would be told: the renderer draws each portrait again, with what the text says and nothing else changed.

    A person's vector moves when the person puts on a hat, and networks misread a picture now and then: no method is to be blamed for
    that. (One that is told to please the identity network may do better.) The same portraits as `evaluate` chooses.
    Raises StyleclipError if a question suits nobody.
    """
    rows, size = [], models.generator.img_resolution
    for number, question in enumerate(questions):
        row, text = Row(ORACLE, question), question.text
        for portrait in portraits_for(people, question, each, start=7 * number):
            factors, began = people.factors[portrait], time.perf_counter()
            before, after = (render(some, size).to(models.device) for some in (factors, with_text(factors, text)))
            outside = distance_outside(models.perceptual, before, after, region(factors, text, size).to(models.device))
            row.answers.append(Answer(portrait, measure_edit(models, before, after, text, time.perf_counter() - began), outside))
        rows.append(row)
    return rows


def with_text(factors: Factors, text: str) -> Factors:
    """The portraits with what the text says, all else as it is."""
    return factors.replace(**dict(parse(text).attribute_values))


def answer(models: Models, recipe: Recipe, people: HeldOut, portrait: int, prompt: Prompt, learning: float = 0.0) -> Answer:
    """One edit, measured. learning: seconds that the recipe took to learn the text before, which count as the edit's."""
    start = people.inversions[portrait]
    face = Face.of_inversion(models, start)
    began = time.perf_counter()
    image = recipe.apply(models, face, prompt, progress=False).image
    seconds = learning + time.perf_counter() - began
    outside = None
    if people.factors is not None:
        may_change = region(people.factors[portrait], prompt.text, models.generator.img_resolution).to(models.device)
        outside = distance_outside(models.perceptual, start.image.clamp(-1, 1), image.clamp(-1, 1), may_change)
    return Answer(portrait, measure_edit(models, start.image, image, prompt, seconds), outside)


def portraits_for(people: HeldOut, question: Question, each: int | None, start: int = 0) -> list[int]:
    """The numbers of the portraits that a question is asked of, `each` of them, beginning at `start` and going round.

    It suits a portrait if `of` holds and the text could be seen to be true: nobody sees baldness under a hat. Of invented faces nothing is
    known, and it suits all.
    """
    if people.factors is None:
        everyone = range(len(people.inversions))
        return [everyone[(start + k) % len(everyone)] for k in range(min(each or len(everyone), len(everyone)))]
    asked = with_text(people.factors, question.text)
    visible = values_true(asked)[:, [COLUMN[attribute_value] for attribute_value in parse(question.text).attribute_values]].all(1)
    fits = values_true(people.factors)[:, [COLUMN[attribute_value] for attribute_value in question.of]].all(1)
    suited = (visible & fits).nonzero()[:, 0].tolist()
    if not suited:
        raise StyleclipError(f"None of the {len(people.factors)} portraits suits '{question.text}': take more portraits.")
    turned = suited[start % len(suited):] + suited[: start % len(suited)]
    return turned[:each]


def region(factors: Factors, text: str, size: int) -> torch.Tensor:
    """Where a portrait had to change for a text to become true: where the renderer draws something else, and a margin around it.

    factors of one portrait -> bool [1, 1, size, size]
    """
    moved = (render(with_text(factors, text), size) - render(factors, size)).abs().amax(1, keepdim=True) > TOUCHED
    width = 2 * round(MARGIN * size / 256) + 1
    return F.max_pool2d(moved.float(), width, stride=1, padding=width // 2) > 0


def distance_outside(perceptual: Perceptual, a: torch.Tensor, b: torch.Tensor, inside: torch.Tensor) -> float:
    """The perceptual distance of two pictures [1, 3, R, R], averaged over the places outside of a region [1, 1, R, R]."""
    total = 0.0
    with torch.no_grad():
        for apart in perceptual.maps(perceptual.features(a), perceptual.features(b)):
            share = F.adaptive_avg_pool2d(1 - inside.float(), apart.shape[-2:])[:, 0]
            total += float((apart * share).sum() / share.sum().clamp(min=1e-6))
    return total


def summarised(answers: Sequence[Answer]) -> dict:
    """Means over answers: first over those whose text was not true already; `true_before` counts the others.

    success_rate  share of the edits after which all that the text asks for is so
    seconds   mean over all of them, for a mapper's training belongs to the first, whatever that is
    side_effects  how many other attributes changed, on average;  identity, outside, clip_gain: means
    side_effects_if_true  of those already true, how many other attributes changed, on average (None without any)
    """
    new = [a for a in answers if not a.report.true_before]
    old = [a for a in answers if a.report.true_before]

    def mean(values):
        values = [value for value in values if value is not None]
        return sum(values) / len(values) if values else None

    return {"edits": len(new), "success_rate": mean(a.report.success for a in new),
            "side_effects": mean(len(a.report.side_effects) for a in new if a.report.readable),
            "identity": mean(a.report.identity for a in new),
            "outside": mean(a.outside for a in new), "clip_gain": mean(a.report.clip_gain for a in new),
            "seconds": mean(a.report.seconds for a in answers), "true_before": len(old),
            "side_effects_if_true": mean(len(a.report.side_effects) for a in old)}


def totals(rows: Sequence[Row]) -> list[dict]:
    """For each method the means over all answers, and over those of each kind of text."""
    result = []
    for method in dict.fromkeys(row.method for row in rows):
        mine = [row for row in rows if row.method == method]
        kinds = ["all", *dict.fromkeys(row.question.kind for row in mine)]
        result += [{"method": method, "kind": kind,
                    **summarised([a for row in mine if kind in ("all", row.question.kind) for a in row.answers])} for kind in kinds]
    return result
