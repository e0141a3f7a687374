"""Faster at a price: fewer digits, or a pause at the beginning. Nothing here is on unless it is asked for."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import torch

PAYS = 1.5
"""How many times faster bfloat16 must multiply matrices for `fast` to take it."""


@contextmanager
def fast(device: torch.device) -> Iterator[None]:
    """Within this, the networks multiply in bfloat16 where the device does so much faster than in float32, else nothing changes.

        with fast(models.device):
            edit = optimize_latent(models, w_plus, text)

    Eight bits of each number remain; styles, demodulation and the sum of colours keep all. Pictures of a 1024 px generator
    differ by about one percent of their contrast on average, and `styleclip benchmark` measures it.
    """
    with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16_pays(device.type)):
        yield


@cache
def bfloat16_pays(kind: str) -> bool:
    """Whether this kind of device ("cpu", "cuda", "mps") multiplies matrices in bfloat16 at least 1.5 times as fast; measured once."""
    if kind == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return kind == "cpu" and seconds_of(_product(torch.float32)) >= PAYS * seconds_of(_product(torch.bfloat16))


def seconds_of(work: Callable[[], object], times: int = 5) -> float:
    """The shortest of several runs, after one that warms up."""
    work()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def _product(dtype: torch.dtype) -> Callable[[], object]:
    a = torch.ones(512, 512, dtype=dtype)
    result = torch.empty_like(a)
    return lambda: torch.mm(a, a, out=result)


def compiled(function: Callable, *example) -> Callable:
    """`function` by `torch.compile`, after a first call with the example, which takes half a minute. It is made for the example's
    shapes; others take that time again. So it pays for hundreds of pictures, not for one.

    Where it does not work, for want of a C++ compiler for instance, one line says so and the function comes back as it is.
    """
    try:
        quick = torch.compile(function, dynamic=False)
        quick(*example)
    except Exception as error:  # whatever a compiler may raise: the work can go on without it
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        print(f"torch.compile does not work here ({reason}); it needs a C++ compiler. Going on without it.")
        return function
    return quick
