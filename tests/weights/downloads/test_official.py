"""A domain of official files: fetched once, read once, and from then on as quick and as quiet as any other."""

import bz2
import json
import shutil
from collections import namedtuple

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from styleclip_lib.errors import StyleclipError
from styleclip_lib.networks.generator import Generator
from styleclip_lib.paths import cache_folder
from styleclip_lib.photos.landmarks import read_predictor
from styleclip_lib.weights.domain import find_domain, read_index
from styleclip_lib.weights.downloads import download, official
from styleclip_lib.weights.downloads.official import FORMATS, fetch_official, landmark_file, load_official
from styleclip_lib.weights.downloads.registry import domain_cache, downloads_of
from styleclip_lib.weights.tensor_file import read_tensors
from tests.conformance.cases import load_case, shape
from tests.file_server import serving
from tests.official import OFFICIAL, SMALL, arcface_shapes, e4e_checkpoint, encoder_shapes, filled, generator_shapes, write_domain

NETWORKS = ("clip", "content", "encoder", "generator", "identity", "perceptual")


@pytest.fixture
def server(official_files):
    with serving() as server:
        server.files |= {name: path.read_bytes() for name, path in official_files.items()}
        yield server


@pytest.fixture
def folder(server, official_files, tmp_path, monkeypatch):
    """A domain like ffhq at the server, and an empty cache."""
    monkeypatch.setenv("STYLECLIP_CACHE", str(tmp_path / "cache"))
    return write_domain(tmp_path / "domain", official_files, server.address, "small")


def change(folder, entry, **values):
    """Alters an entry of the sources."""
    index = read_index(folder)
    index["sources"][entry] |= values
    (folder / "domain.json").write_text(json.dumps(index))


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


@pytest.mark.parametrize(("case", "shapes"), [
    ("arcface_irse50", arcface_shapes(OFFICIAL)),
    ("e4e_1024", encoder_shapes(OFFICIAL)),
    ("sg2_rosinality_1024", generator_shapes(OFFICIAL)),
])
def test_what_these_tests_write_is_of_the_official_layout(case, shapes):
    stored = load_case(case)
    assert shapes == {str(key): shape(str(size)) for key, size in zip(stored["state_keys"], stored["state_shapes"])}


def test_the_real_registry_is_complete():
    folder = find_domain("ffhq")
    files = read_index(folder)["files"]
    assert set(files) == {*NETWORKS, "landmarks"}
    assert {entry["format"] for entry in files.values()} <= {*FORMATS, "dlib"}
    sources = downloads_of(folder, files)
    assert {source.name for source in sources} == set(read_index(folder)["sources"])
    for source in sources:
        assert len(source.urls) >= 2 and all(url.startswith("https://") for url in source.urls)
        assert source.bytes > 0 and len(source.sha256) == 64 and source.licence and source.permits and source.origin
    assert sum(source.bytes for source in sources) == 2_923_148_153


def test_networks_are_read_once_and_then_kept(folder, server, capsys):
    fetch_official(folder, NETWORKS, progress=False)
    assert [name for name, _ in server.requests].count("e4e_ffhq_encode.pt") == 1, "it serves two entries"
    first = {name: load_official(folder, name) for name in NETWORKS}
    assert "To download, once" in capsys.readouterr().out
    shutil.move(domain_cache(folder), domain_cache(folder).with_name("away"))
    domain_cache(folder).mkdir()
    for path in domain_cache(folder).with_name("away").glob("*.safetensors*"):
        shutil.move(path, domain_cache(folder))
    server.files.clear()
    for name in NETWORKS:
        network = load_official(folder, name)
        assert same(network.state_dict(), first[name].state_dict()), f"{name}: without the downloads, and without a network"
        assert not network.training and not any(p.requires_grad for p in network.parameters())
        assert all(v.dtype == torch.float32 for v in network.state_dict().values() if v.is_floating_point())
    assert capsys.readouterr().out == ""


def test_the_numbers_are_those_of_the_files(folder, official_files):
    generator, encoder = load_official(folder, "generator"), load_official(folder, "encoder")
    checkpoint = e4e_checkpoint(SMALL)
    assert isinstance(generator, Generator) and generator.channels == SMALL.channels
    assert torch.equal(generator.mapping.w_avg, checkpoint["latent_avg"][0]) and torch.equal(encoder.w_avg, checkpoint["latent_avg"])
    assert torch.equal(generator.synthesis.b8.conv0.weight, checkpoint["state_dict"]["decoder.convs.0.conv.weight"][0])
    assert torch.equal(encoder.styles[3].linear.weight, checkpoint["state_dict"]["encoder.styles.3.linear.weight"])
    arcface = filled(arcface_shapes(SMALL))
    assert torch.equal(load_official(folder, "identity").state_dict()["head.3.weight"], arcface["output_layer.3.weight"])


