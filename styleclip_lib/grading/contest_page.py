"""The page of a contest: a table, best first, and what everybody made of some faces."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence

from torch import Tensor

from ..images import image_grid
from .contest import Entry, Task
from .feedback import POLICY
from .grades import STYLE

SHOWN = 6


def ranked(entries: Sequence[Entry]) -> list[Entry]:
    """Most successes first; of equally many, the fewest side effects."""
    return sorted(entries, key=lambda entry: (-entry.success.share, entry.mean(lambda a: len(a.report.side_effects))[0]))


def contest_page(entries: Sequence[Entry], tasks: Sequence[Task], before: Sequence[Tensor], judged_by: str) -> str:
    """before: the faces of the tasks, [1, 3, R, R] each."""
    rows = "".join(_row(place, entry) for place, entry in enumerate(ranked(entries), start=1))
    shown = range(0, len(tasks), max(1, len(tasks) // SHOWN))
    head = "".join(f"<th>{html.escape(tasks[i].question.text)}</th>" for i in shown)
    faces = "".join(_pictures(name, images, shown) for name, images in [("before", before)] + [
        (entry.name, entry.images) for entry in ranked(entries) if entry.images])
    failures = "".join(f"<li>{html.escape(entry.name)}: {html.escape(entry.failures[0])} "
                       f"({len(entry.failures)} in all)</li>" for entry in entries if entry.failures)
    return (f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
            f"<title>Leaderboard</title><style>{STYLE}</style></head><body><h1>Leaderboard</h1><p>{len(tasks)} edits of held-out portraits "
            f"for each method, with 95&nbsp;% intervals. {html.escape(judged_by)} Seconds are processor time on one core. "
            "The order is by success, then by side effects; where intervals overlap, it may be chance.</p>"
            '<table><tr><th></th><th>Method</th><th class="n">Success</th><th class="n">Side effects</th><th class="n">Identity</th>'
            f'<th class="n">Seconds</th></tr>{rows}</table><h2>Examples</h2><table><tr><th></th>{head}</tr>{faces}</table>'
            f"{'<h2>What went wrong</h2><ul>' + failures + '</ul>' if failures else ''}</body></html>\n")


def _row(place: int, entry: Entry) -> str:
    summary = entry.summary()
    low, high = summary["success_interval"]
    cells = [f"{summary['success']:.0%} <small>{low:.0%} to {high:.0%}</small>",
             *(f"{mean:{form}} <small>± {half:{form}}</small>" for (mean, half), form in (
                 (summary["side_effects"], ".2f"), (summary["identity"], ".2f"))),
             "" if summary["seconds"] is None else f"{summary['seconds'][0]:.1f} <small>± {summary['seconds'][1]:.1f}</small>"]
    return f"<tr><td>{place}</td><td>{html.escape(entry.name)}</td>{''.join(f'<td class=n>{cell}</td>' for cell in cells)}</tr>"


def _pictures(name: str, images: Sequence[Tensor], shown: range) -> str:
    cells = []
    for i in shown:
        buffer = io.BytesIO()
        image_grid(images[i], size=224).convert("RGB").save(buffer, "JPEG", quality=85)
        data = base64.b64encode(buffer.getvalue()).decode()
        cells.append(f'<td><img alt="" width="112" height="112" src="data:image/jpeg;base64,{data}"></td>')
    return f"<tr><td>{html.escape(name)}</td>{''.join(cells)}</tr>"
