"""Factors as numbers to ask a network for: the loss and the accuracy, against slow loops."""

import math

import pytest
import torch

from styleclip_lib.networks.attributes import CODE_SIZE, CODE_SLICES
from styleclip_lib.portraits.language.attribute_values import ATTRIBUTE_VALUES, COLUMN, Caption, values_false, values_true
from styleclip_lib.portraits.world.attributes import ATTRIBUTES, BY_NAME
from styleclip_lib.portraits.world.factors import sample
from styleclip_lib.training.coding import (
    accuracy,
    attribute_loss,
    attribute_losses,
    attribute_value_loss,
    caption_loss,
    decidable,
    visible,
)


@pytest.fixture(scope="module")
def people():
    return sample(400, seed=11)


def perfect_code(people, confidence=40.0) -> torch.Tensor:
    code = torch.zeros(len(people), CODE_SIZE)
    for attribute in ATTRIBUTES:
        truth, where = getattr(people, attribute.name), CODE_SLICES[attribute.name]
        if attribute.is_scale:
            code[:, where.start] = truth
        else:
            code[torch.arange(len(people)), where.start + truth] = confidence
    return code


def slow_loss(code, people) -> float:
    """One portrait and one attribute after the other."""
    closed, sunglasses, covered = people.eyes == 1, people.glasses == 2, people.headwear > 0
    flat = torch.tensor([BY_NAME["hair_style"].values[i] in ("bald", "short", "mohawk") for i in people.hair_style])
    combed = torch.tensor([BY_NAME["hair_style"].values[i] in ("short", "long", "bob") for i in people.hair_style])
    hidden = {
        "brows": sunglasses | (combed & (people.fringe > 0.78)),
        "eyes": sunglasses,
        "eye_color": sunglasses | closed,
        "hair_style": covered & flat,
        "hair_color": covered & flat,
    }
    total = 0.0
    for attribute in ATTRIBUTES:
        truth, where = getattr(people, attribute.name), CODE_SLICES[attribute.name]
        losses = []
        for n in range(len(people)):
            if attribute.name in hidden and hidden[attribute.name][n]:
                continue
            if attribute.is_scale:
                low = min(0.0, attribute.intervals[0][0])
                variance = (1 - low) ** 2 / 12
                losses.append(1.5 * (code[n, where.start].item() - truth[n].item()) ** 2 / variance)
            else:
                logits = code[n, where].tolist()
                losses.append(math.log(sum(math.exp(x) for x in logits)) - logits[truth[n]])
        total += sum(losses) / max(len(losses), 1)
    return total / len(ATTRIBUTES)


def test_the_loss_is_that_of_the_slow_loop(people):
    few = people[torch.arange(60)]
    code = torch.randn(60, CODE_SIZE, generator=torch.Generator().manual_seed(0))
    assert attribute_loss(code, few).item() == pytest.approx(slow_loss(code, few), rel=1e-4)


def test_focus_moves_weight_to_what_is_not_learnt(people):
    """Weights are (l / mean l)^focus, so with focus 1 the loss is the mean square over the mean."""
    few = people[torch.arange(60)]
    code = perfect_code(few)
    code[:, CODE_SLICES["weight"]] += 0.5
    code[:, CODE_SLICES["light"]] += 0.1
    code.requires_grad_()
    losses = attribute_losses(code, few).detach()
    plain, focused = attribute_loss(code, few), attribute_loss(code, few, focus=1.0)
    assert plain.item() == pytest.approx(losses.mean().item())
    assert focused.item() == pytest.approx((losses.square().mean() / losses.mean()).item(), rel=1e-5)
    def share(loss):
        (gradient,) = torch.autograd.grad(loss, code, retain_graph=True)
        size = {name: gradient[:, CODE_SLICES[name]].abs().sum() for name in ("weight", "light")}
        return size["weight"] / size["light"]
    assert share(focused) > 10 * share(plain)


def test_a_perfect_code_costs_nothing(people):
    assert attribute_loss(perfect_code(people), people) < 1e-6


def test_not_knowing_a_scale_costs_one_and_a_half(people):
    many = sample(20_000, seed=1)
    middle = many.replace(**{a.name: (0.5 if a.intervals[0][0] == 0 else 0.0) for a in ATTRIBUTES if a.is_scale})
    scales = sum(a.is_scale for a in ATTRIBUTES)
    assert attribute_loss(perfect_code(middle), many) == pytest.approx(1.5 * scales / len(ATTRIBUTES), rel=0.02)


