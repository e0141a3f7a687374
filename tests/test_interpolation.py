"""Interpolation: lines, arcs and blends against their formulas, and morphs whose steps are even."""

import dataclasses
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import styleclip_lib
from styleclip_lib.errors import StyleclipError
from styleclip_lib.interpolation import Morph, blend, even_weights, interpolate, layer_weights, morph, slerp

SHAPES = [(1, 10), (1, 8, 10), (1, 64)]


def codes(*shape, seed=0):
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=rng), torch.randn(*shape, generator=rng)


def quietly(models, a, b, **settings) -> Morph:
    return morph(models, a, b, progress=False, **settings)


# --- lines -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
def test_the_ends_of_a_line_are_exact(shape):
    a, b = codes(*shape)
    assert torch.equal(interpolate(a, b, 0), a) and torch.equal(interpolate(a, b, 1.0), b)
    assert torch.equal(interpolate(a, b, [0, 0.3, 1])[[0, 2]], torch.cat([a, b]))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("t", [-0.7, 0.25, 0.5, 1.8])
def test_the_line_and_what_lies_beyond_its_ends(shape, t):
    a, b = codes(*shape)
    torch.testing.assert_close(interpolate(a, b, t), (1 - t) * a + t * b)
    torch.testing.assert_close(interpolate(a, b, [t, 0.1]), torch.cat([interpolate(a, b, t), interpolate(a, b, 0.1)]))


def test_weights_come_in_many_kinds():
    a, b = codes(1, 10)
    expected = interpolate(a, b, torch.tensor([0.0, 0.5]))
    for weights in ([0, 0.5], (0, 0.5), np.array([0, 0.5]), torch.tensor([0, 0.5], dtype=torch.float64)):
        assert torch.equal(interpolate(a, b, weights), expected)
    assert torch.equal(interpolate(a, b, torch.tensor(0.5)), expected[1:])
    assert interpolate(a.double(), b.double(), 0.5).dtype == torch.float64


def test_a_batch_takes_a_number():
    a, b = codes(3, 8, 10)
    torch.testing.assert_close(interpolate(a, b, 0.25), 0.75 * a + 0.25 * b)
    with pytest.raises(StyleclipError, match="not a batch of 3"):
        interpolate(a, b, [0.1, 0.2, 0.3])


def test_the_gradient_reaches_the_weights():
    a, b = codes(1, 10)
    t = torch.tensor(0.3, requires_grad=True)
    interpolate(a, b, t).sum().backward()
    torch.testing.assert_close(t.grad, (b - a).sum())


def test_a_weight_for_each_layer_is_style_mixing(tiny):
    a, b = tiny.sample(1), tiny.sample(2)
    coarse = layer_weights(tiny.generator, coarse=1)
    mixed = interpolate(a, b, coarse[None])
    assert torch.equal(mixed[:, :3], b[:, :3]) and torch.equal(mixed[:, 3:], a[:, 3:])
    rows = torch.stack([coarse, 0.5 * coarse, 1 - coarse])
    several = interpolate(a, b, rows)
    assert several.shape == (3, tiny.generator.num_ws, 10)
    assert torch.equal(several[:1], mixed) and torch.equal(several[2:], interpolate(b, a, coarse[None]))
    torch.testing.assert_close(several[1, 0], (a[0, 0] + b[0, 0]) / 2)


def test_a_weight_for_each_channel_of_styles(tiny):
    a, b = (tiny.generator.styles(tiny.sample(seed))[0] for seed in (1, 2))
    name, where = tiny.generator.style_slices[2]
    weights = torch.zeros(1, tiny.generator.num_channels)
    weights[:, where] = 1
    mixed = interpolate(a, b, weights)
    assert torch.equal(mixed[:, where], b[:, where])
    assert (mixed != a).sum() == where.stop - where.start, name


def test_layers_are_named_by_their_resolution(tiny):
    assert tiny.generator.layer_resolutions == [4, 8, 8, 16, 16, 32, 32, 32]
    assert layer_weights(tiny.generator, 1, 2, 3).tolist() == [1, 1, 1, 2, 2, 2, 2, 2]
    large = SimpleNamespace(layer_resolutions=[8, 32, 64, 1024])
    assert layer_weights(large, fine=0.5).tolist() == [0, 0, 0.5, 0.5]


