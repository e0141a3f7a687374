"""The closed formula that fills networks with weights, so that no weights file is needed to compare numbers.

A tensor's values depend on its name and shape alone: its name is the seed of a normal distribution, and the kind of
tensor (told from the name) decides mean and spread. The first rule that applies counts.
"""

import math
import re
import zlib
from collections.abc import Collection, Sequence

import numpy as np

SLOW_LAYER = re.compile(r"(^style\.\d+|mapping\.fc\d+|mapping\.\d+)\.(weight|bias)$")      # lr_multiplier 0.01


def generator_for(name: str, salt: str = "") -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(f"{salt}{name}".encode()))


def mean_and_spread(key: str, shape: Sequence[int], keys: Collection[str]) -> tuple[float, float]:
    """Of the tensor `key` in a state dict with these `keys`; not for BatchNorm's variance, which is one-sided."""
    slow = SLOW_LAYER.search(key)
    weight = key.endswith(".weight")
    if key.endswith("running_mean"):
        return 0.0, 0.1
    if weight and key.removesuffix("weight") + "running_mean" in keys:                     # BatchNorm's scale
        return (0.5, 0.05) if key.endswith("res_layer.4.weight") else (1.0, 0.1)
    if slow:
        return 0.0, 100.0 if slow.group(2) == "weight" else 10.0
    if key.endswith(("modulation.bias", "affine.bias")):
        return 1.0, 0.1
    if key.endswith(("noise.weight", "noise_strength", "bias")):
        return 0.0, 0.1
    if key.endswith(("latent_avg", "w_avg")):
        return 0.0, 0.5
    equalised = key.startswith("synthesis.") or key.endswith(("modulation.weight", "linear.weight")) or len(shape) == 5
    if equalised or not weight:
        return 0.0, 1.0
    if len(shape) == 1:                                                                    # PReLU's slope
        return 0.25, 0.05
    return 0.0, math.sqrt(2.0 / math.prod(shape[1:]))


def fill(key: str, shape: Sequence[int], keys: Collection[str], salt: str = "") -> np.ndarray:
    """The float32 values of one tensor; `keys` are all keys of its state dict."""
    values = np.asarray(generator_for(key, salt).standard_normal(tuple(shape), dtype=np.float32))
    if key.endswith("running_var"):
        return np.asarray(1.0 + 0.1 * np.abs(values), dtype=np.float32)
    mean, spread = mean_and_spread(key, shape, keys)
    return np.asarray(mean + spread * values, dtype=np.float32)


def normal(name: str, shape: Sequence[int], salt: str = "") -> np.ndarray:
    """Input numbers from N(0, 1), float32."""
    return generator_for(f"input:{name}", salt).standard_normal(shape, dtype=np.float32)


def image(name: str, n: int, size: int, salt: str = "") -> np.ndarray:
    """n pictures [n, 3, size, size] in [-1, 1]: squares of 8x8 pixels, with noise on them."""
    numbers = generator_for(f"image:{name}", salt)
    squares = numbers.standard_normal((n, 3, size // 8, size // 8), dtype=np.float32)
    noise = numbers.standard_normal((n, 3, size, size), dtype=np.float32)
    return np.clip(0.4 * np.kron(squares, np.ones((8, 8), np.float32)) + 0.2 * noise, -1.0, 1.0)
