"""The road of an edit over HTTP, on the tiny domain with a real worker."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image

from styleclip_lib.cli.main import main
from styleclip_lib.editing.saved_edit import SavedEdit

from .conftest import QUICK, picture, png

pytestmark = pytest.mark.slow


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def test_an_edit_from_upload_to_picture(client):
    asked = client.post("/v1/edits", files=picture(), data=QUICK)
    assert asked.status_code == 202
    job = asked.json()
    assert asked.headers["Location"] == job["links"]["self"] == f"/v1/edits/{job['id']}"
    job = client.ended(job)
    assert job["state"] == "done" and job["problem"] is None
    assert job["result"]["report"]["text"] == "a smiling face"
    shown = client.get(job["links"]["picture"])
    assert shown.headers["Content-Type"] == "image/png" and pixels(shown.content).shape == (32, 32, 3)
    assert pixels(client.get(job["links"]["before"]).content).shape == (32, 32, 3)
    assert client.delete(job["links"]["self"]).status_code == 204
    assert client.get(job["links"]["self"]).status_code == client.get(job["links"]["picture"]).status_code == 404


@pytest.mark.parametrize("form", [
    {"text": "a smiling face", "method": "directions", "alpha": "3"},
    {"text": "a smiling face", "neutral": "a sad face", "method": "directions", "strength": "auto"},
    {"text": "a face with glasses", "steps": "4", "space": "w+", "seed": "3"},
    {"text": "a smiling face", "method": "mapper", "strength": "1.5"},
    {"method": "channel", "layer": "b8.conv1", "number": "2", "sigmas": "-7"},
])  # fmt: skip
def test_the_recipe_of_the_answer_makes_the_same_pixels_on_the_command_line(client, tiny_domain, tmp_path, form):
    upload = {**picture(), "text": (None, form.get("text", ""))}
    asked = client.post("/v1/edits", files=upload, data={name: value for name, value in form.items() if name != "text"})
    job = client.ended(asked.json())
    assert job["state"] == "done", job
    (tmp_path / "in.png").write_bytes(png())
    (tmp_path / "recipe.json").write_text(json.dumps(job["result"]["recipe"]))
    assert main(["edit", str(tmp_path / "in.png"), str(tmp_path / "out.png"), "--recipe", str(tmp_path / "recipe.json"), "--domain",
                 str(tiny_domain), "--device", "cpu", "--seed", form.get("seed", "0")]) == 0
    served = pixels(client.get(job["links"]["picture"]).content)
    assert np.array_equal(served, pixels((tmp_path / "out.png").read_bytes()))
    again = client.post("/v1/edits", files={**picture(), "recipe": ("recipe.json", json.dumps(job["result"]["recipe"]))},
                        data={"seed": form["seed"]} if "seed" in form else {}, headers={"Prefer": "wait"})
    assert np.array_equal(served, pixels(again.content))


def test_prefer_wait_answers_with_the_picture_in_the_format_that_is_asked_for(client):
    for accept, format in (("image/webp", "WEBP"), ("image/jpeg;q=0.9, image/png;q=0.1", "JPEG"), ("*/*", "PNG")):
        answer = client.post("/v1/edits", files=picture(), data=QUICK, headers={"Prefer": "wait=60", "Accept": accept})
        assert answer.status_code == 200 and answer.headers["Preference-Applied"] == "wait"
        assert Image.open(io.BytesIO(answer.content)).format == format
        assert client.get(answer.headers["Location"]).json()["state"] == "done"
    assert client.post("/v1/edits", files=picture(), data=QUICK, headers={"Prefer": "wait", "Accept": "text/html"}).status_code == 406


def test_an_invented_face_can_be_edited_and_drawn(client, tiny):
    face = client.post("/v1/samples", files={"seed": (None, "7")}, headers={"Prefer": "wait"})
    edit = client.post("/v1/edits", files={"face_seed": (None, "7"), "text": (None, "a bald face"), "neutral": (None, "a bald man"),
                                           "steps": (None, "3")})
    job = client.ended(edit.json())
    assert np.array_equal(pixels(face.content), pixels(client.get(job["links"]["before"]).content))
    assert np.array_equal(pixels(face.content), pixels(client.get(job["links"]["picture"]).content))  # it was described as bald already
    assert SavedEdit.from_dict(job["result"]["recipe"]).face.seed == 7


def test_a_picture_is_restyled_and_a_face_is_drawn_for_a_text(client):
    form = {"text": "a mosaic", "steps": "2", "patches": "2", "views": "1"}
    restyled = client.post("/v1/stylizations", files=picture(size=48), data=form, headers={"Prefer": "wait"})
    assert restyled.status_code == 200, restyled.text
    assert pixels(restyled.content).shape == (48, 48, 3)
    assert client.get(restyled.headers["Location"]).json()["result"]["recipe"]["steps"] == 2
    drawn = client.post("/v1/samples", files={"text": (None, "a smiling woman"), "seed": (None, "3")}, headers={"Prefer": "wait"})
    assert drawn.status_code == 200 and pixels(drawn.content).shape == (32, 32, 3), drawn.text


def test_events_tell_of_the_progress_and_of_the_end(client):
    job = client.post("/v1/edits", files=picture(), data={"text": "a smiling face", "steps": "8", "early_exit": "1"}).json()
    with client.get(job["links"]["events"], stream=True) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        lines = [line.decode() for line in stream.iter_lines() if line]
    names = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    seen = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    assert names == ["progress"] * (len(names) - 1) + ["end"] and len(seen) == len(names) > 1
    assert seen[-1]["state"] == "done" and {one["phase"] for one in seen} & {"inverting", "editing"}
    assert [one["step"] for one in seen] == sorted(one["step"] for one in seen)


def test_faces_are_found_and_can_be_chosen(client, faces_of_two):
    answer = client.post("/v1/faces", files={"image": faces_of_two}, headers={"Prefer": "wait"})
    assert answer.status_code == 200
    found = answer.json()["result"]
    assert [one["number"] for one in found["faces"]] == [0, 1]
    assert all(one["crop"].startswith("data:image/jpeg;base64,") and len(one["quad"]) == 4 for one in found["faces"])
    assert all(0 <= one["box"][0] < one["box"][2] <= found["width"] for one in found["faces"])
    several = client.post("/v1/edits", files={"image": faces_of_two}, data=QUICK, headers={"Prefer": "wait"})
    assert several.status_code == 422 and "2 faces were found" in several.json()["detail"]
    chosen = client.post("/v1/edits", files={"image": faces_of_two}, data={**QUICK, "face": "1", "paste_back": "true"},
                         headers={"Prefer": "wait"})
    assert chosen.status_code == 200, chosen.text
    assert pixels(chosen.content).shape == pixels(faces_of_two).shape
    assert client.post("/v1/edits", files={"image": faces_of_two}, data={**QUICK, "face": "2"},
                       headers={"Prefer": "wait"}).status_code == 422


@pytest.fixture(scope="module")
def faces_of_two() -> bytes:
    """Two faces of the gallery side by side, as one photograph."""
    from styleclip_lib.editing.faces import portraits

    first, second = [Image.open(path).convert("RGB") for path in list(portraits().values())[:2]]
    sheet = Image.new("RGB", (4 * first.width, 2 * first.height), "grey")
    sheet.paste(first, (first.width // 3, first.height // 2))
    sheet.paste(second, (2 * first.width + first.width // 3, first.height // 2))
    file = io.BytesIO()
    sheet.save(file, "PNG")
    return file.getvalue()


def test_the_domain_tells_what_a_client_needs_for_its_controls(client):
    (domain,) = client.get("/v1/domains").json()
    assert domain["img_resolution"] == 32 and domain["texts"] and domain["limits"]["megabytes"] == 20
    methods = {one["method"]: one for one in domain["methods"]}
    assert set(methods) >= {"optimization", "mapper", "directions", "channel"}
    assert methods["mapper"]["choices"]["mapper"] == ["", "smile"]
    assert methods["optimization"]["schema"]["properties"]["steps"]["maximum"] == 100_000


def test_a_file_of_the_server_cannot_be_named(client, tiny_domain):
    for name in (str(tiny_domain / "mapper_smile.safetensors"), "../mapper_smile.safetensors", "/etc/passwd"):
        answer = client.post("/v1/edits", files=picture(), data={"method": "mapper", "mapper": name}, headers={"Prefer": "wait"})
        assert answer.status_code == 422 and answer.json()["detail"].startswith("mapper must be one of '', 'smile'")


def test_metrics_count_requests_and_jobs(client):
    client.post("/v1/edits", files=picture(), data=QUICK, headers={"Prefer": "wait"})
    text = client.get("/metrics").text
    assert 'styleclip_jobs_total{method="directions",state="done",task="edit"}' in text
    assert 'styleclip_requests_total{method="POST",route="/v1/edits",status="200"}' in text
    assert "styleclip_workers 1.0" in text
