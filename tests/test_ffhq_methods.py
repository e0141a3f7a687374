"""Every method on networks of the official layout, from a photograph on: small ones, and those of 1024 pixels with 18 latents of 512.

The numbers in them are made up, so nothing is asked of how faces look; only that each step goes where it should, in little memory.
"""

from __future__ import annotations

import re
import sys

import pytest
import torch
from PIL import Image

from styleclip_lib import align_face, invert, measure_edit, optimize_latent
from styleclip_lib.editing import mapper as latent_mapper
from styleclip_lib.editing.directions import channel_scan
from styleclip_lib.editing.directions.channel_effects import drawing_resolution
from styleclip_lib.editing.directions.global_directions import GlobalDirections
from styleclip_lib.editing.mapper import LatentMapper, train_mapper
from styleclip_lib.images import from_pil
from styleclip_lib.weights.downloads.registry import domain_cache
from tests.official import OFFICIAL, SMALL, Sizes, official_models, write_domain

TEXT = "a smiling face"
MOST_MEMORY = 10e9
"""Bytes that this process may have needed at any time, whatever ran in it before."""


@pytest.fixture(scope="module", params=[pytest.param(SMALL, id="small"), pytest.param(OFFICIAL, id="1024 px", marks=pytest.mark.full)])
def sizes(request) -> Sizes:
    return request.param


@pytest.fixture(scope="module")
def models(sizes, official_files, tmp_path_factory):
    """The ffhq domain; its landmark model, which depends on no size, lies where downloads do."""
    folder = tmp_path_factory.mktemp("data")
    write_domain(folder / "ffhq", official_files, "http://127.0.0.1:9")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STYLECLIP_CACHE", str(folder / "cache"))
        cache = domain_cache(folder / "ffhq")
        cache.mkdir(parents=True)
        landmarks = official_files["shape_predictor_68_face_landmarks.dat.bz2"]
        (cache / landmarks.name).symlink_to(landmarks)
        yield official_models(folder / "ffhq", sizes)


@pytest.fixture(scope="module")
def face(models):
    """A photograph, cropped as the generator draws faces."""
    skimage = pytest.importorskip("skimage", reason="the photograph comes with scikit-image")
    photograph = Image.fromarray(skimage.data.astronaut())
    return from_pil(align_face(photograph, size=models.generator.img_resolution, domain=models.folder))


@pytest.fixture(scope="module")
def found(models, face):
    """The photograph in the generator, from e4e's guess on."""
    return invert(models, face, steps=2, progress=False)


def shape_of(sizes: Sizes) -> tuple[int, int, int]:
    return 1, sizes.num_ws, sizes.w_dim


def test_the_sizes(models, sizes):
    generator = models.generator
    assert generator.img_resolution == max(sizes.channels) and models.sample(1).shape == shape_of(sizes)
    if sizes is OFFICIAL:
        assert (generator.num_ws, generator.w_dim, generator.num_channels, generator.num_rgb_channels) == (18, 512, 6048, 3040)


def test_inversion_starts_with_e4e_and_gets_nearer(models, face, found, sizes):
    with torch.no_grad():
        guess = models.encoder(face)
    assert found.w_plus.shape == shape_of(sizes) and found.image.shape == face.shape
    assert min(found.history["loss"]) < found.history["loss"][0]
    assert 0 < (found.w_plus - guess).abs().max() < 1


@pytest.mark.parametrize("space", ["w+", "styles"])
def test_latent_optimisation(models, found, space, sizes):
    edit = optimize_latent(models, found.w_plus, TEXT, steps=2, lr=0.0003, lambda_id=0.0, lambda_off_direction=0.0, views=1, space=space,
                           progress=False)
    assert edit.image.shape == found.image.shape and len(edit.history["loss"]) == 2
    moved = edit.w_plus - found.w_plus if space == "w+" else edit.styles - models.generator.styles(found.w_plus)[0]
    assert moved.shape[1:] == (shape_of(sizes)[1:] if space == "w+" else (models.generator.num_channels,))
    assert moved.any() and edit.history["loss"][1] < edit.history["loss"][0]
    report = measure_edit(models, found.image, edit.image, TEXT)
    assert not report.readable and report.success is None and "cannot read attributes" in str(report)


