"""The ffhq domain from its addresses to an edited photograph, with small files of exactly the official layout."""

from __future__ import annotations

import json
import socket

import pytest
import torch
from PIL import Image

from styleclip_lib.cli.main import main
from styleclip_lib.models import load_models
from styleclip_lib.networks.arcface import Arcface
from styleclip_lib.networks.e4e import E4e
from styleclip_lib.networks.lpips import Lpips
from styleclip_lib.paths import data_folder
from styleclip_lib.photos import face_points
from styleclip_lib.photos.loading import align_face
from styleclip_lib.weights.domain import domains
from styleclip_lib.weights.downloads.registry import domain_cache
from tests.file_server import serving
from tests.official import SMALL, write_domain
from tests.training.test_encoder_of_pictures import make_pictures

pytestmark = pytest.mark.slow

SIDE = max(SMALL.channels)


@pytest.fixture(scope="module")
def data(official_files, tmp_path_factory):
    """A data folder with the portraits and an ffhq whose files were fetched once; the server is gone by now."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "models").mkdir()
    (folder / "models" / "portraits").symlink_to(data_folder() / "models" / "portraits")
    with serving() as server, pytest.MonkeyPatch.context() as patch:
        server.files |= {name: path.read_bytes() for name, path in official_files.items()}
        write_domain(folder / "models" / "ffhq", official_files, server.address)
        patch.setenv("STYLECLIP_DATA", str(folder))
        patch.setenv("STYLECLIP_CACHE", str(folder / "cache"))
        assert main(["download"]) == 0
        assert sorted(name for name, _ in server.requests) == sorted(official_files)
        load_models("ffhq", device="cpu")
        assert len(server.requests) == len(official_files)
    return folder


@pytest.fixture
def offline(data, monkeypatch, tmp_path):
    """That data folder, no network, and a folder to write to."""

    def refuse(*arguments, **settings):
        raise AssertionError("the network was used")

    monkeypatch.setenv("STYLECLIP_DATA", str(data))
    monkeypatch.setenv("STYLECLIP_CACHE", str(data / "cache"))
    for name in ("create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def photograph(offline):
    skimage = pytest.importorskip("skimage", reason="the photograph comes with scikit-image")
    Image.fromarray(skimage.data.astronaut()).save(offline / "me.jpg")
    return "me.jpg"


def run(capsys, *arguments: str) -> str:
    code = main(list(arguments))
    shown = capsys.readouterr()
    assert code == 0, shown.err
    return shown.out


def test_the_networks_are_the_official_ones(offline):
    assert domains() == ["ffhq", "portraits"]
    models = load_models("ffhq", device="cpu")
    assert models.domain == "ffhq" and models.generator.img_resolution == SIDE and models.generator.z_dim == SMALL.w_dim
    assert [type(part) for part in (models.identity, models.perceptual, models.encoder)] == [Arcface, Lpips, E4e]
    assert models.attributes is None
    picture = models.generator.synthesis(models.sample(1))
    assert models.encoder(picture).shape == models.sample(1).shape
    assert torch.isfinite(models.clip.encode_image(picture) @ models.clip.encode_text(["a face with any words you like"]).T).all()


def test_another_generator_among_the_same_networks(offline, official_files, capsys):
    run(capsys, "import", str(official_files["e4e_ffhq_encode.pt"]), "mine", "--like", "ffhq")
    ours, theirs = load_models("mine", device="cpu"), load_models("ffhq", device="cpu")
    assert torch.equal(ours.generator.synthesis(ours.sample(2)), theirs.generator.synthesis(theirs.sample(2)))
    assert isinstance(ours.identity, Arcface) and ours.encoder is None


def test_landmarks_are_those_of_the_domain(photograph, data, monkeypatch):
    asked = []
    monkeypatch.setattr(face_points, "_predictor", lambda path, load=face_points._predictor: asked.append(path) or load(path))
    ours = align_face(photograph, size=64, domain=data / "models" / "ffhq")
    assert asked[0].parent == domain_cache(data / "models" / "ffhq") and asked[0].suffix == ".safetensors"
    assert ours.tobytes() != align_face(photograph, size=64, domain=data / "models" / "portraits").tobytes(), "another framing"


def test_from_a_photograph_to_an_edited_face(photograph, offline, capsys):
    message = run(capsys, "edit", photograph, "out.png", "--text", "a smiling face", "--domain", "ffhq", "--steps", "3",
               "--inversion-steps", "3", "--report", "report.json")  # fmt: skip
    assert "To download" not in message and "cannot read attributes" in message and "--domain ffhq" not in message
    with Image.open("out.png") as picture:
        assert picture.size == (SIDE, SIDE)
    report = json.loads((offline / "report.json").read_text())
    assert report["domain"] == "ffhq" and report["text"] == "a smiling face"


@pytest.mark.parametrize("arguments", [
    ("sample", "out.png", "--seeds", "0-3"),
    ("invert", "{photograph}", "out.png", "--steps", "3"),
    ("interpolate", "{photograph}", "2", "out.gif", "--frames", "4", "--inversion-steps", "3"),
    ("edit", "{photograph}", "out.png", "--text", "a smiling face", "--method", "directions", "--inversion-steps", "3"),
])  # fmt: skip
def test_every_command_takes_the_domain(photograph, offline, capsys, arguments):
    arguments = [word.format(photograph=photograph) for word in arguments]
    assert "Saved out." in run(capsys, *arguments, "--domain", "ffhq")


def test_an_evaluation_leaves_out_what_nobody_can_read(offline, capsys):
    message = run(capsys, "evaluate", "--domain", "ffhq", "--methods", "directions", "--texts", "a smiling face", "--portraits", "1",
               "--json", "e.json")  # fmt: skip
    assert "are left out" in message
    (row,) = json.loads((offline / "e.json").read_text(encoding="utf-8"))["rows"]
    assert row["success_rate"] is None and row["side_effects"] is None and row["identity"] is not None


def test_without_files_and_without_a_network(data, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("STYLECLIP_DATA", str(data))
    monkeypatch.setenv("STYLECLIP_CACHE", str(tmp_path / "empty"))
    assert main(["sample", str(tmp_path / "a.png"), "--domain", "ffhq"]) == 2
    shown = capsys.readouterr()
    assert "together" in shown.out and shown.err.count("\n") == 1
    assert "could not be downloaded (127.0.0.1: no connection)" in shown.err and f"put it at {tmp_path / 'empty' / 'ffhq'}" in shown.err


def test_its_encoder_is_trained_further_on_a_data_set(offline):
    """From the official checkpoint, judged by the official networks, into a domain of one's own."""
    pictures = make_pictures(offline, count=12, size=SIDE)
    words = ["--data", str(pictures), "--run", "run", "--from", "ffhq", "--domain", "mine", "--steps", "1", "--pictures-each", "2"]
    assert main(["train", "encoder", *words]) == 0
    mine, official = load_models("mine", device="cpu"), load_models("ffhq", device="cpu")
    assert isinstance(mine.encoder, E4e) and mine.encoder.num_ws == official.encoder.num_ws
    name = "styles.0.linear.weight"
    assert not torch.equal(mine.encoder.state_dict()[name], official.encoder.state_dict()[name].half().float())
