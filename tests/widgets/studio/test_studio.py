"""The studio without a browser: what the front end sends is set on the traits."""

from __future__ import annotations

import base64
import dataclasses
import io
import threading
import time

import pytest
from PIL import Image

from styleclip_lib.editing.directions.global_directions import GlobalDirections
from styleclip_lib.widgets.studio import edits as studio_edits
from styleclip_lib.widgets.studio.pages import split_view
from styleclip_lib.widgets.studio.state import Scene
from styleclip_lib.widgets.studio.studio import Studio
from styleclip_lib.widgets.toolkit.stage import png

SEED = {"seed": 1, "truncation_psi": 0.7}
DIRECTED = {"text": "a smiling face", "neutral": "a face", "alpha": 2.0, "beta": 0.0}


@pytest.fixture
def studio(world, tmp_path):
    return Studio(world, folder=tmp_path, threaded=False)


def shown(studio) -> bytes:
    return studio.stage.picture.value


def drawn(studio, scene) -> bytes:
    shot = studio.renderer.shot(scene)
    return png(split_view(shot.before, shot.after, studio.compare.value))


def test_the_first_picture_its_reading_and_its_code_are_there_at_once(studio):
    assert shown(studio) == drawn(studio, Scene(SEED))
    assert "nothing to score" in studio.score.value and "headwear" in studio.bars.value
    assert "models.sample(1" in studio.tabs["Save"].code.value
    assert studio.undo.disabled and studio.redo.disabled


def test_face_sliders_change_the_face_and_keep_the_edit(studio):
    text = studio.tabs["Text"]
    text.rows[0][1].set_state({"value": 3.0})
    edit = studio.scene.edit
    studio.tabs["Face"].seed.set_state({"value": 2})
    studio.tabs["Face"].psi.set_state({"value": 0.5})
    assert studio.scene == Scene({"seed": 2, "truncation_psi": 0.5}, edit)
    assert shown(studio) == drawn(studio, studio.scene) and "Same person" in studio.score.value


def test_several_texts_at_once(studio):
    text = studio.tabs["Text"]
    text.rows[0][1].value, text.rows[1][1].value = 2.0, -1.0
    changes = studio.scene.edit["changes"]
    assert [(one["text"], one["alpha"]) for one in changes] == [("a smiling face", 2.0), ("a face with glasses", -1.0)]
    text.share.value = 0.5
    assert studio.scene.edit["changes"][0]["beta"] > changes[0]["beta"]
    text.rows[0][1].value = text.rows[1][1].value = 0.0
    assert studio.scene == Scene(SEED)


def test_an_unknown_word_is_named_in_the_status_line_and_nothing_else_changes(studio):
    text = studio.tabs["Text"]
    text.rows[0][1].value = 2.0
    before = shown(studio), studio.scene
    text.rows[0][0].value = "a face with a xyzzy"
    assert "xyzzy" in studio.stage.status.value and (shown(studio), studio.scene) == before


def test_mapper_and_its_levels(studio):
    text = studio.tabs["Text"]
    text.method.value = "mapper"
    text.strength.value = 0.5
    text.levels["medium"].value = False
    assert studio.scene.edit == {"method": "mapper", "mapper": "smile", "strength": 0.5, "acting": ["coarse", "fine"]}
    assert "expression" in studio.score.value


def test_optimisation_shows_its_steps_and_its_strength_needs_no_new_one(studio, monkeypatch):
    text, said = studio.tabs["Text"], []
    studio.stage.status.observe(lambda change: said.append(change["new"]), names="value")
    text.text.value, text.steps.value = "a sad face", 5
    text.start.click()
    assert [line for line in said if line.startswith("Step")] == [
        f"Step {i} of 5; Stop keeps the best so far." for i in range(1, 6)]
    assert studio.progress.value == 1 and studio.scene.edit["strength"] == 1.0
    said.clear()
    text.reached.value = 0.5
    assert not any("Step" in line for line in said) and studio.scene.edit["strength"] == 0.5
    studio.tabs["Face"].seed.value = 9  # it belonged to the face before
    assert studio.scene.edit is None


def test_stop_keeps_the_best_so_far_and_the_controls_work_meanwhile(world, tmp_path):
    studio = Studio(world, folder=tmp_path)
    text = studio.tabs["Text"]
    text.text.value, text.steps.value = "a sad face", 150
    text.start.click()
    wait_for(lambda: studio.progress.value > 0)
    studio.halt.click()
    studio.stage.worker.wait_idle()
    assert studio.scene.edit["ended"] < 150 and len(studio.state.history) == 2
    assert "on_step" in studio.code


