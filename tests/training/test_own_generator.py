"""A generator of one's own pictures, very small: from nothing, by transfer, with frozen layers of the discriminator."""

import json
from types import SimpleNamespace

import pytest
import torch

from styleclip_lib.cli.main import main
from styleclip_lib.errors import StyleclipError
from styleclip_lib.models import load_models
from styleclip_lib.networks.discriminator import Discriminator
from styleclip_lib.training.loop import Run
from styleclip_lib.training.own_generator import Settings, train
from styleclip_lib.training.table import read_losses
from styleclip_lib.weights.domain import load_network
from tests.training.test_encoder_of_pictures import make_pictures

pytestmark = pytest.mark.slow

FEW = {"steps": 8, "batch_size": 4, "d_first": 2, "r1_every": 4, "path_every": 4, "snapshot_every": 4, "frechet_pictures": 8,
       "table_every": 1, "ada_speed": 100.0, "ada_target": -0.95}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("own")


def settings(folder, pictures, start, **changes):
    return Settings(run=folder / "run", data=pictures, domain=folder / "own", start=start and str(start), **{**FEW, **changes})


@pytest.fixture(scope="module")
def trained(folder, pictures, tiny_folder):
    metrics = train(settings(folder, pictures, tiny_folder))
    return SimpleNamespace(metrics=metrics, models=load_models(folder / "own", device="cpu"))


def test_the_domain_is_ready_to_use(folder, trained, tiny):
    models = trained.models
    assert models.generator.channels == tiny.generator.channels, "the widths of the generator to begin with"
    assert models.attributes is not None and models.encoder is None, "what sees pictures is shared, the encoder is not"
    index = json.loads((folder / "own" / "domain.json").read_text(encoding="utf-8"))
    assert index["learnt_from"] == "pictures" and set(index["files"]) == {"generator", "discriminator"}
    assert str(folder) not in json.dumps(index["files"])
    assert (folder / "own" / "generator.md").read_text(encoding="utf-8").startswith("# generator")


def test_losses_are_noted_and_the_generator_waits_for_the_discriminator(folder, trained):
    rows = read_losses(folder / "run")
    assert ["g_loss" in row for row in rows] == [False] * 2 + [True] * 6
    assert [row["step"] for row in rows if "frechet" in row] == [0, 4]
    assert rows[-1]["path"] > 0 and {row["p"] for row in rows} > {0}, "p follows the discriminator"
    assert rows[0]["frechet_floor"] == trained.metrics["frechet_floor"]


def test_what_is_published_is_the_averaged_generator(folder, trained, tiny):
    state = torch.load(folder / "run" / "checkpoint.pt", weights_only=True)
    name = "synthesis.b8.conv1.weight"
    published = trained.models.generator.state_dict()[name]
    torch.testing.assert_close(published, state["average"][name], rtol=0.01, atol=0.01)
    assert (published - tiny.generator.state_dict()[name]).abs().max() > 1e-3
    w = trained.models.generator.mapping.w(torch.randn(4000, 12, generator=torch.Generator().manual_seed(1)))
    torch.testing.assert_close(trained.models.generator.mapping.w_avg, w.mean(0), rtol=0, atol=0.1)


def test_a_snapshot_is_a_domain(folder, trained):
    assert [path.name for path in (folder / "run" / "snapshots").iterdir()] == ["000004"]
    assert load_models(folder / "run" / "snapshots" / "000004", device="cpu").generator.img_resolution == 32
    assert (folder / "run" / "samples-000004.png").exists()


def test_it_goes_on_and_is_made_again(folder, pictures, tiny_folder, trained):
    with pytest.raises(StyleclipError, match=r"was started with lr 0.002, not 0.1: "):
        train(settings(folder, pictures, tiny_folder, lr=0.1))
    before = (folder / "own" / "generator.safetensors").read_bytes()
    train(settings(folder, pictures, tiny_folder, steps=9))
    assert read_losses(folder / "run")[-1]["step"] == 8
    assert (folder / "own" / "generator.safetensors").read_bytes() != before


def test_stopped_and_continued_it_is_the_same(folder, pictures, tiny_folder, tmp_path, monkeypatch):
    def stop_at(number):
        all_steps = Run.steps

        def steps(run, total):
            for step in all_steps(run, total):
                if step == number:
                    raise KeyboardInterrupt
                yield step
        monkeypatch.setattr(Run, "steps", steps)

    straight = settings(tmp_path / "a", pictures, tiny_folder, steps=6)
    stopped = settings(tmp_path / "b", pictures, tiny_folder, steps=6)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    train(straight)
    with monkeypatch.context(), pytest.raises(KeyboardInterrupt):
        stop_at(3)
        train(stopped)
    assert not (tmp_path / "b" / "own").exists(), "nothing that is trained by half is published"
    monkeypatch.undo()
    train(stopped)
    a, b = (load_models(tmp_path / name / "own", "cpu", only=("generator",)).generator.state_dict() for name in "ab")
    for name, value in a.items():
        torch.testing.assert_close(b[name], value, rtol=0.02, atol=0.02, msg=name)


def test_frozen_layers_of_the_discriminator_stay(folder, pictures, trained, tmp_path):
    train(settings(tmp_path, pictures, folder / "own", steps=3, freeze_d=2, snapshot_every=50))
    before, after = (load_network(home, "discriminator", Discriminator).state_dict() for home in (folder / "own", tmp_path / "own"))
    moved = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert moved == {"b8", "b4"}
    assert "g_loss" in read_losses(tmp_path / "run")[-1]


def test_from_nothing(pictures, tmp_path):
    metrics = train(settings(tmp_path, pictures, None, steps=2, d_first=None, z_dim=6, w_dim=7, channel_base=128, channel_max=8,
                             like="portraits", mirror=True))
    models = load_models(tmp_path / "own", "cpu", only=("generator",))
    assert models.generator.channels == {4: 8, 8: 8, 16: 8, 32: 4} and 12 < metrics["pictures"] < 24
    assert metrics["frechet"] > metrics["frechet_floor"] > 0, "noise is no cloud"
    assert "g_loss" in read_losses(tmp_path / "run")[0], "there is no generator that could be spoilt"


def test_bad_input_is_reported_before_anything_begins(pictures, tiny_folder, tmp_path, capsys):
    def message_of(*words):
        assert main(["train", "generator", "--run", str(tmp_path / "run"), *map(str, words)]) == 2
        return capsys.readouterr().err

    mine = "--data", pictures, "--domain", tmp_path / "mine"
    assert "has no discriminator whose layers" in message_of(*mine, "--from", tiny_folder, "--freeze-d", 1)
    assert "--freeze-d needs a trained discriminator" in message_of(*mine, "--freeze-d", 1)
    assert "There is no domain 'elsewhere'" in message_of(*mine, "--from", "elsewhere")
    assert "something at" in message_of("--data", pictures, "--domain", pictures, "--from", tiny_folder)
    assert "holds pictures, but is not a data set" in message_of("--data", pictures.parent / "pictures", "--domain", tmp_path / "mine")
    assert "make the data set again with --size 128" in message_of(*mine, "--from", "portraits")
    assert not (tmp_path / "mine").exists() and not (tmp_path / "run").exists()


def test_the_options_are_those_of_the_data(pictures, capsys):
    for words, has in ((["--data", str(pictures)], True), ([f"--data={pictures}"], True), ([], False)):
        with pytest.raises(SystemExit):
            main(["train", "generator", *words, "--help"])
        assert ("--freeze-d" in capsys.readouterr().out) == has
