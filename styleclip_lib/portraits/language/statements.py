"""Statements about portraits: a caption makes some, and each is true, false, or undecided of a portrait.

A statement is (attribute, value), as ("glasses", "sunglasses"). Because everything is known about a portrait,
it is also known which captions of *other* portraits are true of it; this is what makes exact positives and
negatives for training CLIP.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ..world.attributes import ATTRIBUTES, index_of
from ..world.factors import Factors
from .style_words import STYLE_WORDS

Statement = tuple[str, str]

STATEMENTS: tuple[Statement, ...] = tuple((a.name, value) for a in ATTRIBUTES for value in a.values)
COLUMN: dict[Statement, int] = {statement: column for column, statement in enumerate(STATEMENTS)}


@dataclass(frozen=True)
class Caption:
    """A text, what it states, and the style it names (a key of `styles.STYLES`), if any."""

    text: str
    statements: tuple[Statement, ...] = ()
    style: str | None = None


def visible(factors: Factors, styles: Sequence[str | None] | None = None) -> torch.Tensor:
    """Which statements can be decided by looking at the picture.

    Nobody can tell the colour of closed eyes, or whether the head under a hat is bald; and a pencil sketch has
    no hair colour. Returns bool [N, number of STATEMENTS].
    """
    seen = torch.ones(len(factors), len(STATEMENTS), dtype=torch.bool, device=factors.gender.device)

    def hide(which, attribute, values=None):
        for statement, column in COLUMN.items():
            if statement[0] == attribute and (values is None or statement[1] in values):
                seen[:, column] &= ~which

    sunglasses = factors.glasses == index_of("glasses", "sunglasses")
    under_a_hat = ("bald", "short", "mohawk")
    covered = factors.headwear != index_of("headwear", "none")
    flat = sum(factors.hair_style == index_of("hair_style", name) for name in under_a_hat).bool()
    hide(sunglasses, "eyes")
    hide(sunglasses | _under_a_fringe(factors), "brows")
    hide(sunglasses | (factors.eyes == index_of("eyes", "closed")), "eye_color")
    hide(covered & flat, "hair_style", under_a_hat)
    hide(covered & flat, "hair_color")
    if styles is not None:
        for style, words in STYLE_WORDS.items():
            drawn = torch.tensor([name == style for name in styles], device=seen.device)
            for attribute in words.loses if drawn.any() else ():
                hide(drawn, attribute)
    return seen


def statements_true(factors: Factors, styles: Sequence[str | None] | None = None) -> torch.Tensor:
    """Which statements clearly hold and can be seen. Returns bool [N, number of STATEMENTS]."""
    true = torch.cat([a.is_true(getattr(factors, a.name)) for a in ATTRIBUTES], 1)
    return true & ~_no_hair_color(factors) & visible(factors, styles)


def statements_false(factors: Factors, styles: Sequence[str | None] | None = None) -> torch.Tensor:
    """Which statements clearly do not hold. Returns bool [N, number of STATEMENTS]."""
    false = torch.cat([a.is_false(getattr(factors, a.name)) for a in ATTRIBUTES], 1)
    return (false | _no_hair_color(factors)) & visible(factors, styles)


def true_of(captions: Sequence[Caption], factors: Factors, styles: Sequence[str | None] | None = None) -> torch.Tensor:
    """Whether all that a caption says clearly holds.

    captions   C captions
    factors    N portraits
    styles     the style each portrait is drawn in, None for a plain one; None for all plain

    Returns bool [C, N].
    """
    said = _said(captions).to(factors.gender.device)
    missing = said @ (~statements_true(factors, styles)).T.float()
    return (missing == 0) & _style_fits(captions, factors, styles)


def false_of(captions: Sequence[Caption], factors: Factors, styles: Sequence[str | None] | None = None) -> torch.Tensor:
    """Whether something that a caption says clearly does not hold; arguments and result as for `true_of`.

    Both can be False: a face turned by ten degrees is neither clearly looking left nor clearly not.
    """
    said = _said(captions).to(factors.gender.device)
    wrong = said @ statements_false(factors, styles).T.float()
    return (wrong > 0) | ~_style_fits(captions, factors, styles)


def _under_a_fringe(factors):
    """Whether a fringe falls over the brows [N]."""
    combed = sum(factors.hair_style == index_of("hair_style", name) for name in ("short", "long", "bob")).bool()
    return combed & (factors.fringe > 0.78)


def _no_hair_color(factors):
    """Statements about the colour of hair that is not there [N, number of STATEMENTS]."""
    about_color = torch.tensor([attribute == "hair_color" for attribute, _ in STATEMENTS], device=factors.gender.device)
    return (factors.hair_style == index_of("hair_style", "bald"))[:, None] & about_color


def _said(captions):
    """Which statements each caption makes, 0 or 1 [C, number of STATEMENTS]."""
    said = torch.zeros(len(captions), len(STATEMENTS))
    for row, caption in enumerate(captions):
        for statement in caption.statements:
            said[row, COLUMN[statement]] = 1
    return said


def _style_fits(captions, factors, styles):
    """Whether the style that a caption names, if any, is the picture's [C, N]."""
    styles = [None] * len(factors) if styles is None else styles
    code = {name: index for index, name in enumerate(STYLE_WORDS)}
    named = torch.tensor([code[c.style] if c.style else -1 for c in captions], device=factors.gender.device)[:, None]
    drawn = torch.tensor([code[name] if name else -1 for name in styles], device=factors.gender.device)[None, :]
    return (named == -1) | (named == drawn)
