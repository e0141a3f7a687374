"""Faces: where they come from, what draws them, and what lies between two of them."""

import dataclasses

import pytest
import torch

from styleclip_lib import invert
from styleclip_lib.editing.face import Face
from styleclip_lib.editing.faces import Faces, portraits
from styleclip_lib.editing.prompt import Prompt
from styleclip_lib.editing.recipes import Optimization
from styleclip_lib.editing.sources import Blended, Edited, File, Mixed, Portrait, Seed
from styleclip_lib.errors import StyleclipError
from styleclip_lib.images import save_image
from styleclip_lib.photos.loading import load_face


def test_an_invented_face(tiny):
    face = Face.of_seed(tiny, 3, 0.5)
    assert torch.equal(face.w_plus, tiny.sample(3, 0.5)) and face.source == Seed(3, 0.5) and face.on(tiny) is tiny
    assert torch.equal(face.image, tiny.generator.synthesis(face.w_plus)) and face.draw(8).shape[-1] == 8


def test_a_face_with_noise_maps_is_drawn_with_them(tiny):
    image = tiny.generator.synthesis(tiny.sample(4)).clamp(-1, 1)
    found = invert(tiny, image, space="w+ noise", steps=3, progress=False)
    face = Face.of_inversion(tiny, found)
    torch.testing.assert_close(face.image, found.image, atol=1e-4, rtol=0)
    assert face.generator is not tiny.generator and face.on(tiny).tuned_from is tiny.generator
    assert face.on(tiny) is face.on(tiny), "remembered, with what was worked out of it"


@pytest.fixture
def picture(tiny, tmp_path):
    path = tmp_path / "me.png"
    save_image(tiny.generator.synthesis(tiny.sample(4)), path)
    return path


def test_a_photograph_and_the_source_that_finds_it_again(tiny, picture):
    photo = load_face(tiny, picture, align="never")
    face = Face.of_photo(tiny, photo, steps=2, progress=False)
    assert torch.equal(face.w_plus, invert(tiny, photo.image, steps=2, progress=False).w_plus)
    tuned = Face.of_photo(tiny, photo, steps=2, tune_steps=3, progress=False)
    assert torch.equal(tuned.w_plus, face.w_plus) and (tuned.image - face.image).abs().max() > 1e-3


def test_every_source_is_drawn_again(tiny, picture, monkeypatch):
    monkeypatch.setattr("styleclip_lib.editing.faces.load_face", lambda models, source, **_: load_face(models, source, align="never"))
    name = next(iter(portraits()))
    for source in (Portrait(name=name, steps=1), File(name=str(picture), steps=1)):
        face = Face.of(tiny, source, progress=False)
        assert face.source == source and face.w_plus.shape == (1, 8, 10)
    first, second = tiny.sample(1), tiny.sample(2)
    mixed = Face.of(tiny, Mixed(Seed(1), Seed(2), (2, 5)))
    assert torch.equal(mixed.w_plus, torch.cat([first[:, :2], second[:, 2:5], first[:, 5:]], dim=1))
    blended = Face.of(tiny, Blended((Seed(1), Seed(2)), (0.25, 0.75)))
    torch.testing.assert_close(blended.w_plus, 0.25 * first + 0.75 * second)
    recipe, prompt = Optimization(steps=2, space="w+", auxiliary_latents=0), Prompt.of(tiny, "a sad face")
    edited = Face.of(tiny, Edited(Seed(1), recipe, "a sad face"), progress=False)
    assert torch.equal(edited.w_plus, recipe.apply(tiny, Face.of_seed(tiny, 1), prompt, progress=False).w_plus)


def test_faces_that_took_steps_are_remembered_and_a_picture_is_searched_for_faces_once(tiny, picture):
    faces, photos = Faces(tiny), [load_face(tiny, picture, align="never")]
    faces.take_photos("upload", photos)
    source, seen = File(name="upload", face=0, steps=3), []
    quick = faces.of(source, quick=True)
    assert not faces.known(source) and torch.equal(quick.w_plus, tiny.encoder(photos[0].image))
    face = faces.of(source, lambda step, image: seen.append(step))
    assert faces.known(source) and faces.of(source) is face and seen == [0, 1, 2]
    assert faces.known(Mixed(Seed(1), source, (0, 2))) and not faces.known(Edited(source, Optimization(steps=2), "a sad face"))
    faces.take_photos("upload", photos)  # another picture of the same name
    assert not faces.known(source)
    with pytest.raises(StyleclipError, match="no number 1"):
        faces.of(File(name="upload", face=1))


def test_an_inversion_that_is_ended_says_where_and_is_made_again(tiny, picture):
    source = File(name=str(picture), steps=5)
    faces = Faces(tiny)
    faces.take_photos(source.name, [load_face(tiny, picture, align="never")])
    ended = faces.of(source, lambda step, image: step == 1)
    assert ended.source == dataclasses.replace(source, stop_after=2) and not faces.known(source)
    other = Faces(tiny)
    other.take_photos(source.name, [load_face(tiny, picture, align="never")])
    assert torch.equal(other.of(ended.source).w_plus, ended.w_plus)


@pytest.mark.parametrize(("source", "message"), [
    (Portrait(name="nobody"), "no portrait 'nobody'"), (File(name="missing.png"), "missing.png"),
    (Mixed(Seed(1), Seed(2), (5, 2)), "layers 5"), (Mixed(Seed(1), Seed(2), (0, 99)), "0 to 8"),
    (Blended((Seed(1), Seed(2)), (0.5, 0.9)), "sum to 1")])
def test_sources_that_cannot_be(tiny, source, message):
    with pytest.raises(StyleclipError, match=message):
        Face.of(tiny, source, progress=False)


def test_between_two_faces(tiny):
    start, end = Face.of_seed(tiny, 1), Face.of_seed(tiny, 2)
    assert start.toward(end, 1) is end
    torch.testing.assert_close(start.toward(end, -0.5).w_plus, 1.5 * start.w_plus - 0.5 * end.w_plus)
    assert torch.equal(start.toward(end, 0.0).w_plus, start.w_plus)
    styles = tuple(part + 1 for part in end.styles)
    moved = start.toward(dataclasses.replace(end, changed_styles=styles), 0.5)
    torch.testing.assert_close(moved.styles[0], (start.styles[0] + styles[0]) / 2)
    torch.testing.assert_close(moved.image, tiny.generator.from_styles(*moved.styles))
