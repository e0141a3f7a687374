"""The domain of portraits, loaded once for all tests, and a tiny one with random weights for everything but looks."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from styleclip_lib.models import Models, load_models
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
    from styleclip_lib.portraits.language.parsing import known_words

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
    return Models(domain="tiny", folder=Path("tiny"), device=torch.device("cpu"), **parts)


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
