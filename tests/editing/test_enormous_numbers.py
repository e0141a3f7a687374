"""Files of what was learnt, with numbers that are finite one by one and far too large: the file is named, and what is wrong with it."""

from __future__ import annotations

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from styleclip_lib import GlobalDirections, LatentAlignment
from styleclip_lib.editing.mapper import LatentMapper
from styleclip_lib.errors import StyleclipError
from styleclip_lib.models import load_models
from styleclip_lib.networks.fast_style import FastStyle
from styleclip_lib.stylization import fast_file
from styleclip_lib.weights.tensor_file import read_tensors

READ = {"mapper_smile": LatentMapper.load, "alignment": LatentAlignment.load, "directions": GlobalDirections.load,
        "style": lambda models, path: fast_file.read(path, models)}  # fmt: skip


@pytest.fixture(scope="module")
def models(tiny_domain):
    return load_models(tiny_domain, device="cpu")


def changed(path, copy, change):
    """A copy of a file in which some tensors are others."""
    with safe_open(str(path), "pt") as file:
        metadata = file.metadata()
    tensors, _ = read_tensors(path)
    save_file({name: change(name, value).contiguous() for name, value in tensors.items()}, str(copy), metadata=metadata)
    return copy


@pytest.mark.parametrize("number", [3e38, -3e38])
@pytest.mark.parametrize("name", READ)
def test_the_file_is_named(name, number, models, tmp_path):
    path = models.folder / f"{name}.safetensors"
    if name == "style":
        path = tmp_path / "honest.safetensors"
        fast_file.write(path, FastStyle(4, 1), models.clip, {"text": "a mosaic"})
    READ[name](models, path)
    broken = changed(path, tmp_path / "broken.safetensors", lambda _, value: torch.full_like(value, number))
    with pytest.raises(StyleclipError, match=r"broken\.safetensors.*(infinite or undefined|no generator has)") as error:
        READ[name](models, broken)
    assert "beta" not in str(error.value) and "nan" not in str(error.value)


@pytest.mark.parametrize("what", ["mean", "std", "effects", "rgb_std", "rgb_effects"])
def test_directions_are_those_of_a_generator(what, models, tmp_path):
    def change(name, value):
        return value - 1e7 if name == what else value

    broken = changed(models.folder / "directions.safetensors", tmp_path / "a.safetensors", change)
    with pytest.raises(StyleclipError, match=rf"a\.safetensors are not those of global directions: its '{what}' has"):
        GlobalDirections.load(models, broken)
