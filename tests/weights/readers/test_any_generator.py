"""One generator in every format: the same tensors come back, whatever the file is called."""

import argparse
import gzip
import io
import json
import os
import pickle
import struct
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save as safetensors_bytes

from styleclip_lib.errors import StyleclipError
from styleclip_lib.networks.generator import Generator
from styleclip_lib.weights.readers.any_generator import read_generator
from tests.rosinality import to_rosinality
from tests.weights.official_files import ada_pickle, nvidia_modules, persistent_network, small_generator, tensorflow_pickle


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


def zeroed(generator):
    """The weights that training left behind, which are not the ones to take."""
    return {key: torch.zeros_like(value) for key, value in generator.state_dict().items()}


FORMATS = {
    "rosinality": rosinality,
    "e4e": encoder_file,
    "a state dict of rosinality's": lambda g: {**rosinality(g)["g_ema"], "latent_avg": g.mapping.w_avg},
    "a state dict of NVIDIA's": lambda g: g.state_dict(),
    "DataParallel": lambda g: {**rosinality(g), "g_ema": prefixed(rosinality(g)["g_ema"], "module.")},
    "Lightning": lambda g: {"state_dict": prefixed(rosinality(g)["g_ema"], "model.generator."), "latent_avg": g.mapping.w_avg, "epoch": 3,
                            "pytorch-lightning_version": "2.1.0", "callbacks": {"EarlyStopping": {"wait": 0}}, "lr_schedulers": []},
    "Lightning, NVIDIA's layout": lambda g: {"state_dict": prefixed(g.state_dict(), "G_ema.") | prefixed(zeroed(g), "G.")},
    "torch.compile": lambda g: {**rosinality(g), "g_ema": prefixed(rosinality(g)["g_ema"], "_orig_mod.")},
    "deep inside": lambda g: {"state": {"networks": rosinality(g)}, "step": 5},
    "deep inside, NVIDIA's layout": lambda g: {"models": {"G": zeroed(g), "G_ema": dict(g.state_dict())}, "epoch": 1},
    "averaged, as rosinality called it at first": lambda g: {"generator": to_rosinality(zeroed(g))[0], "g_running": rosinality(g)["g_ema"],
                                                             "latent_avg": g.mapping.w_avg},
    "averaged, under NVIDIA's old name": lambda g: {"G": zeroed(g), "Gs": dict(g.state_dict())},
    "averaged, under a longer name": lambda g: {"schema": {"generator": zeroed(g)}, "generator_averaged": dict(g.state_dict())},
    "without averaged weights": lambda g: {"g": rosinality(g)["g_ema"], "latent_avg": g.mapping.w_avg, "d": {}},
    "beside a path": lambda g: {**rosinality(g), "args": argparse.Namespace(out=Path("runs/1"), device=torch.device("cpu"))},
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


@pytest.mark.parametrize("prefix", ["", "g_ema.", "model.generator."])
def test_safetensors(prefix, generator, path):
    state, latent_avg = to_rosinality(generator.state_dict())
    whole = {key: value.contiguous() for key, value in {**state, "latent_avg": latent_avg}.items()}
    path.write_bytes(safetensors_bytes(prefixed(whole, prefix)))
    assert_same_weights(read_generator(path), generator)


def test_numbers_of_safetensors_are_not_read_where_there_is_no_generator(path):
    """This file claims a gigabyte, of which nothing is there but a hole: reading it would take the memory."""
    head = json.dumps({"x": {"dtype": "F16", "shape": [2**29], "data_offsets": [0, 2**30]}}).encode()
    path.write_bytes(struct.pack("<Q", len(head)) + head)
    os.truncate(path, 8 + len(head) + 2**30)
    tracemalloc.start()
    with pytest.raises(StyleclipError, match="does not hold a StyleGAN2 generator"):
        read_generator(path)
    assert tracemalloc.get_traced_memory()[1] < 10**8
    tracemalloc.stop()


def test_a_network_of_nvidias_saved_as_a_whole(generator, path):
    """As people do who tune one: `torch.save(network, path)`, or among others under whatever name."""
    with nvidia_modules():
        network = persistent_network(generator)
        for content in (network, {"G_ema": network, "G": network}, {"generator": network, "step": 5}, (network, network, network)):
            torch.save(content, path)
            assert_same_weights(read_generator(path), generator, 1e-6)
        for content in (network, {"G": network, "D": None}):
            path.write_bytes(pickle.dumps(content))
            assert_same_weights(read_generator(path), generator, 1e-6)


class SomebodysNetwork(torch.nn.Module):
    """A class that the reader does not know."""


@pytest.mark.parametrize("wrap", [lambda network: network, lambda network: {"g_ema": network}])
def test_whoever_saved_a_network_of_another_class_as_a_whole_is_told_what_to_save(wrap, path):
    torch.save(wrap(SomebodysNetwork()), path)
    with pytest.raises(StyleclipError, match=r"save its tensors, torch\.save\(network\.state_dict\(\), FILE\)"):
        read_generator(path)


def archive_of(content):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        entry = tarfile.TarInfo("network.pkl")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return file.getvalue()


def zip_of(content):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("network.pkl", content)
    return file.getvalue()


@pytest.mark.parametrize(("make", "named"), [
    (gzip.compress, "an archive: unpack it first"),
    (archive_of, "an archive: unpack it first"),
    (zip_of, "unpack it first"),
    (lambda content: b"<!DOCTYPE html><html><title>Virus scan warning</title>", "a web page"),
    (lambda content: b"\n<html>", "a web page"),
    (lambda content: b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n", "git lfs pull"),
    (lambda content: b"\x89PNG\r\n\x1a\n" + bytes(50), "a picture"),
])  # fmt: skip
def test_what_people_take_for_a_network_is_named(make, named, generator, path):
    path.write_bytes(make(ada_pickle(generator)))
    with pytest.raises(StyleclipError, match=named) as error:
        read_generator(path)
    assert "get it again" not in str(error.value), "which would not help"


def test_without_noise_maps_they_are_always_the_same(generator, path):
    content = rosinality(generator)
    content["g_ema"] = {key: value for key, value in content["g_ema"].items() if not key.startswith("noises.")}
    torch.save(content, path)
    first, second = read_generator(path).state_dict(), read_generator(path).state_dict()
    assert all(torch.equal(first[key], second[key]) for key in first)
    for key, value in generator.state_dict().items():
        assert torch.equal(first[key], value) != key.endswith("noise_const"), key


def of_rosinality(**changed):
    return lambda g: {"g_ema": {**rosinality(g)["g_ema"], **{key: change(rosinality(g)["g_ema"][key]) for key, change in changed.items()}}}


def of_nvidia(new=(), **changed):
    return lambda g: {**g.state_dict(), **dict(new), **{key: change(g.state_dict()[key]) for key, change in changed.items()}}


@pytest.mark.parametrize(("content", "named"), [
    (of_rosinality(**{"to_rgb1.conv.weight": lambda w: w[:, :1]}), "draws grey pictures"),
    (of_rosinality(**{"to_rgb1.conv.weight": lambda w: w[:, [0, 1, 2, 2]]}), "draws pictures with transparency"),
    (of_rosinality(**{"to_rgb1.conv.weight": lambda w: w.repeat(1, 4, 1, 1, 1)}), "draws wavelets in place of colours"),
    (of_rosinality(**{"to_rgb1.conv.weight": lambda w: w.repeat(1, 3, 1, 1, 1)}), "draws pictures of 9 channels"),
    (of_rosinality(**{"input.input": lambda c: c[..., :3]}), "not square"),
    (of_rosinality(**{"style.1.weight": lambda w: torch.zeros(len(w), 2 * len(w))}), "class-conditional"),
    (of_nvidia(**{"synthesis.b4.torgb.weight": lambda w: w[:1]}), "draws grey pictures"),
    (of_nvidia(**{"synthesis.b4.torgb.weight": lambda w: w[[0, 1, 2, 2]]}), "draws pictures with transparency"),
    (of_nvidia(**{"synthesis.b4.const": lambda c: c.repeat(1, 1, 2)}), "not square"),
    (of_nvidia({"mapping.embed.weight": torch.zeros(10, 10)}), "class-conditional"),
    (of_nvidia({"synthesis.L0_36_512.weight": torch.zeros(2, 2, 3, 3)}), "StyleGAN3"),
    (lambda g: {"synthesis.input.freqs": torch.zeros(2, 2), "synthesis.L0_36_512.weight": torch.zeros(2, 2, 3, 3)}, "StyleGAN3"),
])  # fmt: skip
def test_another_kind_of_generator_is_named(content, named, generator, path):
    torch.save(content(generator), path)
    with pytest.raises(StyleclipError, match=named) as error:
        read_generator(path)
    assert "get it again" not in str(error.value), "which would not help"


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
        (lambda g: [1, 2], "not hold a generator"),
        (lambda g: torch.zeros(3), "not hold a generator"),
        (lambda g: {}, "not (hold )?a StyleGAN2 generator"),
        (lambda g: {"state_dict": {"mapper.course_mapping.mapping.1.weight": torch.zeros(2, 2)}}, "but a mapper of StyleCLIP's"),
        (lambda g: {"state_dict": {"encoder.input_layer.0.weight": torch.zeros(2, 2)}, "latent_avg": g.mapping.w_avg}, "but an encoder"),
        (lambda g: {"d": {"convs.0.0.weight": torch.zeros(2, 2), "final_conv.0.weight": torch.zeros(2, 2)}}, "but a discriminator"),
        (lambda g: {"params_ema": {"constant_input.weight": torch.zeros(1, 2, 4, 4)}}, "but a generator in the layout of MMGeneration"),
        (lambda g: {"GAN": {"GE.initial_block": torch.zeros(2, 4, 4)}}, "but a generator of lucidrains'"),
        (lambda g: {"g_running": {"generator.progression.0.conv1.conv.weight_orig": torch.zeros(2, 2)}}, "but a StyleGAN1 generator"),
        (lambda g: {**rosinality(g), "g_ema": {}}, "not (hold )?a StyleGAN2 generator"),
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