def test_a_new_wish_ends_an_optimisation_and_its_result_is_not_shown(world, tmp_path):
    studio = Studio(world, folder=tmp_path)
    text = studio.tabs["Text"]
    text.text.value, text.steps.value = "a sad face", 150
    text.start.click()
    wait_for(lambda: studio.progress.value > 0)
    studio.tabs["Face"].seed.value = 5
    studio.stage.worker.wait_idle()
    assert studio.state.scene == Scene({"seed": 5, "truncation_psi": 0.7}) and shown(studio) == drawn(studio, studio.state.scene)
    assert len(studio.state.history) == 2


def test_a_new_wish_calls_the_search_for_strengths_off(world, tmp_path, monkeypatch):
    searching, gate = threading.Event(), threading.Event()
    studio = Studio(world, folder=tmp_path)
    monkeypatch.setattr(studio.renderer.edits, "strengths", lambda *_: searching.set() or (gate.wait(10) and [DIRECTED]))
    studio.tabs["Text"]._find()
    searching.wait(10)
    studio.tabs["Face"].seed.value = 5
    gate.set()
    studio.stage.worker.wait_idle()
    assert studio.state.scene == Scene({"seed": 5, "truncation_psi": 0.7})


def test_a_dragged_slider_ends_at_its_last_value_which_alone_is_kept(world, tmp_path):
    studio = Studio(world, folder=tmp_path)
    for seed in range(40):
        studio.tabs["Face"].seed.value = seed
    studio.stage.worker.wait_idle()
    assert shown(studio) == drawn(studio, Scene({"seed": 39, "truncation_psi": 0.7}))
    assert len(studio.state.history) == 2


def test_undo_redo_and_the_controls_that_follow(studio):
    face = studio.tabs["Face"]
    face.seed.value = 4
    studio.tabs["Text"].rows[1][1].value = 2.5
    studio.undo.click()
    assert studio.scene == Scene({"seed": 4, "truncation_psi": 0.7}) and studio.tabs["Text"].rows[1][1].value == 0
    studio.undo.click()
    assert face.seed.value == 1 and shown(studio) == drawn(studio, Scene(SEED)) and studio.undo.disabled
    studio.redo.click()
    studio.redo.click()
    assert studio.tabs["Text"].rows[1][1].value == 2.5 and studio.redo.disabled and len(studio.state.history) == 3


def test_mixing_takes_layers_of_another_face_and_gives_them_back(studio):
    mix = studio.tabs["Mix"]
    mix.layers.value = (0, 4)
    assert studio.scene.face == {"mixed": [SEED, {"seed": 12, "truncation_psi": 0.7}], "layers": [0, 4]}
    mix.second.which.value = "anna"
    assert studio.scene.face["mixed"][1] == {"portrait": "anna"}
    mix.layers.value = (0, 0)
    assert studio.scene.face == SEED


def test_a_blend_follows_the_point(studio):
    blend = studio.tabs["Blend"]
    pad = blend.pad.value
    blend.x.value = 0.0
    blend.y.value = 1.0
    assert studio.scene.face["weights"] == [1, 0, 0, 0] and blend.pad.value != pad
    assert drawn(studio, Scene({"seed": 3, "truncation_psi": 0.7})) == shown(studio)
    blend.number.value = 2
    assert len(studio.scene.face["blended"]) == 2 and blend.y.disabled


def test_channels_are_moved_shown_and_found(studio):
    tab = studio.tabs["Channels"]
    tab._ask()
    tab._find()
    assert len(tab.strip.value) > 500 and "Same person" in tab.told.value and len(tab.used.options) > 3
    tab.used.index = 2
    edit = studio.scene.edit
    assert edit["method"] == "channel" and abs(edit["sigmas"]) == 10
    assert (tab.layer.value, tab.number.value, tab.sigmas.value) == (edit["layer"], edit["number"], edit["sigmas"])
    tab.sigmas.value = 0
    assert studio.scene.edit is None


def test_favourites_can_be_shown_again_and_mixed(studio):
    studio.tabs["Face"].seed.value = 6
    studio.like.click()
    studio.tabs["Face"].seed.value = 7
    studio.tabs["History"].favourites.index = 0
    assert studio.scene.face["seed"] == 6
    pick = studio.tabs["Mix"].second
    pick.which.value = "favourite 1"
    assert pick.face == {"seed": 6, "truncation_psi": 0.7}


def test_history_goes_back_to_any_scene(studio):
    for seed in (4, 5, 6):
        studio.tabs["Face"].seed.value = seed
    studio.tabs["History"].scenes.index = 1
    assert studio.scene.face["seed"] == 4 and len(studio.state.history) == 4


