"""Losses and accuracies of networks that predict attributes."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F

from ..networks.attributes import code_slices
from ..portraits.language.attribute_values import ATTRIBUTE_VALUES, COLUMN, Caption, named_values, values_false, values_true, visible
from ..portraits.world.attributes import ATTRIBUTES, BY_NAME, Attribute
from ..portraits.world.factors import Factors


def attribute_loss(code: torch.Tensor, factors: Factors, focus: float = 0.0, table: Sequence[Attribute] = ATTRIBUTES) -> torch.Tensor:
    """The mean of the attributes' losses.

    With focus > 0 each attribute is weighted by (its loss / the mean loss)^focus, so that the gradient favours what is not learnt yet;
    otherwise small things such as brows would be drowned out by skin and background.
    table: the attributes in the code.    code [N, CODE_SIZE] -> a number
    """
    return _focused(attribute_losses(code, factors, table), focus)


def attribute_value_loss(logits: torch.Tensor, factors: Factors, focus: float = 0.0) -> torch.Tensor:
    """Binary cross-entropy of the attribute values of each picture, true and false ones weighted equally.

    Attribute values that are neither clearly true nor clearly false of a picture do not count. focus as in `attribute_loss`.
    logits [N, number of ATTRIBUTE_VALUES] -> a number
    """
    return _focused(_balanced_loss(logits, values_true(factors), values_false(factors), 0), focus)


def caption_loss(logits: torch.Tensor, captions: Sequence[Caption]) -> torch.Tensor:
    """Binary cross-entropy of what captions say, true and false attribute values weighted equally.

    True is what a caption says; false are the other values of the same attributes, and what it denies. Nothing else counts.
    logits [N, number of ATTRIBUTE_VALUES] -> a number
    """
    named, denied = named_values(captions)
    false = (named @ _other_values() + denied) > 0
    return _balanced_loss(logits, named.to(logits.device), false.to(logits.device), (0, 1))


def _other_values() -> torch.Tensor:
    """1 for two different values of one attribute, otherwise 0. [number of ATTRIBUTE_VALUES, number of ATTRIBUTE_VALUES]"""
    attribute = torch.tensor([list(BY_NAME).index(name) for name, _ in ATTRIBUTE_VALUES])
    return (attribute[:, None] == attribute).float().fill_diagonal_(0)


def _balanced_loss(logits: torch.Tensor, true: torch.Tensor, false: torch.Tensor, dim: int | tuple[int, int]) -> torch.Tensor:
    """Binary cross-entropy over some dimensions: half of it the mean where `true` is 1, half the mean where `false` is 1."""
    true, false, logits = true.float(), false.float(), logits.float()
    missed = (F.softplus(-logits) * true).sum(dim) / true.sum(dim).clamp(min=1)
    alarms = (F.softplus(logits) * false).sum(dim) / false.sum(dim).clamp(min=1)
    return (missed + alarms) / 2


def _focused(losses: torch.Tensor, focus: float) -> torch.Tensor:
    """The mean of losses [N], each weighted by (itself / their mean)^focus."""
    weights = (losses.detach() / losses.detach().mean().clamp(min=1e-6)) ** focus
    return (weights * losses).mean()


def attribute_losses(code: torch.Tensor, factors: Factors, table: Sequence[Attribute] = ATTRIBUTES) -> torch.Tensor:
    """The loss of each attribute: cross-entropy for categories, squared error over variance for scales.

    What is not visible (the colour of closed eyes) does not count.
    code [N, CODE_SIZE] -> [number of attributes]
    """
    visible_values, slices = visible(factors), code_slices(table)
    losses = []
    for attribute in table:
        part, truth = code[:, slices[attribute.name]].float(), getattr(factors, attribute.name)
        if attribute.is_scale:
            span = 1.0 if attribute.intervals[0][0] == 0 else 2.0
            shown = visible_values[:, COLUMN[attribute.name, attribute.values[0]]].float()
            loss = 1.5 * (part[:, 0] - truth).square() / (span**2 / 12)  # a uniform number has variance span²/12
        else:
            shown = decidable(visible_values, attribute.name, truth)
            loss = F.cross_entropy(part, truth, reduction="none")
        losses.append((loss * shown).sum() / shown.sum().clamp(min=1))
    return torch.stack(losses)


def decidable(visible_values: torch.Tensor, name: str, truth: torch.Tensor) -> torch.Tensor:
    """Whether the true value of a category is visible. visible_values: `visible(factors)`; truth [N] -> float [N], 0 or 1"""
    columns = torch.tensor([COLUMN[name, value] for value in BY_NAME[name].values])
    return visible_values[:, columns].gather(1, truth[:, None])[:, 0].float()


def accuracy(code: torch.Tensor, factors: Factors, table: Sequence[Attribute] = ATTRIBUTES) -> dict[str, float]:
    """The share of portraits whose value is read correctly, for every attribute of a table.

    For a scale only portraits with a clearly true value count; a reading is correct if it lies closer to that value's interval than to any
    other.
    """
    visible_values, slices = visible(factors), code_slices(table)
    result = {}
    for attribute in table:
        part, truth = code[:, slices[attribute.name]], getattr(factors, attribute.name)
        if attribute.is_scale:
            low, high = torch.tensor(attribute.intervals).T
            distance = torch.maximum(low - part, part - high).clamp(min=0)
            holds = attribute.is_true(truth)
            shown = visible_values[:, COLUMN[attribute.name, attribute.values[0]]]
            right, counted = holds.float().argmax(1) == distance.argmin(1), holds.any(1) & shown
        else:
            right, counted = part.argmax(1) == truth, decidable(visible_values, attribute.name, truth) > 0
        result[attribute.name] = right[counted].float().mean().item()
    return result
