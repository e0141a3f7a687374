"""Students of a domain: files, what they belong to, and that the teacher's edits are theirs."""

import dataclasses
import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from styleclip_lib import Face, GlobalDirections, Prompt
from styleclip_lib.editing.recipes import AlignmentEdit, Directions
from styleclip_lib.editing.students import CLIP_STUDENT, STUDENT, clip_student_of, with_student, write_student
from styleclip_lib.errors import StyleclipError
from styleclip_lib.models import load_models
from styleclip_lib.networks.clip_student import ClipStudent
from styleclip_lib.networks.generator import Generator
from styleclip_lib.networks.mobile import MobileGenerator
from styleclip_lib.weights.tensor_file import read_metadata


@pytest.fixture(scope="module")
def models(tiny_domain):
    return load_models(tiny_domain, "cpu")


@pytest.fixture(scope="module")
def file(models, tmp_path_factory):
    torch.manual_seed(0)
    student = MobileGenerator(models.generator)
    path = tmp_path_factory.mktemp("student") / "student.safetensors"
    write_student(path, STUDENT, student.learnt(), models.generator, {"kernels": 1}, {"steps": 0})
    return path, student.eval()


def test_a_student_takes_the_generators_place(models, file):
    path, student = file
    mobile = with_student(models, path)
    w_plus = models.sample(3)
    assert torch.equal(mobile.sample(3), w_plus) and mobile.tuned_from is models.generator
    torch.testing.assert_close(mobile.generator.synthesis(w_plus), student.synthesis(w_plus), atol=0.02, rtol=0.02)
    assert with_student(mobile, path).tuned_from is models.generator, "of a student's models, too"


def test_edits_of_the_teacher_are_edits_of_the_student(models, file):
    mobile, prompt = with_student(models, file[0]), Prompt.of(models, "a smiling face")
    for recipe in (Directions(beta=0.01), AlignmentEdit(c=0.3)):
        ours, theirs = (recipe.apply(which, Face.of_seed(which, 2), prompt) for which in (mobile, models))
        assert torch.equal(ours.w_plus, theirs.w_plus) and torch.allclose(ours.face.styles[0], theirs.face.styles[0])
        assert not torch.allclose(ours.image, ours.start.image), "it is seen"


def test_a_student_of_another_teacher_is_refused(models, file, tmp_path):
    torch.manual_seed(7)
    other = Generator(32, z_dim=12, w_dim=10, num_mapping_layers=2, channels={4: 8, 8: 8, 16: 8, 32: 8}).eval().requires_grad_(False)
    others = dataclasses.replace(models, generator=other)
    with pytest.raises(StyleclipError, match="learnt from another generator"):
        with_student(others, file[0])
    own = tmp_path / "own.safetensors"
    write_student(own, STUDENT, MobileGenerator(other).learnt(), other, {"kernels": 1}, {})
    mobile = with_student(others, own)
    with pytest.raises(StyleclipError, match="another generator"):  # its teacher is not that of the domain's directions
        GlobalDirections.load(mobile, models.folder / "directions.safetensors")


def test_what_is_no_student(models, file, tmp_path):
    with pytest.raises(StyleclipError, match="comes without a student; train one: styleclip train student"):
        with_student(models)
    with pytest.raises(StyleclipError, match="There is no student at"):
        with_student(models, tmp_path / "none.safetensors")
    wrong = tmp_path / "wrong.safetensors"
    save_file({"x": torch.zeros(2)}, str(wrong))
    with pytest.raises(StyleclipError, match="does not hold a student"):
        with_student(models, wrong)
    facts, tensors = json.loads(read_metadata(file[0])[STUDENT]), load_file(file[0])
    for config in ({"kernels": 3}, {"kernels": 10**9}, {"depth": 1}, {"kernels": "x"}):
        save_file(tensors, str(wrong), metadata={STUDENT: json.dumps({**facts, "config": config})})
        with pytest.raises(StyleclipError):
            with_student(models, wrong)
    save_file({**tensors, "more": torch.zeros(1)}, str(wrong), metadata={STUDENT: json.dumps(facts)})
    with pytest.raises(StyleclipError, match=r"The tensors in .*wrong\.safetensors do not fit the student"):
        with_student(models, wrong)


def test_the_small_encoder(models, tmp_path):
    torch.manual_seed(0)
    config = {"clip_dim": 16, "image_size": 32, "widths": [8, 8, 8, 16], "depths": [1, 1, 1, 1]}
    network, path = ClipStudent(**config).eval(), tmp_path / "c.safetensors"
    write_student(path, CLIP_STUDENT, network.state_dict(), models.clip, config, {})
    image = models.generator.synthesis(models.sample(1))
    found = clip_student_of(models, path).encode_image(image)
    torch.testing.assert_close(found, network.encode_image(image), atol=5e-3, rtol=0)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(1))
    others = dataclasses.replace(models, clip=ClipStudent(**config))
    with pytest.raises(StyleclipError, match="learnt from another clip"):
        clip_student_of(others, path)
