"""Summary statistics of an evaluation."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from .answers import Answer, Row
from .intervals import half_width

_MEASURES: dict[str, Callable[[Answer], float | None]] = {
    "success_rate": lambda answer: answer.report.success,
    "side_effects": lambda answer: len(answer.report.side_effects) if answer.report.readable else None,
    "identity": lambda answer: answer.report.identity,
    "outside": lambda answer: answer.outside,
    "clip_gain": lambda answer: answer.report.clip_gain,
}
"""The measures that are averaged over the edits whose text was not true before."""

WITH_INTERVALS = ("success_rate", "side_effects", "identity")


def measured(name: str, answer: Answer) -> float | None:
    """A measure of one answer, such as "identity"; None if it cannot be measured."""
    value = _MEASURES[name](answer)
    return None if value is None else float(value)


def summary(row: Row) -> dict:
    """The figures of one method and one text."""
    return {"method": row.method, "text": row.question.text, "kind": row.question.kind, "held_out": row.question.held_out,
            **summarised(row.answers)}


def summarised(answers: Sequence[Answer], texts: Sequence[Hashable] | None = None) -> dict:
    """Means over answers. Those whose text was true before are only counted, in `true_before`, except where said otherwise.

    texts         the text of each answer; answers with the same text are not independent (`intervals.half_width`). None: all independent
    success_rate  share of the edits after which everything that the text asks for is true
    side_effects  how many other attributes changed, on average;  identity, outside, clip_gain: means
    ..._interval  half the width of the 95 % confidence interval of each of `WITH_INTERVALS`
    seconds       mean over all answers, since the first includes a mapper's training, whether or not its text was true before
    side_effects_if_true  how many other attributes changed, on average, in the edits whose text was true before (None if there are none)
    """
    texts = range(len(answers)) if texts is None else texts
    new = [(answer, text) for answer, text in zip(answers, texts, strict=True) if not answer.report.true_before]
    old = [answer for answer in answers if answer.report.true_before]
    result: dict = {"edits": len(new)}
    for name in _MEASURES:
        known = [(value, text) for answer, text in new if (value := measured(name, answer)) is not None]
        result[name] = _mean([value for value, _ in known])
        if name in WITH_INTERVALS:
            result[f"{name}_interval"] = half_width(*zip(*known)) if known else None
    return {**result, "seconds": _mean([answer.report.seconds for answer in answers]), "true_before": len(old),
            "side_effects_if_true": _mean([len(answer.report.side_effects) for answer in old])}


def totals(rows: Sequence[Row]) -> list[dict]:
    """For each method the means over all answers, over each kind of text, and over the held-out texts."""
    result = []
    for method in dict.fromkeys(row.method for row in rows):
        mine = [row for row in rows if row.method == method]
        kinds = dict.fromkeys(row.question.kind for row in mine)
        parts = {"all": mine, **{kind: [row for row in mine if row.question.kind == kind] for kind in kinds},
                 "held out": [row for row in mine if row.question.held_out]}
        result += [{"method": method, "kind": kind, **of_rows(some)} for kind, some in parts.items() if some]
    return result


def of_rows(rows: Sequence[Row]) -> dict:
    """The means over the answers of several texts."""
    return summarised([answer for row in rows for answer in row.answers], [row.question.text for row in rows for _ in row.answers])


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
