"""Training an encoder as e4e on a data set of pictures, very small: further from the domain's own, into a domain that is new."""

import json
import shutil

import pytest
import torch

from styleclip_lib.cli.main import main
from styleclip_lib.errors import StyleclipError
from styleclip_lib.models import load_models
from styleclip_lib.networks.e4e import E4e
from styleclip_lib.photos.datasets.making import make_dataset, making_for
from styleclip_lib.training.encoder import Settings, train
from styleclip_lib.training.pictures import HELD_OUT, Pictures
from styleclip_lib.training.table import read_losses
from styleclip_lib.weights.domain import save_network
from styleclip_lib.weights.new_domain import encoder_config, new_domain
from tests.photos.datasets.celeba_like import picture

pytestmark = pytest.mark.slow

TABLE = {"d_real_loss", "d_fake_loss", "discriminator_loss", "encoder_discriminator_loss", "total_delta_loss", "loss_id", "id_improve",
         "loss_l2", "loss_lpips", "loss"}


def make_pictures(folder, count=24, size=32):
    """A data set of coloured clouds, a third of it held out."""
    (folder / "pictures").mkdir(parents=True)
    for number in range(count):
        picture(number, 40).save(folder / "pictures" / f"{number}.png")
    return make_dataset(making_for(folder / "pictures", folder / "set", size, 16, align="never", held_out=0.33), 0, progress=False).folder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("e4e")


def settings(folder, pictures, tiny_folder, **changes):
    few = {"steps": 12, "pictures_each": 4, "lr": 0.06, "progressive_start": 4, "progressive_every": 4, "r1_every": 5, "table_every": 1,
           "pool": 6, "discriminator_lr": 1e-2}
    return Settings(run=folder / "run", data=pictures, domain=folder / "mine", start=str(tiny_folder), **{**few, **changes})


@pytest.fixture(scope="module")
def trained(folder, pictures, tiny_folder):
    return train(settings(folder, pictures, tiny_folder))


def test_the_table_has_the_names_of_e4e(folder, trained):
    rows = read_losses(folder / "run")
    assert [row["step"] for row in rows] == list(range(12))
    assert all(set(row) - {"step", "discriminator_r1_loss"} == TABLE for row in rows)
    assert [row["step"] for row in rows if "discriminator_r1_loss" in row] == [0, 5, 10]
    assert (folder / "run" / "losses.png").stat().st_size > 10_000


def test_what_the_columns_have_to_do_with_each_other(folder, trained):
    for row in read_losses(folder / "run"):
        assert row["discriminator_loss"] == pytest.approx(row["d_real_loss"] + row["d_fake_loss"], abs=1e-5)
        assert row["id_improve"] == pytest.approx(-row["loss_id"], abs=1e-4), "the picture to draw is the picture that is given"
        weighted = (0.1 * row["encoder_discriminator_loss"] + 2e-4 * row["total_delta_loss"] + 0.1 * row["loss_id"] + row["loss_l2"]
                    + 0.8 * row["loss_lpips"])
        assert row["loss"] == pytest.approx(weighted, rel=1e-4)


def test_offsets_cost_nothing_before_they_come_in(folder, trained):
    deltas = [row["total_delta_loss"] for row in read_losses(folder / "run")]
    assert deltas[:4] == [0] * 4 and min(deltas[4:]) > 0 and deltas[8] > deltas[7]


def test_pictures_are_drawn_better(folder, trained):
    losses = [row["loss_l2"] + 0.8 * row["loss_lpips"] for row in read_losses(folder / "run")]
    assert sum(losses[-6:]) < 0.98 * sum(losses[:6]), losses


def test_a_domain_is_made_that_has_the_encoder_and_the_generator(folder, pictures, trained, tiny):
    made = load_models(folder / "mine", device="cpu")
    assert made.domain == "mine" and made.encoder.num_ws == tiny.generator.num_ws
    state = torch.load(folder / "run" / "checkpoint.pt", weights_only=True)["network"]
    torch.testing.assert_close(dict(made.encoder.state_dict())["base.0.weight"], state["base.0.weight"], rtol=0.01, atol=0.01)
    w_plus = tiny.sample(0)
    torch.testing.assert_close(made.generator.synthesis(w_plus), tiny.generator.synthesis(w_plus), rtol=0.05, atol=0.05)
    entry = json.loads((folder / "mine" / "domain.json").read_text(encoding="utf-8"))["files"]["encoder"]
    assert "before: " in entry["training"]["metrics"]["identity"]
    assert entry["training"]["metrics"]["pictures"].split()[0] == str(len(Pictures(pictures, 32, HELD_OUT)))


def test_more_steps_go_on_from_there_and_other_settings_do_not(folder, pictures, tiny_folder, trained):
    with pytest.raises(StyleclipError, match=r"was started with lr 0.06, not 0.01; pool 6, not 9: "):
        train(settings(folder, pictures, tiny_folder, lr=0.01, pool=9))
    train(settings(folder, pictures, tiny_folder, steps=14))
    assert [row["step"] for row in read_losses(folder / "run")] == list(range(14))


def test_other_pictures_are_other_settings(folder, tiny_folder, trained, tmp_path):
    with pytest.raises(StyleclipError, match="was started with data set"):
        train(settings(folder, make_pictures(tmp_path, 20), tiny_folder))


def test_the_official_encoder_is_trained_further(pictures, tiny, tiny_folder, tmp_path):
    """One that is built like it: a feature pyramid with a head for each w."""
    torch.manual_seed(0)
    home = new_domain(tmp_path / "home", str(tiny_folder), tiny.generator, {})
    encoder = E4e(tiny.generator.num_ws, 10, (16, 24, 32, 48))
    encoder.w_avg.copy_(tiny.generator.mapping.w_avg.expand_as(encoder.w_avg))
    save_network(home, "encoder", encoder, encoder_config(encoder), {}, half=False)
    train(settings(tmp_path, pictures, home, steps=2, pictures_each=2))
    made = load_models(tmp_path / "mine", device="cpu").encoder
    assert isinstance(made, E4e)
    before, after = encoder.state_dict(), made.state_dict()
    for name in ("trunk.input_layer.0.weight", "styles.0.linear.weight"):
        assert (before[name] - after[name]).abs().max() > 1e-3, name


def test_bad_input_is_reported_before_anything_begins(pictures, tiny_folder, tmp_path, capsys):
    def message_of(*words):
        assert main(["train", "encoder", "--run", str(tmp_path / "run"), *map(str, words)]) == 2
        return capsys.readouterr().err

    mine = "--domain", tmp_path / "mine"
    assert "is not a data set: make one from them" not in message_of("--data", pictures, "--from", "elsewhere", *mine)
    assert "There is no domain 'elsewhere'" in message_of("--data", pictures, "--from", "elsewhere", *mine)
    assert "holds pictures, but is not a data set" in message_of("--data", pictures.parent / "pictures", "--from", tiny_folder, *mine)
    assert "name its folder with --domain FOLDER" in message_of("--data", pictures, "--domain", "data/models/portraits")
    assert "or --from DOMAIN to use that domain's" in message_of("--data", pictures, *mine)
    assert "make the data set again with --size 128" in message_of("--data", pictures, "--from", "portraits", *mine)
    small = shutil.copytree(pictures, tmp_path / "changed")
    next(small.glob("images/*/*.png")).write_bytes(b"x")
    assert "missing or have been changed" in message_of("--data", small, "--from", tiny_folder, *mine)
    assert not (tmp_path / "mine").exists()