def test_a_network_of_its_own_fetches_what_it_needs_only(folder, server):
    load_official(folder, "identity")
    assert server.requests == [("model_ir_se50.pth", None)]


def test_settings_of_the_encoder_are_kept(folder, official_files, server):
    checkpoint = {**e4e_checkpoint(SMALL), "opts": {"encoder_type": "GradualStyleEncoder", "start_from_latent_avg": False}}
    path = folder / "e4e.pt"
    torch.save(checkpoint, path)
    server.files["e4e_ffhq_encode.pt"] = path.read_bytes()
    change(folder, "e4e_ffhq_encode.pt", bytes=path.stat().st_size, sha256=None)
    for _ in range(2):
        encoder = load_official(folder, "encoder")
        assert not encoder.offsets and encoder.w_avg.abs().max() == 0


def test_another_file_or_another_version_is_read_anew(folder, server, monkeypatch):
    load_official(folder, "identity")
    before = set(domain_cache(folder).glob("identity-*.safetensors"))
    monkeypatch.setattr(official, "VERSION", official.VERSION + 1)
    load_official(folder, "identity")
    assert len(set(domain_cache(folder).glob("identity-*.safetensors")) - before) == 1 and len(server.requests) == 1


@pytest.mark.slow
def test_landmarks_are_read_once(folder, official_files, server, tmp_path):
    (tmp_path / "a.dat").write_bytes(bz2.decompress(official_files["shape_predictor_68_face_landmarks.dat.bz2"].read_bytes()))
    original, kept = read_predictor(tmp_path / "a.dat"), read_predictor(path := landmark_file(folder))
    for name, array in vars(original).items():
        np.testing.assert_array_equal(vars(kept)[name], array)
    server.files.clear()
    next(domain_cache(folder).glob("*.bz2")).unlink()
    assert landmark_file(folder) == path
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(StyleclipError, match=r"is damaged.*delete it"):
        landmark_file(folder)


@pytest.mark.parametrize(("content", "message"), [
    (bz2.compress(b"\0" * 3_000_000), "more than 1,000,000 bytes"),
    (bz2.compress(b"\0" * 300_000)[:-20], "cannot be unpacked"),
    (bz2.compress(b"\1\1" * 300_000), "not one of dlib's"),
    (b"not packed at all", "cannot be unpacked"),
])
def test_landmarks_that_cannot_be_unpacked(folder, server, content, message, monkeypatch):
    monkeypatch.setattr(official, "MOST_BYTES", 1_000_000)
    name = "shape_predictor_68_face_landmarks.dat.bz2"
    server.files[name] = content
    change(folder, name, bytes=None, sha256=None)
    with pytest.raises(StyleclipError, match=message):
        landmark_file(folder)
    assert not list(domain_cache(folder).glob("landmarks-*"))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_file_of_another_kind(folder, server, official_files, name):
    """Every download is right, but it is that of another network."""
    for source in downloads_of(folder, [name]):
        other = "model_ir_se50.pth" if source.name != "model_ir_se50.pth" else "lpips_vgg.pth"
        server.files[source.name] = official_files[other].read_bytes()
        change(folder, source.name, bytes=None, sha256=None)
    with pytest.raises(StyleclipError) as error:
        load_official(folder, name)
    assert "\n" not in str(error.value) and not list(domain_cache(folder).glob("*.safetensors"))


def test_a_file_that_would_run_code_is_not_run(folder, server, tmp_path):
    class Trap:
        def __reduce__(self):
            return open, (str(tmp_path / "executed"), "w")

    torch.save({"state": Trap()}, tmp_path / "trap.pth")
    server.files["model_ir_se50.pth"] = (tmp_path / "trap.pth").read_bytes()
    change(folder, "model_ir_se50.pth", bytes=None, sha256=None)
    with pytest.raises(StyleclipError):
        load_official(folder, "identity")
    assert not (tmp_path / "executed").exists()


def test_what_is_kept_can_be_damaged(folder):
    load_official(folder, "identity")
    (path,) = domain_cache(folder).glob("identity-*.safetensors")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(StyleclipError, match=r"is damaged.*delete it"):
        load_official(folder, "identity")


def test_an_unknown_format(folder):
    index = read_index(folder)
    index["files"]["identity"]["format"] = "onnx"
    (folder / "domain.json").write_text(json.dumps(index))
    with pytest.raises(StyleclipError, match=r"the format 'onnx', and known are e4e"):
        load_official(folder, "identity")


