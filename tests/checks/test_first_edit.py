"""The check of lesson 00."""

from __future__ import annotations

import pytest

from styleclip_lib.checks.feedback import CheckFailed
from styleclip_lib.checks.first_edit import check_side_effects


def right(before, after, wanted):
    return [name for name in before if before[name] != after[name] and name not in wanted]


@pytest.mark.parametrize("side_effects", [right, lambda *given: set(right(*given)), lambda *given: (*right(*given),)])
def test_right(side_effects, capsys):
    assert check_side_effects(side_effects) is True
    assert "✓" in capsys.readouterr().out


def test_a_stub(capsys):
    assert check_side_effects(lambda before, after, wanted: None) is False


@pytest.mark.parametrize(
    ("side_effects", "says"),
    [
        (lambda before, after, wanted: [n for n in before if before[n] != after[n]], "asked for is no side effect"),
        (lambda before, after, wanted: [n for n in wanted if before[n] != after[n]], "asked for; the others"),
        (lambda before, after, wanted: [n for n in before if before[n] == after[n] and n not in wanted], "with !="),
        (lambda before, after, wanted: [n for n in right(before, after, wanted) if before[n] and after[n]], "None"),
        (lambda before, after, wanted: right(before, after, wanted)[1:], "missing: expression"),
        (lambda before, after, wanted: [*right(before, after, wanted), "hat"], "too many: hat"),
        (lambda before, after, wanted: ", ".join(right(before, after, wanted)), "returned str"),
        (lambda before, after, wanted: len(right(before, after, wanted)), "returned int"),
        (lambda before, after: [], "TypeError"),
    ],
)
def test_wrong(side_effects, says):
    with pytest.raises(CheckFailed, match=says):
        check_side_effects(side_effects)
