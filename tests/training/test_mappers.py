"""Training the mappers that come with a domain: trained, measured, entered, found by name."""

import json
import shutil

import pytest

from styleclip_lib.cli.parsing import parse
from styleclip_lib.editing.mapper import LatentMapper
from styleclip_lib.editing.mapper_file import shipped_mappers
from styleclip_lib.errors import StyleclipError
from styleclip_lib.models import load_models
from styleclip_lib.training.mappers import TEXTS, Settings, measure_again, train
from styleclip_lib.weights.domain import INDEX, file_path


@pytest.fixture
def folder(tiny_folder, tmp_path):
    return shutil.copytree(tiny_folder, tmp_path / "tiny")


def quick(folder, **settings) -> Settings:
    return Settings(domain=folder, **{"steps": 3, "batch_size": 2, "people": 4, "faces": 3, **settings})


def test_mappers_are_added_to_the_domain(folder):
    metrics = train(quick(folder, names=("smile", "blue_hair")))
    models = load_models(folder, "cpu")
    assert shipped_mappers(models) == ["blue_hair", "smile"]
    mapper = LatentMapper.load(models, "blue_hair")
    assert mapper.recipe["text"] == TEXTS["blue_hair"] and mapper.recipe["steps"] == 3
    entry = json.loads((folder / INDEX).read_text())["files"]["mapper_smile"]
    assert entry["config"] == {"text": TEXTS["smile"], "levels": ["coarse", "medium"]}
    assert entry["training"]["command"] == "styleclip train mappers --names smile"
    assert entry["training"]["metrics"] == metrics["smile"]
    assert file_path(folder, "mapper_smile").is_file(), "its SHA-256 is right"
    assert TEXTS["smile"] in (folder / "mapper_smile.md").read_text()
    assert measure_again(quick(folder)) == metrics, "of those that are there"


def test_a_text_of_ones_own(folder):
    train(quick(folder, text="a smiling man", name="man"))
    models = load_models(folder, "cpu")
    assert LatentMapper.load(models, "man").recipe["text"] == "a smiling man"
    command = json.loads((folder / INDEX).read_text())["files"]["mapper_man"]["training"]["command"]
    assert command == 'styleclip train mappers --text "a smiling man" --name man'


def test_mappers_that_begin_at_the_alignment(tiny_domain, tmp_path):
    folder = shutil.copytree(tiny_domain, tmp_path / "tiny")
    given = parse(Settings, "train mappers", ["--start", "alignment", "--names", "smile"])
    assert (given.start, Settings().start) == ("alignment", None)
    train(quick(folder, names=("smile", "hat"), start=given.start))
    assert LatentMapper.load(load_models(folder, "cpu"), "hat").recipe["start"] == "alignment"
    training = json.loads((folder / INDEX).read_text())["files"]["mapper_hat"]["training"]
    assert training["settings"]["start"] == "alignment" and "before" not in training
    card = (folder / "mapper_hat.md").read_text()
    assert "| start | alignment |" in card and "earlier weights" not in card
    train(quick(folder, names=("hat",)))
    assert "| start | face |" in (folder / "mapper_hat.md").read_text(), "the domain's"
    with pytest.raises(StyleclipError, match="--start takes alignment or face, not 'mean'"):
        parse(Settings, "train mappers", ["--start", "mean"])


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"names": ("smile", "frown")}, "'frown'.*choose from smile"),
        ({"text": "an old man"}, "belong together"),
        ({"text": "an old man", "name": "../old"}, "one word"),
        ({"text": "a face with glases", "name": "x"}, "glases"),
    ],
)
def test_what_cannot_be_trained(folder, settings, says):
    before = (folder / INDEX).read_bytes()
    with pytest.raises(StyleclipError, match=says):
        train(quick(folder, **settings))
    assert (folder / INDEX).read_bytes() == before


def test_a_mapper_that_was_interrupted_is_not_added(folder, monkeypatch):
    def interrupted(*arguments):
        monkeypatch.undo()  # once, as Ctrl-C is pressed
        raise KeyboardInterrupt

    monkeypatch.setattr("styleclip_lib.editing.objective.random_views", interrupted)
    with pytest.raises(StyleclipError, match="Interrupted"):
        train(quick(folder, names=("smile",)))
    assert shipped_mappers(load_models(folder, "cpu")) == []
