"""Speed at a price: lower precision, or a delay at the start. Nothing here is used unless requested."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import torch

PAYS = 1.5
"""How many times faster matrix products must be in bfloat16 for `fast` to use it."""


@contextmanager
def fast(device: torch.device) -> Iterator[None]:
    """A block in which the networks compute in bfloat16, if that is much faster than float32 on the device; otherwise nothing changes.

        with fast(models.device):
            edit = optimize_latent(models, w_plus, text)

    bfloat16 has eight bits of precision; styles, demodulation and the sums of the toRGB outputs keep full precision. Pictures of a 1024 px
    generator differ by about one percent of their contrast on average, which `styleclip benchmark` measures.
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
    """The time of the fastest of several runs, after a warm-up run."""
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
    """`function` compiled by `torch.compile`, after a first call with the example, which takes half a minute. It is compiled for the
    example's shapes; others take that time again. So it pays off for hundreds of pictures, not for one.

    If that fails, for instance without a C++ compiler, a line is printed and the function itself is returned.
    """
    try:
        quick = torch.compile(function, dynamic=False)
        quick(*example)
    except Exception as error:  # whatever a compiler may raise, the work can continue without it
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        print(f"torch.compile does not work here ({reason}); it needs a C++ compiler. Going on without it.")
        return function
    return quick
