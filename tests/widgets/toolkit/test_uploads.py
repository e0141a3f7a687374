"""Uploads as ipywidgets 7 and 8 hand them over, and the faces in them."""

from __future__ import annotations

from types import SimpleNamespace

import ipywidgets
import numpy as np
import pytest
from PIL import Image

from styleclip_lib.photos.detection import Face
from styleclip_lib.photos.loading import Photo
from styleclip_lib.widgets.toolkit.uploads import marked, take_uploads


def sent(upload: ipywidgets.FileUpload, name: str, content: bytes) -> None:
    """What a browser sends, for the ipywidgets that is installed."""
    if int(ipywidgets.__version__.split(".")[0]) < 8:
        facts = {"name": name, "type": "image/png", "size": len(content), "lastModified": 0}
        upload.set_state({"metadata": [facts], "data": [memoryview(content)], "_counter": 1})
    else:
        record = {"name": name, "type": "image/png", "size": len(content), "last_modified": 0, "content": memoryview(content)}
        upload.set_state({"value": [record]})


def test_what_a_browser_sends_is_taken_and_forgotten():
    upload = ipywidgets.FileUpload()
    sent(upload, "me.png", b"content")
    assert take_uploads(upload) == [("me.png", b"content")]
    assert not upload.value and b"content" not in str(upload.get_state()).encode()
    assert take_uploads(upload) == []


def test_the_dictionary_of_ipywidgets_7():
    upload = SimpleNamespace(value={"me.png": {"metadata": {"name": "me.png"}, "content": b"content"}}, data=[b"content"],
                             metadata=[{"name": "me.png"}], _counter=1)
    upload.set_trait = lambda name, value: setattr(upload, name, value)
    assert take_uploads(upload) == [("me.png", b"content")]
    assert (upload.value, upload.data, upload.metadata, upload._counter) == ({}, [], [], 0)


def test_the_tuple_of_ipywidgets_8():
    upload = SimpleNamespace(value=({"name": "me.png", "content": memoryview(b"content")},))
    assert take_uploads(upload) == [("me.png", b"content")] and upload.value == ()


def test_every_face_has_its_box():
    astronaut = pytest.importorskip("skimage.data").astronaut()
    picture = Image.fromarray(astronaut)
    faces = [Photo(picture, picture, np.zeros((4, 2)), Face(left, 50, left + 100, 150, 1.0)) for left in (100, 250)]
    small = marked(faces)
    assert small.size == (320, 320)
    apart = np.abs(np.asarray(small, int) - np.asarray(picture.resize(small.size, Image.Resampling.LANCZOS), int)).max(2) > 60
    rows, columns = np.nonzero(apart)
    assert abs(columns.min() - 100 * 320 / 512) < 3 and abs(columns.max() - 350 * 320 / 512) < 3 and abs(rows.max() - 150 * 320 / 512) < 3


def test_a_picture_that_is_taken_whole_has_no_box():
    picture = Image.effect_noise((64, 64), 80).convert("RGB")
    assert marked([Photo(picture, picture)]).tobytes() == picture.tobytes()
