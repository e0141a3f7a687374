"""``styleclip stylize``: pictures and videos, reports, and what is said of wrong words."""

import json

import pytest
import torch
from PIL import Image

from styleclip_lib.cli.main import main
from styleclip_lib.images import load_image, save_animation, save_image
from styleclip_lib.networks.fast_style import FastStyle
from styleclip_lib.stylization.fast import FastTransfer
from styleclip_lib.videos import frames_of, open_video


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    picture = torch.rand(1, 3, 36, 50, generator=torch.Generator().manual_seed(0)) * 2 - 1
    save_image(picture, "in.png")
    save_animation([picture * share for share in (0.2, 0.4, 0.6)], "in.mp4", fps=8)
    mask = torch.full((1, 3, 36, 50), -1.0)
    mask[..., :25] = 1
    save_image(mask, "mask.png")
    return tmp_path


@pytest.fixture
def style(folder, tiny):
    network = FastStyle(width=4, blocks=1)
    network.last.bias.data.fill_(1.5)
    FastTransfer(tiny, network, {"text": "a mosaic"}).save("mosaic.safetensors")
    return "mosaic.safetensors"


def write_wide(path, width):
    """A video of one frame, 32 pixels high."""
    import imageio_ffmpeg

    writer = imageio_ffmpeg.write_frames(str(path), (width, 32), codec="mjpeg", pix_fmt_out="yuvj420p", macro_block_size=1)
    writer.send(None)
    writer.send(bytes(width * 32 * 3))
    writer.close()


def run(capsys, *words, code=0):
    assert main(["stylize", *map(str, words)]) == code
    shown = capsys.readouterr()
    return shown.out if code == 0 else shown.err


def test_a_picture_and_its_report_that_makes_it_again(folder, tiny_folder, capsys):
    told = run(capsys, "in.png", "out.png", "--text", "a mosaic", "--steps", 2, "--seed", 3, "--domain", tiny_folder, "--report", "r.json")
    assert "a mosaic: CLIP's probability is" in told and "Saved out.png" in told
    report = json.loads((folder / "r.json").read_text())
    assert report["text"] == "a mosaic" and report["style"]["seed"] == 3 and report["style"]["steps"] == 2
    assert set(report["measured"]) == {"text", "probability", "probability_before", "distance"}
    run(capsys, "in.png", "again.png", "--recipe", "r.json", "--domain", tiny_folder)
    assert torch.equal(load_image("again.png"), load_image("out.png")) and load_image("out.png").shape == (1, 3, 36, 50)


def test_only_in_a_mask_or_a_box(folder, tiny_folder, capsys):
    for words, told in ((("--region", "mask.png"), {"mask": "mask.png"}), (("--box", 0, 0, 25, 36), {"box": [0, 0, 25, 36]})):
        run(capsys, "in.png", "out.png", "--text", "a mosaic", "--steps", 1, "--domain", tiny_folder, "--report", "r.json", *words)
        assert told.items() <= json.loads((folder / "r.json").read_text()).items()
        moved = (load_image("out.png") - load_image("in.png")).abs()
        assert moved[..., 25:].max() <= 1 / 127.5 + 1e-6 and moved[..., :25].mean() > 0.1


def test_transparency_stays(folder, style, tiny_folder, capsys):
    see_through = Image.open("in.png").convert("RGBA")
    see_through.putalpha(Image.linear_gradient("L").resize(see_through.size))
    see_through.save("clear.png")
    for name, mode in (("out.png", "RGBA"), ("out.jpg", "RGB")):
        run(capsys, "clear.png", name, "--fast", style, "--domain", tiny_folder)
        assert Image.open(name).mode == mode
    assert Image.open("out.png").getchannel("A").tobytes() == see_through.getchannel("A").tobytes()


def test_a_fast_network(folder, style, tiny_folder, capsys):
    told = run(capsys, "in.png", "out.png", "--fast", style, "--domain", tiny_folder, "--report", "r.json")
    assert told.startswith("a mosaic:") and (load_image("out.png") - load_image("in.png")).mean() > 0.1
    assert json.loads((folder / "r.json").read_text())["fast"] == style


