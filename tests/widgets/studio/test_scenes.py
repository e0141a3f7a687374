"""Scenes, their history and their files, without a model."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from styleclip_lib.editing.recipes import Change, ChannelShift, Directions, MapperEdit, Optimization
from styleclip_lib.editing.sources import Blended, Edited, File, Mixed, Portrait, Seed
from styleclip_lib.errors import StyleclipError
from styleclip_lib.widgets.studio.scenes import MOST, History, Scene

FORMER = Path(__file__).parent.parent / "data" / "former_studio"
SCENES = [Scene(face=Seed(seed)) for seed in range(4)]
SMILE = MapperEdit(mapper="smile", strength=0.5, levels=("coarse",))
EDITS = {
    "none": (None, ""),
    "mapper": (SMILE, ""),
    "optimisation": (Optimization(steps=9, stop_after=4), "a sad face"),
    "directions": (Directions(changes=(Change("a hat", alpha=2.0, beta=0.1),)), ""),
    "channel": (ChannelShift(layer="b8.conv1", number=3, sigmas=-5.0), ""),
}


@pytest.fixture
def history():
    return History([SCENES[0]])


def test_undo_and_redo_walk_through_what_rested(history):
    assert history.rest(SCENES[1]) and history.rest(SCENES[2])
    assert (history.undo(), history.undo(), history.redo()) == (SCENES[1], SCENES[0], SCENES[1])
    assert history.scene == SCENES[1]


@pytest.mark.parametrize("step", ["undo", "redo"])
def test_there_is_an_end_to_it(history, step):
    with pytest.raises(StyleclipError, match=f"nothing to {step}"):
        getattr(history, step)()
    assert history.scene == SCENES[0]


def test_something_new_after_an_undo_forgets_what_was_undone(history):
    history.rest(SCENES[1])
    history.undo()
    history.rest(SCENES[2])
    assert history.scenes == [SCENES[0], SCENES[2]]


def test_the_same_scene_is_not_kept_twice(history):
    assert not history.rest(replace(SCENES[0]))
    assert len(history.scenes) == 1


def test_of_one_edit_at_several_strengths_only_the_last_counts(history):
    half, whole = (Scene(recipe=MapperEdit(mapper="smile", strength=strength), text="a smiling face") for strength in (0.5, 1.0))
    other = Scene(recipe=Optimization(), text="a smiling face")
    for scene in (half, whole, other, half):
        history.rest(scene)
    assert [history.scenes[number] for number in history.edits()] == [SCENES[0], whole, other, half]


def test_a_long_history_forgets_its_beginning(history):
    for seed in range(MOST + 5):
        history.rest(Scene(face=Seed(seed, 1.0)))
    assert len(history.scenes) == MOST and history.scenes[history.at] == history.scene == Scene(face=Seed(MOST + 4, 1.0))


def test_favourites_are_kept_once(history):
    assert history.like() and not history.like()
    assert history.favourites == [SCENES[0]]


def test_the_result_of_a_scene_is_a_face_to_go_on_from():
    assert SCENES[1].result == Seed(1)
    assert SCENES[1].edited(SMILE, "a smiling face").result == Edited(Seed(1), SMILE, "a smiling face")


@pytest.mark.parametrize(("recipe", "text"), EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("face", [Mixed(Seed(1), Portrait(name="anna"), (2, 4)), File(name="me.jpg", face=1),
                                  Edited(Blended((Seed(1), Seed(2)), (0.5, 0.5)), SMILE)], ids=["mixed", "file", "edited"])
def test_a_saved_scene_is_read_again(tmp_path, face, recipe, text):
    scene = Scene(domain="toy", face=face, recipe=recipe, text=text)
    path = scene.save(tmp_path / "edit.json")
    assert Scene.read(path.read_bytes(), "toy") == scene


@pytest.mark.parametrize("path", sorted(FORMER.glob("*.json")), ids=lambda path: path.stem)
def test_files_of_the_first_studio_are_read(path):
    scene = Scene.read(path.read_bytes(), "portraits")
    expected = {
        "seed": Scene(face=Seed(1)),
        "directions": SCENES[1].edited(Directions(changes=(Change("a smiling face", alpha=2.0, beta=0.1064, rgb=False),
                                                           Change("a face with blue hair", alpha=3.0, beta=0.2059, rgb=True))),
                                       "a smiling face, a face with blue hair"),
        "mapper": SCENES[1].edited(MapperEdit(mapper="glasses", strength=0.8, levels=("coarse", "medium"))),
        "optimization": SCENES[1].edited(Optimization(steps=10, space="w", strength=0.75), "a sad face"),
        "stopped": SCENES[1].edited(Optimization(steps=10, space="w", stop_after=4), "a sad face"),
        "channel": SCENES[1].edited(ChannelShift(layer="b16.conv1", number=3, sigmas=5.0)),
        "portrait": Scene(face=Portrait(name="anna", steps=60)),
        "mixed": Scene(face=Mixed(Seed(1), Seed(12), (0, 4))),
        "blended": Scene(face=Blended((Seed(3), Seed(8), Seed(21), Seed(30)), (0.5625, 0.1875, 0.1875, 0.0625))),
        "edited": Scene(face=Edited(Seed(1), MapperEdit(mapper="smile", strength=0.8, levels=("coarse",)))),
    }
    assert scene == expected[path.stem]


def former(**edit) -> bytes:
    return json.dumps({"domain": "portraits", "face": {"seed": 1, "truncation_psi": 0.7}, "edit": edit}).encode()


def former_face(**face) -> bytes:
    return json.dumps({"domain": "portraits", "face": face, "edit": None}).encode()


def today(**more) -> bytes:
    return json.dumps({**Scene().to_dict(), **more}).encode()


HOSTILE = {
    "nothing": b"",
    "a list": b"[]",
    "a picture": b"\xff\xd8\xff",
    "brackets": b"[" * 200_000,
    "a face in a face in a face": b'{"domain": "portraits", "face": ' + b'{"source": "edited", "face": ' * 5_000 + b"{}" + b"}" * 5_001,
    "no number": b'{"domain": "portraits", "face": {"seed": NaN, "truncation_psi": 0.7}, "edit": null}',
    "an unknown face": b'{"domain": "portraits", "face": {"seeds": 1}, "edit": null}',
    "code for a number": former(method="optimization", text="a sad face", steps=9, strength=1.0, ended="0 or __import__('os').system('x')"),
    "code for a strength": former(method="mapper", mapper="smile", strength="__import__('os')", acting=["coarse"]),
    "code for a list": former(method="mapper", mapper="smile", strength=1.0, acting="__import__('os')"),
    "code for layers": former_face(mixed=[{"seed": 1}, {"seed": 2}], layers=["0]+x[0", 2]),
    "code for weights": former_face(blended=[{"seed": 1}], weights=["1)*(1"]),
    "code for a seed": former_face(seed="1)#", truncation_psi=0.7),
    "a truth for a number": former(method="channel", layer="b8.conv1", number=True, sigmas=5.0),
    "an endless number": former(method="channel", layer="b8.conv1", number=3, sigmas=1e400),
    "too many steps": former(method="optimization", text="a sad face", steps=10**12, strength=1.0),
    "an unknown method": former(method="magic"),
    "a method that is a list": former(method=["mapper"]),
    "a mapper without a name": former(method="mapper", mapper=None, strength=1.0, acting=["coarse"]),
    "an unknown setting": today(recipe={"method": "optimization", "exec": "x"}),
    "a text without end": today(text="a" * 100_000),
    "a text that is a number": today(text=5),
    "too large": b" " * 2_000_000,
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_recipe_is_refused_in_one_sentence(content):
    with pytest.raises(StyleclipError) as refused:
        Scene.read(content, "portraits")
    assert len(str(refused.value)) < 500 and "\n" not in str(refused.value)


def test_a_recipe_of_another_domain():
    with pytest.raises(StyleclipError, match="'ffhq'"):
        Scene.read(today(domain="ffhq"), "toy")
