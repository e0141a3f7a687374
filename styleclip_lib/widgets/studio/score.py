"""What the studio says about an edit, as HTML that follows the theme of the page around it."""

from __future__ import annotations

import html

import torch
from PIL import Image, ImageDraw

from ...evaluation.report import EditReport
from ...images import to_pils
from ...portraits.world.attributes import ATTRIBUTES, Attribute, Reading

STYLE = """<style>
.sc-studio, .sc-studio .widget-label, .sc-studio .widget-html-content { color: var(--jp-ui-font-color1, #222); }
.sc-studio .widget-html-content { line-height: 1.4; }
.sc-score { display: grid; gap: 3px; line-height: 1.4; font-size: 13px; }
.sc-score b { font-weight: 600; }
.sc-bars { display: grid; grid-template-columns: repeat(auto-fill, minmax(290px, 1fr)); gap: 1px 18px; font-size: 12px; line-height: 18px; }
.sc-bar { display: grid; grid-template-columns: 76px 60px 1fr; gap: 6px; align-items: center; white-space: nowrap; overflow: hidden; }
.sc-bar span:last-child { overflow: hidden; text-overflow: ellipsis; }
.sc-track { height: 8px; border-radius: 4px; background: var(--jp-layout-color3, #ddd); position: relative; overflow: hidden; }
.sc-fill { position: absolute; top: 0; bottom: 0; border-radius: 4px; background: var(--jp-brand-color1, #1976d2); }
.sc-bar.sc-moved { font-weight: 600; }
.sc-help { color: var(--jp-ui-font-color2, #666); font-size: 12px; line-height: 1.4; }
.sc-code { font-family: var(--jp-code-font-family, monospace); font-size: 12px; white-space: pre-wrap; overflow-wrap: anywhere; }
</style>"""

GOOD, BAD = "var(--jp-success-color1, #2e7d32)", "var(--jp-error-color1, #c62828)"


def score(report: EditReport | None) -> str:
    """The scores of an edit in words: success, same person, side effects."""
    if report is None:
        return '<div class="sc-score sc-help">Nothing is edited yet, so there is nothing to score.</div>'
    parts = [_target(report), f"<span><b>Same person:</b> {_grade(report.identity)} ({report.identity:.2f})</span>"]
    changed = ", ".join(f"{_words(name)} ({_words(a)} to {_words(b)})" for name, (a, b) in report.side_effects.items())
    nothing = "none that can be measured" if report.readable else "attributes cannot be read in this domain"
    parts.append(f"<span><b>Side effects:</b> {changed or nothing}</span>")
    return f'<div class="sc-score">{"".join(parts)}</div>'


def bars(readings: tuple[Reading, Reading] | None) -> str:
    """Every attribute with a bar and its value; for those that changed, the value before, too.

    The bar of a category is as long as its value is sure; that of a scale lies where the number lies.
    """
    if readings is None:
        return ('<div class="sc-help">This domain has no network that reads attributes, so there are no bars. '
                "Same person, and what CLIP makes of it, are measured all the same.</div>")
    return f'<div class="sc-bars">{"".join(_bar(one, *readings) for one in ATTRIBUTES)}</div>'


def split_view(before: torch.Tensor, after: torch.Tensor, share: float) -> Image.Image:
    """The picture after, of which the left part, `share` of its width, is as before; with a line between them."""
    (was,), (is_now,) = to_pils(before), to_pils(after)
    edge = round(share * is_now.width)
    if edge:
        is_now.paste(was.crop((0, 0, edge, was.height)), (0, 0))
        if edge < is_now.width:
            ImageDraw.Draw(is_now).line([(edge, 0), (edge, is_now.height)], fill="white", width=max(1, is_now.width // 256))
    return is_now


def _target(report: EditReport) -> str:
    if not report.wanted:
        seen = "nothing that the attributes can measure" if report.readable else "CLIP is the only judge of it"
        return f"<span><b>Target:</b> {seen}; gain in CLIP's eyes {report.clip_gain:+.2f}</span>"
    said = []
    for name, value in report.wanted.items():
        success = report.successes[name]
        color, word = (GOOD, "success") if success else (BAD, "no success")
        said.append(f'{_words(name)} = {_words(value)} <b style="color: {color}">{word}</b>')
    return f"<span><b>Target:</b> {', '.join(said)}{' (it was so before)' if report.true_before else ''}</span>"


def _grade(identity: float) -> str:
    """A cosine of identities in words."""
    return next(word for least, word in ((0.9, "surely"), (0.75, "probably"), (0.5, "perhaps"), (-2, "hardly")) if identity >= least)


def _bar(attribute: Attribute, was: Reading, is_now: Reading) -> str:
    old, new = (reading.value(attribute.name) or "in between" for reading in (was, is_now))
    said = _words(new if old == new else f"{old} → {new}")
    moved = "" if old == new else " sc-moved"
    left, width = _place(attribute, is_now)
    fill = f'<span class="sc-fill" style="left: {left:.0f}%; width: {width:.0f}%"></span>'
    return (f'<div class="sc-bar{moved}" title="{_words(attribute.name)}: {said}"><span>{_words(attribute.name)}</span>'
            f'<span class="sc-track">{fill}</span><span>{said}</span></div>')


def _place(attribute: Attribute, reading: Reading) -> tuple[float, float]:
    """Where the bar begins and how wide it is, in percent."""
    if not attribute.is_scale:
        return 0.0, 100 * float(reading.parts[attribute.name].max())
    low = 0.0 if attribute.intervals[0][0] == 0 else -1.0
    return 94 * min(max((reading.number(attribute.name) - low) / (1 - low), 0.0), 1.0), 6.0


def _words(name: str) -> str:
    return html.escape(name.replace("_", " "))