def test_styles_go_along_with_w_plus(tiny):
    """The layers between w_plus and styles are affine, so a line in one is a line in the other."""
    a, b = tiny.sample(1), tiny.sample(2)
    for of_a, of_b, of_mean in zip(*(tiny.generator.styles(w) for w in (a, b, interpolate(a, b, 0.3)))):
        torch.testing.assert_close(interpolate(of_a, of_b, 0.3), of_mean)


@pytest.mark.parametrize("a, b, hint", [
    (torch.zeros(1, 10), torch.zeros(1, 8, 10), r"\[1, 10\] and \[1, 8, 10\].*same space"),
    (torch.zeros(1, 10), torch.zeros(2, 10), "cannot be interpolated"),
    (torch.zeros(10), torch.zeros(10), r"not \[10\]"),
    (torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8), "w_plus"),
    (torch.zeros(1, 10, dtype=torch.int64), torch.zeros(1, 10), "floats"),
    ([0.0], torch.zeros(1, 10), "not list"),
])  # fmt: skip
def test_codes_that_do_not_fit(a, b, hint):
    for join in (interpolate, slerp):
        with pytest.raises(StyleclipError, match=hint):
            join(a, b, 0.5)


@pytest.mark.parametrize("weights, hint", [
    (torch.zeros(2, 7), r"\[2, 7\].*\[T, 8\]"),
    (torch.zeros(1, 8, 10), "of its own in each layer"),
    (math.nan, "finite"),
    ([0, math.inf], "finite"),
    ("half", "must be numbers, not 'half'"),
    ([[0.1], [0.2, 0.3]], "must be numbers"),
])  # fmt: skip
def test_weights_that_do_not_fit(weights, hint):
    with pytest.raises(StyleclipError, match=hint):
        interpolate(*codes(1, 8, 10), weights)


# --- arcs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("t", [-0.4, 0, 0.2, 0.5, 1, 1.3])
def test_slerp_is_the_formula(t):
    a, b = codes(1, 12)
    theta = math.acos(float(torch.cosine_similarity(a, b)))
    expected = (math.sin((1 - t) * theta) * a + math.sin(t * theta) * b) / math.sin(theta)
    torch.testing.assert_close(slerp(a, b, t), expected)


def test_slerp_stays_on_the_sphere_at_constant_speed():
    a, b = (x / x.norm() for x in codes(1, 512))
    arc = slerp(a, b, np.linspace(-1, 2, 13))
    torch.testing.assert_close(arc.norm(dim=1), torch.ones(13))
    steps = (arc[1:] - arc[:-1]).norm(dim=1)
    torch.testing.assert_close(steps, steps[:1].expand(12))
    assert interpolate(a, b, 0.5).norm() < 0.8, "the line leaves the sphere"


def test_the_ends_of_an_arc_are_exact():
    for seed in range(5):
        a, b = codes(1, 12, seed=seed)
        assert torch.equal(slerp(a, b, [0.0, 1.0]), torch.cat([a, b]))
        assert torch.equal(slerp(a, b, 1), b)


@pytest.mark.parametrize("other", [lambda a: a, lambda a: 3 * a, lambda a: a + 1e-7])
def test_slerp_between_parallel_codes_is_the_line(other):
    a, _ = codes(1, 12)
    b = other(a)
    torch.testing.assert_close(slerp(a, b, [0, 0.25, 1, 2]), interpolate(a, b, [0, 0.25, 1, 2]))


def test_slerp_between_nearly_parallel_codes():
    a, b = torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 1e-4]])
    torch.testing.assert_close(slerp(a, b, 0.5)[0, 1].item(), 5e-5, rtol=1e-4, atol=0)


def test_slerp_of_a_batch_where_one_pair_is_parallel():
    a, b = codes(3, 12)
    b[1] = a[1]
    b.requires_grad_()
    arcs = slerp(a, b, 0.3)
    arcs.sum().backward()
    assert torch.isfinite(b.grad[[0, 2]]).all()
    for row in range(3):
        torch.testing.assert_close(arcs[row : row + 1], slerp(a[row : row + 1], b[row : row + 1], 0.3))


