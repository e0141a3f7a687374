"""Compares rules that choose the strength of an edit: `styleclip train strength`. Nothing is added to the domain.

Two predictors are trained on some faces and texts. Then they, constants and the search are compared on other faces, with the same texts
and with held-out texts.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import torch

from ..errors import StyleclipError
from ..evaluation.recipes import RECIPES
from ..evaluation.strengths import (
    best_fixed,
    cases_of,
    compare,
    fit_likeness,
    fit_searched,
    fixed,
    held_likeness,
    predicted,
    searched,
)
from ..models import load_models
from ..networks.strength import StrengthPredictor
from ..paths import write_json
from .directions import readable

KNOWN = ("a smiling face", "an angry face", "a face with glasses", "a face with a hat", "a face with blue hair", "an old face",
         "a surprised face", "a face with long hair")
UNSEEN = ("a sad face", "a face with sunglasses", "a bald face", "a face with blond hair")
HELD_OUT_SEED = 800_000


@dataclass
class Settings:
    """Settings of the comparison.

    run, domain     folder of the table; the domain
    methods         the methods that edit, by their names in `styleclip evaluate`, such as alignment, mapper, directions
    faces, held_out  invented faces for training the predictors, and for the comparison
    likeness        the target of the app's loss: CLIP's cosine between the face before and after
    width           of the small network
    steps           for training each predictor
    """

    run: Path = Path("runs/strength")
    domain: Path = Path("data/models/portraits")
    methods: tuple[str, ...] = ("alignment", "directions")
    faces: int = 40
    held_out: int = 20
    likeness: float = 0.7
    width: int = 64
    steps: int = 300
    seed: int = 0


def train(settings: Settings) -> dict:
    """Makes the tables, {method: {"known texts": rows, "unseen texts": rows}}, prints them, and writes them to RUN/strength.json."""
    s = settings
    unknown = [name for name in s.methods if name not in RECIPES]
    if unknown or not s.methods:
        raise StyleclipError(f"There is no method '{', '.join(unknown)}': choose from {', '.join(RECIPES)}.")
    models = load_models(s.domain)
    known, unseen = ([text for text in texts if readable(models, text)] for texts in (KNOWN, UNSEEN))
    if not known or not unseen or min(s.faces, s.held_out) < 1:
        raise StyleclipError("--faces and --held-out must be 1 or more, and the domain's CLIP has to read the texts.")
    tables = {name: _compared(models, replace(RECIPES[name], strength=1.0), known, unseen, s) for name in s.methods}
    s.run.mkdir(parents=True, exist_ok=True)
    write_json(s.run / "strength.json", tables)
    print("\n".join(lines(tables)))
    return tables


def measure_again(settings: Settings) -> dict:
    """Makes the tables again."""
    return train(settings)


def _compared(models, recipe, known: list[str], unseen: list[str], s: Settings) -> dict[str, list[dict]]:
    cases = cases_of(models, recipe, range(HELD_OUT_SEED, HELD_OUT_SEED + s.faces), known)
    clip_dim = cases[0].embedding.shape[1]
    layer, network = StrengthPredictor(clip_dim), StrengthPredictor(clip_dim, s.width)
    fit_likeness(layer, cases, s.likeness, s.steps, seed=s.seed)
    fit_searched(network, cases, s.steps, seed=s.seed)
    constants = sorted({0.5, 0.75, 1.0, best_fixed(cases)})
    rules = {**{f"fixed {value:g}{' (best)' * (value == best_fixed(cases))}": fixed(value) for value in constants},
             f"projection layer, likeness {s.likeness:g}": predicted(layer), f"likeness {s.likeness:g}, solved": held_likeness(s.likeness),
             "small network": predicted(network), "search": searched}
    others = range(HELD_OUT_SEED + s.faces, HELD_OUT_SEED + s.faces + s.held_out)
    with torch.no_grad():
        return {f"{kind} texts": compare(cases_of(models, recipe, others, texts), rules)
                for kind, texts in (("known", known), ("unseen", unseen))}


def lines(tables: dict) -> list[str]:
    """The tables as lines of text."""
    result = []
    for method, parts in tables.items():
        for part, rows in parts.items():
            result += ["", f"{method}, {part}, {rows[0]['edits']} edits",
                       f"{'':34}{'success':>9}{'side effects':>14}{'identity':>10}{'strength':>10}{'ms':>8}"]
            for row in rows:
                success = "-" if row["success"] is None else f"{row['success']:.0%}"
                result.append(f"{row['rule']:34}{success:>9}{row['side_effects']:>14.2f}{row['identity']:>10.2f}{row['strength']:>10.2f}"
                              f"{row['milliseconds']:>8.1f}")
    return result
