"""The checks of lesson 11: right answers pass, however they are written; usual slips are recognised."""

from __future__ import annotations

import pytest
import torch

from styleclip_lib.checks.fairness import check_balanced_loss, check_data_sheet, check_gap, check_sampling_weights
from styleclip_lib.checks.feedback import CheckFailed


@pytest.mark.parametrize("check", [check_balanced_loss, check_data_sheet, check_gap, check_sampling_weights])
def test_a_stub_says_so_and_does_not_stop_the_lesson(check, capsys):
    def stub(*_):
        raise NotImplementedError

    assert check(stub) is False
    assert "not written yet" in capsys.readouterr().out


def gap(success, group, z=1.96):
    a, b = success[group == 0], success[group == 1]
    half = z * (a.var(unbiased=False) / len(a) + b.var(unbiased=False) / len(b)).sqrt()
    return torch.stack([a.mean() - b.mean(), a.mean() - b.mean() - half, a.mean() - b.mean() + half])


def weights(group):
    each = 1 / torch.bincount(group)[group]
    return each / each.sum()


def group_means(errors, group):
    totals = torch.zeros(int(group.max()) + 1).index_add_(0, group, errors)
    return totals / torch.bincount(group)


def sheet(rows, attributes, of_all=False, with_none=False):
    found = {}
    for attribute in attributes:
        values = [row[attribute] for row in rows if with_none or row[attribute] is not None]
        total = len(rows) if of_all else len(values)
        shares = {value: values.count(value) / total for value in values}
        found[attribute] = {"unknown": sum(row[attribute] is None for row in rows), "shares": shares,
                            "rarest": min((v for v in shares if v), key=shares.get)}
    return found


@pytest.mark.parametrize(("check", "answer"), [(check_gap, gap), (check_sampling_weights, weights), (check_data_sheet, sheet),
                                               (check_balanced_loss, lambda e, g: group_means(e, g).mean())])
def test_right(check, answer):
    assert check(answer) is True


def swapped(rows, attributes):
    found = sheet(rows, attributes)
    for entry in found.values():
        entry["rarest"] = max(entry["shares"], key=entry["shares"].get)
    return found


@pytest.mark.parametrize(("check", "slip", "said"), [
    (check_gap, lambda s, g: gap(s, 1 - g), "not the other way round"),
    (check_gap, lambda s, g: gap(s, g, 1.0), "1.96"),
    (check_gap, lambda s, g: gap(s, g)[[0, 2, 1]], "lower end"),
    (check_gap, lambda s, g: gap(s, g)[0], "shape"),
    (check_balanced_loss, lambda e, g: e.mean(), "largest group"),
    (check_balanced_loss, lambda e, g: group_means(e, g).sum(), "number of groups"),
    (check_balanced_loss, lambda e, g: group_means(e, g).max(), "worst group"),
    (check_balanced_loss, group_means, "shape"),
    (check_sampling_weights, lambda g: torch.full((len(g),), 1 / len(g)), "equally often"),
    (check_sampling_weights, lambda g: 1 / torch.bincount(g)[g], "number of groups"),
    (check_sampling_weights, lambda g: weights(g) * len(g), "add up to 1"),
    (check_sampling_weights, lambda g: torch.bincount(g)[g] / torch.bincount(g).square().sum(), "other way round"),
    (check_data_sheet, lambda rows, attributes: sheet(rows, attributes, of_all=True), "value is known"),
    (check_data_sheet, lambda rows, attributes: sheet(rows, attributes, with_none=True), "None is no value"),
    (check_data_sheet, swapped, "rarest"),
    (check_data_sheet, lambda rows, attributes: {}, "keys skin, pose"),
])
def test_wrong_is_told_why(check, slip, said):
    with pytest.raises(CheckFailed, match=said):
        check(slip)
