"""Redrawing from the changed layer on, against drawing the whole picture anew."""

import pytest
import torch

from styleclip_lib.editing.directions import channel_renderer
from styleclip_lib.editing.directions.channel_renderer import ChannelRenderer, with_channel

BATCH = 3


@pytest.fixture(scope="module")
def styles(tiny):
    return tiny.generator.styles(torch.cat([tiny.sample(seed) for seed in range(BATCH)]))


def whole(generator, styles, rgb_styles, channel, value, stop_at):
    moved = with_channel(torch.cat([styles, rgb_styles], dim=1), channel, value)
    return generator.from_styles(*generator.split_styles(moved), stop_at=stop_at)


def one_of_each_layer(generator, stop_at=None) -> list[int]:
    """The second channel of every convolution and toRGB layer that takes part, from the last to the first."""
    convs = [where.start + 1 for (_, where), size in zip(generator.style_slices, generator.layer_resolutions) if size <= (stop_at or size)]
    rgbs = [generator.num_channels + where.start + 1 for (_, where), size in
            zip(generator.rgb_style_slices, generator.synthesis.resolutions) if size <= (stop_at or size)]
    return [*convs, *rgbs][::-1]


@pytest.mark.parametrize("stop_at", [None, 16])
def test_it_draws_what_the_generator_draws(tiny, styles, stop_at):
    channels = one_of_each_layer(tiny.generator, stop_at)
    faces = ChannelRenderer(tiny.generator, *styles, stop_at)
    assert len(channels) == (11 if stop_at is None else 8)
    before = tiny.generator.from_styles(*styles, stop_at=stop_at)
    for channel in channels:
        drawn, expected = faces.with_channel(channel, 3.0), whole(tiny.generator, *styles, channel, 3.0, stop_at)
        torch.testing.assert_close(drawn, expected, rtol=0, atol=1e-5)
        assert (drawn - before).abs().max() > 1e-3, "a channel that shows"


def test_each_face_may_have_its_own_value(tiny, styles):
    values = torch.tensor([0.5, -2.0, 4.0])
    for channel in (0, 20, 56 + 9):
        drawn = ChannelRenderer(tiny.generator, *styles).with_channel(channel, values)
        torch.testing.assert_close(drawn, whole(tiny.generator, *styles, channel, values, None), rtol=0, atol=1e-5)


def test_the_value_it_had_gives_the_faces_themselves(tiny, styles):
    both = torch.cat(styles, dim=1)
    faces = ChannelRenderer(tiny.generator, *styles)
    for channel in one_of_each_layer(tiny.generator):
        torch.testing.assert_close(faces.with_channel(channel, both[:, channel]), tiny.generator.from_styles(*styles), rtol=0, atol=1e-5)


def test_nothing_before_the_change_is_drawn_again(tiny, styles, monkeypatch):
    faces = ChannelRenderer(tiny.generator, *styles)
    drawn = []
    for name, layer in [*tiny.generator.synthesis.conv_layers(), *tiny.generator.synthesis.rgb_layers()]:
        monkeypatch.setattr(layer, "forward", lambda *what, name=name, forward=layer.forward: drawn.append(name) or forward(*what))
    layers = [name for name, _ in tiny.generator.style_slices]
    faces.with_channel(tiny.generator.style_slices[-2][1].start, 1.0)
    assert drawn == [*layers[-2:], tiny.generator.rgb_style_slices[-1][0]]
    drawn.clear()
    faces.with_channel(tiny.generator.num_channels + 1, 1.0)
    assert drawn == [tiny.generator.rgb_style_slices[0][0]], "of a toRGB layer only the colours"


def test_with_one_channel_changed_the_rest_is_kept():
    styles = torch.arange(6.0).view(2, 3)
    assert channel_renderer.with_channel(styles, 1, 9.0).tolist() == [[0, 9, 2], [3, 9, 5]]
    assert styles.tolist() == [[0, 1, 2], [3, 4, 5]]