def test_no_arc_joins_opposite_codes():
    a, _ = codes(1, 12)
    with pytest.raises(StyleclipError, match=r"opposite.*third"):
        slerp(a, -2 * a, 0.5)


@pytest.mark.parametrize("shape, weights", [((1, 8, 10), 0.5), ((1, 10), torch.zeros(2, 10)), ((2, 10), [0.1, 0.2])])
def test_slerp_is_for_z(shape, weights):
    with pytest.raises(StyleclipError):
        slerp(*codes(*shape), weights)


# --- blends ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
def test_a_blend_of_three(shape):
    a, b = codes(*shape)
    c, _ = codes(*shape, seed=1)
    torch.testing.assert_close(blend([a, b, c], [0.5, 0.3, 0.2]), 0.5 * a + 0.3 * b + 0.2 * c)
    torch.testing.assert_close(blend([a, b, c], [1.5, 0.5, -1]), 1.5 * a + 0.5 * b - c)
    several = blend(torch.cat([a, b, c]), [[0, 1, 0], [0.2, 0.2, 0.6]])
    assert torch.equal(several[:1], b) and several.shape == (2, *shape[1:])
    torch.testing.assert_close(several[1:], 0.2 * a + 0.2 * b + 0.6 * c)


def test_a_blend_of_two_is_the_line():
    a, b = codes(1, 10)
    torch.testing.assert_close(blend([a, b], [0.7, 0.3]), interpolate(a, b, 0.3))


@pytest.mark.parametrize("weights, hint", [
    ([0.5, 0.3, 0.3], "sum to 1, not 1.1"),
    ([[1, 0, 0], [0.1, 0.1, 0.1]], "sum to 1, not 0.3: divide"),
    ([0.5, 0.5], "3 points need 3 weights"),
    (1.0, "3 points need 3 weights"),
    ([[[1, 0, 0]]], "3 points need 3 weights"),
])  # fmt: skip
def test_weights_of_a_blend_that_do_not_fit(weights, hint):
    with pytest.raises(StyleclipError, match=hint):
        blend([torch.zeros(1, 10)] * 3, weights)


@pytest.mark.parametrize("points, hint", [
    ([], "nothing to blend"),
    ([torch.zeros(1, 10), torch.zeros(1, 8, 10)], "same space"),
    ([torch.zeros(2, 10), torch.zeros(2, 10)], "not a batch of 2"),
])  # fmt: skip
def test_points_of_a_blend_that_do_not_fit(points, hint):
    with pytest.raises(StyleclipError, match=hint):
        blend(points, [0.5, 0.5])


# --- morphs ------------------------------------------------------------------------------------------------------


@pytest.fixture
def bent(tiny):
    """A domain whose mapping is bent: w hardly moves while z is near one side, and leaps on the other."""

    def mapping(z, truncation_psi=1.0):
        w = torch.tanh(8 * (z[:, :10] - 0.6)) * 3
        return w[:, None].repeat(1, tiny.generator.num_ws, 1)

    generator = SimpleNamespace(**{name: getattr(tiny.generator, name) for name in (
        "synthesis", "z_dim", "w_dim", "num_ws", "num_channels", "num_rgb_channels")}, mapping=mapping)  # fmt: skip
    return dataclasses.replace(tiny, generator=generator)


def points(models, space):
    w_plus = [models.sample(seed, 1.0) for seed in (1, 2)]
    if space == "z":
        return codes(1, models.generator.z_dim)
    if space == "styles":
        return [models.generator.styles(w) for w in w_plus]
    return [w[:, 0] for w in w_plus] if space == "w" else w_plus


@pytest.mark.parametrize("space", ["z", "w", "w+", "styles"])
def test_what_comes_back(tiny, space):
    a, b = points(tiny, space)
    found = quietly(tiny, a, b, frames=5, space=space, truncation_psi=0.9)
    assert isinstance(found, Morph) and found.images.shape == (5, 3, 32, 32) and found.images.abs().max() <= 1
    assert found.weights.dtype == torch.float32 and found.weights.tolist() == sorted(found.weights.tolist())
    assert found.weights[0] == 0 and found.weights[-1] == 1
    if space == "styles":
        assert found.w_plus is None and [len(part) for part in found.styles] == [5, 5]
        drawn = tiny.generator.from_styles(*found.styles)
    else:
        assert found.w_plus.shape == (5, tiny.generator.num_ws, 10) and found.styles is None
        drawn = tiny.generator.synthesis(found.w_plus)
    torch.testing.assert_close(found.images, drawn.clamp(-1, 1))
    assert (found.z is not None) == (space == "z")
    expected = tiny.perceptual(found.images[1:], found.images[:-1]).sqrt()
    torch.testing.assert_close(found.steps, expected)
    assert found.length == pytest.approx(expected.sum().item(), rel=1e-5)
    assert found.unevenness == pytest.approx((expected.std(correction=0) / expected.mean()).item(), abs=1e-5)


