"""Attribute values of portraits: a caption names some, and each is true, false or undecided for a portrait.

An attribute value is a pair (attribute, value), such as ("glasses", "sunglasses"). Since everything is known about a portrait, it is also
known which captions of *other* portraits are true of it: this gives exact positives and negatives for training CLIP.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from ..world.attributes import ATTRIBUTES, Attribute, index_of
from ..world.factors import Factors
from .style_words import PLAIN, STYLE_WORDS

AttributeValue = tuple[str, str]

ATTRIBUTE_VALUES: tuple[AttributeValue, ...] = tuple((a.name, value) for a in ATTRIBUTES for value in a.values)
COLUMN: dict[AttributeValue, int] = {attribute_value: column for column, attribute_value in enumerate(ATTRIBUTE_VALUES)}


@dataclass(frozen=True)
class Caption:
    """A text, the attribute values that it names, and the style it names (a key of `styles.STYLES`, or `PLAIN`), if any.

    denied  the attribute values that it denies: "not smiling" denies a smile without naming another expression
    """

    text: str
    attribute_values: tuple[AttributeValue, ...] = ()
    style: str | None = None
    denied: tuple[AttributeValue, ...] = ()


def visible(factors: Factors, styles: Sequence[str | None] | None = None) -> torch.Tensor:
    """Which attribute values can be decided by looking at the picture.

    The colour of closed eyes is not visible, nor whether the head under a hat is bald; and a pencil sketch has no hair colour.
    styles: the style in which each portrait is drawn, None for a plain one. Returns bool [N, number of ATTRIBUTE_VALUES].
    """
    decidable = torch.ones(len(factors), len(ATTRIBUTE_VALUES), dtype=torch.bool, device=factors.gender.device)

    def hide(which, attribute, values=None):
        for attribute_value, column in COLUMN.items():
            if attribute_value[0] == attribute and (values is None or attribute_value[1] in values):
                decidable[:, column] &= ~which

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
            drawn = torch.tensor([name == style for name in styles], device=decidable.device)
            for attribute in words.loses if drawn.any() else ():
                hide(drawn, attribute)
    return decidable


def values_true(factors: Factors, styles: Sequence[str | None] | None = None) -> torch.Tensor:
    """Which attribute values are clearly true and visible. Returns bool [N, number of ATTRIBUTE_VALUES]."""
    return _of_each(factors, Attribute.is_true) & ~_no_hair_color(factors) & visible(factors, styles)


def values_false(factors: Factors, styles: Sequence[str | None] | None = None) -> torch.Tensor:
    """Which attribute values are clearly false. Returns bool [N, number of ATTRIBUTE_VALUES]."""
    return (_of_each(factors, Attribute.is_false) | _no_hair_color(factors)) & visible(factors, styles)


def _of_each(factors: Factors, holds: Callable[[Attribute, torch.Tensor], torch.Tensor]) -> torch.Tensor:
    """`holds` for every attribute, False for attributes that these portraits do not have. -> bool [N, number of ATTRIBUTE_VALUES]"""
    nothing = torch.zeros(len(factors), dtype=torch.bool, device=factors.gender.device)
    return torch.cat([holds(a, getattr(factors, a.name)) if hasattr(factors, a.name) else nothing[:, None].expand(-1, len(a.values))
                      for a in ATTRIBUTES], 1)


def true_of(captions: Sequence[Caption], factors: Factors, styles: Sequence[str | None] | None = None) -> torch.Tensor:
    """Whether everything that a caption says is clearly true, and everything that it denies clearly false.

    captions   C captions
    factors    N portraits
    styles     the style in which each portrait is drawn, None for a plain one; None: all are plain

    Returns bool [C, N].
    """
    named, denied = (part.to(factors.gender.device) for part in named_values(captions))
    missing = named @ (~values_true(factors, styles)).T.float() + denied @ (~values_false(factors, styles)).T.float()
    return (missing == 0) & _style_fits(captions, factors, styles)


def false_of(captions: Sequence[Caption], factors: Factors, styles: Sequence[str | None] | None = None) -> torch.Tensor:
    """Whether something that a caption says is clearly false, or something that it denies clearly true. Arguments and result as for
    `true_of`.

    Both can be False: a face turned by ten degrees is neither clearly looking left nor clearly not.
    """
    named, denied = (part.to(factors.gender.device) for part in named_values(captions))
    wrong = named @ values_false(factors, styles).T.float() + denied @ values_true(factors, styles).T.float()
    return (wrong > 0) | ~_style_fits(captions, factors, styles)


def named_values(captions: Sequence[Caption]) -> tuple[torch.Tensor, torch.Tensor]:
    """Which attribute values each caption names, and which it denies: two tensors [C, number of ATTRIBUTE_VALUES] of 0 and 1."""
    named, denied = torch.zeros(2, len(captions), len(ATTRIBUTE_VALUES)).unbind()
    for row, caption in enumerate(captions):
        named[row, [COLUMN[attribute_value] for attribute_value in caption.attribute_values]] = 1
        denied[row, [COLUMN[attribute_value] for attribute_value in caption.denied]] = 1
    return named, denied


def _under_a_fringe(factors):
    """Whether a fringe falls over the brows [N]."""
    combed = sum(factors.hair_style == index_of("hair_style", name) for name in ("short", "long", "bob")).bool()
    return combed & (factors.fringe > 0.78)


def _no_hair_color(factors):
    """True for all hair colours of bald heads [N, number of ATTRIBUTE_VALUES]."""
    about_color = torch.tensor([attribute == "hair_color" for attribute, _ in ATTRIBUTE_VALUES], device=factors.gender.device)
    return (factors.hair_style == index_of("hair_style", "bald"))[:, None] & about_color


def _style_fits(captions, factors, styles):
    """Whether the style that a caption names, if any, is the picture's [C, N]."""
    styles = [None] * len(factors) if styles is None else styles
    return style_fits(captions, styles).to(factors.gender.device)


def style_fits(captions: Sequence[Caption], styles: Sequence[str | None]) -> torch.Tensor:
    """Whether the style that a caption names, if any, is the style of a picture. styles of N pictures -> bool [C, N]"""
    code = {name: index for index, name in enumerate((PLAIN, *STYLE_WORDS))}
    named = torch.tensor([code[c.style] if c.style else -1 for c in captions])[:, None]
    drawn = torch.tensor([code[name or PLAIN] for name in styles])[None, :]
    return (named == -1) | (named == drawn)
