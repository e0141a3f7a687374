"""Controls that are made of a class of settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import ipywidgets
import pytest

from styleclip_lib.errors import StyleclipError
from styleclip_lib.settings import Settings, setting
from styleclip_lib.widgets.toolkit.form import Form, Number, Rows


@dataclass(frozen=True)
class Layer(Settings):
    name: str = setting(help="which layer")
    weight: float = setting(1.0, "how much of it", slider=(-2.0, 2.0, 0.5))
    blurred: bool | None = setting(None, "whether it is soft")


@dataclass(frozen=True)
class Cake(Settings):
    """One field of each kind."""

    sugar: float = setting(0.5, "how sweet", label="sweetness", low=0, high=3, slider=(0.0, 1.0, 0.1))
    eggs: int = setting(2, "how many", low=0, high=12)
    salt: float | None = setting(None, "how salty", low=0, high=1, slider=(0.0, 0.5, 0.1))
    height: float | Literal["auto"] = setting(1.0, "how high", low=0, high=9, slider=(0.0, 2.0, 0.5))
    shape: Literal["round", "square"] = setting("round", "its shape")
    iced: bool = setting(False, "whether it is iced")
    words: str = setting("", "what stands on it", high=20)
    oven: str = setting("a", "which oven")
    spices: tuple[str, ...] | None = setting(None, "which spices")
    layers: tuple[Layer, ...] = setting((), "its layers")
    burnt: int | None = setting(None, "after how many minutes it was burnt")


@pytest.fixture
def told():
    return []


@pytest.fixture
def form(told):
    return Form(Cake, lambda: told.append(1), {"oven": [("the small one", "a"), ("the large one", "b")], "spices": ["anise", "clove"]},
                ("burnt",), ["cream", "jam"])


def test_it_begins_with_the_defaults(form, told):
    assert form.value == Cake() and told == []


def test_a_value_that_a_browser_rounds_to_a_step_stays_exact_and_nobody_is_told(form, told):
    form.set(Cake(sugar=0.4321, layers=(Layer("cream", 1.2),)))
    sugar, cream = form.parts["sugar"], form.parts["layers"].rows[0][1]
    sugar.control.set_state({"value": 0.4})
    cream.control.set_state({"value": 1.0})
    assert form.value == Cake(sugar=0.4321, layers=(Layer("cream", 1.2),)) and told == []
    sugar.control.set_state({"value": 0.5})
    assert form.value.sugar == 0.5 and told == [1]


def test_it_goes_to_settings_and_comes_back_without_telling_anybody(form, told):
    cake = Cake(0.7, 5, 0.2, 2.0, "square", True, "hello", "b", ("clove",), (Layer("cream", 1.5), Layer("jam", -0.5, True)), 9)
    form.set(cake)
    assert form.value == cake and told == []


def test_a_person_moves_every_control(form, told):
    parts = form.parts
    parts["sugar"].control.set_state({"value": 0.9})
    parts["eggs"].control.set_state({"value": 3})
    parts["salt"].automatic.set_state({"value": False})
    parts["salt"].control.set_state({"value": 0.4})
    parts["shape"].control.set_state({"index": 1})
    parts["iced"].control.value = "yes"
    parts["words"].control.set_state({"value": "hello"})
    parts["oven"].control.value = "the large one"
    parts["spices"].ticks["anise"].value = False
    parts["layers"].rows[1][1].control.set_state({"value": 1.5})
    assert form.value == Cake(0.9, 3, 0.4, 1.0, "square", True, "hello", "b", ("clove",), (Layer("jam", 1.5),))
    assert len(told) == 10


def test_labels_help_and_ranges_come_from_the_fields(form):
    sugar, eggs = form.parts["sugar"].control, form.parts["eggs"].control
    assert (sugar.description, sugar.min, sugar.max, sugar.step) == ("sweetness", 0, 1, 0.1)
    assert (eggs.description, eggs.min, eggs.max) == ("eggs", 0, 12)
    assert "how sweet" in (getattr(sugar, "tooltip", None) or sugar.description_tooltip)


def test_what_nobody_moves_is_folded_away(form):
    press, inside = form.box.children[-1].children[0].children[0], form.box.children[-1].children[1]
    assert form.parts["eggs"].control in inside.children[0].children and form.parts["sugar"].control in form.box.children[1].children
    assert inside.layout.display == "none"
    press.value = True
    assert inside.layout.display == "flex"


def test_none_is_a_tick_and_the_number_waits(form):
    salt = form.parts["salt"]
    assert salt.value is None and salt.control.disabled
    form.set(Cake(salt=0.3))
    assert salt.value == 0.3 and not salt.control.disabled and not salt.automatic.value


def test_a_number_beyond_its_slider_makes_room(form):
    form.set(Cake(sugar=2.5, height="auto"))
    assert form.value.sugar == 2.5 and form.parts["height"].value == 1.0


def test_other_settings_leave_it_as_it_is(form):
    form.set(Layer("cream"))
    form.set(None)
    assert form.value == Cake()


def test_what_has_no_control_stays_until_it_is_forgotten(form):
    form.set(Cake(burnt=7))
    assert form.value.burnt == 7
    form.forget()
    assert form.value.burnt is None


def test_what_the_class_refuses_is_reported(form):
    form.parts["words"].control.value = "far too many words for one cake"
    with pytest.raises(StyleclipError, match="words must be"):
        form.value  # noqa: B018


def test_rows_keep_their_places_and_grow():
    rows = Rows(Layer, ["cream", "jam"], lambda: None)
    rows.value = (Layer("jam", 2.0),)
    assert [(text.value, number.value) for text, number in rows.rows] == [("cream", 0), ("jam", 2.0)]
    rows.value = (Layer("nuts", 1.0), Layer("jam", 0.5), Layer("honey", -1.0))
    assert [(text.value, number.value) for text, number in rows.rows] == [("nuts", 1.0), ("jam", 0.5), ("honey", -1.0)]
    assert rows.value == (Layer("nuts", 1.0), Layer("jam", 0.5), Layer("honey", -1.0))


def test_rows_share_what_stands_below_them_but_may_differ():
    rows = Rows(Layer, ["cream", "jam"], lambda: None)
    rows.value = (Layer("cream", 1.0, True), Layer("jam", 1.0, False))
    rows.rows[0][1].control.value = 2.0
    assert rows.value == (Layer("cream", 2.0, True), Layer("jam", 1.0, False))  # moving one slider changes nothing else
    rows.shared["blurred"].control.value = "automatic"
    assert [one.blurred for one in rows.value] == [None, None]


def test_a_row_with_the_same_text_twice():
    rows = Rows(Layer, ["", ""], lambda: None)
    rows.value = (Layer("jam", 1.0), Layer("jam", 2.0))
    assert rows.value == (Layer("jam", 1.0), Layer("jam", 2.0))


def test_a_number_is_not_longer_than_its_slider_says():
    number = Number(ipywidgets.FloatSlider(0.30000000000000004, min=0, max=1, step=0.1), lambda: None)
    assert number.value == 0.3
