"""Controls for a class of settings, made of its fields: type, range, label and help of each decide what stands there."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, fields
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import ipywidgets

from ...settings import Settings
from .controls import LABEL, choice, columns, folded, number_box, row, slider, text_box, tick

AUTOMATIC = "automatic"
MOST = 10**9  # a browser's number box has no infinity


class Form:
    """The controls of one class of settings, and the settings at which they stand.

    kind      the class
    changed   called with nothing whenever a person changes a control
    choices   for fields of which the class cannot know what there is: a list to choose from, by the field's name
    left_out  fields that have no control: what `set` gave them stays until `forget`. Those that each of a list of settings has, too,
              are left out in any case
    texts     with which the rows of a list of settings begin
    """

    def __init__(self, kind: type[Settings], changed: Callable[[], None], choices: Mapping[str, Sequence] | None = None,
                 left_out: Sequence[str] = (), texts: Sequence[str] = ("",)):
        self.kind, self._changed, self._setting = kind, changed, False
        self._choices, self._texts = choices or {}, texts
        hints = get_type_hints(kind)
        in_rows = {one.name for hint in hints.values() if _row_kind(hint) for one in fields(_row_kind(hint))}
        self._left_out = {one.name: one.default for one in fields(kind) if one.name in {*left_out, *in_rows}}
        shown = sorted((one for one in fields(kind) if one.name not in self._left_out), key=lambda one: _row_kind(hints[one.name]) is None)
        self.parts = {one.name: self._part(one, hints[one.name]) for one in shown}
        lists = [self.parts[one.name].box for one in shown if _row_kind(hints[one.name])]
        always = [self.parts[one.name].box for one in shown if self._stands_out(one, hints[one.name])]
        more = [self.parts[one.name].box for one in shown if not self._stands_out(one, hints[one.name])]
        boxes = [columns([box for box in always if box not in lists]), *([folded("More settings", [columns(more)])] if more else [])]
        self.box = ipywidgets.VBox([*lists, *boxes])

    @property
    def value(self) -> Settings:
        """The settings. Raises StyleclipError for what the class refuses."""
        return self.kind(**self._left_out, **{name: part.value for name, part in self.parts.items()})

    def set(self, settings: Settings | None) -> None:
        """Moves the controls to these settings, of which nobody is told. Settings of another class leave them as they are."""
        if not isinstance(settings, self.kind):
            return
        self._setting = True
        try:
            self._left_out = {name: getattr(settings, name) for name in self._left_out}
            for name, part in self.parts.items():
                part.value = getattr(settings, name)
        finally:
            self._setting = False

    def forget(self) -> None:
        """Sets the fields that have no control back to their defaults."""
        self._left_out = {one.name: one.default for one in fields(self.kind) if one.name in self._left_out}

    def _moved(self) -> None:
        if not self._setting:
            self._changed()

    def _stands_out(self, one: Field, hint: Any) -> bool:
        """Whether a control is seen at once, or only among "More settings"."""
        return one.metadata.get("slider") is not None or one.default is MISSING or one.name in self._choices or _row_kind(hint) is not None

    def _part(self, one: Field, hint: Any) -> Any:
        start = "" if one.default is MISSING else one.default
        if one.name in self._choices:
            made = Several if get_origin(_without_none(hint)) is tuple else OneOf
            return made(_label_of(one), one.metadata["help"], self._choices[one.name], start, self._moved)
        if _row_kind(hint) is not None:
            return Rows(_row_kind(hint), self._texts, self._moved)
        return _simple(one, hint, start, self._moved)


class Plain:
    """A control whose value is the field's."""

    def __init__(self, control: ipywidgets.Widget, moved: Callable[[], None]):
        self.control = self.box = control
        control.observe(lambda _: moved(), names="value")

    @property
    def value(self) -> Any:
        return self.control.value

    @value.setter
    def value(self, value: Any) -> None:
        self.control.value = value


