"""Reading pickles without running them.

A pickle is a program for a small stack machine: it pushes values, and asks for functions and classes by name, to call
them. Python's own machine hands out whatever is asked for, so that a pickle may run anything. The machine here hands out
only what a table of names holds, and what stands in the table is ours: builders of plain values and of inert stand-ins.
Functions and classes of Python are never on its stack, and source text in a file is text like any other.

The instructions are read by `pickletools`, the standard library's disassembler. Each one, and whatever it reads, copies or looks
through, spends of the file's budget, and no number that a file states makes anything larger.
"""

import pickletools
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from .untrusted import Budget, Refused, Unknown

Builder = Callable[..., object]
States = Mapping[type, Callable[[object, object], None]]

MOST_BITS = 128
"""Of an integer. The largest one in these files is the mark of PyTorch's old format, with 77 bits."""

LARGEST_KEY = 2**32
"""Of an integer that is a key. Larger ones can be chosen so that a dictionary finds all of them in one place, one after the other."""

ITEM = 100
"""Bytes that an item of a container is taken for."""

MODULES = {"__builtin__", "builtins", "posix", "nt", *sys.stdlib_module_names}
"""Where functions come from that no network is made of."""


@dataclass(frozen=True)
class Global:
    """A function or class that a pickle asked for and that is in the table; `build` makes what stands for its result."""

    name: str
    build: Builder


def read_pickle(
    file: BinaryIO, names: Mapping[str, Builder], states: States, budget: Budget, persistent: Builder | None = None
) -> object:
    """The value of the pickle at which `file` stands; afterwards the file stands behind it.

    names: the functions and classes that it may ask for, "module.name" -> builder.
    states: type of an object -> what takes in the state that the pickle has for it (what Python does by __setstate__).
    budget: what the file may cost.
    persistent: makes a value of what the pickle leaves to its reader, such as the name of a storage.

    Raises Refused for anything else, naming it.
    """
    machine = _Machine(names, states, budget, persistent)
    try:
        for instruction, argument, _ in pickletools.genops(file):
            if instruction.name == "STOP":
                return machine.stack.pop()
            budget.spend(work=1, memory=extent(argument))
            machine.step(instruction.name, argument)
    except (ValueError, IndexError, KeyError, TypeError) as error:
        raise Refused("it is broken or cut off") from error


def extent(value: object) -> int:
    """The bytes that a copy of a value takes, or that are looked at to go through it, about; what its items hold does not count."""
    if isinstance(value, (str, bytes, bytearray)):
        return len(value)
    return ITEM * len(value) if isinstance(value, (list, tuple, dict, set, frozenset)) else 0


def plain_key(value: object) -> object:
    """The value, if it may be a key: a number, a text, bytes or None (to hash a tuple of tuples of tuples can take for ever)."""
    if type(value) not in (str, int, float, bool, bytes, type(None)):
        raise Refused(f"it uses a {type(value).__name__} as a key")
    if type(value) is int and abs(value) > LARGEST_KEY:
        raise Refused("it uses an absurdly large number as a key")
    return value


def plain_dict(items: list) -> dict:
    """[key, value, key, value, ...] -> dictionary."""
    if len(items) % 2:
        raise Refused("a dictionary in it has a key without a value")
    return {plain_key(key): value for key, value in zip(items[::2], items[1::2])}


def plain_set(items: Iterable) -> set:
    return {plain_key(item) for item in items}