def test_the_mapper(models, found, tmp_path, monkeypatch):
    monkeypatch.setattr(latent_mapper, "HELD_OUT", 2)
    mapper = train_mapper(models, TEXT, steps=2, batch_size=2, people=2, progress=False)
    assert len(mapper.history["loss"]) == 2 and mapper.history["held_out"][1] < mapper.history["held_out"][0]
    mapper.save(tmp_path / "smile.safetensors")
    edit = LatentMapper.load(models, tmp_path / "smile.safetensors").edit(found.w_plus, strength=0.5)
    assert edit.image.shape == found.image.shape
    torch.testing.assert_close(edit.w_plus, mapper.edit(found.w_plus, strength=0.5).w_plus, rtol=0, atol=1e-3)
    assert (edit.w_plus - found.w_plus).abs().max() > 1e-3


def test_directions_by_gradients(models, found):
    directions = GlobalDirections.first_order(models, images=2, samples=50, projections=2, progress=False)
    total = models.generator.num_channels
    drawn = sum(channel < total for channel in channel_scan.drawn_channels(models, directions.settings["stop_at"]))
    assert directions.effects[:drawn].any(1).all() and not directions.effects[drawn:].any()
    edit = directions.edit(found.w_plus, TEXT)
    assert edit.styles.shape == (1, models.generator.num_channels) and edit.image.shape == found.image.shape
    assert torch.equal(edit.rgb_styles, models.generator.styles(found.w_plus)[1])


@pytest.mark.slow
def test_the_scan_says_its_cost_and_goes_on_after_ctrl_c(models, tmp_path, monkeypatch, capsys):
    """Of a few channels: all 8704 that take part in a picture of 256 pixels take hours."""
    scan_channels, done = channel_scan.scan_channels, []
    size = channel_scan.part_size(drawing_resolution(models))
    monkeypatch.setattr(channel_scan, "drawn_channels", lambda models, stop_at: list(range(3 * size)))

    def stopped(models, statistics, channels, *rest):
        if len(done) == 1:
            raise KeyboardInterrupt
        done.append(list(channels))
        return scan_channels(models, statistics, channels, *rest)

    def scan() -> GlobalDirections:
        return GlobalDirections.compute(models, images=2, samples=50, folder=tmp_path)

    with monkeypatch.context() as context, pytest.raises(KeyboardInterrupt):
        context.setattr(channel_scan, "scan_channels", stopped)
        context.setattr(channel_scan, "seconds_each", lambda *what: 0.1)  # the second time it is measured
        scan()
    message = capsys.readouterr().out
    assert f"{3 * size} style channels, {12 * size} pictures of" in message and f"Stopped after {size} of {3 * size} channels" in message
    assert max(path.stat().st_size for path in tmp_path.glob("*.parts/*")) < 100_000
    directions = scan()
    assert f"{2 * size} style channels, {8 * size} pictures" in capsys.readouterr().out, "the part that is there is not done again"
    assert directions.effects[: 3 * size].any(1).all() and directions.effects.shape[0] == models.generator.num_channels
    assert torch.isfinite(directions.effects).all()


def test_how_much_the_whole_scan_draws(models, sizes):
    if sizes is OFFICIAL:
        assert drawing_resolution(models) == 256 and len(channel_scan.drawn_channels(models, 256)) == 5760 + 2944
    cost = channel_scan.expected_cost(5760, 32, 256, 0.2, processes=2)
    assert re.search(r"5,760 style channels, 368,640 pictures of 256 pixels.*0\.200 s each, shared by 2 processes, about 10 hours", cost)


def test_it_all_fitted_into_memory(models):
    resource = pytest.importorskip("resource", reason="Windows does not tell")
    unit = 1 if sys.platform == "darwin" else 1024
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit < MOST_MEMORY
