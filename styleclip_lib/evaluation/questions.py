"""The questions of `styleclip evaluate`: texts of four kinds, half of them held out from any tuning."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..portraits.language.attribute_values import AttributeValue

KINDS = ("single", "combined", "paraphrase", "negated")


@dataclass(frozen=True)
class Question:
    """A text, its kind (one of `KINDS`), and what must be true of the portraits to which it is applied.

    held_out  whether it belongs to the half that nothing may be tuned on
    """

    text: str
    kind: str = "single"
    of: tuple[AttributeValue, ...] = ()
    held_out: bool = False


@lru_cache(maxsize=1)
def questions() -> tuple[Question, ...]:
    """All questions: first those for tuning, then those held out."""
    folder = Path(__file__).with_name("texts")
    return tuple(_question(line, name == "held_out") for name in ("tuning", "held_out")
                 for line in (folder / f"{name}.txt").read_text(encoding="utf-8").splitlines() if line and line[0] != "#")


def questions_for_tuning() -> tuple[Question, ...]:
    """The half on which methods and constants may be tuned."""
    return tuple(question for question in questions() if not question.held_out)


def _question(line: str, held_out: bool) -> Question:
    kind, text, of = (part.strip() for part in line.split("|"))
    facts = tuple(tuple(fact.strip().split("=")) for fact in of.split(",") if fact)
    return Question(text, kind, facts, held_out)  # type: ignore[arg-type]  # each fact is a pair