class Number(Plain):
    """A number; what is no number, such as "auto", leaves the control where it stands.

    A browser that shows a slider rounds its value to the slider's step, and says so. That is no move: what was set stays exact.
    """

    def __init__(self, control: ipywidgets.Widget, moved: Callable[[], None]):
        self.control = control
        self._exact = self._told = round(control.value, 6)
        super().__init__(control, lambda: self._hear(moved))

    @property
    def value(self) -> float:
        is_rounded = abs(self.control.value - self._exact) <= (self.control.step or 0) / 2
        return self._exact if is_rounded else round(self.control.value, 6)

    @value.setter
    def value(self, value: Any) -> None:
        if isinstance(value, (int, float)):
            self._exact = value
            self.control.min, self.control.max = min(self.control.min, value), max(self.control.max, value)
            self.control.value = value

    def _hear(self, moved: Callable[[], None]) -> None:
        if self.value != self._told:
            self._told = self.value
            moved()


class Optional:
    """A control beside a box to tick, which says that the field is None."""

    def __init__(self, part: Plain, help: str, moved: Callable[[], None]):
        self.part, self.control = part, part.control
        self.automatic = tick(AUTOMATIC, True, f"Ticked: what suits the domain and the text. Else the value beside it: {help}")
        self.automatic.layout.width = "auto"
        self.control.layout.flex = "1 1 200px"
        self._rest(True)
        self.box = row(self.control, self.automatic, width="98%", max_width="520px")
        self.automatic.observe(lambda change: self._ticked(change["new"], moved), names="value")

    def _ticked(self, automatic: bool, moved: Callable[[], None]) -> None:
        self._rest(automatic)
        moved()

    def _rest(self, automatic: bool) -> None:
        """The control waits, and shows no number that does not count."""
        self.control.disabled = automatic
        if self.control.has_trait("readout"):
            self.control.readout = not automatic

    @property
    def value(self) -> Any:
        return None if self.automatic.value else self.part.value

    @value.setter
    def value(self, value: Any) -> None:
        if value is not None:
            self.part.value = value
        self.automatic.value = value is None


class OneOf(Plain):
    """One of a list of values, or of pairs (what stands there, value); what is not in it leaves the choice as it is."""

    def __init__(self, label: str, help: str, options: Sequence, start: Any, moved: Callable[[], None]):
        self._values = dict(option if isinstance(option, tuple) else (str(option), option) for option in options)
        first = next((label for label, value in self._values.items() if value == start and type(value) is type(start)), None)
        super().__init__(choice(label, list(self._values), help, value=first or next(iter(self._values))), moved)

    @property
    def value(self) -> Any:
        return self._values[self.control.value]

    @value.setter
    def value(self, value: Any) -> None:
        for label, one in self._values.items():
            if one == value and type(one) is type(value):
                self.control.value = label


class Several:
    """Some of a list, each with a box to tick; all of them are None."""

    def __init__(self, label: str, help: str, options: Sequence[str], start: Any, moved: Callable[[], None]):
        self.ticks = {option: tick(option, True, help) for option in options}
        place = ipywidgets.Layout(width=LABEL, margin="2px 8px 2px 2px", display="flex", justify_content="flex-end")
        self.box = row(ipywidgets.Label(label, layout=place), *self.ticks.values())
        self.value = start
        for box in self.ticks.values():
            box.observe(lambda _: moved(), names="value")

    @property
    def value(self) -> tuple[str, ...] | None:
        ticked = tuple(option for option, box in self.ticks.items() if box.value)
        return None if len(ticked) == len(self.ticks) else ticked

    @value.setter
    def value(self, value: Sequence[str] | None) -> None:
        for option, box in self.ticks.items():
            box.value = value is None or option in value


