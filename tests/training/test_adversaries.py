"""Optimisers that play against CLIP: they follow its gradient, begin anew in time, and what is true of their pictures is known."""

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.networks.generator import Generator
from styleclip_lib.portraits.aligned.world.factors import sample
from styleclip_lib.portraits.language.attribute_values import false_of, true_of
from styleclip_lib.portraits.language.parsing import parse
from styleclip_lib.portraits.language.region_words import REGIONS
from styleclip_lib.portraits.styles.scenes import sample_scenes
from styleclip_lib.training.adversaries import (
    LIMIT,
    PATIENCE,
    SHARE,
    TARGET_STYLES,
    LatentAdversaries,
    PixelAdversaries,
    StyleAdversaries,
    joined,
)
from styleclip_lib.training.captioned import Captions, Pictures, say, truth
from styleclip_lib.training.latent_paths import LatentPaths
from styleclip_lib.training.worlds import ALIGNED

SIZE, COUNT = 32, 5


@pytest.fixture(scope="module")
def pictures():
    rng = torch.Generator().manual_seed(0)
    portraits, scenes, patches = (torch.rand(n, 3, SIZE, SIZE, generator=rng) * 2 - 1 for n in (12, 3, 4))
    return Pictures(portraits, sample(12, 3), [None] * 10 + ["mosaic", "ink"], scenes, sample_scenes(3, 0), [None, "ink", None],
                    patches, [None, "neon", None, None], torch.full((4, len(REGIONS)), torch.nan))


@pytest.fixture(scope="module")
def paths():
    torch.manual_seed(0)
    generator = Generator(8, ALIGNED.z_dim, 10, 2, {4: 8, 8: 8}).eval().requires_grad_(False)
    return generator, LatentPaths(generator, ALIGNED, 30, SIZE, seed=3, progress=False)


def three(paths, seed=1):
    return PixelAdversaries(COUNT, SIZE, seed), LatentAdversaries(COUNT, *paths, SIZE, seed), StyleAdversaries(COUNT, SIZE, seed)


def climb(adversaries, clip, steps):
    """Steps up the cosine of picture and text. Returns that cosine before and after them."""
    texts = clip.encode_text([target.text for target in adversaries.targets])

    def cosines():
        return (clip.encode_image(adversaries()) * texts).sum(1)

    before = cosines().detach()
    for _ in range(steps):
        cosines().sum().backward()
        adversaries.follow()
    return before, cosines().detach()


def test_every_text_is_false_of_its_picture(pictures, paths):
    pixels, latent, repaint = three(paths)
    for adversaries in (pixels, latent, repaint):
        adversaries.renew(pictures)
        assert all(parse(target.text).problem == "" for target in adversaries.targets)
    assert all(false_of([target], pixels.factors[number]).all() for number, target in enumerate(pixels.targets))
    assert all(target.style in TARGET_STYLES for target in repaint.targets)
    assert all(len(target.attribute_values) == 1 for target in latent.targets)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_they_come_nearer_to_their_texts_within_their_limits(which, pictures, paths, tiny):
    adversaries = three(paths)[which]
    adversaries.renew(pictures)
    start = adversaries().detach()
    before, after = climb(adversaries, tiny.clip, PATIENCE)
    assert (after > before).float().mean() >= 0.8 and after.mean() > before.mean()
    if which == 0:
        assert (adversaries() - adversaries.images).abs().max() <= LIMIT + 1e-6
    if which == 1:
        assert (adversaries.offset.norm(dim=2) <= adversaries.limit[:, :, 0] * 1.0001).all() and adversaries.offset.abs().sum() > 0
    if which == 2:
        torch.testing.assert_close(start, adversaries.images), "a new painter leaves the picture as it is"


def test_the_limit_of_a_latent_adversary_is_a_share_of_the_path(pictures, paths):
    latent = three(paths)[1]
    latent.renew(pictures)
    source = paths[1]
    for number in range(COUNT):
        at = int((source.w_start == latent.start[number]).all(2).all(1).nonzero()[0])
        way = (source.w_end[at] - source.w_start[at]).norm(dim=1).mean()
        assert latent.limit[number].item() == pytest.approx(SHARE * way.item(), rel=1e-4)
        assert true_of([latent.targets[number]], source.ends[at]).all() and false_of([latent.targets[number]], source.starts[at]).all()


