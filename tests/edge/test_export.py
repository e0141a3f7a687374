"""A domain as ONNX files: the same numbers as PyTorch's, without PyTorch, and what is refused."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

pytest.importorskip("onnxscript", reason="the extra 'export' is not installed")
pytest.importorskip("onnxruntime", reason="the extra 'export' is not installed")

from styleclip_lib import Face, LatentAlignment, Prompt, load_models
from styleclip_lib.cli.main import main
from styleclip_lib.edge import export, web_runtime
from styleclip_lib.edge.export import Encoder, export_onnx
from styleclip_lib.edge.runtime import FORMAT, EdgeEditor, read_picture, to_image, to_picture
from styleclip_lib.editing.recipes import AlignmentEdit
from styleclip_lib.editing.students import CLIP_STUDENT, STUDENT, with_student, write_student
from styleclip_lib.errors import StyleclipError
from styleclip_lib.networks.clip_student import ClipStudent
from styleclip_lib.networks.mobile import MobileGenerator
from styleclip_lib.weights.domain import enter_file
from tests.images.bombs import blank_png
from tests.images.made import encoded, postscript

TEXTS = ("a smiling face", "an old face")
PARITY = 1e-3


@pytest.fixture(scope="module")
def models(tiny_domain, tmp_path_factory):
    """The tiny domain with both students and an alignment of some depth, none of them trained."""
    import shutil

    folder = shutil.copytree(tiny_domain, tmp_path_factory.mktemp("edge") / "tiny")
    models = load_models(folder, "cpu")
    torch.manual_seed(0)
    config = {"clip_dim": 16, "image_size": 16, "widths": [8, 8, 8], "depths": [1, 1, 1]}
    mobile = MobileGenerator(models.generator, 2).learnt()
    write_student(folder / "student.safetensors", STUDENT, mobile, models.generator, {"kernels": 2}, {})
    write_student(folder / "clip_student.safetensors", CLIP_STUDENT, ClipStudent(**config).state_dict(), models.clip, config, {})
    alignment = LatentAlignment.available(models)
    deep = export.Alignment(models.generator.num_ws, 10, 16, depth=2, width=16, mixing=8)
    deep.load_state_dict(alignment.network.state_dict(), strict=False)
    torch.nn.init.normal_(deep.trunk[-1].weight, std=0.1)
    torch.nn.init.normal_(deep.mixing.weight, std=0.1)
    LatentAlignment(models, deep, {}).save(folder / "alignment.safetensors")
    for name in (STUDENT, CLIP_STUDENT, "alignment"):
        enter_file(folder, name, folder / f"{name}.safetensors", {}, {})
    return load_models(folder, "cpu")


@pytest.fixture(scope="module")
def folder(models, tmp_path_factory):
    return export_onnx(models, tmp_path_factory.mktemp("out") / "edge", TEXTS, faces=2, page=False)


@pytest.fixture(scope="module")
def editor(folder):
    return EdgeEditor(folder)


@pytest.fixture(scope="module")
def image(models):
    return models.generator.synthesis(models.sample(7)).clamp(-1, 1)


@torch.no_grad()
def test_every_network_gives_pytorchs_numbers(models, editor, image):
    alignment, drawing = LatentAlignment.available(models).network, with_student(models)
    small = export.clip_student_of(models).encode_image(image)
    torch.testing.assert_close(Encoder(models)(image), small, atol=1e-5, rtol=0)
    embedding, w_plus = models.clip.encode_image(image), models.sample(9)
    for ours, theirs in ((editor.embed(image.numpy()), small), (editor.code(embedding.numpy()), alignment.codes(embedding)),
                         (editor.draw(w_plus.numpy()), drawing.generator.synthesis(w_plus).clamp(-1, 1))):
        assert ours.shape == tuple(theirs.shape) and np.abs(ours - theirs.numpy()).max() <= PARITY
    assert np.abs(editor.invented(1) - models.sample(1).numpy()).max() == 0


@pytest.mark.full
@torch.no_grad()
def test_every_network_of_a_domain_without_students(tiny_domain, tmp_path):
    models = load_models(tiny_domain, "cpu")
    editor = EdgeEditor(export_onnx(models, tmp_path / "edge", TEXTS, faces=1, page=False))
    image = models.generator.synthesis(models.sample(3)).clamp(-1, 1)
    assert np.abs(editor.embed(image.numpy()) - models.clip.encode_image(image).numpy()).max() <= PARITY
    assert np.abs(editor.draw(models.sample(3).numpy()) - image.numpy()).max() <= PARITY


@pytest.mark.parametrize("c", [None, 0.4])
@torch.no_grad()
def test_an_edit_is_that_of_the_library(c, models, editor):
    face, prompt = Face.of_seed(models, 1), Prompt.of(models, TEXTS[1])
    expected = AlignmentEdit(c=c).apply(models, face, prompt).w_plus - face.w_plus
    step = editor.step(models.clip.encode_image(face.image.clamp(-1, 1)).numpy(), TEXTS[1], c)
    assert np.abs(step - expected.numpy()).max() <= PARITY * max(1.0, expected.abs().max().item())


def test_a_photo_in_and_a_face_out(editor):
    photo = np.random.default_rng(0).integers(0, 255, (50, 70, 3), dtype=np.uint8)
    edited, stronger = (editor.edit(photo, TEXTS[0], strength) for strength in (1.0, 2.0))
    assert edited.shape == (32, 32, 3) and edited.dtype == np.uint8
    assert editor.edit_invented(0, TEXTS[0]).shape == (32, 32, 3) and (editor.edit(photo, TEXTS[0], 0.0) == to_picture(
        editor.draw(editor.code(editor.embed(to_image(photo, 32)))))).all()
    assert stronger.shape == edited.shape


def test_a_photo_that_is_none(tmp_path, monkeypatch):
    """No PostScript is run, nothing enormous is decoded, and nothing is waited for."""
    from PIL import EpsImagePlugin

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *arguments: pytest.fail("Ghostscript was called"))
    os.mkfifo(tmp_path / "a pipe")
    (tmp_path / "a link").symlink_to("/dev/zero")
    for name, content in (("a.jpg", postscript(tmp_path / "canary")), ("b.png", b""), ("c.png", b"hello"),
                          ("d.png", blank_png(1, 66_000_000)), ("e.png", blank_png(20_000, 20_000)),
                          ("f.png", encoded(Image.new("RGB", (9, 9)))[:45])):  # fmt: skip
        (tmp_path / name).write_bytes(content)
    for path in tmp_path.iterdir():
        with pytest.raises(ValueError, match=path.name):
            read_picture(str(path))
    assert not (tmp_path / "canary").exists()
    Image.new("LA", (3, 2), (255, 9)).save(tmp_path / "g.png")
    assert read_picture(str(tmp_path / "g.png")).shape == (2, 3, 3)


def test_pictures_are_resized_as_pytorch_does():
    rng = np.random.default_rng(0)
    for side, size in ((50, 32), (20, 32), (32, 32), (131, 32)):
        photo = rng.integers(0, 255, (side, side, 3), dtype=np.uint8)
        whole = torch.from_numpy(photo).permute(2, 0, 1)[None].float() / 127.5 - 1
        expected = torch.nn.functional.interpolate(whole, size=(size, size), mode="bilinear", antialias=True, align_corners=False)
        assert np.abs(to_image(photo, size) - expected.numpy()).max() < 1e-4
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 255
    assert to_image(wide, 32).min() == 1, "the square in the middle"
    assert (to_picture(to_image(photo, 131)) == photo).all()


@pytest.mark.slow
def test_it_runs_without_pytorch(folder, tmp_path):
    """The copied file by itself, in another Python, in which torch cannot be imported."""
    Image.fromarray(np.full((40, 40, 3), 90, np.uint8)).save(tmp_path / "photo.png")
    (tmp_path / "torch.py").write_text("raise ImportError('torch is not for this')")
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}

    def run(*words):
        return subprocess.run([sys.executable, str(folder / "run.py"), *words], capture_output=True, text=True, env=env)

    for photo in ("photo.png", "1"):
        result = run(str(tmp_path / photo) if "." in photo else photo, str(tmp_path / "out.png"), "--text", TEXTS[0])
        assert result.returncode == 0, result.stderr
        assert Image.open(tmp_path / "out.png").size == (32, 32)
    for photo, text, says in (("photo.png", "a hat", "was not exported; there are: a smiling"), ("none.png", TEXTS[0], "none.png")):
        result = run(str(tmp_path / photo), str(tmp_path / "no.png"), "--text", text)
        assert result.returncode == 2 and says in result.stderr and result.stderr.count("\n") == 1 and not (tmp_path / "no.png").exists()


def test_what_is_no_export(folder, tmp_path):
    with pytest.raises(ValueError, match="not an exported domain"):
        EdgeEditor(tmp_path)
    facts = json.loads((folder / "edge.json").read_text())
    assert facts["format"] == FORMAT == export.FORMAT
    for content, says in (({**facts, "format": 99}, "another version"), ({"format": FORMAT}, "not an exported"), ([], "not an exported"),
                          ({**facts, "arrays": []}, "not an exported"), ("[" * 200_000, "not an exported")):
        (tmp_path / "edge.json").write_text(content if isinstance(content, str) else json.dumps(content))
        (tmp_path / "numbers.bin").write_bytes((folder / "numbers.bin").read_bytes())
        with pytest.raises(ValueError, match=says):
            EdgeEditor(tmp_path)


def fake_dist(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name in web_runtime.FILES:
        (folder / name).write_text(name)
    return folder


def test_the_page_comes_with_the_runtime_for_browsers(tmp_path, monkeypatch):
    dist = fake_dist(tmp_path / "dist")
    web_runtime.copy_web_runtime(web_runtime.find_web_runtime(dist), tmp_path / "ort")
    assert sorted(path.name for path in (tmp_path / "ort").iterdir()) == sorted(web_runtime.FILES)
    with pytest.raises(StyleclipError, match="does not hold"):
        web_runtime.find_web_runtime(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STYLECLIP_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(web_runtime.shutil, "which", lambda name: None)
    with pytest.raises(StyleclipError, match="install npm, or give"):
        web_runtime.find_web_runtime()
    installed = fake_dist(tmp_path / "node_modules" / "onnxruntime-web" / "dist")
    assert web_runtime.find_web_runtime().samefile(installed)


def test_the_command(tiny_domain, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(export, "write_onnx", lambda network, example, path: path.write_bytes(b""))
    out = tmp_path / "edge"
    words = ["export", str(out), "--domain", str(tiny_domain), "--texts", *TEXTS, "--faces", "1", "--web", str(fake_dist(tmp_path / "d"))]
    assert main(words) == 0 and "run.py" in capsys.readouterr().out
    written = {path.name for path in out.iterdir()}
    assert {"index.html", "edge.js", "edge.css", "run.py", "edge.json", "numbers.bin", "ort", "encoder.onnx"} <= written
    assert json.loads((out / "edge.json").read_text())["texts"] == list(TEXTS)


@pytest.mark.parametrize("words, says", [
    (("{new}", "--domain", "nowhere"), "There is no domain 'nowhere'"),
    (("{new}", "--texts", "a xyzzy"), "xyzzy"),
    (("{new}", "--texts", " "), "A text is empty"),
    (("{new}", "--faces", "0"), "--faces must lie"),
    (("{new}", "--format", "tflite"), "--format"),
    (("{there}",), "There is something at"),
    (("{new}", "--web", "{there}"), "does not hold"),
])
def test_bad_input(words, says, tiny_domain, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(export, "write_onnx", lambda network, example, path: path.write_bytes(b""))
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "x").touch()
    words = [word.format(new=tmp_path / "new", there=tmp_path / "there") for word in words]
    domain = [] if "--domain" in words else ["--domain", str(tiny_domain)]
    assert main(["export", *words, *domain]) == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1 and not (tmp_path / "new").exists()


def test_a_domain_whose_clip_reads_none_of_the_usual_texts(models, monkeypatch):
    monkeypatch.setattr(export, "TEXTS", ("a xyzzy",))
    with pytest.raises(StyleclipError, match="none of the usual texts"):
        export._prompts(dataclasses.replace(models), ())
