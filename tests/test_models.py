"""A domain, ready to use: the tiny one for what can go wrong, the real one for what it promises."""

import json
import shutil
import socket

import pytest
import torch

from styleclip_lib.errors import StyleclipError
from styleclip_lib.models import Models, load_models
from styleclip_lib.portraits.drawing.render import render
from styleclip_lib.portraits.world.attributes import BY_NAME
from styleclip_lib.portraits.world.factors import sample
from styleclip_lib.weights.domain import domains, file_path, load_tensors, read_index

PARTS = ("generator", "clip", "identity", "perceptual", "encoder", "attributes")


@pytest.fixture
def folder(tiny_folder, tmp_path, monkeypatch):
    """A copy of the tiny domain, and the data folder around it made the kit's."""
    data = tmp_path / "data"
    shutil.copytree(tiny_folder.parent, data / "models")
    monkeypatch.setenv("STYLECLIP_DATA", str(data))
    return data / "models" / "tiny"


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*arguments, **settings):
        raise AssertionError("the network was used")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)


def forget(folder, name):
    index = read_index(folder)
    del index["files"][name]
    (folder / "domain.json").write_text(json.dumps(index), encoding="utf-8")


def test_a_domain_by_name_and_by_path(folder, no_network):
    assert domains() == ["tiny"]
    for which in ("tiny", folder, str(folder)):
        loaded = load_models(which, device="cpu")
        assert isinstance(loaded, Models) and loaded.domain == "tiny" and loaded.folder == folder
        assert loaded.device == torch.device("cpu")


def test_networks_are_frozen_and_the_same_as_were_saved(folder, tiny):
    loaded = load_models("tiny", device="cpu")
    for part in PARTS:
        network = getattr(loaded, part)
        assert not network.training and not any(p.requires_grad for p in network.parameters())
        assert all(v.dtype == torch.float32 for v in network.state_dict().values() if v.is_floating_point())
    w_plus = tiny.sample(3)
    torch.testing.assert_close(loaded.sample(3), w_plus, rtol=0, atol=1e-2)
    torch.testing.assert_close(loaded.generator.synthesis(w_plus), tiny.generator.synthesis(w_plus), rtol=0, atol=5e-2)
    texts = ["a face with glasses", "a smiling woman"]
    torch.testing.assert_close(loaded.clip.encode_text(texts), tiny.clip.encode_text(texts), rtol=0, atol=5e-3)


@pytest.mark.parametrize("part", ["generator", "clip", "identity", "perceptual"])
def test_what_a_domain_needs(folder, part):
    forget(folder, part)
    with pytest.raises(StyleclipError, match=f"no {part}; train it: styleclip train {part}"):
        load_models("tiny")


@pytest.mark.parametrize("part", ["encoder", "attributes"])
def test_what_a_domain_may_lack(folder, part):
    forget(folder, part)
    assert getattr(load_models("tiny", device="cpu"), part) is None


def test_an_unknown_domain(folder):
    with pytest.raises(StyleclipError, match=r"'portrait'.*installed are tiny.*domain\.json"):
        load_models("portrait")


@pytest.mark.parametrize("part", PARTS)
def test_a_broken_file(folder, part):
    path = folder / f"{part}.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(StyleclipError, match=f"{part}.*SHA-256"):
        load_models("tiny")


@pytest.mark.parametrize("device", ["warp", "cuda:77", ""])
def test_a_device_that_is_not_there(folder, device):
    with pytest.raises(StyleclipError, match=f"'{device}'.*'cpu' or 'auto'"):
        load_models("tiny", device=device)


def test_a_seed_means_the_same_face(tiny):
    assert tiny.sample(5).shape == (1, tiny.generator.num_ws, 10)
    assert torch.equal(tiny.sample(5), tiny.sample(5))
    assert not torch.equal(tiny.sample(5), tiny.sample(6))
    torch.manual_seed(1)
    assert torch.equal(tiny.sample(5), tiny.sample(5)), "whatever was drawn before"