def test_they_begin_anew_in_turn(pictures):
    adversaries = PixelAdversaries(PATIENCE, SIZE, seed=1)
    adversaries.renew(pictures)
    assert sorted(adversaries.age.tolist()) == list(range(PATIENCE)), "not all at once"
    texts = list(adversaries.targets)
    for _ in range(PATIENCE):
        adversaries.follow()
        adversaries.renew(pictures)
    assert sorted(adversaries.age.tolist()) == list(range(PATIENCE))
    assert sum(a != b for a, b in zip(texts, adversaries.targets)) > PATIENCE // 2


def test_the_same_seed_begins_the_same(pictures, paths):
    for one, again, other in zip(three(paths), three(paths), three(paths, seed=2)):
        for adversaries in (one, again, other):
            adversaries.renew(pictures)
        assert one.targets == again.targets and torch.equal(one(), again())
        assert one.targets != other.targets


def test_what_is_known_of_a_batch_with_adversaries(pictures, paths):
    pixels, latent, repaint = three(paths)
    for adversaries in (pixels, latent, repaint):
        adversaries.renew(pictures)
    captions = say(pictures, torch.Generator().manual_seed(2), 6, 2, 4, 3)
    images, texts, true, false = joined(pictures, captions, pixels, latent, repaint)
    assert images.shape == (12 + COUNT + 3 + 4 + COUNT + COUNT, 3, SIZE, SIZE)
    assert true.shape == false.shape == (len(texts), len(images)) and len(texts) == 12 + 3 * COUNT
    assert not (true & false).any()
    assert torch.equal(images[12:17], pixels()) and torch.equal(images[-COUNT:], repaint())
    assert torch.equal(images[-2 * COUNT:-COUNT], latent())
    assert false[6:11, 12:17].diagonal().all(), "a pixel adversary's text is false of its picture"
    assert torch.equal(true[:11, 12:17], true_of(texts[:11], pixels.factors)), "and what was true stays true"
    own = torch.zeros(len(texts), COUNT, dtype=torch.bool)
    own[11:16] = torch.eye(COUNT, dtype=torch.bool)
    assert torch.equal(false[:, -2 * COUNT:-COUNT], own) and not true[:, -2 * COUNT:].any()
    assert false[-COUNT:, -COUNT:].all(), "a style adversary's text is false of whatever it paints"
    assert all(false[row, -COUNT:].any() == (text.style in TARGET_STYLES) for row, text in enumerate(texts))
    asked = Captions([*captions.of_portraits, *pixels.targets, *latent.targets], captions.of_scenes,
                     [*captions.of_styles, *repaint.targets], [])
    assert torch.equal(true[:, :12], truth(asked, pictures)[0][:, :12]), "of the other pictures nothing changes"


def test_nobody_plays(pictures):
    nobody = PixelAdversaries(0, SIZE, 0), LatentAdversaries(4, None, None, SIZE, 0), StyleAdversaries(0, SIZE, 0)
    for adversaries in nobody:
        adversaries.renew(pictures)
        adversaries.follow()
    captions = say(pictures, torch.Generator().manual_seed(2), 6, 2, 4, 3)
    images, texts, true, _ = joined(pictures, captions, *nobody)
    assert len(images) == 19 and texts == captions.all() and torch.equal(true, truth(captions, pictures)[0])


def test_their_gradient_comes_with_the_networks_own(pictures, tiny):
    pixels = PixelAdversaries(COUNT, SIZE, 1)
    pixels.renew(pictures)
    before = pixels.offset.detach().clone()
    loss = F.softplus(tiny.clip.encode_image(pixels()) @ tiny.clip.encode_text(["a smiling face"]).T).sum()
    loss.backward()
    pixels.follow()
    assert pixels.offset.grad is None and not torch.equal(pixels.offset, before)
