"""How well pictures are restyled: in how many of them is the style seen, and does what they show stay?

Beside each result stands the ground truth, the same picture drawn in the style by the world's own brush.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from tqdm.auto import tqdm

from ..errors import StyleclipError
from ..models import Models
from ..networks.style_examiner import KINDS
from ..portraits.aligned.drawing.render import render
from ..portraits.aligned.world.factors import sample
from ..portraits.language.scene_captions import SCENE_STYLES
from ..portraits.language.style_words import STYLE_WORDS
from ..portraits.styles.scenes import render_scenes, sample_scenes
from ..portraits.styles.styles import STYLES, apply_style
from .agreement import Agreement, Values, agreement, known_values
from .examiner import examiners_of
from .style_examiner import style_examiner_of
from .style_report import StyleReport, measure_style

SEED = 4343
"""Of portraits and scenes: no training used it."""

OPTIMIZED, DRAWN = "optimized", "drawn"
"""The methods: `stylize`, and the ground truth."""

Method = Callable[[Tensor, str], Tensor]
"""A picture [1, 3, H, W] and the name of a style -> the picture restyled."""


@dataclass(frozen=True)
class HeldOut:
    """Pictures that no network has learnt from: portraits first, then scenes.

    images [N, 3, S, S] in [-1, 1]; facts: for each portrait what a person can tell of it (`agreement.known_values`)
    """

    images: Tensor
    facts: list[Values]

    def is_asked(self, number: int, style: str) -> bool:
        """Times of day are styles of portraits only: scenes have one of their own."""
        return number < len(self.facts) or style in SCENE_STYLES


def held_out(count: int, size: int = 256) -> HeldOut:
    """So many pictures, every other one a scene."""
    scenes = count // 2
    people = sample(count - scenes, SEED)
    return HeldOut(torch.cat([render(people, size), render_scenes(sample_scenes(scenes, SEED), size)]), known_values(people))


@dataclass
class StyleRow:
    """What came of one style by one method.

    recognised  for each picture, whether the style examiner recognises the style; empty for a domain without one
    kept  how often the examiner reads of the restyled portraits what is known of them, as far as the style does not lose it
    """

    method: str
    style: str
    seconds: float = 0.0
    recognised: list[bool] = field(default_factory=list)
    kept: list[Agreement] = field(default_factory=list)
    reports: list[StyleReport] = field(default_factory=list)

    def summary(self) -> dict[str, object]:
        """The row as plain numbers; None for what nobody could measure."""
        count = len(self.reports)
        success = Agreement(sum(self.recognised), len(self.recognised)) if self.recognised else None
        readings = sum(one.n for one in self.kept)
        return {"method": self.method, "style": self.style, "pictures": count, "success_rate": success and round(success.share, 4),
                "interval": success and [round(end, 3) for end in success.interval()],
                "attributes_kept": round(sum(one.agreed for one in self.kept) / readings, 4) if readings else None,
                **{name: round(sum(getattr(report, name) for report in self.reports) / count, 4) for name in ("probability", "distance")},
                "seconds": round(self.seconds / count, 2)}


def evaluate_styles(models: Models, styles: Sequence[str], method: Method, pictures: HeldOut, name: str = OPTIMIZED,
                    progress: bool = True) -> list[StyleRow]:
    """Asks a method for every style of every picture, and measures. Raises StyleclipError for a style that nobody draws."""
    for style in styles:
        if style not in STYLES:
            raise StyleclipError(f"There is no style '{style}': choose from {', '.join(STYLES)}.")
    rows = []
    for style in tqdm(styles, desc=name, disable=not progress):
        row, restyled = StyleRow(name, style), []
        numbers = [number for number in range(len(pictures.images)) if pictures.is_asked(number, style)]
        for number in numbers:
            image = pictures.images[number][None]
            start = time.perf_counter()
            restyled.append(method(image, style).cpu())
            row.seconds += time.perf_counter() - start
            row.reports.append(measure_style(models, image, restyled[-1], text_of(style), "a photo"))
        _judge(models, row, torch.cat(restyled), [pictures.facts[number] for number in numbers if number < len(pictures.facts)])
        rows.append(row)
    return rows


def drawn(image: Tensor, style: str) -> Tensor:
    """The ground truth: the world's own brush."""
    return apply_style(image, style)


def text_of(style: str) -> str:
    """A style in words: "a pencil sketch"."""
    return STYLE_WORDS[style].opening[0]


@torch.no_grad()
def _judge(models: Models, row: StyleRow, restyled: Tensor, facts: list[Values]) -> None:
    """Lets the networks look that only measure."""
    judge, examiners = style_examiner_of(models), examiners_of(models)
    if judge is not None:
        kinds = [kind for some in restyled.split(16) for kind in judge(some.to(models.device)).argmax(1).tolist()]
        row.recognised = [KINDS[kind] == row.style for kind in kinds]
    if examiners is not None and facts:
        readings = [reading.values() for reading in examiners.attributes.read(restyled[: len(facts)].to(models.device))]
        lost = STYLE_WORDS[row.style].loses
        row.kept = [kept for attribute, kept in agreement(facts, readings).items() if attribute not in lost]
