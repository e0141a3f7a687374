"""Copying renders: the losses, the stages, and the start."""

from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.networks.generator import Generator
from styleclip_lib.training import copying
from styleclip_lib.training.copying import (
    average_decay,
    center_styles,
    copy_loss,
    optimizers_of,
    pyramid_loss,
    rendered_by,
    shrunk,
    start_dark,
    steps_of,
)
from styleclip_lib.training.loop import set_rates


def pictures(size, seed=0):
    return torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def make_generator():
    torch.manual_seed(0)
    generator = Generator(16, z_dim=6, w_dim=5, num_mapping_layers=2, channels={4: 8, 8: 6, 16: 4})
    generator.mapping.w_avg.copy_(3 + torch.randn(5))
    return generator


# ---- losses


def test_the_copying_loss_by_hand():
    """A render that is brighter everywhere by 0.1 has the same edges; one that is shifted by a pixel has not."""
    render = pictures(8)
    assert copy_loss(render, render, 3.0) == 0
    assert copy_loss(render + 0.1, render, 3.0).item() == pytest.approx(0.1, abs=1e-5)
    one_pixel = torch.zeros(1, 1, 4, 4)
    one_pixel[..., 1, 1] = 0.6
    assert copy_loss(one_pixel, torch.zeros(1, 1, 4, 4), 0.5).item() == pytest.approx(0.6 / 16 + 0.5 * 2 * 1.2 / 12)


def test_detail_costs_a_blurred_copy_more():
    render = pictures(16)
    blurred = F.avg_pool2d(F.pad(render, (1, 1, 1, 1), mode="replicate"), 3, 1)
    brighter = render + (blurred - render).abs().mean()
    assert copy_loss(blurred, render, 0.0).item() == pytest.approx(copy_loss(brighter, render, 0.0).item())
    assert copy_loss(blurred, render, 1.0) > 2 * copy_loss(brighter, render, 1.0)


def test_lower_resolutions_are_asked_for_the_smaller_render():
    renders = pictures(64)
    right = [pictures(size) for size in (4, 8, 16)] + [shrunk(renders, 32), renders]
    settings = SimpleNamespace(detail=1.0, lower=0.25)
    assert pyramid_loss(right, renders, settings) == 0, "what is smaller than 32 pixels is not asked for"
    wrong = [*right[:3], right[3] + 0.2, renders]
    assert pyramid_loss(wrong, renders, settings).item() == pytest.approx(0.25 * 0.2, abs=1e-5)
    assert pyramid_loss(wrong, renders, SimpleNamespace(detail=1.0, lower=0.0)) == 0


def test_shrinking_takes_means():
    images = pictures(8)
    assert shrunk(images, 8) is images
    torch.testing.assert_close(shrunk(images, 4), F.avg_pool2d(images, 2))


# ---- stages

STAGES = ((8, 3, 16), (16, 2, 4))


def test_stages_follow_each_other():
    run = SimpleNamespace(steps=lambda total: range(1, total))  # one that goes on after its first step
    assert list(copying.stages(run, STAGES)) == [(1, (8, 16)), (2, (8, 16)), (3, (16, 4)), (4, (16, 4))]
    assert steps_of(STAGES) == 5


def test_renders_are_drawn_in_the_first_half():
    settings = SimpleNamespace(first=2000, count=6000, copy_stages=((8, 60, 4), (16, 40, 4)))
    numbers = [rendered_by(step, settings) for step in range(100)]
    assert numbers[0] == 2000 and set(numbers[50:]) == {6000}
    assert numbers == sorted(numbers) and set(numbers) == {2000, 3000, 4000, 5000, 6000}
    few = SimpleNamespace(first=2000, count=500, copy_stages=settings.copy_stages)
    assert {rendered_by(step, few) for step in range(100)} == {500}


def test_the_average_forgets_its_beginning():
    assert average_decay(16, 0, 6000) < 1e-5, "the first step replaces it"
    assert average_decay(16, 3200, 6000) == pytest.approx(0.5**0.1), "a half-life of 160 pictures, ten steps"
    assert average_decay(16, 10**6, 6000) == pytest.approx(0.5 ** (16 / 6000))


# ---- the start


def test_styles_are_centered():
    generator = make_generator()
    center_styles(generator)
    styles, rgb_styles = generator.styles(generator.mapping.w_avg.expand(1, generator.num_ws, 5))
    torch.testing.assert_close(styles, torch.ones_like(styles))
    torch.testing.assert_close(rgb_styles, torch.ones_like(rgb_styles))


def test_a_new_resolution_disturbs_nothing():
    generator = make_generator()
    start_dark(generator, 0.5)
    w_plus = torch.randn(2, generator.num_ws, 5)
    with torch.no_grad():
        assert torch.equal(generator.synthesis(w_plus), torch.zeros(2, 3, 16, 16))
        generator.synthesis.b4.torgb.weight.normal_()
        generator.synthesis.b8.torgb.weight.normal_()
        small, large = generator.synthesis.pyramid(w_plus)[1:]
        assert F.l1_loss(F.avg_pool2d(large, 2), small) < 0.2 * small.abs().mean()


# ---- optimisers


def test_every_parameter_has_one_optimizer():
    generator = make_generator()
    optimizers = optimizers_of(generator, SimpleNamespace(muon_lr=0.1, adam_lr=0.2, affine=0.25))
    owned = [id(p) for optimizer in optimizers.values() for group in optimizer.param_groups for p in group["params"]]
    assert sorted(owned) == sorted(id(p) for p in generator.parameters())
    weights, affines = (group["params"] for group in optimizers["muon"].param_groups)
    assert len(weights) == 5 and all(p.ndim == 4 for p in weights)
    assert len(affines) == 5 + 3 and all(p.ndim == 2 for p in affines), "those of convolutions and of toRGB layers"


def test_rates_are_the_settings_times_a_factor():
    settings = SimpleNamespace(muon_lr=0.1, adam_lr=0.2, affine=0.25)
    optimizers = optimizers_of(make_generator(), settings)
    set_rates(optimizers, settings, 0.5)
    assert [group["lr"] for group in optimizers["muon"].param_groups] == [0.05, 0.0125]
    assert optimizers["adam"].param_groups[0]["lr"] == 0.1
