"""Following a gradient: the best so far, the history, stops, Ctrl-C."""

from itertools import pairwise

import pytest
import torch

from styleclip_lib.descent import Descent
from styleclip_lib.errors import StyleclipError
from styleclip_lib.schedule import ramped


def descend(steps=20, interrupt=None, look_last=True, lr=0.1, on_step=None, stop=None):
    """Down a parabola from 1; -> the descent, and where it stood in each round."""
    x, path = torch.tensor([1.0], requires_grad=True), []
    with Descent(torch.optim.SGD([x], lr=0.1), steps, keep=lambda: x.item(), lr=lr, on_step=on_step, look_last=look_last,
                 progress=False) as descent:
        for step in descent:
            if step == interrupt:
                raise KeyboardInterrupt
            loss = x.square().sum()
            path.append(x.item())
            descent.record(loss=loss, half=loss.item() / 2)
            descent.offer(loss)
            if step == stop:
                descent.stop()
            descent.follow(loss, x)
    return descent, path


def test_the_last_look_is_at_where_the_last_step_led():
    descent, path = descend(steps=3)
    assert len(path) == 4 and descent.best == path[-1] and descent.history["loss"][-1] == pytest.approx(path[-1] ** 2)
    assert [2 * half for half in descent.history["half"]] == descent.history["loss"] and not descent.stopped
    assert len(descend(steps=3, look_last=False)[1]) == 3


def test_the_learning_rate_is_ramped_or_stays():
    path = descend(steps=5, lr=0.2)[1]
    for step, (here, after) in enumerate(pairwise(path)):
        assert after == pytest.approx(here * (1 - 2 * ramped(step + 1, 6, 0.2)), rel=1e-5)
    path = descend(steps=5, lr=None)[1]
    assert path == pytest.approx([0.8**step for step in range(6)], rel=1e-5)


def test_the_best_is_kept_and_not_the_last():
    x = torch.tensor([1.0], requires_grad=True)
    with Descent(torch.optim.SGD([x], lr=1.0), 5, keep=lambda: x.item(), progress=False) as descent:
        for step in descent:
            descent.offer(abs(step - 2))
            descent.follow(x.sum())
    assert descent.best == -1.0, "after two steps of one"


def test_ctrl_c_keeps_the_best_and_says_how_far_it_came(capsys):
    descent, path = descend(steps=20, interrupt=4)
    assert descent.best == path[-1] and len(path) == 4 and descent.stopped
    assert capsys.readouterr().out == "Stopped after 4 of 20 steps; this is the best so far.\n"
    assert descend(interrupt=0)[0].best == 1.0, "at once: the beginning"


def test_other_errors_go_on_upwards():
    with pytest.raises(ValueError), Descent(torch.optim.SGD([torch.zeros(1)], lr=1.0), 3, keep=lambda: 0, progress=False):
        raise ValueError


def test_whoever_watches_may_end_it():
    seen = []
    descent, path = descend(on_step=lambda step, picture: seen.append(picture.requires_grad) or step == 2)
    assert len(path) == 3 and seen == [False] * 3 and descent.stopped
    descent, path = descend(stop=2, on_step=lambda *_: seen.clear())
    assert len(path) == 3 and descent.stopped


@pytest.mark.parametrize("first", ["nan", "inf"])
def test_a_first_loss_that_is_none_is_an_error(first):
    with pytest.raises(StyleclipError, match="The loss comes out infinite or undefined"):
        follow_losses(float(first), 1.0)


def test_a_later_loss_that_is_none_leaves_the_best_as_it_is():
    assert follow_losses(1.0, float("nan"), float("inf")) == 0


def follow_losses(*losses):
    """A descent along given losses; -> the number of the best step."""
    x, steps = torch.zeros(1, requires_grad=True), [-1]
    with Descent(torch.optim.SGD([x], lr=0.0), len(losses), keep=lambda: steps[-1], look_last=False, progress=False) as descent:
        for step in descent:
            steps.append(step)
            descent.offer(losses[step])
            descent.follow(x.sum() + losses[step])
    return descent.best


def test_no_steps_are_one_look():
    assert len(descend(steps=0)[1]) == 1
