"""The checks of lesson 04: right answers pass, however they are written; usual slips are recognised."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.checks.feedback import CheckFailed
from styleclip_lib.checks.optimization import check_ablation, check_edit_loop, check_styleclip_loss


def stub(*_):
    raise NotImplementedError


@pytest.mark.parametrize("check", [check_styleclip_loss, check_edit_loop, check_ablation])
def test_a_stub_says_so_and_does_not_stop_the_lesson(check, capsys):
    assert check(stub) is False
    assert "not written yet" in capsys.readouterr().out


def by_cosine(image, text, w, w_s, person, person_s, l2, identity):
    terms = 1 - F.cosine_similarity(image, text), (w - w_s).pow(2).sum(), 1 - F.cosine_similarity(person, person_s)
    return terms[0] + l2 * terms[1] + identity * terms[2]


def by_norm(image, text, w, w_s, person, person_s, l2, identity):
    return (1 - image @ text.T) + l2 * torch.norm(w - w_s) ** 2 + identity * (1 - person @ person_s.T)


@pytest.mark.parametrize("loss", [by_cosine, by_norm])
def test_loss_right(loss, capsys):
    assert check_styleclip_loss(loss) is True
    assert "✓" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("loss", "says"),
    [
        (lambda i, t, w, s, p, q, a, b: (i * t).sum() + a * (w - s).square().sum() + b * (1 - (p * q).sum()), "must fall"),
        (lambda i, t, w, s, p, q, a, b: 1 - (i * t).sum() + a * F.mse_loss(w, s) + b * (1 - (p * q).sum()), "not a mean"),
        (lambda i, t, w, s, p, q, a, b: 1 - (i * t).sum() + a * (w - s).norm() + b * (1 - (p * q).sum()), "squared"),
        (lambda i, t, w, s, p, q, a, b: 1 - (i * t).sum() + a * w.square().sum() + b * (1 - (p * q).sum()), "not from 0"),
        (lambda i, t, w, s, p, q, a, b: 1 - (i * t).sum() + a * (w - s).square().sum() + b * (p * q).sum(), "same person"),
        (lambda i, t, w, s, p, q, a, b: by_norm(i, t, w, s, p, q, b, a), "swapped"),
        (lambda i, t, w, s, p, q, a, b: by_norm(i, t, w, s, p, q, 1, 1), "missing"),
        (lambda i, t, w, s, p, q, a, b: 2 * by_norm(i, t, w, s, p, q, a, b), "off by up to"),
        (lambda i, t, w, s, p, q, a, b: 0.5, "should return a tensor"),
    ],
)
def test_loss_wrong(loss, says):
    with pytest.raises(CheckFailed, match=says):
        check_styleclip_loss(loss)


# --- the loop ------------------------------------------------------------------------------------------------------


def descend(start=None, sign=1.0, zero_grad=True, extra=0, square=lambda x: x.square().sum(), weights=lambda a, b: (a, b), held=False):
    def edit_loop(draw, d_clip, l_id, w_s, lambda_l2, lambda_id, steps, lr):
        lambda_l2, lambda_id = weights(lambda_l2, lambda_id)
        offset = (torch.zeros_like(w_s) if start is None else start(w_s) - w_s).requires_grad_()
        optimizer = torch.optim.Adam([offset], lr=0.0 if held else lr)
        for _ in range(steps + extra):
            image = draw(w_s + offset)
            loss = sign * d_clip(image) + lambda_l2 * square(offset) + lambda_id * l_id(image)
            if zero_grad:
                optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return w_s + offset

    return edit_loop


def over_the_code(draw, d_clip, l_id, w_s, lambda_l2, lambda_id, steps, lr):
    w = w_s.clone().requires_grad_()
    optimizer = torch.optim.Adam([w], lr=lr)
    for _ in range(steps):
        loss = d_clip(draw(w)) + lambda_l2 * torch.norm(w - w_s) ** 2 if (w != w_s).any() else d_clip(draw(w))
        loss = loss + lambda_id * l_id(draw(w))
        (w.grad,) = torch.autograd.grad(loss, w)
        optimizer.step()
    return w.detach()


@pytest.mark.parametrize("loop", [descend(), over_the_code])
def test_loop_right(loop, capsys):
    assert check_edit_loop(loop) is True
    assert "✓" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("loop", "says"),
    [
        (descend(held=True), "has not moved"),
        (descend(zero_grad=False), "zero_grad"),
        (descend(sign=-1.0), "minimise d_clip"),
        (descend(weights=lambda a, b: (0.0, b)), "distance from w_s is missing"),
        (descend(weights=lambda a, b: (a, 0.0)), "identity loss is missing"),
        (descend(weights=lambda a, b: (1.0, 1.0)), "lambda_l2 and lambda_id are missing"),
        (descend(weights=lambda a, b: (b, a)), "swapped"),
        (descend(square=lambda x: x.square().mean()), "not a mean"),
        (descend(extra=-1), "One step is missing"),
        (descend(extra=1), "too many"),
        (descend(start=torch.zeros_like), "starts at w_s"),
        (lambda *given: 3.0, "should return a tensor"),
    ],
)
def test_loop_wrong(loop, says):
    with pytest.raises(CheckFailed, match=says):
        check_edit_loop(loop)


# --- the ablation --------------------------------------------------------------------------------------------------


def ablated(changed=lambda off, name: {name: off[name]}, combine=lambda without, complete: without - complete):
    def ablation(default, off, faces, score):
        return {name: torch.tensor([combine(score({**default, **changed(off, name)}, face), score(default, face)) for face in faces])
                for name in off}

    return ablation


def never_switched_on_again(default, off, faces, score):
    complete, settings, result = [score(default, face) for face in faces], default, {}
    for name in off:
        settings[name] = off[name]
        result[name] = [score(settings, face) - before for face, before in zip(faces, complete)]
    return result


def test_ablation_right(capsys):
    assert check_ablation(ablated()) is True
    assert check_ablation(lambda *given: {name: row.tolist() for name, row in ablated()(*given).items()}) is True
    assert "✓" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("ablation", "says"),
    [
        (never_switched_on_again, "one setting changes at a time"),
        (ablated(lambda off, name: {other: off[other] for other in off if other != name}), "one at a time"),
        (ablated(combine=lambda without, complete: complete - without), "The sign"),
        (ablated(combine=lambda without, complete: without), "Subtract each face's score"),
        (lambda *given: {name: row.mean() for name, row in ablated()(*given).items()}, "not their mean"),
        (lambda *given: list(ablated()(*given).values()), "a dictionary with the names views"),
    ],
)
def test_ablation_wrong(ablation, says):
    with pytest.raises(CheckFailed, match=says):
        check_ablation(ablation)
