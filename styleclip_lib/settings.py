"""Settings that check themselves: frozen dataclasses, validated whenever one is made, with conversion to and from JSON.

A field's annotation gives its type, its `setting` the range and the help text. Command line, studio, service and files derive from these
what they show and what they refuse. Nothing heavy is imported, so that `--help` answers at once.
"""

from __future__ import annotations

import difflib
import math
import numbers
import reprlib
import types
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import lru_cache
from typing import Any, ClassVar, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from .errors import StyleclipError

Kind = TypeVar("Kind", bound="Settings")

MOST_ITEMS = 100
"""The longest list."""


def setting(default: Any = MISSING, help: str = "", *, label: str = "", low: float = -math.inf, high: float = math.inf,
            slider: tuple[float, float, float] | None = None) -> Any:
    """A field of a `Settings` class.

    help    a phrase for command line and studio;  label: the short name there, by default the field's name
    low, high  the smallest and the largest number accepted; for a text, its shortest and greatest length
    slider  (low, high, step) of the control, for a setting that is shown as a slider
    """
    return field(default=default, metadata={"help": help, "label": label, "low": low, "high": high, "slider": slider})


@dataclass(frozen=True)
class Settings:
    """Validated when it is made: each field has its type and lies in its range, or a StyleclipError says what it must be.

    Integers become floats and lists become tuples where the field needs them. In JSON the classes of a family are told apart by the key
    `TAG`, under which each writes its `KIND`.
    """

    TAG: ClassVar[str] = ""
    KIND: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for one in fields(self):
            object.__setattr__(self, one.name, _checked(one, _types(type(self))[one.name], getattr(self, one.name)))

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain values for JSON; `from_dict` restores them."""
        own = {one.name: _plain(getattr(self, one.name)) for one in fields(self)}
        return {self.TAG: self.KIND, **own} if self.TAG else own

    @classmethod
    def from_dict(cls: type[Kind], content: object) -> Kind:
        """The settings in a dictionary; missing ones have their defaults. For a family, the dictionary names the class.

        Raises StyleclipError, in one sentence, for an unknown key, a wrong type, or a number out of its range.
        """
        if not isinstance(content, dict):
            raise StyleclipError(f"{cls.__name__} is made of names and values, not of {reprlib.repr(content)}.")
        made = dict(content)
        kind = cls._named(made.pop(cls.TAG, None)) if cls.TAG and not cls.KIND else cls
        if cls.TAG and cls.KIND and made.pop(cls.TAG, cls.KIND) != cls.KIND:
            raise StyleclipError(f"These settings are of the {cls.TAG} {reprlib.repr(content[cls.TAG])}, not of '{cls.KIND}'.")
        known = [one.name for one in fields(kind)]
        for name in made:
            if name not in known:
                raise StyleclipError(f"There is no setting {reprlib.repr(name)}{_near(str(name), known)}; {_what(kind)} has "
                                     f"{', '.join(known)}.")
        missing = [one.name for one in fields(kind) if one.default is MISSING and one.name not in made]
        if missing:
            raise StyleclipError(f"{_what(kind)} lacks {', '.join(missing)}.")
        try:
            return cast("Kind", kind(**made))
        except RecursionError:
            raise StyleclipError(f"{cls.__name__} is nested too deeply.") from None

    @classmethod
    def _named(cls, name: object) -> type[Settings]:
        """The class of the family with this `KIND`."""
        family = cls.family()
        if not isinstance(name, str) or name not in family:
            told = "is missing" if name is None else f"is {reprlib.repr(name)}"
            raise StyleclipError(f"The {cls.TAG} {told}{_near(str(name), list(family))}; choose one of {', '.join(family)}.")
        return family[name]

    @classmethod
    def family(cls) -> dict[str, type[Settings]]:
        """The classes of the family by their `KIND`."""
        return {one.KIND: one for one in cls.__subclasses__()}


def _what(kind: type[Settings]) -> str:
    return f"the {kind.TAG} '{kind.KIND}'" if kind.TAG else kind.__name__


def _near(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name[:60], known, n=1)
    return f" (did you mean '{near[0]}'?)" if near else ""


@lru_cache(maxsize=64)
def _types(kind: type[Settings]) -> dict[str, Any]:
    return get_type_hints(kind)


def _plain(value: Any) -> Any:
    if isinstance(value, Settings):
        return value.to_dict()
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _checked(one: Field, kind: Any, value: Any) -> Any:
    """The value of a field, converted to its type. Raises StyleclipError if it does not fit."""
    try:
        return _read(value, kind, one.metadata)
    except (TypeError, ValueError, OverflowError):
        raise StyleclipError(f"{one.name} must be {described(kind, one.metadata)}, not {reprlib.repr(value)}.") from None


def _read(value: Any, kind: Any, limits: Any) -> Any:
    """The value as a type. Raises TypeError, ValueError or, for an integer with hundreds of digits, OverflowError."""
    origin, options = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _read_any(value, options, limits)
    if origin is Literal:
        if not any(type(value) is type(option) and value == option for option in options):
            raise ValueError
        return value
    if origin is tuple:
        return _read_tuple(value, options, limits)
    if isinstance(kind, type) and issubclass(kind, Settings):
        if not isinstance(value, (kind, dict)):
            raise TypeError
        return value if isinstance(value, kind) else kind.from_dict(value)
    if kind in (int, float):
        if isinstance(value, bool) or not isinstance(value, numbers.Integral if kind is int else numbers.Real):
            raise TypeError
        return _inside(kind(cast(Any, value)), limits)
    if not isinstance(value, kind) or (kind is str and not limits.get("low", 0) <= len(value) <= limits.get("high", math.inf)):
        raise TypeError
    return value


def _inside(number: float, limits: Any) -> float:
    if not math.isfinite(number) or not limits.get("low", -math.inf) <= number <= limits.get("high", math.inf):
        raise ValueError
    return number


def _read_any(value: Any, options: tuple, limits: Any) -> Any:
    if value is None and type(None) in options:
        return None
    for option in options:
        try:
            return _read(value, option, limits)
        except (TypeError, ValueError, OverflowError):
            continue
    raise TypeError


def _read_tuple(value: Any, options: tuple, limits: Any) -> tuple:
    if not isinstance(value, (list, tuple)) or len(value) > MOST_ITEMS:
        raise TypeError
    kinds = [options[0]] * len(value) if options[-1] is Ellipsis else options
    if len(kinds) != len(value):
        raise ValueError
    return tuple(_read(one, kind, limits) for one, kind in zip(value, kinds))


def described(kind: Any, limits: Any) -> str:
    """A type and its range in words: "a number from 0 to 1, or 'auto'"."""
    origin, options = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return ", or ".join(described(option, limits) for option in options)
    if origin is Literal:
        return " or ".join(filter(None, [", ".join(map(repr, options[:-1])), repr(options[-1])]))
    if origin is tuple:
        return f"a list of at most {MOST_ITEMS}, in which each is {described(options[0], limits)}"
    if kind is type(None):
        return "nothing (null)"
    if kind in (int, float):
        return f"{'a whole number' if kind is int else 'a number'}{_range(limits)}"
    return {str: "a text", bool: "true or false"}.get(kind, f"a {getattr(kind, '__name__', kind)}".lower())


def _range(limits: Any) -> str:
    low, high = limits.get("low", -math.inf), limits.get("high", math.inf)
    if math.isfinite(low) and math.isfinite(high):
        return f" from {low:g} to {high:g}"
    return f" of at least {low:g}" if math.isfinite(low) else f" of at most {high:g}" if math.isfinite(high) else ""