@pytest.mark.parametrize("even", [True, False])
@pytest.mark.parametrize("space", ["z", "w", "w+"])
def test_the_first_and_the_last_frame_are_the_faces(tiny, space, even):
    a, b = points(tiny, space)
    found = quietly(tiny, a, b, frames=4, space=space, even=even, truncation_psi=0.8)
    for i, end in ((0, a), (3, b)):
        w_plus = {"z": lambda z: tiny.generator.mapping(z, 0.8), "w": lambda w: w[:, None].repeat(1, 8, 1), "w+": lambda w: w}[space](end)
        exact = {"rtol": 0, "atol": 1e-5 if space == "z" else 0}  # of several z at once, the mapping network rounds otherwise
        torch.testing.assert_close(found.w_plus[i : i + 1], w_plus, **exact)
        torch.testing.assert_close(found.images[i : i + 1], tiny.generator.synthesis(w_plus).clamp(-1, 1), **exact)


def test_a_morph_in_z_follows_the_arc(tiny):
    a, b = points(tiny, "z")
    found = quietly(tiny, a, b, frames=3, space="z", even=False)
    torch.testing.assert_close(found.z, slerp(a, b, [0, 0.5, 1]))
    torch.testing.assert_close(found.w_plus, tiny.generator.mapping(found.z, 0.7))


def test_styles_give_the_same_pictures_as_w_plus(tiny):
    one, other = (quietly(tiny, *points(tiny, space), frames=4, space=space) for space in ("w+", "styles"))
    torch.testing.assert_close(one.images, other.images, rtol=0, atol=1e-4)


def test_equal_steps_in_the_code_when_asked_for(tiny):
    found = quietly(tiny, *points(tiny, "w+"), frames=5, even=False)
    torch.testing.assert_close(found.weights, torch.linspace(0, 1, 5))


@pytest.mark.parametrize("frames", [4, 8, 20])
def test_even_steps_are_more_even(bent, frames):
    a, b = torch.zeros(1, 12), torch.zeros(1, 12)
    a[:, 0], b[:, 1] = 1, 1
    a[:, 2:] = b[:, 2:] = 0.1
    uniform, even = (quietly(bent, a, b, frames=frames, space="z", even=choice) for choice in (False, True))
    assert uniform.unevenness > 0.1 and even.unevenness < 0.25 * uniform.unevenness
    assert torch.equal(uniform.images[[0, -1]], even.images[[0, -1]])


@pytest.mark.slow
def test_even_steps_in_the_portraits(models):
    a, b = models.sample(1), models.sample(2)
    uniform, even = (quietly(models, a, b, frames=6, even=choice) for choice in (False, True))
    assert even.unevenness < 0.1 and even.unevenness < 0.5 * uniform.unevenness


def test_the_path_from_a_face_to_itself_shows_nothing(tiny):
    a = tiny.sample(1)
    found = quietly(tiny, a, a, frames=4)
    torch.testing.assert_close(found.weights, torch.linspace(0, 1, 4))
    assert found.length == 0 and found.unevenness == 0


def test_the_path_goes_on_beyond_both_faces(tiny):
    a, b = points(tiny, "w+")
    found = quietly(tiny, a, b, frames=5, reach=(-0.5, 1.5), even=False)
    torch.testing.assert_close(found.weights, torch.tensor([-0.5, 0, 0.5, 1, 1.5]))
    torch.testing.assert_close(found.w_plus[:1], a - 0.5 * (b - a))
    torch.testing.assert_close(found.w_plus[-1:], b + 0.5 * (b - a))
    backwards = quietly(tiny, a, b, frames=5, reach=(1.0, 0.0))
    forwards = quietly(tiny, a, b, frames=5)
    torch.testing.assert_close(backwards.weights.flip(0), forwards.weights, rtol=0, atol=1e-3)


