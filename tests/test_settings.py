"""Settings: what they accept, what they say of anything else, and JSON both ways."""

from __future__ import annotations

import json
import math
from dataclasses import FrozenInstanceError, dataclass
from typing import ClassVar, Literal

import numpy as np
import pytest

from styleclip_lib.errors import StyleclipError
from styleclip_lib.settings import Settings, setting


@dataclass(frozen=True)
class Inner(Settings):
    share: float = setting(0.5, low=0, high=1)


@dataclass(frozen=True)
class Shape(Settings):
    TAG: ClassVar[str] = "kind"


@dataclass(frozen=True)
class Plain(Shape):
    KIND: ClassVar[str] = "plain"
    steps: int = setting(3, low=1, high=10)
    weight: float | None = setting(None, low=0)
    strength: float | Literal["auto"] = setting(1.0, low=-2, high=2)
    name: str = setting("", high=5)
    on: bool = setting(False)
    levels: tuple[Literal["coarse", "fine"], ...] = setting(())
    inner: Inner = setting(Inner())


@dataclass(frozen=True)
class Nested(Shape):
    KIND: ClassVar[str] = "nested"
    first: Shape = setting()
    pair: tuple[int, int] = setting((0, 0), low=0, high=9)


def test_whole_numbers_become_floats_and_lists_tuples():
    made = Plain(strength=1, weight=np.float32(0.5), steps=np.int64(4), levels=["fine"])
    assert (type(made.strength), type(made.weight), type(made.steps), made.levels) == (float, float, int, ("fine",))
    assert Plain(strength="auto").strength == "auto" and Plain(weight=None).weight is None
    with pytest.raises(FrozenInstanceError):
        made.steps = 5


@pytest.mark.parametrize(("values", "said"), [
    ({"steps": 0}, "steps must be a whole number from 1 to 10, not 0."),
    ({"steps": 2.0}, "steps must be a whole number from 1 to 10, not 2.0."),
    ({"steps": True}, "not True"),
    ({"steps": 10**400}, "steps must be a whole number"),
    ({"weight": 10**400}, "weight must be a number"),
    ({"steps": "0 or __import__('os')"}, "steps must be a whole number"),
    ({"weight": -1}, "weight must be a number of at least 0, or nothing (null), not -1."),
    ({"weight": math.nan}, "not nan"),
    ({"weight": math.inf}, "not inf"),
    ({"strength": "much"}, "strength must be a number from -2 to 2, or 'auto', not 'much'."),
    ({"strength": 3}, "not 3"),
    ({"name": "longer"}, "name must be a text"),
    ({"name": 3}, "name must be a text, not 3."),
    ({"on": 1}, "on must be true or false, not 1."),
    ({"levels": ["fine"] * 101}, "levels must be a list of at most 100, in which each is 'coarse' or 'fine', not ['fine', "),
    ({"levels": ["wide"]}, "levels must be a list of at most 100, in which each is 'coarse' or 'fine', not ['wide']."),
    ({"levels": "fine"}, "not 'fine'"),
    ({"inner": 3}, "inner must be"),
])
def test_invalid_settings_are_reported_in_one_sentence(values, said):
    with pytest.raises(StyleclipError) as error:
        Plain(**values)
    assert said in str(error.value) and "\n" not in str(error.value) and len(str(error.value)) < 300


def test_json_both_ways():
    whole = Nested(Plain(steps=7, weight=0.25, strength="auto", levels=("coarse",), inner=Inner(1.0)), (2, 3))
    told = json.loads(json.dumps(whole.to_dict()))
    assert told["kind"] == "nested" and told["first"]["kind"] == "plain" and told["first"]["inner"] == {"share": 1.0}
    assert Shape.from_dict(told) == whole == Nested.from_dict(told)
    assert Plain.from_dict({}) == Plain() == Shape.from_dict({"kind": "plain"})


@pytest.mark.parametrize(("content", "said"), [
    (None, "Shape is made of names and values, not of None."),
    ([1], "not of [1]"),
    ({}, "The kind is missing; choose one of plain, nested."),
    ({"kind": "plane"}, "The kind is 'plane' (did you mean 'plain'?); choose one of plain, nested."),
    ({"kind": ["plain"]}, "The kind is ['plain']"),
    ({"kind": "plain", "stesp": 3}, "There is no setting 'stesp' (did you mean 'steps'?); the kind 'plain' has steps, weight"),
    ({"kind": "plain", "steps": "3"}, "steps must be a whole number from 1 to 10, not '3'."),
    ({"kind": "plain", "inner": {"share": 2}}, "share must be a number from 0 to 1, not 2."),
    ({"kind": "nested"}, "the kind 'nested' lacks first."),
    ({"kind": "nested", "first": {"kind": "magic"}}, "The kind is 'magic'"),
    ({"kind": "nested", "first": {"kind": "plain"}, "pair": [1]}, "pair must be a list"),
])
def test_json_that_is_no_settings(content, said):
    with pytest.raises(StyleclipError) as error:
        Shape.from_dict(content)
    assert said in str(error.value) and "\n" not in str(error.value) and len(str(error.value)) < 300


def test_settings_of_another_class():
    with pytest.raises(StyleclipError, match="of the kind 'nested', not of 'plain'"):
        Plain.from_dict({"kind": "nested"})
