"""The domain of portraits, loaded once for all tests, and a tiny one with random weights, in which everything runs."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
import torch

from styleclip_lib.models import Models, calibration_of, load_models
from styleclip_lib.weights.domain import find_domain
from tests.official import SMALL, write_official_files

TINY_WIDTHS = (4, 4, 8)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Nothing is written to, or found in, the cache of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STYLECLIP_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def models() -> Models:
    """The domain that is in the repository."""
    return load_models("portraits", device="cpu")


@pytest.fixture(scope="session")
def official_files(tmp_path_factory) -> dict[str, Path]:
    """Small files of exactly the official layout, by name."""
    return write_official_files(tmp_path_factory.mktemp("official"), SMALL)


def make_tiny_models() -> Models:
    """Networks of 32 pixels with random weights that know every word of the vocabulary."""
    from clip.model import CLIP

    from styleclip_lib.networks.attributes import Attributes
    from styleclip_lib.networks.clip import Clip, WordTokenizer
    from styleclip_lib.networks.encoder import Encoder
    from styleclip_lib.networks.generator import Generator
    from styleclip_lib.networks.identity import Identity
    from styleclip_lib.networks.perceptual import Perceptual
    from styleclip_lib.portraits.language.lexicon import known_words

    torch.manual_seed(0)
    generator = Generator(32, z_dim=12, w_dim=10, num_mapping_layers=2, channels={4: 8, 8: 8, 16: 8, 32: 8})
    tokenizer = WordTokenizer(sorted(known_words()), 28)
    clip = Clip(CLIP(16, 32, (1, 1, 1, 1), 8, None, 28, tokenizer.vocab_size, 64, 1, 1), tokenizer)
    parts = {
        "generator": generator,
        "clip": clip,
        "identity": Identity(TINY_WIDTHS, 8, 32),
        "perceptual": Perceptual(TINY_WIDTHS),
        "encoder": Encoder(generator.num_ws, 10, TINY_WIDTHS),
        "attributes": Attributes(TINY_WIDTHS, 16),
    }
    for part in parts.values():
        part.eval().requires_grad_(False)
    calibration = dataclasses.replace(calibration_of(find_domain("portraits")), early_exit=1.0)  # cosines say nothing here
    return Models(domain="tiny", folder=Path("tiny"), device=torch.device("cpu"), calibration=calibration, **parts)


@pytest.fixture(scope="session")
def tiny() -> Models:
    """Shared by all tests: use `dataclasses.replace` to change a part."""
    return make_tiny_models()


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory, tiny) -> Path:
    """The tiny domain on disk, under the name "tiny". Copy it before changing it."""
    from styleclip_lib.weights.domain import save_network

    folder = tmp_path_factory.mktemp("data") / "models" / "tiny"
    widths = {"widths": TINY_WIDTHS}
    tokenizer = tiny.clip.tokenizer
    for name, network, config in (
        ("generator", tiny.generator, {"img_resolution": 32, "z_dim": 12, "w_dim": 10, "num_mapping_layers": 2,
                                       "channels": {4: 8, 8: 8, 16: 8, 32: 8}}),
        ("clip", tiny.clip.model, {"words": tokenizer.words, "context_length": tokenizer.context_length}),
        ("identity", tiny.identity, {**widths, "embedding_dim": 8, "input_size": 32}),
        ("perceptual", tiny.perceptual, widths),
        ("encoder", tiny.encoder, {"num_ws": tiny.generator.num_ws, "w_dim": 10, **widths}),
        ("attributes", tiny.attributes, {**widths, "hidden": 16}),
    ):  # fmt: skip
        save_network(folder, name, network, config, {"command": f"styleclip train {name}"})
    return folder


@pytest.fixture(scope="session")
def tiny_domain(tiny_folder, tmp_path_factory) -> Path:
    """The tiny domain with all that a domain may bring: directions, an alignment, a mapper for "a smiling face", a word on photographs."""
    from styleclip_lib import GlobalDirections, LatentAlignment, train_mapper
    from styleclip_lib.weights.domain import INDEX, enter_file, save_network

    folder = shutil.copytree(tiny_folder, tmp_path_factory.mktemp("whole") / "tiny")
    models = load_models(folder, device="cpu")
    GlobalDirections.compute(models, images=2, samples=64, folder=folder / "scan", progress=False).save(folder / "directions.safetensors")
    shutil.rmtree(folder / "scan")
    train_mapper(models, "a smiling face", steps=2, people=4, progress=False).save(folder / "mapper_smile.safetensors")
    LatentAlignment.compute(models, faces=40, progress=False).save(folder / "alignment.safetensors")
    for name in ("alignment", "directions", "mapper_smile"):
        enter_file(folder, name, folder / f"{name}.safetensors", {}, {})
    save_network(folder, "attributes", read_differently(models), {"widths": TINY_WIDTHS, "hidden": 16}, {}, half=False)
    index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    (folder / INDEX).write_text(json.dumps({**index, "photographs": "This domain draws noise."}), encoding="utf-8")
    return folder


def read_differently(models: Models) -> torch.nn.Module:
    """The network that reads attributes, its last layer moved and stretched so that faces differ in what is read."""
    network, last = models.attributes, models.attributes.head[-1]
    with torch.no_grad():
        codes = network.code(torch.cat([models.generator.synthesis(models.sample(seed)) for seed in range(16)]))
        stretch = 1 / codes.std(0)
        last.bias.copy_((last.bias - codes.mean(0)) * stretch)
        last.weight.mul_(stretch[:, None])
    return network
