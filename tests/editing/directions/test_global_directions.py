"""Global directions: the scan against a slow loop, the formulas against loops, the first-order way, files, edits, errors.

The regression has a file of its own, test_regression.py; what all three have in common is tested here."""

import contextlib
import dataclasses
import itertools
import json
import math

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

import styleclip_lib
from styleclip_lib import __version__
from styleclip_lib.editing.directions import channel_effects, channel_scan
from styleclip_lib.editing.directions.channel_choice import jointly, steps_of
from styleclip_lib.editing.directions.channel_renderer import with_channel
from styleclip_lib.editing.directions.file import belongs_to, cached_path, read_facts, write
from styleclip_lib.editing.directions.first_order import embedding_directions, first_order_effects, slopes
from styleclip_lib.editing.directions.global_directions import ALPHA, GlobalDirections
from styleclip_lib.editing.directions.prompt_templates import text_direction
from styleclip_lib.editing.directions.style_statistics import style_statistics
from styleclip_lib.editing.face import Face
from styleclip_lib.editing.recipes import Change, ChannelShift, Directions
from styleclip_lib.editing.result import Edit
from styleclip_lib.errors import StyleclipError
from styleclip_lib.speed import fast
from tests.conftest import make_tiny_models

SMALL = {"images": 4, "samples": 300, "progress": False}
TARGET, NEUTRAL = "a face with glasses", "a face"


@pytest.fixture(scope="module")
def scanned(tiny, tmp_path_factory) -> GlobalDirections:
    return GlobalDirections.compute(tiny, folder=tmp_path_factory.mktemp("scan"), **SMALL)


@pytest.fixture(scope="module")
def by_gradients(tiny) -> GlobalDirections:
    return GlobalDirections.first_order(tiny, **SMALL)


@pytest.fixture(scope="module")
def regressed(tiny) -> GlobalDirections:
    return GlobalDirections.regressed(tiny, faces=200, samples=300, progress=False)


@pytest.fixture(params=["scan", "first order", "regression"])
def directions(request, scanned, by_gradients, regressed) -> GlobalDirections:
    return {"scan": scanned, "first order": by_gradients, "regression": regressed}[request.param]


@pytest.fixture(scope="module")
def w_plus(tiny):
    return tiny.sample(1)


@pytest.fixture
def exactly(monkeypatch):
    """Single precision in the scan, so that sums can be compared digit by digit."""
    monkeypatch.setattr(channel_effects.torch, "autocast", lambda *arguments, **settings: contextlib.nullcontext())


@pytest.fixture(scope="module")
def other():
    """A domain whose generator has other weights."""
    models = make_tiny_models()
    with torch.no_grad():
        models.generator.synthesis.b8.conv0.weight.mul_(1.01)
    return models


def ranks(values):
    return values.argsort().argsort().double()


def spearman(a, b):
    return torch.corrcoef(torch.stack([ranks(a), ranks(b)]))[0, 1].item()


# The faces and the scan


