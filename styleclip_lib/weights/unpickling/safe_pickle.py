"""Reading pickles without running them.

A pickle is a program for a small stack machine: it pushes values, asks for functions and classes by name, and calls them. Python's own
machine provides whatever is asked for, so a pickle can run anything. The machine here provides only what is in a table of names, and
everything in the table is ours: builders of plain values and of inert stand-ins. Python's functions and classes never reach its stack,
and source code in a file is text like any other.

The instructions are read by `pickletools`, the standard library's disassembler. Each instruction, and whatever it reads, copies or
traverses, is charged to the file's budget, and no number stated in a file causes an allocation.
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
"""The longest integer. The largest one in genuine files is the mark of PyTorch's old format, with 77 bits."""

LARGEST_KEY = 2**32
"""The largest integer used as a key. Larger ones can be chosen so that all their hashes collide."""

ITEM = 100
"""Bytes charged for an item of a container."""

MODULES = {"__builtin__", "builtins", "posix", "nt", *sys.stdlib_module_names}
"""Modules whose functions no network needs."""


@dataclass(frozen=True)
class Global:
    """A function or class that a pickle asked for and that is in the table; `build` makes the stand-in for its result."""

    name: str
    build: Builder


def read_pickle(
    file: BinaryIO, names: Mapping[str, Builder], states: States, budget: Budget, persistent: Builder | None = None
) -> object:
    """The value of the pickle at the current position of `file`, which is left after the pickle.

    names: the functions and classes that it may ask for, "module.name" -> builder.
    states: type of an object -> the function that sets its state (Python's __setstate__).
    budget: what the file may cost.
    persistent: turns a persistent id, such as the name of a storage, into a value.

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
    """Roughly the bytes needed to copy or traverse a value, not counting the contents of its items."""
    if isinstance(value, (str, bytes, bytearray)):
        return len(value)
    return ITEM * len(value) if isinstance(value, (list, tuple, dict, set, frozenset)) else 0


def plain_key(value: object) -> object:
    """The value, if it may be a key: a number, text, bytes or None (hashing nested tuples can take for ever)."""
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
    """The stack, the marks on it, and the memo, from which a pickle fetches earlier values."""

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
        """The value that an instruction pushes."""
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
        """The list, dictionary or set on top of the stack, to which something is added."""
        if type(self.stack[-1]) is not kind:
            raise Refused(f"it treats a {type(self.stack[-1]).__name__} as a {kind.__name__}")
        return self.stack[-1]

    def find(self, module: object, name: object) -> Global:
        if type(module) is not str or type(name) is not str:
            raise Refused("it asks for a function by something other than a name")
        full = f"{module}.{name}"
        try:
            return Global(full, self.names[full])
        except KeyError:
            shown = ascii(full[:80])[1:-1]
            if module.partition(".")[0] in MODULES:
                raise Refused(f"it asks for {shown}, which would run code and is not needed to hold a network") from None
            raise Unknown(f"it asks for {shown}, which would run somebody else's code; if the file holds a network that was saved as a "
                          "whole, save its tensors, torch.save(network.state_dict(), FILE), and use that file") from None

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
