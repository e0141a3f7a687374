"""From a form to a task, and the schema that says what a form may hold."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest

from styleclip_lib.editing.recipes import Change, Directions, MapperEdit, Optimization, Recipe
from styleclip_lib.editing.saved_edit import SavedEdit
from styleclip_lib.errors import StyleclipError
from styleclip_lib.service.answers import wanted_format
from styleclip_lib.service.forms import read_edit, read_task
from styleclip_lib.service.problems import ProblemError
from styleclip_lib.service.schema import form_schema, settings_schema
from styleclip_lib.service.tasks import EditTask, FacesTask, SampleTask, Task


def test_fields_become_the_recipe():
    task = read_edit({"text": "a smiling face", "neutral": "a man", "steps": "20", "space": "w+", "lr": "0.1", "rgb": "false", "seed": "3"})
    assert task.recipe == Optimization(steps=20, space="w+", lr=0.1, rgb=False, seed=3)
    assert (task.text, task.neutral, task.seed, task.inversion_steps) == ("a smiling face", "a man", 3, 100)
    task = read_edit({"text": "12", "method": "directions", "strength": "auto", "beta": "null"})
    assert task.recipe == Directions(strength="auto") and task.text == "12"
    assert read_edit({"text": "a hat", "method": "mapper", "mapper": "7", "levels": '["coarse", "fine"]'}).recipe \
        == MapperEdit(mapper="7", levels=("coarse", "fine"))
    task = read_edit({"method": "directions", "changes": '[{"target": "a hat", "alpha": 3}]', "face": "largest", "paste_back": "true"})
    assert task.recipe.changes == (Change("a hat", alpha=3.0),) and task.face == "largest" and task.paste_back


def test_a_recipe_can_be_sent_whole_and_changed():
    saved = SavedEdit(text="a sad face", neutral="a woman", recipe=Directions(changes=(Change("a sad face"),)))
    sent = json.dumps(saved.to_dict())
    task = read_edit({"recipe": sent})
    assert (task.text, task.neutral, task.recipe) == ("a sad face", "a woman", saved.recipe)
    task = read_edit({"recipe": sent, "text": "a smiling face", "alpha": "3"})
    assert task.recipe == Directions(alpha=3.0) and task.text == "a smiling face"  # the changes were those of the other text
    assert read_edit({"recipe": sent, "text": "a hat", "method": "optimization"}).recipe == Optimization()


@pytest.mark.parametrize(("words", "message"), [
    ({}, "needs a text"),
    ({"text": "  "}, "needs a text"),
    ({"text": "a hat", "method": "magic"}, "choose one of"),
    ({"text": "a hat", "alpha": "2"}, "no setting 'alpha'"),
    ({"text": "a hat", "stesp": "2"}, "did you mean 'steps'"),
    ({"text": "a hat", "steps": "many"}, "steps must be a whole number"),
    ({"text": "a hat", "steps": "1e400"}, "steps must be a whole number"),
    ({"text": "a hat", "steps": "NaN"}, "steps must be a whole number"),
    ({"text": "a hat", "steps": "9" * 5000}, "steps must be a whole number"),
    ({"text": "a hat", "steps": "901"}, "1001 steps are more than one job may take"),
    ({"text": "a hat", "lr": "-1"}, "lr must be a number from 0 to 100"),
    ({"text": "a hat", "recipe": "{"}, "not JSON"),
    ({"text": "a hat", "recipe": "[" * 100_000}, "not JSON"),
    ({"text": "a hat", "recipe": '{"method": "magic"}'}, "choose one of"),
    ({"text": "x" * 1001}, "text must be a text"),
    ({"text": "a hat", "neutral": ""}, "neutral must be a text"),
    ({"text": "a hat", "face": "-1"}, "face must be a whole number"),
    ({"text": "a hat", "align": "maybe"}, "align must be"),
    ({"text": "a hat", "align": "never", "paste_back": "true"}, "needs a cropped face"),
    ({"text": "a hat", "face_seed": "1", "paste_back": "true"}, "needs a cropped face"),
    ({"text": "a hat", "face_seed": str(2**64)}, "face_seed must be"),
])  # fmt: skip
def test_invalid_requests_are_reported_in_a_sentence(words, message):
    with pytest.raises(StyleclipError, match=message) as caught:
        read_task(EditTask, words, b"picture")
    assert len(str(caught.value)) <= 1000 and "\n" not in str(caught.value)


def test_a_picture_or_an_invented_face():
    with pytest.raises(StyleclipError, match="Send a picture"):
        read_task(EditTask, {"text": "a hat"}, b"")
    with pytest.raises(StyleclipError, match="not both"):
        read_task(EditTask, {"text": "a hat", "face_seed": "1"}, b"picture")
    with pytest.raises(StyleclipError, match="Send a picture"):
        read_task(FacesTask, {}, b"")
    with pytest.raises(StyleclipError, match="takes no picture"):
        read_task(SampleTask, {}, b"picture")
    assert read_task(SampleTask, {"seed": "4"}, b"") == SampleTask(seed=4)


@pytest.mark.parametrize("kind", [EditTask, FacesTask, SampleTask])
def test_tasks_travel_as_json(kind):
    task = kind(**({"text": "a hat"} if kind is EditTask else {}))
    assert Task.from_dict(task.to_dict()) == task


def test_the_schema_has_every_setting_with_its_range():
    schema = form_schema(EditTask)["properties"]
    for kind in Recipe.family().values():
        assert {one.name for one in fields(kind)} <= set(schema)
        own = settings_schema(kind)
        assert own["properties"]["method"]["const"] == kind.KIND and own["additionalProperties"] is False
        assert set(own["properties"]) == {"method", *(one.name for one in fields(kind))}
    assert settings_schema(Optimization)["properties"]["steps"] == {
        "type": "integer", "minimum": 1, "maximum": 100_000, "default": 100,
        "description": "number of steps; none are taken if the text is already true"}
    assert schema["image"]["format"] == "binary" and "image" not in form_schema(SampleTask)["properties"]


@pytest.mark.parametrize(("accept", "kind"), [
    ("", "image/png"), ("*/*", "image/png"), ("image/*", "image/png"), ("image/webp", "image/webp"), ("IMAGE/JPEG", "image/jpeg"),
    ("image/jpeg, image/png", "image/jpeg"), ("image/png;q=0.5, image/jpeg;q=0.8", "image/jpeg"),
    ("text/html, image/webp;q=0.1", "image/webp"), ("image/avif,*/*;q=0.1", "image/png"),
    ("image/jpeg;q=x, image/webp;q=0.2", "image/webp"),
])  # fmt: skip
def test_the_format_that_is_wanted(accept, kind):
    assert wanted_format(accept) == kind


def test_a_format_that_there_is_not():
    for accept in ("text/html", "image/png;q=0", "image/avif"):
        with pytest.raises(ProblemError, match="Pictures come as"):
            wanted_format(accept)
