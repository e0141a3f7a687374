"""Training the students: layer by layer, by pictures, against a discriminator; what is measured and entered into the domain."""

import copy
import json
import shutil

import pytest
import torch

from styleclip_lib.editing.students import clip_student_of, with_student
from styleclip_lib.errors import StyleclipError
from styleclip_lib.models import load_models
from styleclip_lib.networks.mobile import MobileGenerator
from styleclip_lib.training import clip_student, student
from styleclip_lib.training.student import Settings, layer_loss, layer_targets, measure_again, picture_losses, stages_of, train
from styleclip_lib.weights.domain import INDEX


@pytest.fixture
def folder(tiny_domain, tmp_path, monkeypatch):
    monkeypatch.setattr(student, "TEXTS", ("a smiling face",))
    return shutil.copytree(tiny_domain, tmp_path / "tiny")


def quick(folder, **settings) -> Settings:
    return Settings(**{"run": folder / "run", "domain": folder, "kernels": 1, "layer_steps": 2, "layer_batch": 2,
                       "stages": ((16, 2, 2), (32, 2, 2), (64, 9, 2)), "faces": 2, **settings})


def test_a_student_is_trained_measured_and_added(folder):
    metrics = train(quick(folder, lambda_gan=0.5, r1_every=1, d_channels={4: 8, 8: 8, 16: 8, 32: 8}))
    entry = json.loads((folder / INDEX).read_text())["files"]["student"]
    assert entry["training"]["metrics"] == metrics and set(metrics["edits"]) == {"teacher", "student"}
    assert 0 < metrics["share of the teacher's parameters"] < 1 and metrics["times as fast"] > 0
    models = load_models(folder, "cpu")
    assert with_student(models).generator.synthesis(models.sample(1)).shape == (1, 3, 32, 32)
    again = measure_again(quick(folder))
    assert {name: value for name, value in again.items() if name != "times as fast"} == {
        name: value for name, value in metrics.items() if name != "times as fast"}


def test_what_cannot_be_trained(folder):
    for settings in ({"stages": ((512, 2, 2),)}, {"kernels": 0}):
        with pytest.raises(StyleclipError, match="--"):
            train(quick(folder, **settings))
    assert not (folder / "student.safetensors").exists()


def test_stages_above_the_teachers_resolution_are_left_out(tiny):
    assert [stage[0] for stage in stages_of(Settings(), tiny.generator)] == [32]


def test_learning_layer_by_layer_brings_every_layer_nearer(tiny):
    torch.manual_seed(0)
    teacher, mobile = tiny.generator, MobileGenerator(tiny.generator, 2)
    w_plus = tiny.generator.mapping(torch.randn(4, 12, generator=torch.Generator().manual_seed(1)))

    def errors():
        return [((layer(given, style) - wanted).square().mean() / wanted.square().mean()).item()
                for layer, style, given, wanted in layer_targets(mobile, teacher, w_plus)]

    before, first = errors(), layer_loss(mobile, teacher, w_plus)
    optimizer = torch.optim.Adam(mobile.learnt().values(), lr=0.02)
    for _ in range(40):
        optimizer.zero_grad()
        layer_loss(mobile, teacher, w_plus).backward()
        optimizer.step()
    assert len(before) == 7 + 4 and all(after < was for after, was in zip(errors(), before))
    assert layer_loss(mobile, teacher, w_plus) < 0.6 * first


def test_nothing_of_the_teacher_changes(tiny):
    mobile, teacher = MobileGenerator(tiny.generator), copy.deepcopy(tiny.generator.state_dict())
    layer_loss(mobile, tiny.generator, tiny.sample(1)).backward()
    assert all(torch.equal(value, teacher[name]) for name, value in tiny.generator.state_dict().items())
    assert all(parameter.grad is None for name, parameter in mobile.named_parameters() if name not in mobile.learnt())


def test_the_losses_of_equal_pictures_are_zero(tiny):
    pictures = tiny.generator.synthesis.pyramid(tiny.sample(1))
    same, other = (picture_losses(pictures, [picture + moved for picture in pictures], tiny, Settings()) for moved in (0.0, 0.1))
    assert all(term < 1e-6 for term in same.values()) and set(same) == {"pixel", "wavelet", "perceptual"}
    assert other["pixel"].item() == pytest.approx(4 * (0.1 + 0.01), rel=1e-3)


def test_the_encoder_is_trained_measured_and_added(folder):
    settings = clip_student.Settings(run=folder / "clip", data=folder / "data", domain=folder, count=4, image_size=32, widths=(8, 8, 8, 16),
                                     depths=(1, 1, 1, 1), steps=3, batch_size=4, faces=3)
    metrics = clip_student.train(settings)
    assert {"cosine", "cosine from the mean"} == set(metrics["invented faces"]) == set(metrics["renders"])
    models = load_models(folder, "cpu")
    assert clip_student_of(models).image_size == 32
    assert clip_student.measure_again(settings)["invented faces"] == metrics["invented faces"]