@pytest.mark.parametrize("name", ["../up", "a/b", ".hidden", "", "C:\\x", "a" * 255, "a\n"])
def test_names_stay_in_the_cache(folder, name):
    index = read_index(folder)
    (folder / "domain.json").write_text(json.dumps({**index, "name": name or "."}))
    assert domain_cache(folder).parent == cache_folder() and len(domain_cache(folder).name) < 60
    assert len(domain_cache(folder).name.rpartition("-")[2]) == 32, "a shorter digest can be met by trying"
    index["files"]["clip"]["sources"], index["sources"] = [name], {name: index["sources"]["ViT-B-32.pt"]}
    (folder / "domain.json").write_text(json.dumps(index))
    with pytest.raises(StyleclipError, match="does not describe a domain"):
        downloads_of(folder, ["clip"])


def test_a_name_that_no_disk_takes_is_one_sentence(folder):
    """200 letters, as many as a name may have, and twice as many bytes."""
    index, name = read_index(folder), "\u00e4" * 200
    index["files"]["clip"]["sources"], index["sources"][name] = [name], {**index["sources"]["ViT-B-32.pt"], "urls": ["http://127.0.0.1:9/a"]}
    (folder / "domain.json").write_text(json.dumps(index))
    with pytest.raises(StyleclipError, match=r"File name too long|cannot be"):
        fetch_official(folder, ["clip"], progress=False)


@pytest.mark.parametrize("key", ["urls", "bytes", "sha256", "licence", "permits", "origin"])
def test_a_source_that_is_not_described(folder, key):
    index = read_index(folder)
    del index["sources"]["ViT-B-32.pt"][key]
    (folder / "domain.json").write_text(json.dumps(index))
    with pytest.raises(StyleclipError, match=f"missing required field `{key}`"):
        downloads_of(folder, ["clip"])
    del index["sources"]["ViT-B-32.pt"]
    (folder / "domain.json").write_text(json.dumps(index))
    with pytest.raises(StyleclipError, match=r"clip is read from 'ViT-B-32\.pt', which is not among the sources"):
        downloads_of(folder, ["clip"])


@pytest.mark.parametrize("wrong", [
    {"bytes": -1}, {"bytes": "5"}, {"bytes": 1.5}, {"bytes": True}, {"bytes": 10**15}, {"sha256": "abc"}, {"sha256": 5}, {"urls": []},
    {"urls": "http://a/b"}, {"urls": ["file:///etc/passwd"]}, {"urls": ["http://[::1/b"]}, {"urls": ["http://"]}, {"urls": ["http:///b"]},
    {"urls": [5]}, {"urls": ["//a/b"]}, {"urls": ["http://a/" + "b" * 5000]}, {"origin": 5}, {"licence": ["MIT"]},
])  # fmt: skip
def test_a_source_of_wrong_types_and_ranges(folder, wrong):
    index = read_index(folder)
    index["sources"]["ViT-B-32.pt"].update(wrong)
    (folder / "domain.json").write_text(json.dumps(index))
    with pytest.raises(StyleclipError, match="does not describe a domain") as error:
        downloads_of(folder, ["clip"])
    assert "sources" in str(error.value) and len(str(error.value)) < 600


def test_a_domain_of_the_same_name_finds_and_leaves_nothing(folder, tmp_path, server, official_files):
    """A stranger's domain that bears the name of another one and offers other files under the same names."""
    load_official(folder, "identity")
    before = {path: path.read_bytes() for path in domain_cache(folder).iterdir()}
    stranger = tmp_path / "stranger"
    shutil.copytree(folder, stranger)
    server.files["other/model_ir_se50.pth"] = b"poison"
    change(stranger, "model_ir_se50.pth", bytes=None, sha256=None, urls=[f"{server.address}/other/model_ir_se50.pth"])
    with pytest.raises(StyleclipError):
        load_official(stranger, "identity")
    assert domain_cache(stranger) != domain_cache(folder)
    assert {path: path.read_bytes() for path in domain_cache(folder).iterdir()} == before
    load_official(folder, "identity")


def test_what_is_kept_is_what_was_made(folder):
    """A whole and well-formed file in the place of the one that was made is not believed."""
    load_official(folder, "identity")
    (path,) = domain_cache(folder).glob("identity-*.safetensors")
    tensors, metadata = read_tensors(path)
    save_file({key: value + 1 for key, value in tensors.items()}, str(path), metadata)
    with pytest.raises(StyleclipError, match=r"is damaged.*SHA-256 differs"):
        load_official(folder, "identity")


def test_room_for_what_is_made_of_the_downloads(folder, monkeypatch):
    (source,) = downloads_of(folder, ["identity"])
    needed = 2 * source.bytes + download.MARGIN
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**12, 0, needed - 1))
    with pytest.raises(StyleclipError, match="disk is too full"):
        load_official(folder, "identity")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**12, 0, needed))
    load_official(folder, "identity")
