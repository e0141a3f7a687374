"""A StyleGAN2 file becomes a domain that can be used like any other."""

import json
import shutil
import sys

import pytest
import torch

from styleclip_lib.cli.main import main
from styleclip_lib.editing.optimization import optimize_latent
from styleclip_lib.errors import StyleclipError
from styleclip_lib.inversion.invert import invert
from styleclip_lib.models import load_models
from styleclip_lib.networks.generator import Generator
from styleclip_lib.photos.face_points import domain_framing
from styleclip_lib.weights.domain import domains, find_domain, read_index, sources
from styleclip_lib.weights.new_domain import import_network
from tests.rosinality import to_rosinality
from tests.weights.official_files import ada_pickle, small_generator


@pytest.fixture(scope="module")
def generator():
    """32 pixels, which no installed domain has, with a clamp that acts."""
    torch.manual_seed(1)
    made = Generator(32, z_dim=12, w_dim=14, num_mapping_layers=2, channels={4: 8, 8: 8, 16: 6, 32: 4}, conv_clamp=2.0)
    made.mapping.w_avg.normal_()
    return made.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def folder(generator, tmp_path_factory):
    """A domain made of its file."""
    place = tmp_path_factory.mktemp("own")
    (place / "network.pkl").write_bytes(ada_pickle(generator))
    return import_network(place / "network.pkl", place / "mine")


@pytest.fixture(scope="module")
def own(folder):
    return load_models(folder, device="cpu")


def test_no_weight_loses_a_digit(own, generator):
    assert own.domain == "mine"
    for key, value in generator.state_dict().items():
        assert torch.equal(own.generator.state_dict()[key], value), key
    w_plus = own.sample(3)
    torch.testing.assert_close(own.generator.synthesis(w_plus), generator.synthesis(w_plus), rtol=0, atol=1e-5)
    assert own.generator.synthesis.b8.conv0.conv_clamp == 2.0


def test_the_other_networks_are_those_of_the_domain_that_it_is_like(own, models):
    for part in ("clip", "identity", "perceptual", "attributes"):
        ours, theirs = getattr(own, part).state_dict(), getattr(models, part).state_dict()
        assert all(torch.equal(ours[key], theirs[key]) for key in theirs), part
    assert own.encoder is None, "which belongs to a generator"
    assert domain_framing(own.folder) == domain_framing(models.folder) != 1
    assert not [name for name in sources(own.folder) if name.startswith(("mapper_", "directions", "encoder"))]


@pytest.mark.slow
def test_faces_are_inverted_and_edited(own):
    start = invert(own, own.generator.synthesis(own.sample(1)).clamp(-1, 1), steps=2, progress=False)
    edit = optimize_latent(own, start.w_plus, "a smiling face", steps=2)
    assert edit.image.shape == (1, 3, 32, 32) and torch.isfinite(edit.image).all()
    assert edit.recipe.steps == 2


def test_what_is_written(folder):
    assert sorted(path.name for path in folder.iterdir()) == ["domain.json", "generator.safetensors"]
    index = read_index(folder)
    assert index["like"] == "portraits"
    entry = index["files"]["generator"]
    assert entry["training"]["command"] == "styleclip import network.pkl mine --like portraits"
    assert entry["training"]["source"]["bytes"] == (folder.parent / "network.pkl").stat().st_size
    assert str(folder.parent) not in json.dumps(index)


