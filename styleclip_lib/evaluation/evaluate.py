"""How well each method does what a text asks, and what else it changes, over held-out portraits and many texts."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from tqdm.auto import tqdm

from ..descent import parts_of_a_whole
from ..editing.face import Face
from ..editing.prompt import Prompt
from ..editing.recipes import Recipe
from ..errors import StyleclipError
from ..inversion.invert import Inversion, invert
from ..models import Models
from ..portraits.drawing.render import render
from ..portraits.language.attribute_values import COLUMN, values_true
from ..portraits.language.parsing import parse
from ..portraits.world.factors import Factors, sample
from .answers import Answer, Row, thumbnails
from .examiner import examined
from .outside import distance_outside, region, with_text
from .questions import Question
from .report import measure_edit

SEED = 4242  # of the portraits; no training uses it


@dataclass
class HeldOut:
    """N portraits that no network was trained on: their factors and their inversions.

    factors is None for faces that a generator invents, about which nothing is known.
    """

    factors: Factors | None
    inversions: list[Inversion]


@parts_of_a_whole()
def held_out(models: Models, count: int = 50, seed: int = SEED, progress: bool = True) -> HeldOut:
    """Renders portraits and inverts them, with the defaults of `invert`.

    Raises StyleclipError for a domain that cannot read attributes.
    """
    if models.attributes is None:
        raise StyleclipError(f"The domain '{models.domain}' has no network that reads attributes, so its edits cannot be evaluated.")
    factors = sample(count, seed)
    size = models.generator.img_resolution
    shown = tqdm(range(count), desc="inverting portraits", disable=not progress, leave=False)
    return HeldOut(factors, [invert(models, render(factors[i], size), progress=False) for i in shown])


@torch.no_grad()
def invented(models: Models, count: int = 50, seed: int = SEED) -> HeldOut:
    """Faces that the generator invents, for a domain whose pictures are not portraits of the procedural world."""
    faces = [models.sample(seed + number) for number in range(count)]
    return HeldOut(None, [Inversion(w_plus, models.generator.synthesis(w_plus)) for w_plus in faces])


@parts_of_a_whole()
def evaluate(models: Models, recipes: Mapping[str, Recipe], people: HeldOut, questions: Sequence[Question], each: int | None = None,
             progress: bool = True, ask: Callable[[Models, str], Prompt] = Prompt.of) -> list[Row]:
    """Applies every recipe to every question. The domain's examiner measures the edits, if there is one (`examiner.examined`).

    ask   makes the prompt of a question's text
    each  the number of portraits for each question, other portraits for each question; None: all that it suits

    Ctrl-C returns the completed rows. Raises StyleclipError if a question suits no portrait.
    """
    rows: list[Row] = []
    chosen = portraits_of(people, questions, each)
    shown = tqdm(total=len(recipes) * sum(map(len, chosen)), desc="edits", disable=not progress, leave=False)
    try:
        for name, recipe in recipes.items():
            for question, portraits in zip(questions, chosen):
                row, prompt, began = Row(name, question), ask(models, question.text), time.perf_counter()
                ready = recipe.prepare(models, prompt, progress=False)
                learning = time.perf_counter() - began
                for portrait in portraits:
                    row.answers.append(answer(models, ready, people, portrait, prompt, 0.0 if row.answers else learning))
                    shown.update()
                rows.append(row)
    except KeyboardInterrupt:
        print(f"Stopped after {len(rows)} of {len(recipes) * len(chosen)} rows, which are complete.")
    shown.close()
    return rows


def answer(models: Models, recipe: Recipe, people: HeldOut, portrait: int, prompt: Prompt, learning: float = 0.0) -> Answer:
    """Makes and measures one edit. learning: seconds that the recipe needed to learn the text beforehand; they count as the edit's."""
    start = people.inversions[portrait]
    face = Face.of_inversion(models, start)
    began = time.perf_counter()
    image = recipe.apply(models, face, prompt, progress=False).image
    seconds = learning + time.perf_counter() - began
    outside = None
    if people.factors is not None:
        may_change = region(people.factors[portrait], prompt.text, models.generator.img_resolution).to(models.device)
        outside = distance_outside(models.perceptual, start.image.clamp(-1, 1), image.clamp(-1, 1), may_change)
    return Answer(portrait, measure_edit(examined(models), start.image, image, prompt, seconds), outside, thumbnails(start.image, image))


def portraits_of(people: HeldOut, questions: Sequence[Question], each: int | None) -> list[list[int]]:
    """The numbers of the portraits for each question: other portraits for each."""
    return [portraits_for(people, question, each, start=7 * number) for number, question in enumerate(questions)]


def portraits_for(people: HeldOut, question: Question, each: int | None, start: int = 0) -> list[int]:
    """The numbers of `each` portraits for a question, starting at number `start` of those it suits and wrapping around.

    A question suits a portrait if `of` is true of it and the text, once true, would be visible: baldness is not visible under a hat.
    About invented faces nothing is known, so every question suits them.
    """
    if people.factors is None:
        everyone = range(len(people.inversions))
        return [everyone[(start + k) % len(everyone)] for k in range(min(each or len(everyone), len(everyone)))]
    edited = with_text(people.factors, question.text)
    visible = values_true(edited)[:, [COLUMN[attribute_value] for attribute_value in parse(question.text).attribute_values]].all(1)
    fits = values_true(people.factors)[:, [COLUMN[attribute_value] for attribute_value in question.of]].all(1)
    suited = (visible & fits).nonzero()[:, 0].tolist()
    if not suited:
        raise StyleclipError(f"None of the {len(people.factors)} portraits suits '{question.text}': take more portraits.")
    turned = suited[start % len(suited):] + suited[: start % len(suited)]
    return turned[:each]
