"""Latent alignment of a domain: pairs, the closed form, files and what they belong to."""

import dataclasses
import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from styleclip_lib import invert
from styleclip_lib.errors import StyleclipError
from styleclip_lib.inversion import alignment as files
from styleclip_lib.inversion.alignment import alignment_of, closed_form, code_of, drawn_at, embedded, pairs, read, write
from styleclip_lib.weights.tensor_file import read_metadata


@pytest.fixture(scope="module")
def alignment(tiny):
    return closed_form(tiny, 40, progress=False)


def fresh(models):
    return dataclasses.replace(models)


def test_pairs_are_faces_and_what_clip_sees_of_them(tiny):
    w, embedding = pairs(tiny, 11, seed=3, progress=False)
    assert w.shape == (11, 10) and embedding.shape == (11, 16)
    assert torch.equal(pairs(tiny, 11, seed=3, progress=False)[0], w) and not torch.equal(pairs(tiny, 11, seed=4, progress=False)[0], w)
    picture = tiny.generator.synthesis(w[:2, None].expand(-1, tiny.generator.num_ws, -1)).clamp(-1, 1)
    torch.testing.assert_close(embedding[:2], tiny.clip.encode_image(picture), atol=1e-5, rtol=1e-4)
    assert drawn_at(tiny) == 32


def test_the_closed_form_brings_pictures_near_to_their_codes(tiny, alignment):
    w, embedding = pairs(tiny, 60, seed=9, progress=False)
    error = (alignment.codes(embedding)[:, 0] - w).square().mean()
    assert error < 0.9 * (w - alignment.w_avg).square().mean()
    assert alignment.w_scale > 0 and not any(parameter.requires_grad for parameter in alignment.parameters())


def test_one_pass_and_the_start_of_an_inversion_are_the_same(tiny, alignment):
    models = fresh(tiny)
    models.memo["alignment"] = alignment
    image = tiny.generator.synthesis(tiny.sample(5)).clamp(-1, 1)
    code = code_of(models, image)
    assert code.shape == (1, tiny.generator.num_ws, 10)
    torch.testing.assert_close(invert(models, image, start="alignment", steps=0, progress=False).w_plus, code)
    assert invert(models, image, space="w", start="alignment", steps=1, progress=False).w_plus.shape == code.shape


def test_a_domain_without_a_file_has_the_closed_form_once(tiny, monkeypatch):
    solved = []

    def solve(models, faces, progress):
        solved.append(faces)
        return closed_form(models, faces, progress=False)

    monkeypatch.setattr(files, "closed_form", solve)
    monkeypatch.setattr(files, "FACES", 20)
    first, second = fresh(tiny), fresh(tiny)
    assert alignment_of(first, progress=False) is alignment_of(first, progress=False)
    for name, value in alignment_of(second).state_dict().items():
        assert torch.equal(value, alignment_of(first).state_dict()[name]), "the first time, too, as the file has it"
    assert solved == [20]
    with pytest.raises(StyleclipError, match="at least 2"):
        closed_form(first, 1)


def test_a_file_says_what_it_belongs_to(tiny, alignment, tmp_path):
    path = tmp_path / "alignment.safetensors"
    write(path, alignment, tiny, {"faces": 40})
    again = read(path, tiny)
    _, embedding = pairs(tiny, 3, progress=False)
    torch.testing.assert_close(again.codes(embedding), alignment.codes(embedding), atol=0.02, rtol=0.02)
    for name, says in (("generator", "another generator"), ("clip", "another clip")):
        network = getattr(tiny, name)
        other = type(network).__new__(type(network))
        other.__dict__ = dict(network.__dict__)
        torch.nn.Module.__init__(other)
        other.register_buffer("x", torch.zeros(1))
        with pytest.raises(StyleclipError, match=says):
            read(path, dataclasses.replace(tiny, **{name: other}))


def test_what_is_no_alignment(tiny, alignment, tmp_path):
    path = tmp_path / "alignment.safetensors"
    with pytest.raises(StyleclipError, match="There is no alignment at"):
        read(path, tiny)
    save_file({"x": torch.zeros(1)}, str(path))
    with pytest.raises(StyleclipError, match="does not hold an alignment"):
        read(path, tiny)
    write(path, alignment, tiny, {})
    facts = json.loads(read_metadata(path)["alignment"])
    tensors = load_file(path)
    save_file(tensors, str(path), metadata={"alignment": json.dumps({**facts, "w_dim": 11})})
    with pytest.raises(StyleclipError, match="alignment"):
        read(path, tiny)
    save_file({**tensors, "of_text": tensors["of_text"] * float("inf")}, str(path), metadata={"alignment": json.dumps(facts)})
    with pytest.raises(StyleclipError):
        read(path, tiny)


def test_embedded_is_differentiable(tiny):
    w = tiny.generator.mapping.w(torch.randn(2, 12, generator=torch.Generator().manual_seed(0))).requires_grad_()
    embedded(tiny, w).sum().backward()
    assert w.grad.abs().sum() > 0
