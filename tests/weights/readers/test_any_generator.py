"""One generator in every format: the same tensors come back, whatever the file is called."""

import argparse

import pytest
import torch

from styleclip_lib.errors import StyleclipError
from styleclip_lib.networks.generator import Generator
from styleclip_lib.weights.readers.any_generator import read_generator
from styleclip_lib.weights.readers.stylegan2 import to_rosinality
from tests.weights.official_files import ada_pickle, small_generator, tensorflow_pickle


@pytest.fixture(scope="module")
def generator():
    return small_generator()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "download (1)"


def prefixed(state, prefix):
    return {f"{prefix}{key}": value for key, value in state.items()}


def rosinality(generator):
    """A training checkpoint, with what else is in it."""
    state, latent_avg = to_rosinality(generator.state_dict())
    return {"g": {key: torch.zeros(1) for key in state}, "g_ema": state, "latent_avg": latent_avg, "d": {}, "ada_aug_p": 0.0,
            "args": argparse.Namespace(size=16)}  # fmt: skip


def encoder_file(generator):
    """e4e's: the decoder beside the encoder, the mean once for each layer."""
    state, latent_avg = to_rosinality(generator.state_dict())
    return {"state_dict": prefixed(state, "decoder.") | {"encoder.input_layer.0.weight": torch.zeros(2)},
            "latent_avg": latent_avg.repeat(generator.num_ws, 1), "opts": {"stylegan_size": 16}}  # fmt: skip


FORMATS = {
    "rosinality": rosinality,
    "e4e": encoder_file,
    "a state dict of rosinality's": lambda g: {**rosinality(g)["g_ema"], "latent_avg": g.mapping.w_avg},
    "a state dict of NVIDIA's": lambda g: g.state_dict(),
    "half precision": lambda g: {key: value.half() for key, value in g.state_dict().items()},
}


def assert_same_weights(ours: Generator, theirs: Generator, tolerance: float = 0.0) -> None:
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    torch.testing.assert_close(dict(ours.state_dict()), dict(theirs.state_dict()), rtol=tolerance, atol=tolerance)
    assert not ours.training and not any(parameter.requires_grad for parameter in ours.parameters())


@pytest.mark.parametrize("new", [True, False], ids=["zip", "old format"])
@pytest.mark.parametrize("name", FORMATS)
def test_files_of_pytorch(name, new, generator, path):
    torch.save(FORMATS[name](generator), path, _use_new_zipfile_serialization=new)
    assert_same_weights(read_generator(path), generator, 2e-3 if name == "half precision" else 0.0)


@pytest.mark.parametrize("make", [ada_pickle, tensorflow_pickle])
def test_files_of_nvidia(make, generator, path):
    path.write_bytes(make(generator))
    assert_same_weights(read_generator(path), generator, 1e-6)


def test_the_file_may_go_once_it_is_read(generator, path):
    torch.save(rosinality(generator), path)
    read = read_generator(path)
    path.write_bytes(b"")
    assert_same_weights(read, generator)


@pytest.mark.parametrize("content", [rosinality, encoder_file])
def test_a_missing_mean_is_computed(content, generator, path):
    file = content(generator)
    del file["latent_avg"]
    torch.save(file, path)
    first, second = read_generator(path), read_generator(path)
    assert torch.equal(first.mapping.w_avg, second.mapping.w_avg)
    w = generator.mapping.w(torch.randn(20_000, 10, generator=torch.Generator().manual_seed(5)))
    error = (first.mapping.w_avg - w.mean(0)).abs() / w.std(0)
    assert error.max() < 0.04, "four standard errors of the mean of 10,000"
    assert (w.mean(0).abs() / w.std(0)).max() > 0.2, "the mean is not just zero"


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (lambda g: [1, 2], "no generator"),
        (lambda g: torch.zeros(3), "no generator"),
        (lambda g: {}, "(no|not a) StyleGAN2 generator"),
        (lambda g: {"state_dict": {"mapper.course_mapping.mapping.1.weight": torch.zeros(2, 2)}}, "(no|not a) StyleGAN2 generator"),
        (lambda g: {**rosinality(g), "g_ema": {}}, "(no|not a) StyleGAN2 generator"),
        (lambda g: {**rosinality(g), "latent_avg": torch.zeros(7)}, "another shape"),
        (lambda g: {**rosinality(g), "latent_avg": torch.tensor(0.0)}, "another shape"),
        (lambda g: {**rosinality(g), "g_ema": {key: torch.zeros(()) for key in rosinality(g)["g_ema"]}}, "another shape"),
        (lambda g: {key: torch.zeros(()) for key in g.state_dict()}, "does not fit"),
        (lambda g: {key: value[:0] if value.ndim else value for key, value in g.state_dict().items()}, "does not fit"),
        (lambda g: {**g.state_dict(), "mapping.w_avg": torch.full([6], torch.inf)}, "infinite or undefined"),
        (lambda g: {**g.state_dict(), "mapping.w_avg": "text"}, r"missing, first mapping\.w_avg"),
    ],
)
def test_what_is_no_generator(content, match, generator, path):
    torch.save(content(generator), path)
    with pytest.raises(StyleclipError, match=match) as error:
        read_generator(path)
    assert "\n" not in str(error.value) and len(str(error.value)) < 400