def test_some_layers_only(tiny):
    a, b = points(tiny, "w+")
    fine = layer_weights(tiny.generator, medium=1)
    for layers in (fine, fine.tolist(), fine.numpy()):
        found = quietly(tiny, a, b, frames=4, layers=layers)
        assert torch.equal(found.w_plus[:, :3], a[:, :3].expand(4, -1, -1))
        assert torch.equal(found.w_plus[-1:], interpolate(a, b, fine[None]))


def test_the_same_again(tiny):
    one, other = (quietly(tiny, *points(tiny, "w+"), frames=6) for _ in range(2))
    assert torch.equal(one.images, other.images) and torch.equal(one.weights, other.weights)


@pytest.mark.parametrize("settings, hint", [
    ({"space": "w++"}, "'z', 'w', 'w\\+' or 'styles', not 'w\\+\\+'"),
    ({"space": "w"}, r"'w'.* is \[1, 10\], not \[1, 8, 10\]"),
    ({"space": "z"}, r"is \[1, 12\], not \[1, 8, 10\]"),
    ({"space": "styles"}, r"is \[1, \d+\] and \[1, \d+\], not \[1, 8, 10\]"),
    ({"frames": 1}, "at least 2"),
    ({"reach": (0, 0)}, "two different numbers"),
    ({"reach": (0, math.inf)}, "two different numbers"),
    ({"reach": (0, 1, 2)}, "two different numbers"),
    ({"layers": [1, 0]}, "8 numbers"),
])  # fmt: skip
def test_wrong_settings(tiny, settings, hint):
    with pytest.raises(StyleclipError, match=hint):
        quietly(tiny, *points(tiny, "w+"), **settings)


@pytest.mark.parametrize("wrong", [torch.zeros(2, 8, 10), torch.zeros(1, 10), [1, 2], None, 7])
def test_a_point_of_the_wrong_shape(tiny, wrong):
    for pair in ((tiny.sample(1), wrong), (wrong, tiny.sample(1))):
        with pytest.raises(StyleclipError, match=r"is \[1, 8, 10\]"):
            quietly(tiny, *pair)


def test_layers_are_for_w_plus(tiny):
    with pytest.raises(StyleclipError, match="space 'w\\+'"):
        quietly(tiny, *points(tiny, "w"), space="w", layers=[1] * 8)


def test_ctrl_c_returns_the_most_even_so_far(tiny, monkeypatch, capsys):
    a, b = points(tiny, "w+")
    uniform = quietly(tiny, a, b, frames=6, even=False)
    draw, calls = tiny.generator.synthesis.forward, []

    def interrupted(*arguments, **settings):
        calls.append(1)
        if len(calls) == stop:
            raise KeyboardInterrupt
        return draw(*arguments, **settings)

    monkeypatch.setattr(tiny.generator.synthesis, "forward", interrupted)
    stop = 9
    found = quietly(tiny, a, b, frames=6)
    assert "Stopped" in capsys.readouterr().out and torch.equal(found.images, uniform.images)
    calls.clear()
    stop = 3
    with pytest.raises(KeyboardInterrupt):
        quietly(tiny, a, b, frames=6)


def test_even_weights():
    torch.testing.assert_close(even_weights([0, 0.5, 1], [1, 1], 5), np.linspace(0, 1, 5))
    torch.testing.assert_close(even_weights([0, 0.5, 1], [3, 1], 5), np.array([0, 1 / 6, 2 / 6, 0.5, 1]))
    torch.testing.assert_close(even_weights([1, 0.5, 0], [3, 1], 3), np.array([1, 1 - 1 / 3, 0]))
    torch.testing.assert_close(even_weights([0, 0.2, 0.8, 1], [0, 1, 0], 3), np.array([0, 0.5, 1]))
    torch.testing.assert_close(even_weights([0, 0.2, 1], [0, 0], 3), np.array([0, 0.5, 1]))


def test_public_names():
    assert styleclip_lib.interpolate is interpolate and styleclip_lib.morph is morph and styleclip_lib.Morph is Morph
