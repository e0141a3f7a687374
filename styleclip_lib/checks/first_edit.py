"""Checks for lesson 00: reading an edit."""

from __future__ import annotations

from collections.abc import Callable

from .feedback import CheckFailed, NotWritten, answer_of, not_yet, passed

Reading = dict[str, str | None]


def check_side_effects(side_effects: Callable[[Reading, Reading, set[str]], list[str]]) -> bool:
    """side_effects(before, after, wanted) -> the names of the attributes that changed and were not wanted.

    before and after are {attribute: value or None}, as `models.attributes.names` gives them for one picture.
    Raises CheckFailed for a wrong answer; returns whether there was one.
    """
    names = ("glasses", "expression", "age", "hair_color", "light", "yaw")
    before: Reading = dict(zip(names, ("none", "neutral", None, "red", "left", None)))
    after: Reading = dict(zip(names, ("glasses", "smile", "old", "red", None, None)))
    try:
        _expect(side_effects, (before, after, {"glasses"}), {"expression", "age", "light"})
        _expect(side_effects, (before, after, {"glasses", "expression"}), {"age", "light"})
        _expect(side_effects, (before, before, {"glasses"}), set())
        _expect(side_effects, (after, before, set()), {"glasses", "expression", "age", "light"})
    except NotWritten:
        return not_yet("side_effects")
    return passed("side_effects", "you can now say what an edit did behind your back.")


def _expect(function: Callable, arguments: tuple[Reading, Reading, set[str]], expected: set[str]) -> None:
    before, after, wanted = arguments
    answer = answer_of(function, *arguments)
    if isinstance(answer, (str, dict)) or not hasattr(answer, "__iter__"):
        raise CheckFailed(f"side_effects should return a list of names, but returned {type(answer).__name__}.")
    names = set(answer)
    if names == expected:
        return
    changed = {name for name in before if before[name] != after[name]}
    if names == changed:
        raise CheckFailed("What was asked for is no side effect: leave out the names in `wanted`.")
    if names == changed & wanted:
        raise CheckFailed("These are the changes that were asked for; the others are the side effects.")
    if names == set(before) - changed - wanted or names == set(before) - changed:
        raise CheckFailed("These are the attributes that stayed the same: compare with !=, not with ==.")
    if names == {name for name in expected if before[name] is not None and after[name] is not None}:
        raise CheckFailed(
            "A value may be None (a scale between its named values). None before and a value after is a change, too."
        )
    missing, extra = sorted(expected - names), sorted(names - expected, key=str)
    mistakes = [f"missing: {', '.join(missing)}"] if missing else []
    mistakes += [f"too many: {', '.join(map(str, extra))}"] if extra else []
    given = f"before={before}, after={after}, wanted={wanted}"
    raise CheckFailed(f"side_effects is not right yet ({'; '.join(mistakes)}) for {given}.")
