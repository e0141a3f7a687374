"""Uploads as ipywidgets 7 and 8 hand them over, and the faces in them."""

from __future__ import annotations

import io
from types import SimpleNamespace

import ipywidgets
import pytest
from PIL import Image

from styleclip_lib.errors import StyleclipError
from styleclip_lib.photos.detection import NoFaceError
from styleclip_lib.widgets.toolkit.stage import png
from styleclip_lib.widgets.toolkit.uploads import read_upload, take_uploads


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


def test_a_picture_of_the_right_size_needs_no_face(tiny):
    found = read_upload(tiny, "a.png", png(Image.new("RGB", (32, 32))))
    assert found.whole and [crop.size for crop in found.crops] == [(32, 32)]


def test_several_faces_are_marked_and_cropped_the_largest_first(models):
    astronaut = pytest.importorskip("skimage.data").astronaut()
    head = Image.fromarray(astronaut).crop((110, 10, 340, 240))
    picture = Image.new("RGB", (700, 330), (150, 150, 150))
    picture.paste(head, (20, 50))
    picture.paste(head.resize((300, 300)), (350, 15))
    found = read_upload(models, "two.png", png(picture))
    assert not found.whole and [crop.size for crop in found.crops] == [(128, 128)] * 2
    assert found.original.size == (700, 330) and found.marked.width <= 480
    assert found.marked.getcolors(10**6) != picture.getcolors(10**6)


@pytest.mark.parametrize(("content", "kind"), [(b"no picture", StyleclipError), (None, NoFaceError)])
def test_what_has_no_face(models, content, kind):
    plain = io.BytesIO()
    Image.new("RGB", (200, 200)).save(plain, "PNG")
    with pytest.raises(kind):
        read_upload(models, "x.png", plain.getvalue() if content is None else content)
