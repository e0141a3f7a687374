"""Networks that have learnt one style: training, files, what is said of wrong ones."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from styleclip_lib import StyleclipError
from styleclip_lib.stylization import fast_file
from styleclip_lib.stylization.fast import FastTransfer, fast_of, invented, train_style
from styleclip_lib.stylization.motion import camera_motion
from styleclip_lib.weights.domain import enter_file
from styleclip_lib.weights.downloads.fingerprint import fingerprint

QUICK = {"steps": 2, "width": 4, "blocks": 1, "patches": 4, "count": 4, "size": 32, "progress": False}


@pytest.fixture(scope="module")
def fast(tiny):
    return train_style(tiny, "a mosaic", **QUICK, lambda_temporal=1.0)


def picture(height=40, width=40):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(3)) * 2 - 1


def test_what_a_training_returns(fast):
    assert set(fast.history) == {"loss", "direction", "patch", "content", "tv", "temporal", "held_out"}
    assert len(fast.history["loss"]) == 2 and len(fast.history["held_out"]) == 2
    assert fast.text == "a mosaic" and fast.recipe["steps"] == 2 and fast.recipe["lambda_temporal"] == 1.0 and fast.recipe["count"] == 4
    assert not any(parameter.requires_grad for parameter in fast.network.parameters())
    assert json.loads(json.dumps(fast.recipe)) == fast.recipe


def test_any_size_and_aspect(fast):
    for size in ((33, 50), (64, 32)):
        assert fast.apply(picture(*size)).shape == (1, 3, *size)
    with pytest.raises(StyleclipError, match="at least"):
        fast.apply(picture(8, 40))


def test_a_seed_gives_the_same_network(tiny, fast):
    again = train_style(tiny, "a mosaic", **QUICK, lambda_temporal=1.0)
    other = train_style(tiny, "a mosaic", **QUICK, lambda_temporal=1.0, seed=1)
    drawn, same, different = (one.apply(picture()) for one in (fast, again, other))
    assert torch.equal(drawn, same) and not torch.equal(drawn, different)


def test_one_learns_from_pictures_of_ones_own(tiny):
    pictures = torch.rand(7, 3, 40, 40) * 2 - 1
    asked = []

    def moving(rng):
        asked.append(rng)
        return camera_motion(pictures[:2], rng)

    fast = train_style(tiny, "a mosaic", pictures=pictures, moving=moving, lambda_temporal=1.0, **QUICK)
    assert len(asked) == 2 and fast.recipe["size"] == 40 and fast.recipe["count"] == 3
    assert "temporal" not in train_style(tiny, "a mosaic", pictures=pictures, lambda_temporal=0.0, **QUICK).history


def test_invented_pictures_are_faces_and_scenes(tiny):
    pictures = invented(tiny, 6, 48, 0, progress=False)
    assert pictures.shape == (6, 3, 48, 48) and pictures.abs().max() <= 1
    assert torch.equal(pictures, invented(tiny, 6, 48, 0, progress=False))


def test_ctrl_c_keeps_the_best_so_far(tiny, capsys, monkeypatch):
    def interrupt(rng):
        raise KeyboardInterrupt

    fast = train_style(tiny, "a mosaic", moving=interrupt, lambda_temporal=1.0, **QUICK)
    assert "best so far" in capsys.readouterr().out
    torch.testing.assert_close(fast.apply(picture()), picture().clamp(-0.99, 0.99), rtol=0, atol=0.02)


def test_a_file_holds_the_network_its_clip_and_its_recipe(tiny, fast, tmp_path):
    fast.save(tmp_path / "mosaic.safetensors")
    read = FastTransfer.load(tiny, tmp_path / "mosaic.safetensors")
    assert read.recipe == fast.recipe and (read.apply(picture()) - fast.apply(picture())).abs().max() < 1 / 127.5
    with safe_open(tmp_path / "mosaic.safetensors", "pt") as file:
        assert json.loads(file.metadata()["style"])["clip"] == fingerprint(tiny.clip)
    assert fast_of(tiny, str(tmp_path / "mosaic.safetensors"), "") is fast_of(tiny, str(tmp_path / "mosaic.safetensors"), "")


def test_styles_that_come_with_a_domain(tiny, fast, tiny_folder, tmp_path):
    import shutil

    folder = shutil.copytree(tiny_folder, tmp_path / "tiny")
    fast.save(folder / "style_mosaic.safetensors")
    enter_file(folder, "style_mosaic", folder / "style_mosaic.safetensors", {}, {})
    save_file({"weight": torch.zeros(2)}, folder / "style_examiner.safetensors")
    enter_file(folder, "style_examiner", folder / "style_examiner.safetensors", {}, {})  # it measures styles and is none
    models = replace(tiny, folder=folder)
    assert fast_of(models, "", "a mosaic").recipe == fast.recipe == FastTransfer.load(models, "mosaic").recipe
    with pytest.raises(StyleclipError, match="There is no style 'mosiac': the domain 'tiny' ships mosaic"):
        FastTransfer.load(models, "mosiac")


def test_files_of_something_else(tiny, tmp_path, tiny_folder):
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"no weights")
    for path in (broken, tiny_folder / "perceptual.safetensors"):
        with pytest.raises(StyleclipError, match="does not hold a style"):
            FastTransfer.load(tiny, path)


@pytest.mark.parametrize("text", [5, ["a mosaic"], {"a": 1}, None, "x" * 6000])
def test_a_file_that_says_something_else_than_a_text(fast, tiny, tmp_path, text):
    fast_file.write(tmp_path / "a.safetensors", fast.network, tiny.clip, {**fast.recipe, "text": text})
    with pytest.raises(StyleclipError, match="does not hold a style"):
        FastTransfer.load(tiny, tmp_path / "a.safetensors")


@pytest.mark.parametrize(("change", "message"), [({"text": "a zebralike mosaic"}, "zebralike"), ({"steps": 0}, "at least 1"),
                                              ({"pictures": torch.zeros(4, 3, 32, 32)}, "more than 4 pictures"),
                                              ({"lambda_content": -1}, "lambda_content must be")])
def test_errors_are_reported(tiny, change, message):
    with pytest.raises(StyleclipError, match=message):
        train_style(tiny, **{"text": "a mosaic", **QUICK, **change})
