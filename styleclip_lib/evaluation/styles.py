"""How well pictures are restyled: how often the style is recognised, and how much of the content is kept.

Each result is compared with the ground truth, the same picture drawn in that style by the world's own filters.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from tqdm.auto import tqdm

from ..descent import parts_of_a_whole
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
"""Of the portraits and scenes; no training uses it."""

OPTIMIZED, DRAWN = "optimized", "drawn"
"""The methods: `stylize`, and the ground truth."""

Method = Callable[[Tensor, str], Tensor]
"""A picture [1, 3, H, W] and the name of a style -> the picture restyled."""


@dataclass(frozen=True)
class HeldOut:
    """Pictures that no network was trained on: portraits first, then scenes.

    images [N, 3, S, S] in [-1, 1]; facts: the visible attribute values of each portrait (`agreement.known_values`)
    """

    images: Tensor
    facts: list[Values]

    def is_asked(self, number: int, style: str) -> bool:
        """Whether a style applies to a picture. Times of day are styles of portraits only, since every scene has its own."""
        return number < len(self.facts) or style in SCENE_STYLES


def held_out(count: int, size: int = 256) -> HeldOut:
    """`count` pictures, half of them scenes."""
    scenes = count // 2
    people = sample(count - scenes, SEED)
    return HeldOut(torch.cat([render(people, size), render_scenes(sample_scenes(scenes, SEED), size)]), known_values(people))


@dataclass
class StyleRow:
    """The results of one method for one style.

    recognised  for each picture, whether the style examiner recognises the style; empty for a domain without one
    kept        how often the examiner still reads the known attribute values from the restyled portraits, except those that the style
                itself loses
    """

    method: str
    style: str
    seconds: float = 0.0
    recognised: list[bool] = field(default_factory=list)
    kept: list[Agreement] = field(default_factory=list)
    reports: list[StyleReport] = field(default_factory=list)

    def summary(self) -> dict[str, object]:
        """The row as plain numbers; None for what could not be measured."""
        count = len(self.reports)
        success = Agreement(sum(self.recognised), len(self.recognised)) if self.recognised else None
        readings = sum(one.n for one in self.kept)
        return {"method": self.method, "style": self.style, "pictures": count, "success_rate": success and round(success.share, 4),
                "interval": success and [round(end, 3) for end in success.interval()],
                "attributes_kept": round(sum(one.agreed for one in self.kept) / readings, 4) if readings else None,
                **{name: round(sum(getattr(report, name) for report in self.reports) / count, 4) for name in ("probability", "distance")},
                "seconds": round(self.seconds / count, 2)}


@parts_of_a_whole()
def evaluate_styles(models: Models, styles: Sequence[str], method: Method, pictures: HeldOut, name: str = OPTIMIZED,
                    progress: bool = True) -> list[StyleRow]:
    """Applies a method to every picture in every style and measures the results. Raises StyleclipError for an unknown style."""
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
    """The ground truth: the world's own filter for the style. image [1, 3, H, W] in [-1, 1] -> the same shape"""
    return apply_style(image, style)


def text_of(style: str) -> str:
    """The name of a style in a sentence: "a pencil sketch"."""
    return STYLE_WORDS[style].opening[0]


@torch.no_grad()
def _judge(models: Models, row: StyleRow, restyled: Tensor, facts: list[Values]) -> None:
    """Fills in the verdicts of the networks that only measure."""
    judge, examiners = style_examiner_of(models), examiners_of(models)
    if judge is not None:
        kinds = [kind for some in restyled.split(16) for kind in judge(some.to(models.device)).argmax(1).tolist()]
        row.recognised = [KINDS[kind] == row.style for kind in kinds]
    if examiners is not None and facts:
        readings = [reading.values() for reading in examiners.attributes.read(restyled[: len(facts)].to(models.device))]
        lost = STYLE_WORDS[row.style].loses
        row.kept = [kept for attribute, kept in agreement(facts, readings).items() if attribute not in lost]