def test_a_video(folder, style, tiny_folder, capsys):
    told = run(capsys, "in.mp4", "out.mp4", "--fast", style, "--domain", tiny_folder, "--box", 0, 0, 25, 36, "--smoothing", 0.3)
    assert "3 frames in" in told and len(list(frames_of(open_video("out.mp4")))) == 3


@pytest.mark.parametrize(("words", "said"), [
    (("in.png", "out.png"), "Say what the picture should become"), (("in.png", "out.png", "--text", "a zebralike mosaic"), "zebralike"),
    (("in.png", "out.txt", "--text", "a mosaic"), "extensions"), (("none.png", "out.png", "--text", "a mosaic"), "There is no file"),
    (("in.png", "out.png", "--text", "a mosaic", "--steps", 0), "--steps must be"),
    (("in.png", "out.png", "--text", "a mosaic", "--content", -1), "--content must be"),
    (("in.png", "out.png", "--text", "a mosaic", "--preset", "papers"), "There is no preset 'papers'"),
    (("in.png", "out.png", "--text", "a mosaic", "--box", 90, 0, 99, 9), "holds no pixel"),
    (("in.png", "out.png", "--text", "a mosaic", "--box", 0, 0, 9, 9, "--region", "hair"), "give one of them"),
    (("in.png", "out.png", "--text", "a mosaic", "--region", "black.png"), "The mask is empty"),
    (("in.png", "out.png", "--text", "a mosaic", "--recipe", "in.png"), "is not a style recipe"),
    (("in.png", "out.png", "--fast", "mosiac"), "There is no style 'mosiac'"),
    (("in.mp4", "out.png", "--text", "a mosaic"), r"extensions .mp4"),
    (("in.mp4", "out.mp4", "--text", "a mosaic", "--region", "hair"), "--box"),
    (("broken.mp4", "out.mp4", "--text", "a mosaic"), "no video"),
    (("large.mkv", "out.mp4", "--text", "a mosaic"), "--size"),
    (("in.png", "out.png", "--text", "a mosaic", "--box", "nan", 0, 9, 9), "--box must be a finite number"),
    (("in.png", "out.png", "--text", "a mosaic", "--steps", "9" * 400), "--steps must be"),
    (("in.png", "out.png", "--text", "a mosaic", "--smoothing", 0.5), "--smoothing is for videos"),
    (("in.png", "out.png", "--text", "a mosaic", "--region", "everything but the hat"), "says what is not meant"),
    (("in.png", "out.png", "--text", "not a mosaic"), "such as 'a pencil sketch'"),
    (("in.png", "out.png", "--fast", "a" * 5000), "There is no style"),
])
def test_errors_are_one_line(folder, tiny_folder, capsys, words, said):
    save_image(torch.full((1, 3, 36, 50), -1.0), "black.png")
    (folder / "broken.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(100))
    write_wide(folder / "large.mkv", 5000)
    told = run(capsys, *words, "--domain", tiny_folder, code=2)
    assert said in told and told.count("\n") == 1 and not (folder / "out.png").exists() and not (folder / "out.mp4").exists()


def test_a_recipe_keeps_its_region(folder, tiny_folder, capsys, monkeypatch):
    asked = []

    def find(models, image, text):
        asked.append(text)
        return torch.ones(1, 1, *image.shape[-2:])

    monkeypatch.setattr("styleclip_lib.stylization.region.found_region", find)
    few = ("--text", "a mosaic", "--steps", 1, "--domain", tiny_folder)
    run(capsys, "in.png", "out.png", *few, "--region", "hair", "--report", "r.json")
    run(capsys, "in.png", "out.png", "--recipe", "r.json", "--domain", tiny_folder)
    run(capsys, "in.png", "out.png", "--recipe", "r.json", "--box", 0, 0, 9, 9, "--domain", tiny_folder)
    assert asked == ["hair", "hair"], "a box goes before the recipe's region"
    assert "mask" not in json.loads((folder / "r.json").read_text())