def test_going_on_from_a_result(studio):
    studio.tabs["History"]._go_on()
    assert "add a text" in studio.stage.status.value
    studio.tabs["Text"].strength.value = 0.8
    edit = studio.scene.edit
    studio.tabs["History"]._go_on()
    assert studio.scene == Scene({"edited": SEED, "edit": edit})


def test_the_compare_slider_lays_before_over_after(studio):
    studio.tabs["Text"].rows[0][1].value = 5.0
    after = shown(studio)
    studio.compare.value = 1.0
    assert shown(studio) == png(split_view(studio.shot.before, studio.shot.before, 0)) != after
    studio.compare.value = 0.0
    assert shown(studio) == after


def test_save_and_load(studio, tmp_path):
    studio.tabs["Text"].rows[0][1].value = 2.0
    saved = studio.scene
    studio.tabs["Save"].name.value = "mine.png"
    studio.tabs["Save"]._save()
    assert Image.open(tmp_path / "mine.png").size == (32, 32) and "mine.json" in studio.stage.status.value
    studio.tabs["Face"].seed.value = 8
    scene = studio.state.read_recipe((tmp_path / "mine.json").read_bytes())
    studio.go(lambda: scene)
    assert studio.scene == saved and studio.tabs["Text"].rows[0][1].value == 2.0
    studio.tabs["Save"].name.value = "mine.txt"
    studio.tabs["Save"]._save()
    assert "extensions" in studio.stage.status.value


def test_a_new_studio_ends_the_one_before_and_no_thread_is_left(world, tmp_path):
    first = Studio(world, folder=tmp_path)
    first.tabs["Text"].steps.value = 150
    first.tabs["Text"].start.click()
    wait_for(lambda: first.progress.value > 0)
    second = Studio(world, folder=tmp_path)
    wait_for(lambda: first.stage.worker._thread is None)
    assert len(first.state.history) == 1
    second.tabs["Face"].seed.value = 3
    second.stage.worker.wait_idle()
    second.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "widget"]


def test_what_a_notebook_keeps_is_a_still_picture(studio):
    bundle = studio._repr_mimebundle_()
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == studio.box.model_id
    assert Image.open(io.BytesIO(base64.b64decode(bundle["image/png"]))).width == 2 * 256 + 2


def test_a_domain_without_mappers_and_attributes_says_what_is_missing(world, tmp_path, monkeypatch):
    monkeypatch.setattr(studio_edits, "shipped_mappers", lambda models: [])
    studio = Studio(dataclasses.replace(world, attributes=None), folder=tmp_path, threaded=False)
    text = studio.tabs["Text"]
    text.method.value = "mapper"
    assert "train_mapper" in text.page.children[0].value and "no network that reads attributes" in studio.bars.value
    text.rows[0][1].value = 2.0
    assert "CLIP is the only judge" in studio.score.value and "Same person" in studio.score.value
    studio.go(lambda: Scene(SEED, {"method": "mapper", "mapper": "smile", "strength": 1.0, "acting": ["coarse"]}))
    assert studio.stage.last_error is None  # the controls let it be, whatever the drawing says


def test_a_mapper_of_ones_own_can_be_chosen(world, tmp_path):
    studio = Studio(world, folder=tmp_path, mappers=[tmp_path / "mine.safetensors"], threaded=False)
    mapper = studio.tabs["Text"].mapper
    assert mapper.options == ("smile", str(tmp_path / "mine.safetensors"))
    mapper.value = mapper.options[1]
    assert studio.scene.edit["mapper"] == mapper.value and "mine.safetensors" in studio.code


def test_directions_are_loaded_in_the_worker_and_the_last_wish_counts(world, directions, tmp_path, monkeypatch):
    gate = threading.Event()
    monkeypatch.setattr(GlobalDirections, "available", classmethod(lambda cls, models, progress=True: gate.wait(10) and directions))
    studio = Studio(world, folder=tmp_path)
    for alpha in (1.0, 2.0):
        studio.tabs["Text"].rows[0][1].value = alpha
    assert studio.scene.edit is None and "first use" in studio.stage.status.value
    gate.set()
    studio.stage.worker.wait_idle()
    assert [one["alpha"] for one in studio.state.scene.edit["changes"]] == [2.0] and "Same person" in studio.score.value


def test_a_recipe_that_makes_no_sense_is_named_and_changes_nothing(studio):
    before = shown(studio)
    studio.go(lambda: Scene({"seed": "many", "truncation_psi": 0.7}))
    assert "many" in studio.stage.status.value and shown(studio) == before and studio.state.scene == Scene(SEED)


def test_every_tab_has_a_title(studio):
    assert [studio.tab.get_title(i) for i in range(7)] == list(studio.tabs)


def wait_for(condition, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