def test_what_is_hidden_is_not_asked_for(people):
    code = perfect_code(people)
    closed = people.replace(eyes="closed")
    wrong = perfect_code(closed)
    wrong[:, CODE_SLICES["eye_color"]] = torch.randn(len(people), 3)
    assert attribute_loss(wrong, closed) < 1e-6
    opened = people.replace(eyes="open", glasses="none")
    wrong = perfect_code(opened)
    wrong[:, CODE_SLICES["eye_color"]] = code[:, CODE_SLICES["eye_color"]].flip(0)
    assert attribute_loss(wrong, opened) > 0.1


def test_decidable(people):
    shades = people.replace(glasses="sunglasses")
    assert decidable(visible(shades), "eyes", shades.eyes).sum() == 0
    assert decidable(visible(shades), "glasses", shades.glasses).sum() == len(people)


def test_accuracy_of_a_perfect_code(people):
    assert accuracy(perfect_code(people), people) == {a.name: 1.0 for a in ATTRIBUTES}


def test_accuracy_counts_what_is_wrong(people):
    code = perfect_code(people)
    code[:100, CODE_SLICES["clothes"]] = code[:100, CODE_SLICES["clothes"]].roll(1, 1)
    code[:, CODE_SLICES["yaw"]] *= -1
    result = accuracy(code, people)
    assert result["clothes"] == pytest.approx(0.75)
    ahead, turned = people.yaw.abs() <= 0.15, people.yaw.abs() >= 0.36
    assert result["yaw"] == pytest.approx((ahead.sum() / (ahead.sum() + turned.sum())).item())
    assert result["glasses"] == 1


def test_gradients_reach_every_attribute(people):
    code = torch.zeros(len(people), CODE_SIZE, requires_grad=True)
    attribute_loss(code, people).backward()
    assert all(code.grad[:, where].abs().sum() > 0 for where in CODE_SLICES.values())


def test_the_loss_of_attribute_values_is_that_of_the_slow_loop(people):
    few = people[torch.arange(40)]
    logits = torch.randn(40, len(ATTRIBUTE_VALUES), generator=torch.Generator().manual_seed(2))
    true, false = values_true(few), values_false(few)
    losses = []
    for column in range(len(ATTRIBUTE_VALUES)):
        missed = [math.log1p(math.exp(-logits[n, column])) for n in range(40) if true[n, column]]
        alarms = [math.log1p(math.exp(logits[n, column])) for n in range(40) if false[n, column]]
        losses.append(sum(sum(part) / max(len(part), 1) for part in (missed, alarms)) / 2)
    assert attribute_value_loss(logits, few).item() == pytest.approx(sum(losses) / len(losses), rel=1e-4)
    squares = sum(loss**2 for loss in losses) / sum(losses)
    assert attribute_value_loss(logits, few, focus=1.0).item() == pytest.approx(squares, rel=1e-4)


def test_captions_are_asked_for_what_they_say_and_deny():
    captions = [Caption("a smile", (("expression", "smile"),)), Caption("not sad", denied=(("expression", "sad"),)), Caption("a face")]
    smile, sad = COLUMN["expression", "smile"], COLUMN["expression", "sad"]
    false = [(0, COLUMN["expression", value]) for value in BY_NAME["expression"].values if value != "smile"] + [(1, sad)]
    logits = torch.randn(3, len(ATTRIBUTE_VALUES), generator=torch.Generator().manual_seed(2), requires_grad=True)
    missed = math.log1p(math.exp(-logits[0, smile].item()))
    alarms = [math.log1p(math.exp(logits[place].item())) for place in false]
    loss = caption_loss(logits, captions)
    assert loss.item() == pytest.approx((missed + sum(alarms) / len(alarms)) / 2, rel=1e-4)
    loss.backward()
    assert set(map(tuple, logits.grad.nonzero().tolist())) == {(0, smile), *false}


def test_what_is_undecided_is_not_asked_for(people):
    undecided = ~values_true(people) & ~values_false(people)
    logits = torch.zeros(len(people), len(ATTRIBUTE_VALUES))
    wild = logits.masked_fill(undecided, 50.0)
    assert undecided.any() and attribute_value_loss(wild, people) == attribute_value_loss(logits, people)