class Rows:
    """A list of settings of one class: a row with a text and a slider for each. What rows have in common stands once, below them.

    A row takes part if its text says something and its slider does not stand at 0.
    """

    def __init__(self, kind: type[Settings], begin: Sequence[str], moved: Callable[[], None]):
        self.kind, self._moved, self._setting, hints = kind, moved, False, get_type_hints(kind)
        self._text = next(one for one in fields(kind) if one.default is MISSING)
        self._number = next(one for one in fields(kind) if one.metadata["slider"])
        common = [one for one in fields(kind) if one not in (self._text, self._number)]
        self.shared = {one.name: _simple(one, hints[one.name], one.default, lambda name=one.name: self._share(name)) for one in common}
        self.rows: list[tuple[Plain, Number]] = []
        self._kept: list[dict[str, Any]] = []  # what is common, for each row: `value` may have set it apart
        self._place = ipywidgets.VBox()
        for text in begin:
            self._add(text)
        self.box = ipywidgets.VBox([self._place, columns([part.box for part in self.shared.values()])])

    @property
    def value(self) -> tuple[Settings, ...]:
        return tuple(self.kind(**{self._text.name: text.value.strip(), self._number.name: number.value}, **kept)
                     for (text, number), kept in zip(self.rows, self._kept) if text.value.strip() and number.value)

    @value.setter
    def value(self, settings: Sequence[Settings]) -> None:
        """Each goes into the row that has its text, or else into one that nobody needs; the sliders of other rows go to 0."""
        self._setting, left = True, list(settings)
        found = [self._taken(left, text.value.strip()) for text, _ in self.rows]
        for place, one in enumerate(found):
            self._set(place, one or (left.pop(0) if left else None))
        for one in left:
            self._add("")
            self._set(len(self.rows) - 1, one)
        for one in settings[:1]:
            for name, part in self.shared.items():
                part.value = getattr(one, name)
        self._setting = False

    def _taken(self, left: list[Settings], text: str) -> Settings | None:
        """Takes the first with this text out of what is left."""
        same = next((place for place, one in enumerate(left) if getattr(one, self._text.name) == text), None)
        return None if same is None else left.pop(same)

    def _set(self, place: int, one: Settings | None) -> None:
        text, number = self.rows[place]
        if one is None:
            number.value = 0
            return
        text.value, number.value = getattr(one, self._text.name), getattr(one, self._number.name)
        self._kept[place] = {name: getattr(one, name) for name in self.shared}

    def _add(self, text: str) -> None:
        place = len(self.rows)
        self._kept.append({name: part.value for name, part in self.shared.items()})
        said = _simple(self._text, str, text, lambda: self._another_text(place), f" {place + 1}")
        number = _simple(self._number, float, 0.0, self._moved)
        for part in (said, number):  # side by side where there is room
            part.box.layout.width, part.box.layout.flex = "auto", "1 1 300px"
        self.rows.append((said, number))
        self._place.children = [row(text.box, number.box) for text, number in self.rows]

    def _another_text(self, place: int) -> None:
        """What was found for the text before does not hold for another one."""
        if not self._setting:
            self._kept[place] = {name: part.value for name, part in self.shared.items()}
        self._moved()

    def _share(self, name: str) -> None:
        if not self._setting:
            for kept in self._kept:
                kept[name] = self.shared[name].value
        self._moved()


def _simple(one: Field, hint: Any, start: Any, moved: Callable[[], None], more: str = "") -> Any:
    """The control of a field by its type; of one that may be None, with a box to tick."""
    label, help = _label_of(one) + more, one.metadata["help"]
    kind, optional = _without_none(hint), type(None) in get_args(hint)
    if kind is bool:
        return OneOf(label, help, [*([(AUTOMATIC, None)] if optional else []), ("yes", True), ("no", False)], start, moved)
    if get_origin(kind) is Literal:
        return OneOf(label, help, [*([(AUTOMATIC, None)] if optional else []), *get_args(kind)], start, moved)
    if kind is str:
        return Plain(text_box(label, start or "", help), moved)
    part = Number(_number_control(one, kind, label, start), moved)
    return Optional(part, help, moved) if optional else part


def _number_control(one: Field, kind: type, label: str, start: Any) -> ipywidgets.Widget:
    """A slider where the field has one, else a box for the number. Where the field has no number of its own it begins at the least."""
    if one.metadata["slider"]:
        low, high, step = one.metadata["slider"]
        return slider(label, start if isinstance(start, (int, float)) else low, low, high, step, one.metadata["help"])
    low, high = (max(min(one.metadata[end], MOST), -MOST) for end in ("low", "high"))
    return number_box(label, kind(start if isinstance(start, (int, float)) else max(low, 0)), kind(low), kind(high), one.metadata["help"])


def _label_of(one: Field) -> str:
    return one.metadata["label"] or one.name.replace("_", " ")


def _without_none(hint: Any) -> Any:
    """The type of a field besides None and besides words such as "auto" that stand for a number."""
    if get_origin(hint) not in (Union, types.UnionType):
        return hint
    rest = [one for one in get_args(hint) if one is not type(None)]
    return next((one for one in rest if one in (int, float)), rest[0])


def _row_kind(hint: Any) -> type[Settings] | None:
    """The class of which the field is a list, if it is one of settings."""
    inner = get_args(hint)[:1]
    return inner[0] if get_origin(hint) is tuple and isinstance(inner[0], type) and issubclass(inner[0], Settings) else None