class _Machine:
    """The stack, the marks on it, and the memo, from which a pickle fetches what it has made before."""

    def __init__(self, names: Mapping[str, Builder], states: States, budget: Budget, persistent: Builder | None):
        self.names, self.states, self.budget, self.persistent = names, states, budget, persistent
        self.stack: list = []
        self.below: list[list] = []  # the stacks under each mark
        self.memo: dict[int, object] = {}

    def step(self, instruction: str, argument) -> None:
        """Runs one instruction, named as `pickletools` names it."""
        match instruction:
            case "PROTO" | "FRAME":
                pass
            case "MARK":
                self.below.append(self.stack)
                self.stack = []
            case "POP":
                self.stack.pop() if self.stack else self.to_mark()
            case "POP_MARK":
                self.to_mark()
            case "PUT" | "BINPUT" | "LONG_BINPUT":
                self.memo[argument] = self.stack[-1]
            case "MEMOIZE":
                self.memo[len(self.memo)] = self.stack[-1]
            case "APPEND":
                item = self.stack.pop()
                self.top(list).append(item)
            case "APPENDS":
                items = self.to_mark()
                self.top(list).extend(items)
            case "SETITEM":
                items = self.take(2)
                self.top(dict).update(plain_dict(items))
            case "SETITEMS":
                items = self.to_mark()
                self.top(dict).update(plain_dict(items))
            case "ADDITEMS":
                items = self.to_mark()
                self.top(set).update(plain_set(items))
            case "BUILD":
                self.set_state(self.stack.pop())
            case _:
                value = self.value(instruction, argument)
                if isinstance(value, int) and value.bit_length() > MOST_BITS:
                    raise Refused("it holds an absurdly large number")
                self.stack.append(value)

    def value(self, instruction: str, argument) -> object:
        """What an instruction pushes."""
        match instruction:
            case "INT" | "BININT" | "BININT1" | "BININT2" | "LONG" | "LONG1" | "LONG4" | "FLOAT" | "BINFLOAT":
                return argument
            case "STRING" | "BINSTRING" | "SHORT_BINSTRING" | "UNICODE" | "SHORT_BINUNICODE" | "BINUNICODE" | "BINUNICODE8":
                return argument
            case "SHORT_BINBYTES" | "BINBYTES" | "BINBYTES8" | "BYTEARRAY8":
                return argument
            case "NONE":
                return None
            case "NEWTRUE":
                return True
            case "NEWFALSE":
                return False
            case "EMPTY_TUPLE":
                return ()
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                return tuple(self.take(int(instruction[-1])))
            case "TUPLE":
                return tuple(self.to_mark())
            case "EMPTY_LIST":
                return []
            case "LIST":
                return self.to_mark()
            case "EMPTY_DICT":
                return {}
            case "DICT":
                return plain_dict(self.to_mark())
            case "EMPTY_SET":
                return set()
            case "FROZENSET":
                return frozenset(plain_set(self.to_mark()))
            case "DUP":
                return self.stack[-1]
            case "GET" | "BINGET" | "LONG_BINGET":
                return self.memo[argument]
            case "GLOBAL":
                return self.find(*argument.split(" ", 1))
            case "STACK_GLOBAL":
                return self.find(*self.take(2))
            case "INST":
                return self.call(self.find(*argument.split(" ", 1)), tuple(self.to_mark()))
            case "REDUCE" | "NEWOBJ":
                return self.call(*self.take(2))
            case "BINPERSID" if self.persistent is not None:
                return self.persistent(self.stack.pop())
        raise Refused(f"it uses the pickle instruction {instruction}, which is not needed to hold a network")

    def to_mark(self) -> list:
        """Takes everything down to the last mark."""
        items, self.stack = self.stack, self.below.pop()
        return items

    def take(self, count: int) -> list:
        items = self.stack[-count:]
        if len(items) < count:
            raise Refused("it is broken: its stack is empty where values are needed")
        del self.stack[-count:]
        return items

    def top(self, kind: type):
        """The list, dictionary or set on top, to which something is to be added."""
        if type(self.stack[-1]) is not kind:
            raise Refused(f"it treats a {type(self.stack[-1]).__name__} as a {kind.__name__}")
        return self.stack[-1]

    def find(self, module: object, name: object) -> Global:
        if type(module) is not str or type(name) is not str:
            raise Refused("it asks for a function by something that is no name")
        full = f"{module}.{name}"
        try:
            return Global(full, self.names[full])
        except KeyError:
            shown = ascii(full[:80])[1:-1]
            if module.partition(".")[0] in MODULES:
                raise Refused(f"it asks for {shown}, which would run code and is not needed to hold a network") from None
            raise Unknown(f"it asks for {shown}, which would run code of somebody else's; where that is a network that was saved as a "
                          "whole, save its tensors, torch.save(network.state_dict(), FILE), and take that file") from None

    def call(self, function: object, arguments: object) -> object:
        if type(function) is not Global:
            raise Refused(f"it calls a {type(function).__name__}")
        if type(arguments) is not tuple:
            raise Refused(f"it calls {function.name} without a tuple of arguments")
        self.budget.spend(memory=sum(map(extent, arguments)))
        try:
            return function.build(*arguments)
        except (ValueError, TypeError, LookupError, RuntimeError) as error:
            raise Refused(f"it gives {function.name} the wrong arguments") from error

    def set_state(self, state: object) -> None:
        kind = type(self.stack[-1])
        if kind not in self.states:
            raise Refused(f"it sets the state of a {kind.__name__}")
        self.budget.spend(memory=extent(state))
        self.states[kind](self.stack[-1], state)
