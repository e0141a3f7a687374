"""Generators in NVIDIA's TensorFlow files -> Generator.

There a network is a list of named NumPy arrays plus the networks that are its components. TensorFlow's convolution weights are
[k, k, in, out]; those of its upsampling convolution are flipped; and the 1 of a style is not part of its bias.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ...networks.generator import Generator
from ..readers.filled import count
from ..readers.stylegan2 import generator_from_nvidia
from .pickle_values import Array
from .record import Record, check_usual, clamp_of
from .untrusted import Budget, Refused, Unknown

USUAL = {"label_size": 0, "architecture": "skip", "nonlinearity": "lrelu", "mapping_nonlinearity": "lrelu", "mapping_lrmul": 0.01,
         "resample_kernel": [1, 3, 3, 1], "use_noise": True}  # fmt: skip
"""The settings for which our generator supports only one value."""

MOST_LEVELS = 12

Change = Callable[[np.ndarray], np.ndarray]


def _same(x: np.ndarray) -> np.ndarray:
    return x


def _matrix(x: np.ndarray) -> np.ndarray:
    return x.T


def _kernel(x: np.ndarray) -> np.ndarray:
    return x.transpose(3, 2, 0, 1)


LAYER: dict[str, tuple[str, Change]] = {
    "bias": ("bias", _same),
    "noise_strength": ("noise_strength", _same),
    "affine.weight": ("mod_weight", _matrix),
    "affine.bias": ("mod_bias", lambda x: x + 1),
}
"""Our name -> theirs and the conversion of the array, within a layer, except for its weight."""


def generator_from_tensorflow(network: Record, budget: Budget) -> Generator:
    """The generator of `Gs`, from a file (G, D, Gs) whose arrays have names such as "synthesis/8x8/Conv0_up/weight".

    Raises Refused for StyleGAN1, conditional networks and variants of StyleGAN2 other than the usual one, and if the arrays need more
    memory than the budget has; StyleclipError if an array is missing.
    """
    parts = _dictionary(network, "components")
    arrays = _variables(network, "")
    for name in ("mapping", "synthesis"):
        arrays |= _variables(parts[name], f"{name}/") if name in parts else {}
    if "synthesis/4x4/Conv/mod_weight" not in arrays:
        raise Unknown("it does not hold a StyleGAN2 generator; StyleGAN1 and ProGAN are not supported here")
    settings = _dictionary(network, "static_kwargs")
    check_usual(settings, USUAL)
    names = {ours: (theirs, change) for ours, (theirs, change) in _names(arrays).items() if theirs in arrays}
    budget.spend(memory=4 * sum(arrays[theirs].size for theirs, _ in names.values()))
    state = {ours: _tensor(arrays[theirs], change) for ours, (theirs, change) in names.items()}
    return generator_from_nvidia(state, clamp_of(settings))


def _dictionary(network: object, name: str) -> dict:
    value = network.attributes.get(name) if type(network) is Record else None
    if type(value) is not dict:
        raise Refused("a network in it is not described as one")
    return value


def _variables(network: object, path: str) -> dict[str, np.ndarray]:
    """The arrays of a network, their names prefixed with `path`. TensorFlow stores scalars as plain numbers."""
    variables = network.attributes.get("variables") if type(network) is Record else None
    if type(variables) is not list:
        raise Refused("a network in it is not described as one")
    arrays = {}
    for variable in variables:
        if type(variable) not in (tuple, list) or len(variable) != 2 or type(variable[0]) is not str:
            raise Refused("a network in it is not described as one")
        name, values = variable
        if type(values) not in (Array, int, float):
            raise Refused("a variable of a network in it is not an array")
        arrays[path + name] = values.values if type(values) is Array else np.array(values, dtype=np.float32)
    return arrays


def _names(arrays: dict[str, np.ndarray]) -> dict[str, tuple[str, Change]]:
    """Our key -> their name and the conversion of the array."""
    names: dict[str, tuple[str, Change]] = {
        "mapping.w_avg": ("dlatent_avg", _same),
        "synthesis.b4.const": ("synthesis/4x4/Const/const", lambda x: x[0]),
    }
    for i in range(count(arrays, r"mapping/Dense\d+/weight")):
        names[f"mapping.fc{i}.weight"] = (f"mapping/Dense{i}/weight", _matrix)
        names[f"mapping.fc{i}.bias"] = (f"mapping/Dense{i}/bias", _same)
    noise = 0
    for level in range(min(count(arrays, r"synthesis/\d+x\d+/ToRGB/weight"), MOST_LEVELS)):
        r = 4 * 2**level
        convolutions = [("conv1", "Conv")] if r == 4 else [("conv0", "Conv0_up"), ("conv1", "Conv1")]
        for ours, theirs in [*convolutions, ("torgb", "ToRGB")]:
            layer, place = f"synthesis.b{r}.{ours}", f"synthesis/{r}x{r}/{theirs}"
            names[f"{layer}.weight"] = (f"{place}/weight", (lambda x: _kernel(x[::-1, ::-1])) if ours == "conv0" else _kernel)
            names |= {f"{layer}.{part}": (f"{place}/{name}", change) for part, (name, change) in LAYER.items()
                      if ours != "torgb" or part != "noise_strength"}
            if ours != "torgb":
                names[f"{layer}.noise_const"] = (f"synthesis/noise{noise}", lambda x: x[0, 0])
                noise += 1
    return names


def _tensor(values: np.ndarray, change: Change) -> Tensor:
    try:
        return torch.from_numpy(np.array(change(values), dtype=np.float32, order="C"))
    except (ValueError, IndexError) as error:
        raise Refused("an array in it has another shape than in StyleGAN2") from error