def test_a_domain_of_one_s_own_to_be_like(folder, tmp_path, monkeypatch):
    """By its path, from wherever the domain is loaded afterwards."""
    (tmp_path / "network.pkl").write_bytes(ada_pickle(small_generator()))
    monkeypatch.chdir(folder.parent)
    other = tmp_path / "other"
    other.mkdir()
    (other / "domain.json").write_text(json.dumps({"name": "other", "files": {"clip": {}, "encoder": {}}}), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    made = import_network("network.pkl", "made", like="other")
    monkeypatch.chdir(folder)
    assert sources(made) == {"generator": made, "clip": other}
    with pytest.raises(StyleclipError, match="has no identity"):
        load_models(made)


def test_a_large_generator_is_taken_for_one_of_photographs(tmp_path):
    large = Generator(256, z_dim=4, w_dim=4, num_mapping_layers=1, channels={4 * 2**i: 1 for i in range(7)})
    state, latent_avg = to_rosinality(large.state_dict())
    torch.save({"g_ema": state, "latent_avg": latent_avg}, tmp_path / "large.pt")
    if "ffhq" in domains():
        assert read_index(import_network(tmp_path / "large.pt", tmp_path / "made"))["like"] == "ffhq"
    else:
        with pytest.raises(StyleclipError, match="no domain 'ffhq'"):
            import_network(tmp_path / "large.pt", tmp_path / "made")
        assert not (tmp_path / "made").exists()
    assert read_index(import_network(tmp_path / "large.pt", tmp_path / "drawn", like="portraits"))["like"] == "portraits"


def test_what_is_there_is_not_written_over(folder, tmp_path):
    before = (folder / "domain.json").read_bytes()
    with pytest.raises(StyleclipError, match=r"something at .* already"):
        import_network(folder.parent / "network.pkl", folder)
    assert (folder / "domain.json").read_bytes() == before
    (tmp_path / "empty").mkdir()
    assert find_domain(import_network(folder.parent / "network.pkl", tmp_path / "empty")) == tmp_path / "empty"


def test_nothing_is_left_when_writing_fails(folder, tmp_path, monkeypatch):
    def full(*arguments, **settings):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("styleclip_lib.weights.domain.save_file", full)
    with pytest.raises(StyleclipError, match="the disk is full"):
        import_network(folder.parent / "network.pkl", tmp_path / "made")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="names are text here")
def test_names_that_are_no_text(folder, tmp_path, capsys):
    """A file may be called anything; a folder, or the domain that it is like, stands in `domain.json`."""
    odd = tmp_path / "\udcff.pkl"
    odd.write_bytes((folder.parent / "network.pkl").read_bytes())
    made = import_network(odd, tmp_path / "made", like="portraits")
    assert read_index(made)["files"]["generator"]["training"]["source"]["file"] == r"\udcff.pkl"
    (tmp_path / "\udcfe").symlink_to(made)
    shutil.copytree(made, tmp_path / "\udcfd")
    for words in ([tmp_path / "\udcff"], [tmp_path / "next", "--like", tmp_path / "\udcfd"]):
        assert main(["import", *map(str, [odd, *words])]) == 2
        assert "is not text in UTF-8: choose another one" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made", "\udcfd", "\udcfe", "\udcff.pkl"]


def test_on_the_command_line(folder, tmp_path, capsys):
    network = str(folder.parent / "network.pkl")
    assert main(["import", network, str(tmp_path / "my domain"), "--like", "portraits"]) == 0
    assert f"--domain '{tmp_path / 'my domain'}'" in capsys.readouterr().out
    assert main(["sample", str(tmp_path / "a.png"), "--domain", str(tmp_path / "my domain")]) == 0
    capsys.readouterr()
    for arguments, message in (
        ([network, str(tmp_path / "my domain")], "something at"),
        ([network, str(tmp_path / "none" / "made")], "does not exist, make it first"),
        ([network, str(tmp_path / "made"), "--like", "cats"], "no domain 'cats'"),
        ([str(tmp_path / "none.pkl"), str(tmp_path / "made")], "There is no file"),
        ([str(tmp_path), str(tmp_path / "made")], str(tmp_path)),
        ([network], "Missing: FOLDER"),
    ):
        assert main(["import", *arguments]) == 2
        shown = capsys.readouterr()
        assert message in shown.err and shown.err.count("\n") == 1 and shown.out == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "my domain"]


def test_a_generator_alone_is_sampled_without_any_other_network(tmp_path, monkeypatch):
    """Of a domain that is like ffhq nothing is downloaded for what the generator does by itself."""
    generator = Generator(16, z_dim=8, w_dim=8, num_mapping_layers=2, channels={4: 8, 8: 8, 16: 8})
    torch.save(generator.state_dict(), tmp_path / "network.pt")
    monkeypatch.setenv("STYLECLIP_CACHE", str(tmp_path / "cache"))
    made = import_network(tmp_path / "network.pt", tmp_path / "made", like="ffhq")
    assert main(["sample", str(tmp_path / "a.png"), "--seeds", "0-3", "--domain", str(made)]) == 0
    assert (tmp_path / "a.png").is_file() and not (tmp_path / "cache").exists()