def test_truncation_brings_faces_nearer_to_the_mean(tiny):
    mean = tiny.generator.mapping.w_avg
    near, far = ((tiny.sample(5, psi) - mean).norm() for psi in (0.5, 1.0))
    assert near == pytest.approx(far.item() / 2, rel=1e-4)
    assert (tiny.sample(5, 0.0) - mean).norm() < 1e-6


def test_the_portraits_are_there_without_a_network(models, no_network):
    again = load_models("portraits", device="cpu")
    assert again.domain == "portraits"
    assert all(getattr(again, part) is not None for part in PARTS)
    assert torch.equal(again.sample(1), models.sample(1))
    assert torch.equal(again.generator.synthesis(again.sample(1)), models.generator.synthesis(models.sample(1)))


def test_the_portraits_are_small(models):
    files = [path for path in models.folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 40e6


def test_every_file_of_the_portraits_is_accounted_for(models):
    files = read_index(models.folder)["files"]
    for name, entry in files.items():
        path = file_path(models.folder, name)
        trained = f"mappers --names {name.removeprefix('mapper_')}" if name.startswith("mapper_") else name
        assert entry["training"]["command"] == f"styleclip train {trained}"
        assert (models.folder / f"{name}.md").is_file(), "a model card"
        if path.suffix == ".safetensors":
            assert all(torch.isfinite(v).all() for v in load_tensors(path).values() if v.is_floating_point())
    known = {"domain.json", "evaluation.json", *(entry["file"] for entry in files.values()), *(f"{name}.md" for name in files)}
    assert {path.name for path in models.folder.iterdir()} - {"README.md"} <= known
    assert "/tmp" not in json.dumps(files) and "/home" not in json.dumps(files)


def test_the_portraits_look_like_portraits(models):
    with torch.no_grad():
        images = torch.cat([models.generator.synthesis(models.sample(seed)) for seed in range(4)])
    size = models.generator.img_resolution
    assert size >= 128 and images.shape == (4, 3, size, size)
    assert torch.isfinite(images).all() and images.abs().mean() < 1.5
    assert images.clamp(-1, 1).std((1, 2, 3)).min() > 0.2


@pytest.mark.slow
def test_the_attributes_of_renders_are_read(models):
    people = sample(24, seed=4242)
    readings = models.attributes.read(render(people, models.generator.img_resolution))
    for name in ("glasses", "background", "clothes", "headwear"):
        right = [row.has(name, BY_NAME[name].values[i]) for row, i in zip(readings, getattr(people, name).tolist())]
        assert sum(right) >= 22, name


def test_clip_tells_portraits_apart(models):
    person = sample(1, seed=3).replace(glasses="none", headwear="none", gender="woman", hair_style="long", yaw=0.0)
    pairs = [
        ({"glasses": "none"}, {"glasses": "sunglasses"}, "a face with sunglasses"),
        ({"headwear": "none"}, {"headwear": "hat"}, "a woman with a hat"),
        ({"background": "blue"}, {"background": "green"}, "a green background"),
    ]
    for before, after, text in pairs:
        pictures = torch.cat(
            [render(person.replace(**change), models.generator.img_resolution) for change in (before, after)]
        )
        without, with_it = (models.clip.encode_image(pictures) @ models.clip.encode_text([text]).T)[:, 0]
        assert with_it > without + 0.02, text


def test_identity_knows_a_person_again(models):
    people = sample(6, seed=77).replace(glasses="none", headwear="none")
    size = models.generator.img_resolution
    one = models.identity(render(people.replace(yaw=0.0), size))
    other = models.identity(render(people.replace(yaw=0.3, light="left", background="blue"), size))
    likeness = one @ other.T
    assert likeness.diagonal().mean() > likeness[~torch.eye(6, dtype=torch.bool)].mean() + 0.3
