"""Global directions against StyleCLIP's own numbers: effects, text direction, relevance, threshold, edited styles, templates."""

import hashlib

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.editing.directions.channel_effects import mean_effect
from styleclip_lib.editing.directions.channel_renderer import with_channel
from styleclip_lib.editing.directions.global_directions import steps_of
from styleclip_lib.editing.directions.prompt_templates import TEMPLATES, direction_between
from styleclip_lib.networks.generator import Generator
from tests.conformance.cases import assert_near, load_case, tensor
from tests.conformance.formula import normal


@pytest.fixture(scope="module")
def case():
    return load_case("global_directions")


@pytest.fixture(scope="module")
def convolutions(case):
    """Where the channels of the convolutions lie among the authors' 9088, in the order of ours."""
    starts = np.concatenate([[0], np.cumsum(case["style_dims"])])
    return np.concatenate([np.arange(starts[i], starts[i + 1]) for i in case["non_rgb_indices"]])


@pytest.fixture(scope="module")
def relevance(case):
    salt, dt = str(case["salt"]), tensor(case["dt"])
    effects = F.normalize(tensor(normal("global/fs3", (6048, 512), salt)), dim=1)
    strength = tensor(normal("global/strength", (6048, 1), salt)) ** 3
    effects = F.normalize(effects + 0.015 * strength * dt, dim=1)
    assert_near(effects[:4], case["fs3_head"], 1e-5)
    return effects @ dt


def test_effects(case):
    salt = str(case["salt"])
    raw = 3 * tensor(normal("global/fs_raw", (24, 6, 2, 512), salt)) + tensor(normal("global/fs_shift", (24, 1, 2, 512), salt))
    ours = torch.stack([mean_effect(images[:, 0], images[:, 1]) for images in raw])
    assert_near(ours, case["fs3_from_raw"], 1e-5)


def test_text_direction(case):
    salt, name = str(case["salt"]), "global/text"
    base = normal(f"{name}/base", (512,), salt)

    def features(text):
        vectors = (base + 0.5 * normal(f"{name}/{text}", (512,), salt)
                   + 0.8 * normal(f"{name}/{text}_templates", (79, 512), salt))
        return tensor((0.5 + np.abs(normal(f"{name}/{text}_lengths", (79, 1), salt))) * vectors)

    assert_near(direction_between(features("neutral"), features("target")), case["dt"], 1e-5)


def test_relevance(case, relevance):
    assert_near(relevance, case["relevance"], 1e-5)


def test_threshold_and_step(case, relevance, convolutions):
    sigma = tensor(case["s_std"][convolutions])
    for beta, count in zip(case["betas"], case["num_channels"]):
        steps = steps_of(relevance, float(beta))
        assert int((steps != 0).sum()) == count
        theirs = case[f"boundary_beta{beta:g}"]
        assert_near(steps * sigma, theirs[convolutions], 1e-5)
        assert not np.delete(theirs, convolutions).any(), "toRGB"


def test_a_dictionary_without_the_finest_layers(case, relevance, convolutions):
    shorter = torch.where(torch.arange(6048) < 5376, relevance, 0)
    steps = steps_of(shorter, 0.1)
    assert int((steps != 0).sum()) == case["num_channels_5376rows"]
    assert_near(steps * tensor(case["s_std"][convolutions]), case["boundary_beta0.1_5376rows"][convolutions], 1e-5)


def test_edited_styles(case, relevance, convolutions):
    step = steps_of(relevance, 0.1) * tensor(case["s_std"][convolutions])
    styles = tensor(case["s"][:, convolutions])
    edited = torch.stack([styles + alpha * step for alpha in case["alphas"] if alpha], dim=1)      # [face, alpha, channel]
    assert_near(edited, case["s_edited"][..., convolutions], 1e-5)


def test_order_of_channels(case):
    generator = Generator(1024, num_mapping_layers=1)
    assert generator.num_channels == 6048
    layers = [where for _, where in generator.style_slices]
    for flat, (style, channel) in zip(case["flat_channel"], case["layer_channel"]):
        layer = list(case["non_rgb_indices"]).index(style)
        assert layers[layer].start + channel == flat < layers[layer].stop


def test_the_scan_restores_channels(case, convolutions):
    """As the authors' scan is for its first channel, before it forgets to restore it, ours is for every channel."""
    start = int(np.cumsum(case["style_dims"])[2])                                          # style tensor 3
    styles, mean, std = (tensor(case[name]) for name in ("s", "s_mean", "s_std"))

    def scanned(number):
        channel = start + number
        ends = [with_channel(styles, channel, mean[channel] + sign * 5 * std[channel]) for sign in (-1, 1)]
        return torch.stack(ends, dim=1)[..., start : start + 16]

    assert_near(scanned(7), case["scan_first"], 1e-5)
    wanted = case["scan_second"].copy()
    wanted[..., 7] = case["s"][:, None, start + 7]
    assert_near(scanned(8), wanted, 1e-5)


def test_templates(case):
    assert len(TEMPLATES) == case["template_count"] == len(set(TEMPLATES))
    assert not set(TEMPLATES) & set(case["templates_missing_from_the_80"].tolist())
    assert hashlib.sha256("\n".join(TEMPLATES).encode()).hexdigest() == str(case["templates_sha256"])