def test_statistics_against_all_styles_at_once(tiny):
    generator = tiny.generator
    z = torch.randn(1700, generator.z_dim, generator=torch.Generator().manual_seed(3))
    styles, rgb_styles = generator.styles(generator.mapping(z, 0.6))
    found = style_statistics(generator, 5, 1700, 0.6, 3)
    torch.testing.assert_close(found.mean, styles.mean(0), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found.std, styles.std(0, unbiased=False), rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(found.styles, styles[:5])
    torch.testing.assert_close(found.rgb_styles, rgb_styles[:5])
    torch.testing.assert_close(found.rgb_mean, rgb_styles.mean(0), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found.rgb_std, rgb_styles.std(0, unbiased=False), rtol=1e-3, atol=1e-5)


def slow_effect(models, statistics, channel, sigmas):
    """One face, one end, one picture at a time; a channel of one layer's style, as the synthesis network takes it.

    channel: from 56 on, those of the toRGB layers
    """
    steps, paints = [], channel >= 56
    place, mean, std = ((channel - 56, statistics.rgb_mean, statistics.rgb_std) if paints else
                        (channel, statistics.mean, statistics.std))
    for face in range(len(statistics.styles)):
        seen = []
        for sign in (-1, 1):
            rows = statistics.styles[face].tolist(), statistics.rgb_styles[face].tolist()
            rows[paints][place] = mean[place].item() + sign * sigmas * std[place].item()
            per_layer = [torch.tensor([rows[0][where]]) for _, where in models.generator.style_slices]
            rgb = [torch.tensor([rows[1][where]]) for _, where in models.generator.rgb_style_slices]
            image = models.generator.synthesis.render(per_layer, rgb)
            seen.append(models.clip.encode_image(image.clamp(-1, 1))[0])
        step = seen[1] - seen[0]
        steps.append(step / step.norm())
    total = sum(steps)
    return total / total.norm()


def test_the_scan_against_a_slow_loop(tiny, exactly):
    statistics = style_statistics(tiny.generator, 3, 100, 0.7, 0)
    channels = [0, 7, 8, 20, 41, 55, 56, 70, 87]
    fast = channel_effects.scan_channels(tiny, statistics, channels, 5.0)
    slow = torch.stack([slow_effect(tiny, statistics, channel, 5.0) for channel in channels])
    torch.testing.assert_close(fast, slow, rtol=0, atol=2e-3)
    torch.testing.assert_close(fast.norm(dim=1), torch.ones(9))


def test_every_other_channel_is_as_it_was(tiny, monkeypatch):
    """What is drawn for a channel differs from the faces in that channel only, whatever was scanned before it."""
    statistics, drawn = style_statistics(tiny.generator, 3, 100, 0.7, 0), []
    encode = tiny.clip.encode_image
    monkeypatch.setattr(tiny.clip, "encode_image", lambda image: drawn.append(image) or encode(image))
    both = torch.cat([statistics.styles, statistics.rgb_styles], dim=1)
    mean, std = torch.cat([statistics.mean, statistics.rgb_mean]), torch.cat([statistics.std, statistics.rgb_std])
    kept, ends = both.clone(), []
    channels = [5, 6, 56 + 3, 30, 56 + 31, 5]
    channel_effects.scan_channels(tiny, statistics, channels, 5.0)
    assert torch.equal(torch.cat([statistics.styles, statistics.rgb_styles], dim=1), kept)
    for channel, sign in itertools.product(channels, (-1, 1)):
        moved = kept.clone()
        moved[:, channel] = mean[channel] + sign * 5 * std[channel]
        with torch.no_grad(), fast(tiny.device):
            ends.append(tiny.generator.from_styles(*tiny.generator.split_styles(moved)).float().clamp(-1, 1))
    assert len(drawn) == len(ends)
    for ours, expected in zip(drawn, ends):
        torch.testing.assert_close(ours, expected, rtol=0, atol=0.02)
    assert torch.equal(drawn[0], drawn[-2]) and torch.equal(drawn[1], drawn[-1]), "what comes between leaves no trace"


def test_many_faces_are_scanned_some_at_a_time(tiny, exactly, monkeypatch):
    statistics = style_statistics(tiny.generator, 5, 100, 0.7, 0)
    channels = [0, 30, 56, 87]
    at_once = channel_effects.scan_channels(tiny, statistics, channels, 5.0)
    monkeypatch.setattr(channel_effects, "_FACES", 2)
    sizes, encode = [], tiny.clip.encode_image
    monkeypatch.setattr(tiny.clip, "encode_image", lambda image: sizes.append(len(image)) or encode(image))
    whole, renderer = [], channel_effects.ChannelRenderer
    monkeypatch.setattr(channel_effects, "ChannelRenderer", lambda *what: whole.append(len(what[1])) or renderer(*what))
    some_at_a_time = channel_effects.scan_channels(tiny, statistics, channels, 5.0)
    torch.testing.assert_close(some_at_a_time, at_once, rtol=0, atol=0.01)  # of unit vectors; how sums are rounded depends on the batch
    assert sizes == [2] * 16 + [1] * 8
    assert whole == [2, 2, 1], "each face is drawn whole once, not for every channel"


@pytest.mark.slow
def test_pictures_are_drawn_no_larger_than_clip_looks(tiny, tmp_path):
    from styleclip_lib.networks.generator import Generator

    torch.manual_seed(1)
    generator = Generator(64, z_dim=12, w_dim=10, num_mapping_layers=2, channels={4: 8, 8: 8, 16: 8, 32: 8, 64: 4})
    models = dataclasses.replace(tiny, generator=generator.eval().requires_grad_(False))
    assert channel_effects.drawing_resolution(models) == 32 and channel_effects.drawing_resolution(tiny) == 32
    directions = GlobalDirections.compute(models, folder=tmp_path, **SMALL)
    assert directions.effects[:56].norm(dim=1).min() > 0.9
    assert not directions.effects[56:].any() and len(directions.effects) == generator.num_channels
    assert directions.rgb_effects[:32].norm(dim=1).min() > 0.9, "the toRGB layers of 4 to 32 pixels"
    assert not directions.rgb_effects[32:].any() and len(directions.rgb_effects) == generator.num_rgb_channels
    gradients = GlobalDirections.first_order(models, **SMALL).relevance(TARGET)
    assert not gradients[56:].any() and gradients[:56].abs().min() > 0


def test_what_comes_with_the_domain_is_not_scanned_again(models, tmp_path, monkeypatch):
    monkeypatch.setattr("styleclip_lib.editing.directions.global_directions.scan", lambda *what: pytest.fail("scanned"))
    directions = GlobalDirections.compute(models, folder=tmp_path / "empty", progress=False)
    assert torch.equal(directions.effects, GlobalDirections.load(models).effects)


def test_what_the_scan_returns(scanned, tiny):
    assert scanned.effects.shape == (56, 16) and scanned.mean.shape == scanned.std.shape == (56,)
    torch.testing.assert_close(scanned.effects.norm(dim=1), torch.ones(56), rtol=0, atol=2e-3)
    assert scanned.rgb_effects.shape == (32, 16) and scanned.rgb_std.shape == (32,)
    torch.testing.assert_close(scanned.rgb_effects.norm(dim=1), torch.ones(32), rtol=0, atol=2e-3)
    assert scanned.settings == {"kind": "scan", "images": 4, "samples": 300, "truncation_psi": 0.7, "sigmas": 5.0, "seed": 0, "stop_at": 32,
                                "rgb": True}


@pytest.mark.slow
def test_a_seed_means_the_same_scan(tiny, scanned, tmp_path):
    again = GlobalDirections.compute(tiny, folder=tmp_path / "again", **SMALL)
    other_faces = GlobalDirections.compute(tiny, folder=tmp_path / "other", seed=1, **SMALL)
    assert torch.equal(again.effects, scanned.effects) and torch.equal(again.std, scanned.std)
    assert not torch.equal(other_faces.effects, scanned.effects)


# Kept, resumed, shared


def counted(monkeypatch, stop_after=None):
    """Counts the parts that are scanned, and presses Ctrl-C after some."""
    calls, scan_channels = [], channel_scan.scan_channels

    def counting(models, statistics, channels, *rest):
        if len(calls) == stop_after:
            raise KeyboardInterrupt
        calls.append(list(channels))
        return scan_channels(models, statistics, channels, *rest)

    monkeypatch.setattr(channel_scan, "scan_channels", counting)
    return calls


@pytest.mark.slow
def test_the_second_call_reads_the_file(tiny, scanned, tmp_path, monkeypatch):
    calls = counted(monkeypatch)
    GlobalDirections.compute(tiny, folder=tmp_path, **SMALL)
    assert sorted(itertools.chain(*calls)) == list(range(56 + 32))
    calls.clear()
    again = GlobalDirections.compute(tiny, folder=tmp_path, **SMALL)
    assert calls == [] and torch.equal(again.effects, scanned.effects)
    assert [path.suffix for path in tmp_path.iterdir()] == [".safetensors"], "no parts are left behind"


@pytest.mark.slow
@pytest.mark.parametrize("change", [{"images": 5}, {"samples": 301}, {"truncation_psi": 0.6}, {"sigmas": 4.0}, {"seed": 2}])
def test_other_settings_are_another_file(tiny, tmp_path, monkeypatch, change):
    GlobalDirections.compute(tiny, folder=tmp_path, **SMALL)
    calls = counted(monkeypatch)
    GlobalDirections.compute(tiny, folder=tmp_path, **{**SMALL, **change})
    assert calls and len(list(tmp_path.iterdir())) == 2


@pytest.mark.slow
def test_another_generator_is_another_file(tiny, other, tmp_path):
    one, two = (GlobalDirections.compute(models, folder=tmp_path, **SMALL) for models in (tiny, other))
    assert len(list(tmp_path.iterdir())) == 2
    assert not torch.equal(one.effects, two.effects)


@pytest.mark.slow
def test_the_environment_names_the_folder(tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("STYLECLIP_CACHE", str(tmp_path / "deep" / "cache"))
    GlobalDirections.compute(tiny, **SMALL)
    assert len(list((tmp_path / "deep" / "cache").iterdir())) == 1


@pytest.mark.slow
def test_ctrl_c_and_going_on(tiny, scanned, tmp_path, monkeypatch, capsys):
    with monkeypatch.context() as context:
        counted(context, stop_after=2)
        with pytest.raises(KeyboardInterrupt):
            GlobalDirections.compute(tiny, folder=tmp_path, **SMALL)
    assert "Stopped after 32 of 88 channels" in capsys.readouterr().out
    calls = counted(monkeypatch)
    resumed = GlobalDirections.compute(tiny, folder=tmp_path, **SMALL)
    assert sorted(itertools.chain(*calls)) == list(range(32, 88))
    assert torch.equal(resumed.effects, scanned.effects)


@pytest.mark.slow
def test_the_cost_is_printed_before_the_scan_starts(tiny, tmp_path, capsys, monkeypatch):
    order, scan_channels = [], channel_scan.scan_channels
    monkeypatch.setattr(channel_scan, "seconds_each", lambda *arguments: order.append("measured") or 0.5)
    monkeypatch.setattr(channel_scan, "scan_channels", lambda *arguments: order.append("scanned") or scan_channels(*arguments))
    settings = {**SMALL, "folder": tmp_path, "progress": True}
    GlobalDirections.compute(tiny, **settings)
    assert order == ["measured", *["scanned"] * 6]
    output = capsys.readouterr().out
    assert "To try 88 style channels, 704 pictures of 32 pixels have to be drawn: at 0.500 s each about 6 minutes." in output
    GlobalDirections.compute(tiny, **settings)
    GlobalDirections.compute(tiny, **{**settings, "seed": 5, "progress": False})
    assert order.count("measured") == 1 and capsys.readouterr().out == ""


@pytest.mark.parametrize(("channels", "seconds", "processes", "span"), [
    (10, 0.1, 1, "at 0.100 s each about 8 seconds"),
    (56, 0.6, 2, "shared by 2 processes, about 2 minutes"), (5760, 1.0, 1, "about 13 hours"),
])  # fmt: skip
def test_how_long_a_scan_takes(channels, seconds, processes, span):
    assert span in channel_scan.expected_cost(channels, 4, 256, seconds, processes)


def test_the_time_for_a_picture_is_measured(tiny, monkeypatch):
    statistics = style_statistics(tiny.generator, 6, 300, 0.7, 0)
    tried, clock = [], itertools.count()
    monkeypatch.setattr(channel_scan, "scan_channels", lambda models, faces, channels, *rest:
                        tried.append((len(faces.styles), list(channels), rest)) or torch.zeros(1))
    monkeypatch.setattr(channel_scan.time, "perf_counter", lambda: float(next(clock)))
    channels = list(range(3, 85))
    assert channel_scan.seconds_each(tiny, statistics, channels, 5.0, 32) == 1 / (2 * 7 * 6), "of both ends of seven channels in six faces"
    spread = [8, 19, 30, 41, 52, 63, 74]
    assert tried == [(6, [8], (5.0, 32)), (6, spread, (5.0, 32))], "the first time of all takes longer"
    assert channel_scan.seconds_each(tiny, statistics, [7], 5.0, 32) == 1 / 12 and tried[-1] == (6, [7], (5.0, 32))


def test_parts_are_the_smaller_the_larger_the_pictures():
    assert [channel_scan.part_size(size) for size in (32, 64, 128, 256, 512)] == [16, 16, 16, 4, 1]


@pytest.mark.slow
def test_what_was_computed_once_is_available_from_then_on(tiny, other, tmp_path, monkeypatch):
    monkeypatch.setenv("STYLECLIP_CACHE", str(tmp_path))
    first = GlobalDirections.available(tiny, progress=False)
    assert first.settings["kind"] == "regression" and first.settings["images"] == 2000
    monkeypatch.setattr(GlobalDirections, "regressed", lambda *arguments, **settings: pytest.fail("computed again"))
    again = GlobalDirections.available(tiny)
    assert again.settings == first.settings and torch.equal(again.effects, first.effects)
    GlobalDirections.compute(tiny, **SMALL)
    assert GlobalDirections.available(tiny).settings["kind"] == "regression", "a scan over four faces is no better"
    GlobalDirections.compute(tiny, **{**SMALL, "images": 32})
    assert GlobalDirections.available(tiny).settings["kind"] == "scan"
    with pytest.raises(pytest.fail.Exception, match="computed again"):
        GlobalDirections.available(other)


@pytest.mark.slow
def test_the_directions_of_the_domain_are_used_if_they_fit(tiny_folder, tmp_path, monkeypatch):
    import shutil

    from styleclip_lib.models import load_models
    from styleclip_lib.weights.domain import enter_file

    folder = tmp_path / "tiny"
    shutil.copytree(tiny_folder, folder)
    models = load_models(folder, device="cpu")
    with pytest.raises(StyleclipError, match=r"comes without global directions; GlobalDirections\.compute"):
        GlobalDirections.load(models)
    assert GlobalDirections.available(models, progress=False).settings["kind"] == "regression"
    GlobalDirections.compute(models, folder=tmp_path / "cache", **SMALL).save(folder / "directions.safetensors")
    enter_file(folder, "directions", folder / "directions.safetensors", {}, {})
    assert GlobalDirections.available(models, progress=False).settings["kind"] == "scan"
    calls = counted(monkeypatch)
    assert GlobalDirections.load(models).settings["images"] == 4
    assert GlobalDirections.compute(models, folder=tmp_path / "new", **SMALL).settings["images"] == 4
    assert calls == []
    GlobalDirections.compute(models, folder=tmp_path / "new", **{**SMALL, "images": 3})
    assert calls


# Files


def test_saved_and_loaded(directions, tiny, tmp_path, w_plus):
    path = tmp_path / "mine.safetensors"
    directions.save(path)
    loaded = GlobalDirections.load(tiny, path)
    assert loaded.settings == directions.settings
    torch.testing.assert_close(loaded.relevance(TARGET), directions.relevance(TARGET), rtol=0, atol=1e-4)
    torch.testing.assert_close(loaded.edit(w_plus, TARGET, beta=0.05).image, directions.edit(w_plus, TARGET, beta=0.05).image)
    assert read_facts(path) == {**belongs_to(tiny), **directions.settings, "version": __version__}
    if directions.rgb_effects is not None:
        assert torch.equal(loaded.rgb_effects, directions.rgb_effects) and torch.equal(loaded.rgb_std, directions.rgb_std)


@pytest.fixture
def old_file(scanned, tiny, tmp_path):
    """A file from before the toRGB layers were tried."""
    settings = {name: value for name, value in scanned.settings.items() if name != "rgb"}
    facts = {**belongs_to(tiny), **settings}
    path = cached_path(tmp_path, facts)
    write(path, {"mean": scanned.mean, "std": scanned.std, "effects": scanned.effects.half()}, {**facts, "version": "0.1.0"})
    return path


def test_a_file_without_the_torgb_layers(scanned, tiny, old_file, w_plus):
    old = GlobalDirections.load(tiny, old_file)
    assert old.rgb_effects is None and old.rgb_std is None
    assert torch.equal(old.edit(w_plus, TARGET).image, scanned.edit(w_plus, TARGET).image)
    for asked in (old.edit, lambda _, text, **how: old.channels(text, **how)):
        with pytest.raises(StyleclipError, match=r"do not include the channels of the toRGB.*GlobalDirections\.compute\(models\)"):
            asked(w_plus, TARGET, rgb=True)


@pytest.mark.slow
def test_computing_anew_finds_what_an_old_file_lacks(tiny, old_file, monkeypatch):
    GlobalDirections.compute(tiny, folder=old_file.parent, **SMALL)
    monkeypatch.setenv("STYLECLIP_CACHE", str(old_file.parent))
    assert len(list(old_file.parent.iterdir())) == 2 and GlobalDirections.available(tiny).rgb_effects is not None


def test_a_file_of_another_generator_is_refused(directions, other, tmp_path):
    directions.save(tmp_path / "d.safetensors")
    with pytest.raises(StyleclipError, match=r"another generator than that of the domain 'tiny'.*compute"):
        GlobalDirections.load(other, tmp_path / "d.safetensors")


def test_a_generator_tuned_from_the_directions_own_is_no_other(directions, tiny, other, tmp_path, w_plus):
    directions.save(tmp_path / "d.safetensors")
    tuned = dataclasses.replace(other, tuned_from=tiny.generator)
    loaded = GlobalDirections.load(tuned, tmp_path / "d.safetensors")
    edit = loaded.edit(w_plus, TARGET, beta=0.05)
    torch.testing.assert_close(edit.image, other.generator.from_styles(edit.styles, edit.rgb_styles))
    assert belongs_to(tuned) == belongs_to(other), "what is computed on it is its own"


@pytest.mark.parametrize("change", [
    lambda tensors: tensors.pop("effects"), lambda tensors: tensors.update(more=tensors["mean"] + 1),
    lambda tensors: tensors.update(mean=tensors["mean"][:-1]), lambda tensors: tensors.update(effects=tensors["effects"][:, :-1]),
    lambda tensors: tensors.update(std=torch.zeros(()))])
def test_tensors_of_other_shapes_are_refused(change, directions, tiny, tmp_path):
    tensors = {"mean": directions.mean, "std": directions.std, "effects": directions.effects}
    change(tensors)
    write(tmp_path / "a.safetensors", tensors, {**belongs_to(tiny), **directions.settings})
    with pytest.raises(StyleclipError, match="are not those of global directions for this generator"):
        GlobalDirections.load(tiny, tmp_path / "a.safetensors")


def test_whole_numbers_count_as_numbers(directions, tiny, tmp_path):
    tensors = {"mean": directions.mean.long(), "std": directions.std.long(), "effects": directions.effects.long()}
    write(tmp_path / "a.safetensors", tensors, {**belongs_to(tiny), **directions.settings})
    assert GlobalDirections.load(tiny, tmp_path / "a.safetensors").effects.dtype == torch.float32


def test_a_file_of_another_clip_is_refused(directions, tmp_path):
    models = make_tiny_models()
    with torch.no_grad():
        models.clip.model.text_projection.add_(0.01)
    directions.save(tmp_path / "d.safetensors")
    with pytest.raises(StyleclipError, match="another clip than"):
        GlobalDirections.load(models, tmp_path / "d.safetensors")


@pytest.mark.parametrize("content", [b"", b"nonsense", None, {"generator": "x"}])
def test_what_is_no_file_of_directions(tiny, tmp_path, content):
    path = tmp_path / "d.safetensors"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is None:
        save_file({"a": torch.zeros(1)}, str(path))
    else:
        save_file({"a": torch.zeros(1)}, str(path), metadata={"other": json.dumps(content)})
    with pytest.raises(StyleclipError, match="does not hold global directions"):
        GlobalDirections.load(tiny, path)


def test_a_file_that_is_not_there(tiny, tmp_path):
    with pytest.raises(StyleclipError, match="no global directions at"):
        GlobalDirections.load(tiny, tmp_path / "d.safetensors")


def test_a_place_that_cannot_be_written(scanned, tiny, tmp_path):
    with pytest.raises(StyleclipError, match="does not exist"):
        scanned.save(tmp_path / "no" / "d.safetensors")
    (tmp_path / "file").write_text("")
    with pytest.raises(StyleclipError, match=r"cannot be made.*folder="):
        GlobalDirections.compute(tiny, folder=tmp_path / "file" / "cache", **SMALL)


# The formulas


@pytest.mark.parametrize("beta", [0.0, 0.1, 0.25, 0.9])
def test_relevance_threshold_and_step_against_loops(scanned, beta):
    direction, expected = scanned.effects[3] * 0.8, []
    relevance = scanned.effects @ direction
    for c in range(56):
        r = sum(float(a) * float(b) for a, b in zip(scanned.effects[c], direction))
        assert float(relevance[c]) == pytest.approx(r, abs=1e-5)
        expected.append(r if abs(r) >= beta else 0.0)
    largest = max(map(abs, expected))
    expected = [r / largest if largest else 0.0 for r in expected]
    assert steps_of(relevance, beta).tolist() == pytest.approx(expected, abs=1e-4)


def test_the_step_of_a_text(directions):
    step, relevance = directions.step(Change(TARGET, NEUTRAL, 3.0, 0.1)), directions.relevance(TARGET, NEUTRAL)
    largest = relevance.abs().max()
    for c in range(56):
        wanted = 3.0 * directions.std[c] * relevance[c] / largest if relevance[c].abs() >= 0.1 else 0.0
        assert step[c].item() == pytest.approx(float(wanted), abs=1e-6)


@pytest.mark.parametrize("ridge", [0.1, 3.0, 50.0])
def test_jointly_solved_relevances_against_least_squares(ridge):
    """The formula's minimum, found by stacking √λ I under the effects; on the scale of the channels asked one by one."""
    rng = torch.Generator().manual_seed(0)
    effects, direction = torch.randn(30, 8, generator=rng), F.normalize(torch.randn(8, generator=rng), dim=0)
    penalty = ridge * (effects.T @ effects).diagonal().mean()
    stacked, wanted = torch.cat([effects.T, penalty.sqrt() * torch.eye(30)]), torch.cat([direction, torch.zeros(30)])
    slow = torch.linalg.lstsq(stacked, wanted[:, None]).solution[:, 0]
    alone, found = effects @ direction, jointly(effects, direction, ridge)
    torch.testing.assert_close(found, slow * alone.abs().max() / slow.abs().max(), rtol=1e-3, atol=1e-4)


def test_a_shared_side_effect_cancels_out():
    """Two channels do what the text wants, and one thing besides, in opposite ways; a third does that thing only."""
    effects = F.normalize(torch.tensor([[1.0, 1.0], [1.0, -0.2], [0.0, 1.0]]), dim=1)
    text = torch.tensor([1.0, 0.0])
    together, alone = jointly(effects, text, 0.01), effects @ text
    assert abs(float((effects.T @ together)[1] / (effects.T @ together)[0])) < 0.1 < float((effects.T @ alone)[1] / (effects.T @ alone)[0])


def test_without_ridge_it_is_as_in_the_paper(scanned):
    paper = dataclasses.replace(scanned, ridge=0.0)
    direction = text_direction(paper.models.clip, TARGET, NEUTRAL)
    torch.testing.assert_close(paper.relevance(TARGET), paper.effects @ direction)
    torch.testing.assert_close(scanned.relevance(TARGET), jointly(scanned.effects, direction, 3.0))
    assert scanned.relevance(TARGET).abs().max() == pytest.approx(float(paper.relevance(TARGET).abs().max()), rel=1e-4)


def test_relevances_are_cosines(scanned, directions):
    scanned = dataclasses.replace(scanned, ridge=0.0)
    assert scanned.relevance(TARGET).abs().max() <= 1 + 1e-3
    assert directions.relevance(TARGET).shape == (56,)
    assert directions.relevance(TARGET) is directions.relevance(TARGET), "remembered"


def test_from_target_to_neutral_is_the_reverse(directions):
    torch.testing.assert_close(directions.relevance(TARGET, NEUTRAL), -directions.relevance(NEUTRAL, TARGET), rtol=0, atol=1e-5)


def test_channels(directions, tiny):
    used = directions.channels(TARGET, NEUTRAL, 0.1)
    relevance, step = directions.relevance(TARGET, NEUTRAL), directions.step(Change(TARGET, NEUTRAL, 1.0, 0.1))
    assert {channel.index for channel in used} == set(step.nonzero().flatten().tolist())
    assert [abs(c.relevance) for c in used] == sorted((abs(c.relevance) for c in used), reverse=True)
    places = dict(tiny.generator.style_slices)
    for channel in used:
        assert places[channel.layer].start + channel.number == channel.index < places[channel.layer].stop
        assert channel.relevance == pytest.approx(float(relevance[channel.index])) and abs(channel.relevance) >= 0.1
        assert channel.step * float(directions.std[channel.index]) == pytest.approx(float(step[channel.index]), abs=1e-6)
    assert abs(used[0].step) == pytest.approx(1)
    assert len(directions.channels(TARGET, NEUTRAL, 0.2)) < len(used) < len(directions.channels(TARGET, NEUTRAL, 0.0)) == 56


@pytest.mark.parametrize("count", [1, 7, 56])
def test_a_beta_for_a_number_of_channels(directions, count):
    assert len(directions.channels(TARGET, NEUTRAL, directions.beta_for(count, TARGET, NEUTRAL))) == count


# The first-order way


def test_slopes_against_differences(tiny):
    statistics = style_statistics(tiny.generator, 3, 100, 0.7, 0)
    directions = torch.eye(16)[3:5]
    found = torch.cat(list(slopes(tiny, statistics, directions)))
    assert found.shape == (3, 2, 56)
    for channel in (0, 9, 33, 50):
        step = 0.02 * statistics.std[channel]
        ends = [with_channel(statistics.styles, channel, statistics.styles[:, channel] + sign * step) for sign in (-1, 1)]
        low, high = (tiny.clip.encode_image(tiny.generator.from_styles(s, statistics.rgb_styles).clamp(-1, 1)) for s in ends)
        torch.testing.assert_close(found[:, :, channel], (high - low) @ directions.T / 0.04, rtol=0.1, atol=2e-3)


def test_with_all_projections_it_is_the_full_jacobian(tiny, exactly):
    """The effects as the formula in the module's text says, from J itself."""
    statistics = style_statistics(tiny.generator, 3, 100, 0.7, 0)
    effects = first_order_effects(tiny, statistics, 16, seed=0, progress=False)
    jacobian = torch.cat(list(slopes(tiny, statistics, torch.eye(16)))).transpose(1, 2)               # [N, C, D]
    torch.testing.assert_close(effects, F.normalize(F.normalize(jacobian, dim=2).mean(0), dim=1), rtol=0, atol=1e-3)


def test_every_face_counts_alike(tiny, exactly):
    """Without bringing each face's slope to length one the effects are others."""
    statistics = style_statistics(tiny.generator, 3, 100, 0.7, 0)
    jacobian = torch.cat(list(slopes(tiny, statistics, torch.eye(16)))).transpose(1, 2)
    effects = first_order_effects(tiny, statistics, 16, seed=0, progress=False)
    assert (effects - F.normalize(jacobian.mean(0), dim=1)).abs().max() > 0.02


def test_the_directions_in_which_clip_sees_the_faces_move(tiny, exactly):
    """They are at right angles, and catch more of the steps that channels cause than as many random ones do."""
    statistics = style_statistics(tiny.generator, 4, 100, 0.7, 0)
    found = embedding_directions(tiny, statistics, 4, seed=0)
    torch.testing.assert_close(found @ found.T, torch.eye(4), rtol=0, atol=1e-4)
    jacobian = torch.cat(list(slopes(tiny, statistics, torch.eye(16))))                               # [N, D, C]
    caught = (found @ jacobian).square().sum() / jacobian.square().sum()
    rng = torch.Generator().manual_seed(0)
    by_chance = [(torch.linalg.qr(torch.randn(16, 16, generator=rng)).Q[:4] @ jacobian).square().sum() for _ in range(20)]
    assert caught > max(by_chance) / jacobian.square().sum()
    assert len(embedding_directions(tiny, statistics, 99, seed=0)) == 16, "no more than CLIP has dimensions"


def test_a_channel_that_changes_nothing_has_no_effect(tiny, tmp_path):
    models = make_tiny_models()
    with torch.no_grad():
        models.generator.synthesis.b8.conv0.weight[:, 3] = 0  # nobody listens to this channel
    dead = models.generator.style_slices[1][1].start + 3
    directions = GlobalDirections.first_order(models, **SMALL)
    assert not directions.effects[dead].any()
    assert dead not in [channel.index for channel in directions.channels(TARGET, beta=0.0)]


def test_where_steps_are_small_it_agrees_with_the_scan(tiny, exactly):
    """All faces near the mean, σ small: then the scan measures slopes."""
    statistics = style_statistics(tiny.generator, 4, 300, 0.05, 0)
    scan = channel_effects.scan_channels(tiny, statistics, range(56), 1.0)
    effects = first_order_effects(tiny, statistics, 16, seed=0, progress=False)
    text = F.normalize(torch.randn(16, generator=torch.Generator().manual_seed(2)), dim=0)
    ours = effects @ text
    assert spearman(ours, scan @ text) > 0.97
    assert (ours - scan @ text).abs().median() < 0.02


@pytest.mark.slow
@pytest.mark.parametrize("text", [TARGET, "a smiling woman", "a man with blue hair"])
def test_it_ranks_channels_as_the_scan_does(tiny, tmp_path, exactly, text):
    faces = {**SMALL, "images": 32}  # effects of random networks differ much from face to face
    scanned = GlobalDirections.compute(tiny, folder=tmp_path, **faces)
    gradients = GlobalDirections.first_order(tiny, **faces, projections=16)
    gradients, scanned = (dataclasses.replace(found, ridge=0.0) for found in (gradients, scanned))
    assert spearman(gradients.relevance(text), scanned.relevance(text)) > 0.6


def test_a_seed_means_the_same_first_order(tiny, by_gradients):
    again = GlobalDirections.first_order(tiny, **SMALL)
    assert torch.equal(again.effects, by_gradients.effects)


# Edits


def test_an_edit(directions, tiny, w_plus):
    edit = directions.edit(w_plus, TARGET, NEUTRAL, 3.0, 0.1)
    styles, rgb_styles = tiny.generator.styles(w_plus)
    assert isinstance(edit, Edit) and torch.equal(edit.w_plus, w_plus)
    torch.testing.assert_close(edit.styles, styles + directions.step(Change(TARGET, NEUTRAL, 3.0, 0.1)))
    assert torch.equal(edit.rgb_styles, rgb_styles), "toRGB is left alone"
    torch.testing.assert_close(edit.image, tiny.generator.from_styles(edit.styles, rgb_styles))
    assert (edit.image - tiny.generator.synthesis(w_plus)).abs().max() > 1e-3
    ridge = 0.0 if directions.settings["kind"] == "regression" else tiny.calibration.ridge
    assert edit.recipe == Directions(changes=(Change(TARGET, NEUTRAL, 3.0, 0.1, False),), ridge=ridge)
    assert not edit.image.requires_grad and not edit.styles.requires_grad


def test_alpha_0_changes_nothing(directions, tiny, w_plus):
    edit = directions.edit(w_plus, TARGET, NEUTRAL, alpha=0.0, beta=0.1)
    assert torch.equal(edit.styles, tiny.generator.styles(w_plus)[0])
    torch.testing.assert_close(edit.image, tiny.generator.synthesis(w_plus))


def test_several_texts_are_added(directions, tiny, w_plus):
    changes = [Change(TARGET, alpha=2.0, beta=0.1, rgb=False), Change("a smiling face", "a sad face", -1.0, 0.05, False)]
    edit = directions.edit_several(w_plus, changes)
    wanted = sum(directions.step(change) for change in changes)
    torch.testing.assert_close(edit.styles - tiny.generator.styles(w_plus)[0], wanted[None], rtol=0, atol=1e-5)
    assert edit.recipe.changes == tuple(changes)
    models = dataclasses.replace(tiny)
    models.memo["directions"] = directions
    again = Directions.from_dict(edit.recipe.to_dict()).apply(models, Face(w_plus, tiny.generator))
    assert torch.equal(again.image, edit.image)


def test_a_single_channel_is_moved(scanned, tiny, w_plus):
    models = dataclasses.replace(tiny)
    models.memo["directions"] = scanned
    recipe = ChannelShift(layer="b8.conv1", number=3, sigmas=5.0)
    edit = recipe.apply(models, Face(w_plus, tiny.generator))
    index = dict(tiny.generator.style_slices)["b8.conv1"].start + 3
    moved = (edit.styles - tiny.generator.styles(w_plus)[0])[0]
    assert moved.nonzero().flatten().tolist() == [index] and moved[index] == pytest.approx(float(5 * scanned.std[index]), rel=1e-3)
    with pytest.raises(StyleclipError, match=r"no channel 99 in a layer 'b8\.conv1'"):
        dataclasses.replace(recipe, number=99).apply(models, Face(w_plus, tiny.generator))


def test_no_text_changes_nothing(directions, tiny, w_plus):
    torch.testing.assert_close(directions.edit_several(w_plus, []).image, tiny.generator.synthesis(w_plus))


def test_several_faces(directions, tiny):
    faces = torch.cat([tiny.sample(seed) for seed in range(3)])
    together = directions.edit(faces, TARGET, beta=0.1).image
    torch.testing.assert_close(together[1:2], directions.edit(faces[1:2], TARGET, beta=0.1).image, rtol=1e-4, atol=1e-4)


def test_the_usual_strength(directions, w_plus):
    change = Change(TARGET)
    assert change == Change(TARGET, "a face", ALPHA, None, None)
    relevance = directions.relevance(TARGET).abs()
    used, (done,) = directions.channels(TARGET), directions.edit(w_plus, TARGET).recipe.changes
    share = directions.models.calibration.beta_share
    assert len(used) == (relevance >= share * relevance.max()).sum() and 0 < len(used) < 56
    assert done.beta == pytest.approx(float(share * relevance.max()))
    again = directions.edit_several(w_plus, [done])
    assert torch.equal(again.image, directions.edit(w_plus, TARGET).image)


def test_what_is_handed_in_stays_as_it_is(directions, w_plus):
    before = w_plus.clone()
    directions.edit(w_plus, TARGET, beta=0.1)
    assert torch.equal(w_plus, before)


# With the toRGB layers


@pytest.mark.parametrize("ridge", [0.0, 3.0])
def test_channels_of_both_kinds_are_jointly_solved(scanned, tiny, ridge):
    directions = dataclasses.replace(scanned, ridge=ridge, _relevances={})
    both, wanted = torch.cat([scanned.effects, scanned.rgb_effects]), text_direction(tiny.clip, TARGET, NEUTRAL)
    relevance = directions.relevance(TARGET, rgb=True)
    torch.testing.assert_close(relevance, jointly(both, wanted, ridge) if ridge else both @ wanted)
    assert directions.relevance(TARGET).shape == (56,), "each way of asking is remembered by itself"
    assert directions.threshold(Change(TARGET, rgb=True)) == pytest.approx(tiny.calibration.beta_share_rgb * float(relevance.abs().max()))
    step = directions.step(Change(TARGET, NEUTRAL, 3.0, 0.1, True))
    torch.testing.assert_close(step, 3.0 * torch.cat([scanned.std, scanned.rgb_std]) * steps_of(relevance, 0.1))


def test_an_edit_that_uses_torgb_channels(scanned, tiny, w_plus):
    edit = scanned.edit(w_plus, TARGET, NEUTRAL, 3.0, 0.1, rgb=True)
    styles, rgb_styles = tiny.generator.styles(w_plus)
    step = scanned.step(Change(TARGET, NEUTRAL, 3.0, 0.1, True))
    torch.testing.assert_close(edit.styles, styles + step[:56])
    torch.testing.assert_close(edit.rgb_styles, rgb_styles + step[56:])
    assert step[:56].any() and step[56:].any()
    torch.testing.assert_close(edit.image, tiny.generator.from_styles(edit.styles, edit.rgb_styles))
    assert edit.recipe.changes[0].rgb is True


def test_some_texts_of_an_edit_use_torgb_channels_and_others_do_not(scanned, tiny, w_plus):
    edit = scanned.edit_several(w_plus, [Change(TARGET, NEUTRAL, 2.0, 0.1), Change("a smiling face", NEUTRAL, 1.0, 0.1, True)])
    shape, color = scanned.step(Change(TARGET, NEUTRAL, 2.0, 0.1)), scanned.step(Change("a smiling face", NEUTRAL, 1.0, 0.1, True))
    styles, rgb_styles = tiny.generator.styles(w_plus)
    torch.testing.assert_close(edit.styles, styles + shape + color[:56])
    torch.testing.assert_close(edit.rgb_styles, rgb_styles + color[56:])
    assert [change.rgb for change in edit.recipe.changes] == [False, True]


def test_the_channels_of_an_edit_with_torgb_channels(scanned, tiny):
    used = scanned.channels(TARGET, NEUTRAL, 0.1, rgb=True)
    relevance, step = scanned.relevance(TARGET, rgb=True), scanned.step(Change(TARGET, NEUTRAL, 1.0, 0.1, True))
    slices = dict(tiny.generator.style_slices + tiny.generator.rgb_style_slices)
    sigmas, places = torch.cat([scanned.std, scanned.rgb_std]), []
    for channel in used:
        place = channel.index + 56 * channel.layer.endswith("torgb")
        assert channel.index == slices[channel.layer].start + channel.number < slices[channel.layer].stop
        assert channel.relevance == pytest.approx(float(relevance[place]))
        assert channel.step * float(sigmas[place]) == pytest.approx(float(step[place]), abs=1e-6)
        places.append(place)
    assert sorted(places) == step.nonzero().flatten().tolist() and min(places) < 56 <= max(places)
    assert [abs(channel.relevance) for channel in used] == sorted((abs(channel.relevance) for channel in used), reverse=True)
    assert len(scanned.channels(TARGET, NEUTRAL, scanned.beta_for(70, TARGET, NEUTRAL, rgb=True), rgb=True)) == 70


# What a user may get wrong


@pytest.mark.parametrize("target, neutral, hint", [
    ("", NEUTRAL, "empty"), (TARGET, "  ", "empty"), ("a face with glases", NEUTRAL, "'glasses'"), (TARGET, "a fase", "fase"),
    ("face " * 40, NEUTRAL, "at most 26"), ("a face", "A face.", "let the target say what should change"),
])  # fmt: skip
def test_texts_that_cannot_be_used(directions, w_plus, target, neutral, hint):
    with pytest.raises(StyleclipError, match=hint):
        directions.edit(w_plus, target, neutral)


@pytest.mark.parametrize("beta, hint", [(-0.1, "from 0 to 1"), (1.0, "smaller beta"), (math.nan, "from 0 to 1"), (0.999, "smaller beta")])
def test_a_beta_that_leaves_nothing(directions, w_plus, beta, hint):
    with pytest.raises(StyleclipError, match=hint):
        directions.edit(w_plus, TARGET, beta=beta)
    with pytest.raises(StyleclipError, match=hint):
        directions.channels(TARGET, beta=beta)


@pytest.mark.parametrize("alpha", [math.nan, math.inf])
def test_an_alpha_that_is_no_number(directions, w_plus, alpha):
    with pytest.raises(StyleclipError, match="alpha must be a number"):
        directions.edit(w_plus, TARGET, alpha=alpha, beta=0.0)


@pytest.mark.parametrize("shape", [(1, 10), (1, 3, 10), (8, 10), (1, 8, 11)])
def test_a_latent_of_the_wrong_shape(directions, shape):
    with pytest.raises(StyleclipError, match=r"w_plus has shape.*needs \[B, 8, 10\]"):
        directions.edit(torch.zeros(shape), TARGET)


@pytest.mark.parametrize("settings, hint", [({"images": 0}, "images"), ({"samples": 3}, "samples is 3"), ({"images": 400}, "400")])
def test_settings_that_make_no_sense(tiny, tmp_path, settings, hint):
    for compute in (GlobalDirections.compute, GlobalDirections.first_order):
        with pytest.raises(StyleclipError, match=hint):
            compute(tiny, **{**SMALL, **settings}, **({"folder": tmp_path} if compute == GlobalDirections.compute else {}))
    with pytest.raises(StyleclipError, match="sigmas"):
        GlobalDirections.compute(tiny, folder=tmp_path, sigmas=0, **SMALL)
    with pytest.raises(StyleclipError, match="projections"):
        GlobalDirections.first_order(tiny, projections=0, **SMALL)


def test_the_public_name():
    assert styleclip_lib.GlobalDirections is GlobalDirections and "GlobalDirections" in styleclip_lib.__all__


@pytest.mark.slow
def test_no_warnings_and_a_bar(tiny, tmp_path, recwarn, capsys):
    directions = GlobalDirections.compute(tiny, folder=tmp_path, **{**SMALL, "progress": True})
    directions.edit(tiny.sample(0), TARGET, beta=0.05)
    assert "style channels" in capsys.readouterr().err
    assert [str(w.message) for w in recwarn] == []
