"""The studio without a browser: what the front end sends is set on the traits."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from styleclip_lib.editing.directions.global_directions import GlobalDirections
from styleclip_lib.editing.faces import portraits
from styleclip_lib.editing.recipes import AlignmentEdit, Change, ChannelShift, Directions, MapperEdit, Optimization
from styleclip_lib.editing.sources import Blended, Edited, File, Mixed, Portrait, Seed
from styleclip_lib.widgets.studio.scenes import Scene
from styleclip_lib.widgets.studio.score import split_view
from styleclip_lib.widgets.studio.studio import Studio
from styleclip_lib.widgets.toolkit.stage import png

from ..toolkit.test_uploads import sent

FIRST = Seed(1)
LONG = 100_000
"""Steps that nobody waits for."""


@pytest.fixture
def studio(world, tmp_path):
    return Studio(world, folder=tmp_path, threaded=False)


@pytest.fixture
def busy(world, tmp_path):
    """A studio with a worker, in which a search runs that would take an hour."""
    studio = Studio(world, folder=tmp_path)
    yield start_search(studio)
    studio.close()


def start_search(studio):
    choose(studio, "Latent optimisation").form.parts["steps"].value = LONG
    wish(studio, "a sad face")
    wait_for(lambda: studio.session.progress.bar.value > 0)
    return studio


def wish(studio, text):
    """Types a text and presses Enter."""
    studio.wish.text.set_state({"value": text})
    studio.wish.text._handle_custom_msg({"event": "submit"}, [])


def choose(studio, method):
    """The page of a method, which is chosen."""
    studio.tabs["Method"].method.value = method
    return studio.tabs["Method"].pages[method]


def directions_page(studio):
    return studio.tabs["Method"].pages["Global directions"]


def alphas(studio):
    """The sliders of the rows of global directions."""
    return [number.control for _, number in directions_page(studio).rows.rows]


def shown(studio) -> bytes:
    return studio.session.stage.picture.value


def drawn(studio, scene) -> bytes:
    shot = studio.session.renderer.shot(scene)
    return png(split_view(shot.before, shot.after, studio.compare.value))


def status(studio) -> str:
    return studio.session.stage.status.value


def face_form(studio):
    return studio.tabs["Face"].form.parts


def test_the_first_picture_its_reading_and_its_code_are_there_at_once(studio):
    assert shown(studio) == drawn(studio, Scene())
    assert "Nothing is edited yet" in studio.sentence.value and "headwear" in studio.bars.value
    assert "Face.of_seed(models, 1" in studio.tabs["Save"].code.value == studio.code
    assert studio.undo.disabled and studio.redo.disabled and studio.wish.strength.disabled and studio.go_on.disabled


def test_face_sliders_change_the_face_and_keep_the_edit(studio):
    alphas(studio)[0].set_state({"value": 3.0})
    scene = studio.session.scene
    face_form(studio)["seed"].control.set_state({"value": 2})
    face_form(studio)["truncation_psi"].control.set_state({"value": 0.5})
    assert studio.session.scene == replace(scene, face=Seed(2, 0.5))
    assert shown(studio) == drawn(studio, studio.session.scene) and "the same person" in studio.sentence.value


def test_a_wish_finds_its_strength_and_the_slider_changes_it(studio):
    wish(studio, "a smiling face")
    recipe, after = studio.session.scene.recipe, shown(studio)
    assert isinstance(recipe, Directions) and recipe.changes[0].target == "a smiling face" and studio.session.scene.text == "a smiling face"
    assert "expression: smile" in studio.sentence.value and studio.wish.strength.value == 1 and not studio.wish.strength.disabled
    studio.wish.strength.set_state({"value": 0.5})
    assert studio.session.scene.recipe == replace(recipe, strength=0.5) and shown(studio) != after
    studio.wish.strength.set_state({"value": 0.0})
    assert shown(studio) == drawn(studio, Scene())
    studio.wish.strength.set_state({"value": 1.0})
    assert shown(studio) == after


def test_the_picture_is_there_before_anything_is_said_about_it(studio):
    seen = []
    for part, name in ((studio.strip.thumbnails.buttons[1].layout, "display"), (studio.sentence, "value"), (studio.undo, "disabled")):
        part.observe(lambda change: seen.append((change["name"], shown(studio), status(studio))), names=name)
    wish(studio, "a smiling face")
    assert seen == [(name, shown(studio), status(studio)) for name in ("display", "value", "disabled")]


def test_a_suggestion_says_its_text_and_edits(studio):
    chip = studio.wish.chips[1]
    chip.click()
    assert studio.wish.text.value == studio.session.scene.text == chip.description and studio.session.scene.recipe is not None


def test_the_line_says_what_is_missing(studio):
    for text, told in (("  ", "such as: a smiling face"), ("a face with a xyzzy", "xyzzy")):
        wish(studio, text)
        assert told in status(studio) and "#b00020" in status(studio) and studio.session.scene.recipe is None


def test_the_strip_shows_the_last_edits_and_brings_one_back(studio):
    buttons = studio.strip.thumbnails.buttons
    wish(studio, "a smiling face")
    smile = studio.session.scene
    studio.wish.strength.set_state({"value": 0.5})
    wish(studio, "a face with glasses")
    assert [one.layout.display for one in buttons[:4]] == ["", "", "", "none"]  # both strengths of the smile are one edit
    assert "glasses" in buttons[0].tooltip and "sc-at" in buttons[0]._dom_classes
    buttons[1].click()
    assert studio.session.scene == replace(smile, recipe=replace(smile.recipe, strength=0.5))
    assert studio.wish.text.value == "a smiling face" and studio.wish.strength.value == 0.5 and "sc-at" in buttons[1]._dom_classes
    buttons[2].click()
    assert studio.session.scene.recipe is None and shown(studio) == drawn(studio, Scene()) and len(studio.session.history.scenes) == 4


def test_one_tool_is_open_or_none(studio):
    tools = studio.tools
    tools.open("Mix")
    assert tools.opened == "Mix" and tools._place.children == (studio.tabs["Mix"].box,)
    tools.buttons["Style"].value = True
    assert tools.opened == "Style" and not tools.buttons["Mix"].value
    tools.buttons["Style"].value = False
    assert tools.opened is None and tools._place.children == ()
    studio.copy.click()
    assert tools.opened == "Save"


def test_several_texts_at_once(studio):
    alphas(studio)[0].value, alphas(studio)[1].value = 2.0, -1.0
    smile, glasses = Change("a smiling face", alpha=2.0), Change("a face with glasses", alpha=-1.0)
    assert studio.session.scene.recipe == Directions(changes=(smile, glasses))
    beta = directions_page(studio).rows.shared["beta"]
    beta.automatic.value = False
    beta.control.value = 0.01
    assert [one.beta for one in studio.session.scene.recipe.changes] == [0.01, 0.01]
    alphas(studio)[0].value = alphas(studio)[1].value = 0.0
    assert studio.session.scene.recipe is None and shown(studio) == drawn(studio, Scene())


def test_an_unknown_word_is_named_in_the_status_line_and_nothing_else_changes(studio):
    alphas(studio)[0].value = 2.0
    before = shown(studio), studio.session.scene
    directions_page(studio).rows.rows[0][0].control.value = "a face with a xyzzy"
    assert "xyzzy" in status(studio) and (shown(studio), studio.session.scene) == before


def test_mapper_and_its_levels(studio):
    parts = choose(studio, "Latent mapper").form.parts
    parts["mapper"].control.value = "smile"
    studio.wish.strength.value = 0.5
    parts["levels"].ticks["fine"].value = False
    scene = studio.session.scene
    assert scene.recipe == MapperEdit(mapper="smile", strength=0.5, levels=("coarse", "medium"))
    assert scene.text == studio.wish.text.value == "a smiling face" and "expression" in studio.sentence.value


def test_another_text_is_not_for_the_mapper_that_was_chosen(studio, monkeypatch):
    mapper = choose(studio, "Latent mapper").form.parts["mapper"]
    mapper.control.value = "smile"
    monkeypatch.setattr(studio.session.progress, "show", lambda done: studio.session.stop())
    wish(studio, "a sad face")
    assert mapper.value == "" and studio.session.scene.recipe.mapper == "" and studio.wish.text.value == "a sad face"


def test_a_search_shows_its_steps_and_its_strength_needs_no_new_one(studio):
    said, bar = [], []
    page = choose(studio, "Latent optimisation")
    studio.session.stage.status.observe(lambda change: said.append(change["new"]), names="value")
    studio.session.progress.box.layout.observe(lambda change: bar.append(change["new"]), names="visibility")
    page.form.parts["steps"].control.value = 5
    assert "Press Edit" in status(studio) and studio.session.scene.recipe is None
    wish(studio, "a sad face")
    assert [line for line in said if line.startswith("Step")] == [f"Step {i} of 5; Stop keeps the best so far." for i in range(1, 6)]
    assert bar == ["visible", "hidden"]
    said.clear()
    studio.wish.strength.value = 0.5
    assert not any("Step" in line for line in said) and studio.session.scene.recipe == Optimization(steps=5, strength=0.5)
    face_form(studio)["seed"].control.value = 9  # it belonged to the face before
    assert studio.session.scene.recipe is None


def test_the_training_of_a_mapper_shows_its_steps_and_can_be_stopped(studio):
    session, said = studio.session, []
    choose(studio, "Latent mapper")
    session.stage.status.observe(lambda change: said.append(change["new"]), names="value")
    session.progress.bar.observe(lambda change: change["new"] > 0.02 and session.stop(), names="value")
    wish(studio, "a sad face")
    assert [line for line in said if line.startswith("Step")] == [f"Step {i} of 150; Stop keeps the best so far." for i in (1, 2, 3, 4)]
    assert session.stage.last_error is None and session.scene.recipe.stop_after == 4 and "stop_after=4" in studio.code
    said.clear()
    recipe = session.scene.recipe
    studio.wish.strength.value = 0.5
    assert session.scene.recipe == replace(recipe, strength=0.5) and not any("Step" in line for line in said)
    studio.wish.edit.click()  # all of it: nothing of the one that was stopped stays
    assert any("Step 1 " in line for line in said) and session.stage.last_error is None


def test_the_strength_is_found_for_a_method_that_has_one_of_its_own(studio):
    page = choose(studio, "Latent optimisation")
    page.form.parts["steps"].control.value = 5
    studio.wish.text.value = "a sad face"
    page.find.click()
    assert studio.session.stage.last_error is None
    found = studio.session.scene.recipe
    assert isinstance(found, Optimization) and found.strength == studio.wish.strength.value


def test_a_setting_changes_the_edit_of_its_method_and_no_other_one(studio):
    wish(studio, "a smiling face")
    page = choose(studio, "Latent alignment")
    page.form.parts["c"].automatic.value = False
    assert "Press Edit" in status(studio) and isinstance(studio.session.scene.recipe, Directions)
    studio.wish.edit.click()
    page.form.parts["c"].control.value = 0.5
    assert studio.session.scene.recipe == AlignmentEdit(c=0.5) and studio.session.scene.text == "a smiling face"


def test_stop_keeps_the_best_so_far_and_the_controls_work_meanwhile(busy):
    session = busy.session
    session.progress.halt.click()
    session.wait(60)
    ended = session.scene.recipe.stop_after
    assert ended < LONG and len(session.history.scenes) == 2 and session.progress.box.layout.visibility == "hidden"
    assert f"stop_after={ended}" in busy.code and "the same person" in busy.sentence.value
    busy.wish.strength.value = 0.5
    session.wait(60)
    assert session.scene.recipe == Optimization(steps=LONG, stop_after=ended, strength=0.5)
    busy.wish.edit.click()  # the whole search again
    session.stop()
    session.wait(60)
    assert session.scene.recipe.stop_after is not None and session.stage.last_error is None


def test_ctrl_c_while_waiting_keeps_the_best_so_far(busy, monkeypatch):
    worker, calls = busy.session.stage.worker, []
    wait_idle = worker.wait_idle

    def interrupted(timeout):
        calls.append(timeout)
        if len(calls) == 1:
            raise KeyboardInterrupt
        wait_idle(timeout)

    monkeypatch.setattr(worker, "wait_idle", interrupted)
    busy.wait(60)
    assert busy.session.scene.recipe.stop_after < LONG and len(calls) == 2


def test_a_new_wish_ends_a_search_and_its_result_is_not_shown(busy):
    face_form(busy)["seed"].control.value = 5
    busy.wait(60)
    assert busy.session.history.scene == Scene(domain=busy.session.models.domain, face=Seed(5))
    assert shown(busy) == drawn(busy, Scene(face=Seed(5))) and len(busy.session.history.scenes) == 2


def test_the_strength_slider_has_no_say_in_what_is_still_searched_for(busy):
    busy.wish.strength.set_state({"value": 0.5})
    assert busy.session.scene.recipe.steps == LONG and busy.session.progress.box.layout.visibility == "visible"


def test_a_dragged_slider_ends_at_its_last_value_which_alone_is_kept(world, tmp_path):
    studio = Studio(world, folder=tmp_path)
    for seed in range(40):
        face_form(studio)["seed"].control.value = seed
    studio.wait(60)
    assert shown(studio) == drawn(studio, Scene(face=Seed(39))) and len(studio.session.history.scenes) == 2


def test_undo_redo_and_the_controls_that_follow(studio):
    face_form(studio)["seed"].control.value = 4
    alphas(studio)[1].value = 2.5
    studio.undo.click()
    assert studio.session.scene.face == Seed(4) and studio.session.scene.recipe is None and alphas(studio)[1].value == 0
    studio.undo.click()
    assert face_form(studio)["seed"].value == 1 and shown(studio) == drawn(studio, Scene()) and studio.undo.disabled
    studio.redo.click()
    studio.redo.click()
    assert alphas(studio)[1].value == 2.5 and studio.redo.disabled and len(studio.session.history.scenes) == 3


def test_undo_of_a_search_brings_its_page_and_its_text(studio):
    choose(studio, "Latent optimisation").form.parts["steps"].control.value = 5
    wish(studio, "a sad face")
    choose(studio, "Global directions")
    wish(studio, "an old face")
    studio.undo.click()
    assert studio.tabs["Method"].method.value == "Latent optimisation" and studio.wish.text.value == "a sad face"
    assert [one.value for one in alphas(studio)] == [0, 0, 0]


def test_mixing_takes_layers_of_another_face_and_gives_them_back(studio):
    mix = studio.tabs["Mix"]
    mix.layers.value = (0, 4)
    assert studio.session.scene.face == Mixed(FIRST, Seed(12), (0, 4))
    mix.second.which.value = "anna"
    assert studio.session.scene.face.second == Portrait(name="anna")
    mix.layers.value = (0, 0)
    assert studio.session.scene.face == FIRST


def test_a_blend_follows_the_point_and_the_point_a_blend(studio):
    blend = studio.tabs["Blend"]
    pad = blend.pad.value
    blend.x.value = 0.0
    blend.y.value = 1.0
    assert studio.session.scene.face.weights == (1, 0, 0, 0) and blend.pad.value != pad
    assert drawn(studio, Scene(face=Seed(3))) == shown(studio)
    blend.number.value = 2
    assert len(studio.session.scene.face.faces) == 2 and blend.y.disabled
    studio.show(Scene(domain="tiny", face=Blended((Seed(5), Seed(6), Seed(7)), (0.25, 0.5, 0.25))))
    assert blend.number.value == 3 and (blend.x.value, blend.y.value) == (0.375, 0.25)
    assert [pick.seed.value for pick in blend.picks[:3]] == [5, 6, 7]


def test_channels_are_moved_shown_and_found(studio):
    tab = studio.tabs["Channels"]
    tab._ask()
    tab._find()
    assert len(tab.strip.value) > 500 and "Same person" in tab.told.value and len(tab.used.options) > 3
    tab.used.index = 2
    shift = studio.session.scene.recipe
    assert isinstance(shift, ChannelShift) and abs(shift.sigmas) == 10 and tab.form.value == shift
    assert tab.form.parts["number"].control.max == tab.sizes[shift.layer] - 1
    tab.form.parts["sigmas"].control.value = 0
    assert studio.session.scene.recipe is None


def test_favourites_can_be_shown_again_and_mixed(studio):
    face_form(studio)["seed"].control.value = 6
    studio.session.like()
    face_form(studio)["seed"].control.value = 7
    studio.tabs["History"].favourites.index = 0
    assert studio.session.scene.face == Seed(6)
    pick = studio.tabs["Mix"].second
    pick.which.value = "favourite 1"
    assert pick.source == Seed(6)


def test_history_goes_back_to_any_scene(studio):
    for seed in (4, 5, 6):
        face_form(studio)["seed"].control.value = seed
    studio.tabs["History"].scenes.index = 1
    assert studio.session.scene.face == Seed(4) and len(studio.session.history.scenes) == 4


def test_going_on_from_a_result_whatever_made_it(studio):
    alphas(studio)[0].value = 2.0
    scene, after = studio.session.scene, shown(studio)
    studio.go_on.click()
    assert studio.session.scene.face == Edited(FIRST, scene.recipe) and studio.session.scene.recipe is None and shown(studio) == after
    alphas(studio)[1].value = 1.0
    assert studio.session.stage.last_error is None and shown(studio) != after


def test_the_compare_slider_lays_before_over_after(studio):
    alphas(studio)[0].value = 5.0
    after, shot = shown(studio), studio.session.shot
    studio.compare.value = 1.0
    assert shown(studio) == png(split_view(shot.before, shot.before, 0)) != after
    studio.compare.value = 0.0
    assert shown(studio) == after


def test_save_and_load(studio, tmp_path):
    alphas(studio)[0].value = 2.0
    saved, save = studio.session.scene, studio.tabs["Save"]
    save.name.value = "mine.png"
    save._save()
    assert Image.open(tmp_path / "mine.png").size == (32, 32) and "mine.json" in status(studio)
    face_form(studio)["seed"].control.value = 8
    sent(save.recipe, "mine.json", (tmp_path / "mine.json").read_bytes())
    assert studio.session.scene == saved and alphas(studio)[0].value == 2.0
    save.name.value = "mine.txt"
    save._save()
    assert "extensions" in status(studio)


def recipe_of_a_stranger(**edit) -> bytes:
    return json.dumps({"domain": "tiny", "face": {"seed": 1, "truncation_psi": 0.7}, "edit": edit}).encode()


@pytest.mark.parametrize("content", [
    b"\xff\xd8", b"[" * 100_000, b'{"domain": "ffhq", "face": {"source": "seed"}}',
    recipe_of_a_stranger(method="optimization", text="a sad face", steps=5, strength=1.0, ended="0 or __import__('os').system('x')"),
    recipe_of_a_stranger(method="channel", layer="b99", number=3, sigmas=5.0),
    recipe_of_a_stranger(method="mapper", mapper="../../../etc/passwd", strength=1.0, acting=["coarse"]),
    recipe_of_a_stranger(method="optimization", text="a xyzzy", steps=5, strength=1.0),
    b'{"domain": "tiny", "face": {"source": "file", "name": "/dev/zero"}}',
    b'{"domain": "tiny", "face": {"source": "mixed", "first": {"source": "seed"}, "second": {"source": "seed"}, "layers": [9, 2]}}',
], ids=range(9))  # fmt: skip
def test_a_recipe_that_makes_no_sense_is_refused_in_a_sentence_and_changes_nothing(studio, content):
    before, code = shown(studio), studio.code
    sent(studio.tabs["Save"].recipe, "mine.json", content)
    said = status(studio)
    assert "#b00020" in said and "Traceback" not in said and "Error:" not in said and "<br>" not in said
    assert shown(studio) == before and studio.code == code == studio.tabs["Save"].code.value
    assert studio.session.scene == studio.session.history.scene == Scene(domain="tiny")
    face_form(studio)["seed"].control.value = 2
    assert shown(studio) == drawn(studio, Scene(face=Seed(2)))


def test_a_new_studio_ends_the_one_before_and_no_thread_is_left(busy, world, tmp_path):
    second = Studio(world, folder=tmp_path)
    wait_for(lambda: busy.session.stage.worker._thread is None)
    assert len(busy.session.history.scenes) == 1
    face_form(second)["seed"].control.value = 3
    second.wait()
    second.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "widget"]


def test_what_a_notebook_keeps_is_a_still_picture(studio):
    bundle = studio._repr_mimebundle_()
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == studio.box.model_id
    assert Image.open(io.BytesIO(base64.b64decode(bundle["image/png"]))).width == 2 * 256 + 2


def test_a_domain_without_attributes_says_what_is_missing(world, tmp_path):
    studio = Studio(dataclasses.replace(world, attributes=None), folder=tmp_path, threaded=False)
    assert "no network that reads attributes" in studio.bars.value
    alphas(studio)[0].value = 2.0
    assert "CLIP's similarity" in studio.sentence.value and "cannot be read" in studio.sentence.value


def test_a_mapper_of_ones_own_can_be_chosen(world, tmp_path):
    own = tmp_path / "mine.safetensors"
    own.write_bytes((world.folder / "mapper_smile.safetensors").read_bytes())
    studio = Studio(world, folder=tmp_path, mappers=[own], threaded=False)
    mapper = studio.tabs["Method"].pages["Latent mapper"].form.parts["mapper"].control
    assert mapper.options[1:] == ("smile", str(own))
    mapper.value = str(own)
    assert studio.session.scene.recipe.mapper == str(own) and repr(str(own)) in studio.code


def test_directions_are_loaded_in_the_worker_and_the_last_wish_counts(world, directions, tmp_path, monkeypatch):
    gate = threading.Event()
    monkeypatch.setattr(GlobalDirections, "available", classmethod(lambda cls, models, progress=True: gate.wait(10) and directions))
    studio = Studio(world, folder=tmp_path)
    for alpha in (1.0, 2.0):
        alphas(studio)[0].value = alpha
    assert "first use" in status(studio) and len(studio.session.history.scenes) == 1
    gate.set()
    studio.wait(60)
    assert [one.alpha for one in studio.session.history.scene.recipe.changes] == [2.0] and "the same person" in studio.sentence.value


def two_faces() -> bytes:
    picture, content = Image.new("RGB", (700, 330), (150, 150, 150)), io.BytesIO()
    for name, side, corner in (("anna", 250, (20, 40)), ("felix", 300, (360, 15))):
        picture.paste(Image.open(portraits()[name]).resize((side, side)), corner)
    picture.save(content, "PNG")
    return content.getvalue()


@pytest.mark.slow
def test_the_faces_of_an_upload_are_found_once_and_one_is_chosen(studio, monkeypatch):
    from styleclip_lib.photos import loading

    found, find_faces = [], loading.find_faces
    monkeypatch.setattr(loading, "find_faces", lambda picture: found.append(1) or find_faces(picture))
    tab = studio.tabs["Face"]
    sent(tab.upload, "two.png", two_faces())
    assert "2 faces were found" in status(studio) and not tab.upload.value
    assert [one.description for one in tab.crops.buttons if one.layout.display != "none"] == ["Face 1", "Face 2"]
    take = tab.crops.buttons[1]
    monkeypatch.setattr("styleclip_lib.widgets.studio.face.File", lambda **name: File(steps=2, **name))
    take.click()
    assert studio.session.stage.last_error is None and studio.session.scene.face.face == 1
    face_form(studio)["seed"].control.value = 5
    studio.undo.click()
    assert len(found) == 1


@pytest.mark.slow
def test_a_picture_without_a_face_is_refused_in_a_sentence(studio):
    content = io.BytesIO()
    Image.new("RGB", (200, 200)).save(content, "PNG")
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)
    for upload, says in ((content.getvalue(), "No face was found"), (b"no picture", "x.png&#x27; is not a picture"),
                         (heic, "x.png&#x27; is a file in HEIC")):
        sent(studio.tabs["Face"].upload, "x.png", upload)
        assert says in status(studio) and "#b00020" in status(studio)


def test_every_tab_has_a_button_and_knows_only_its_session(studio):
    assert list(studio.tools.buttons) == list(studio.tabs)
    for tab in studio.tabs.values():
        assert not any(value is studio for value in vars(tab).values())


def test_the_picture_is_that_of_the_scene_after_a_long_walk(studio):
    """Whatever is done in whatever order, the picture, the code, and the history's scene agree."""
    rng = np.random.default_rng(0)
    moves = [lambda: setattr(face_form(studio)["seed"].control, "value", int(rng.integers(5))),
             lambda: setattr(alphas(studio)[int(rng.integers(3))], "value", float(rng.integers(-4, 4))),
             lambda: setattr(studio.tabs["Mix"].layers, "value", (0, int(rng.integers(6)))),
             lambda: setattr(studio.tabs["Channels"].form.parts["sigmas"].control, "value", float(rng.integers(-5, 5))),
             studio.undo.click, studio.redo.click, studio.go_on.click]
    for _ in range(25):
        moves[rng.integers(len(moves))]()
        scene = studio.session.history.scene
        assert studio.session.scene == scene and shown(studio) == drawn(studio, scene)
    space: dict = {}
    exec(studio.code, space)
    assert torch.equal(space["image"].clamp(-1, 1), studio.session.shot.after)


def wait_for(condition, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
