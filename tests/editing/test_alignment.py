"""Latent alignment: faces of pictures and of texts, edits, and the constant C that is predicted."""

import dataclasses

import pytest
import torch

from styleclip_lib import Face, LatentAlignment, Prompt, Recipe
from styleclip_lib.editing import alignment as module
from styleclip_lib.editing.alignment import centred, latent_alignment_of
from styleclip_lib.editing.recipes import AlignmentEdit
from styleclip_lib.errors import StyleclipError
from styleclip_lib.inversion.alignment import closed_form

TEXT, TWO = "a smiling face", "a smiling face with glasses"


@pytest.fixture(scope="module")
def models(tiny):
    """The tiny domain with its closed form at hand."""
    models = dataclasses.replace(tiny)
    models.memo["alignment"] = closed_form(tiny, 60, progress=False)
    return models


@pytest.fixture(scope="module")
def alignment(models):
    return LatentAlignment.available(models)


@pytest.fixture
def face(models):
    return Face.of_seed(models, 3)


def test_a_fixed_c_goes_so_far(alignment, models, face):
    prompt = Prompt.of(models, TEXT)
    step = alignment.network(centred((prompt,)), of_text=True)
    for c in (0.01, 0.02, -0.01):
        edit = AlignmentEdit(c=c).apply(models, face, prompt)
        torch.testing.assert_close(edit.w_plus, face.w_plus + c * step, atol=1e-5, rtol=1e-4)
    assert torch.equal(edit.at(0.0).image, face.image) and edit.recipe == AlignmentEdit(c=-0.01)
    torch.testing.assert_close(alignment.edit(face.w_plus, TEXT, c=-0.01).image, edit.image)


def test_no_edit_is_longer_than_from_one_face_to_another(alignment, models, face):
    edit = AlignmentEdit(c=1e2).apply(models, face, Prompt.of(models, TEXT))
    length = (edit.w_plus - face.w_plus).norm(dim=2).mean()
    assert length == pytest.approx(float(alignment.network.w_scale) * 20**0.5, rel=1e-4)


def test_the_predicted_c_would_bring_the_text_to_the_cap(alignment, models, face):
    """By the closed form: what is missing of the z-score is what the step is expected to bring."""
    prompt = Prompt.of(models, TWO)
    assert len(prompt.parts) == 2
    for texts in ((prompt,), prompt.parts):
        embedding = models.clip.encode_image(face.image.clamp(-1, 1))
        c, vectors = alignment.predicted_c(embedding, texts), torch.cat([text.vector for text in texts])
        reference = models.reference_faces().embedding @ vectors.T
        moved = embedding + alignment.network(c[None] @ centred(texts), of_text=True).mean(1) @ alignment.network.effect
        z = (moved @ vectors.T - reference.mean(0)) / reference.std(0)
        assert (c >= 0).all() and c.isfinite().all()
        if (c > 0).all():
            torch.testing.assert_close(z, torch.full_like(z, models.calibration.cap_z), atol=0.02, rtol=0.01)


def test_one_offset_for_many_faces_has_the_mean_of_their_constants(aligned):
    alignment, prompt = LatentAlignment.available(aligned), Prompt.of(aligned, TEXT)
    faces = [Face.of_seed(aligned, seed) for seed in (1, 2, 3)]
    embedding = torch.cat([aligned.clip.encode_image(face.image.clamp(-1, 1)) for face in faces])
    c = torch.stack([alignment.predicted_c(one, (prompt,)) for one in embedding.split(1)])
    assert c.std() > 0.01 and c.min() > 0
    step = alignment.network(centred((prompt,)), of_text=True)
    torch.testing.assert_close(alignment.mean_offset(embedding, prompt), c.mean() * step)
    for face, one in zip(faces, c):
        torch.testing.assert_close(alignment.offset(face, prompt), one * step)
        torch.testing.assert_close(AlignmentEdit().apply(aligned, face, prompt).w_plus, face.w_plus + one * step)
    torch.testing.assert_close(alignment.offset(faces[0], prompt, 0.3), 0.3 * step)


def test_a_face_that_is_true_already_stays(alignment, models, face):
    easy = dataclasses.replace(models, calibration=dataclasses.replace(models.calibration, cap_z=-90.0))
    easy.memo["alignment"] = alignment.network
    assert torch.equal(AlignmentEdit().apply(easy, face, Prompt.of(easy, TEXT)).w_plus, face.w_plus)


def test_one_recipe_makes_the_same_edit_again(models, face):
    prompt = Prompt.of(models, TWO)
    for recipe in (AlignmentEdit(), AlignmentEdit(c=0.3, strength=0.5), AlignmentEdit(strength="auto")):
        edit = recipe.apply(models, face, prompt)
        assert edit.recipe.strength != "auto" and torch.isfinite(edit.image).all()
        again = Recipe.from_dict(edit.recipe.to_dict()).apply(models, face, prompt)
        assert torch.equal(again.image, edit.image)


def test_faces_of_texts_differ_by_their_seeds(alignment, models):
    first, second = (alignment.face_of_text(TEXT, seed) for seed in (1, 2))
    assert not torch.allclose(first.w_plus, second.w_plus) and first.image.shape == (1, 3, 32, 32)
    edited = [alignment.face_of_text(text).w_plus for text in (TEXT, "an old face", "a bald face", "a face with a hat", "a sad face")]
    mean = models.generator.mapping.w_avg.expand_as(edited[0])
    assert not all(torch.allclose(one, mean) for one in edited), "the mean face, edited, unless a text is true of it"
    with pytest.raises(StyleclipError, match="xyzzy"):
        alignment.face_of_text("a xyzzy face")


def test_a_picture_becomes_a_face(alignment, models, face):
    found = alignment.face_of_picture(face.image.clamp(-1, 1))
    assert found.w_plus.shape == face.w_plus.shape and found.generator is models.generator


def test_saved_and_loaded(alignment, models, face, tmp_path):
    path = tmp_path / "a.safetensors"
    made = LatentAlignment.compute(models, faces=30, seed=2, progress=False)
    made.save(path)
    again = LatentAlignment.load(models, path)
    assert again.recipe == made.recipe and again.recipe["faces"] == 30
    torch.testing.assert_close(again.edit(face.w_plus, TEXT, 0.1).w_plus, made.edit(face.w_plus, TEXT, 0.1).w_plus, atol=0.02, rtol=0.02)


def test_the_closed_form_can_be_asked_for(models, monkeypatch):
    torch.manual_seed(0)
    trained = module.Alignment(models.generator.num_ws, 10, 16, depth=2, width=8, mixing=4)
    other = dataclasses.replace(models)
    other.memo["alignment"] = trained
    monkeypatch.setattr(module, "kept_closed_form", lambda models, progress: closed_form(models, 30, progress=False))
    assert latent_alignment_of(other, AlignmentEdit()).network is trained
    first = latent_alignment_of(other, AlignmentEdit(closed_form=True)).network
    assert first.depth == 0 and latent_alignment_of(other, AlignmentEdit(closed_form=True)).network is first
    assert latent_alignment_of(models, AlignmentEdit(closed_form=True)).network is models.memo["alignment"]
