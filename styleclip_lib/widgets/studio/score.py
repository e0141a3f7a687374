"""What the studio says about an edit, as HTML that follows the theme of the page around it."""

from __future__ import annotations

import html

import torch
from PIL import Image, ImageDraw

from ...editing.recipe import NEUTRAL
from ...evaluation.report import EditReport
from ...images import to_pils
from ...portraits.world.attributes import ATTRIBUTES, Attribute, Reading

GOOD, BAD = "var(--jp-success-color1, #2e7d32)", "var(--jp-error-color1, #c62828)"


def sentence(report: EditReport | None) -> str:
    """What an edit did, in a few words: whether the wish came true, whether it is the same person, what else changed."""
    if report is None:
        return '<div class="sc-said sc-help">Nothing is edited yet.</div>'
    changed = ", ".join(f"{_words(name)} ({_words(a)} to {_words(b)})" for name, (a, b) in report.side_effects.items())
    if not report.readable:
        others = "Attributes cannot be read in this domain."
    elif changed:
        others = f"{'Also changed' if report.wanted else 'Changed'}: {changed}."
    else:
        others = "Nothing else changed." if report.wanted else "No attribute changed."
    person = f"{_grade(report.identity)} the same person ({report.identity:.2f})."
    return f'<div class="sc-said">{_target(report)} {person} {others}</div>'


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
    """Whether the wish came true; where no attribute can say so, what CLIP says."""
    if report.text == NEUTRAL:
        return ""
    if not report.wanted:
        return f"CLIP's similarity to the text: {report.clip_gain:+.2f}."
    said = []
    for success, word, color in ((True, "True before" if report.true_before else "Done", GOOD), (False, "Not achieved", BAD)):
        values = [_words(name if name == value else f"{name}: {value}") for name, value in report.wanted.items()
                  if report.successes[name] == success]
        said += [f'<b style="color: {color}">{word}: {", ".join(values)}.</b>'] if values else []
    return " ".join(said)


def _grade(identity: float) -> str:
    """A cosine of identities in words."""
    return next(word for least, word in ((0.9, "Surely"), (0.75, "Probably"), (0.5, "Perhaps"), (-2, "Hardly")) if identity >= least)


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
