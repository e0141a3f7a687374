"""Pictures with captions: which caption is true of which picture."""

from types import SimpleNamespace

import pytest
import torch

from styleclip_lib.portraits.language.captions import heldout_captions
from styleclip_lib.portraits.language.statements import false_of, true_of
from styleclip_lib.portraits.styles.styles import STYLES
from styleclip_lib.portraits.world.factors import sample
from styleclip_lib.training.captioned import CaptionedPictures

PLAIN, DRAWN, SCENES, CAPTIONS = 20, 12, 8, 30


class FewPortraits:
    """Forty grey pictures that carry the factors of forty portraits."""

    settings = SimpleNamespace(size=16)

    def __init__(self):
        self.factors = sample(40, seed=0)

    def __len__(self):
        return 40

    def images(self, index):
        return index.to(torch.uint8)[:, None, None, None].expand(-1, 3, 16, 16).clone()


@pytest.fixture(scope="module")
def pictures():
    return CaptionedPictures(FewPortraits(), drawn=30, scenes=24, seed=1, progress=False)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def batch(pictures):
    return pictures.batch(rng(), PLAIN, DRAWN, SCENES, CAPTIONS)


def test_shapes(batch):
    images, captions, true, false, factors = batch
    assert images.shape == (PLAIN + DRAWN + SCENES, 3, 16, 16)
    assert images.min() >= -1 and images.max() <= 1
    assert len(captions) == CAPTIONS and len(factors) == PLAIN
    assert true.shape == false.shape == (CAPTIONS, len(images))
    assert true.dtype == false.dtype == torch.bool


def test_nothing_is_true_and_false(batch):
    assert not (batch[2] & batch[3]).any()


def test_every_caption_was_written_for_a_picture_of_the_batch(batch):
    assert batch[2].any(1).all()
    assert batch[2][-SCENES:, PLAIN + DRAWN :].diagonal().all(), "scenes are described in their order"


def test_portraits_are_no_scenes(batch):
    _, _, true, false, _ = batch
    of_portraits = CAPTIONS - SCENES
    assert false[:of_portraits, PLAIN + DRAWN :].all() and false[of_portraits:, : PLAIN + DRAWN].all()
    assert not true[:of_portraits, PLAIN + DRAWN :].any() and not true[of_portraits:, : PLAIN + DRAWN].any()


def test_the_pictures_are_the_factors_pictures(batch, pictures):
    images, captions, true, false, factors = batch
    number = ((images[:PLAIN, 0, 0, 0] + 1) * 127.5).round().long()
    assert torch.equal(pictures.portraits.factors.yaw[number], factors.yaw)
    said = captions[: CAPTIONS - SCENES]
    assert torch.equal(true_of(said, factors, [None] * PLAIN), true[: len(said), :PLAIN])
    assert torch.equal(false_of(said, factors, [None] * PLAIN), false[: len(said), :PLAIN])


def test_a_style_is_false_of_a_plain_picture(batch):
    _, captions, _, false, _ = batch
    styled = [n for n, caption in enumerate(captions[: CAPTIONS - SCENES]) if caption.style]
    assert styled and all(captions[n].style in STYLES for n in styled)
    assert false[styled, :PLAIN].all()


def test_a_generator_means_the_same_batch(pictures, batch):
    again, other = (
        pictures.batch(rng(), PLAIN, DRAWN, SCENES, CAPTIONS),
        pictures.batch(rng(1), PLAIN, DRAWN, SCENES, CAPTIONS),
    )
    assert torch.equal(batch[0], again[0]) and batch[1] == again[1] and torch.equal(batch[2], again[2])
    assert batch[1] != other[1]


def test_held_out_phrasings_are_never_said(pictures):
    held_out = {caption.text for caption in heldout_captions()}
    said = {caption.text for seed in range(8) for caption in pictures.batch(rng(seed), 30, 0, 0, 30)[1]}
    assert len(said) > 150 and not said & held_out


def test_samples_from_elsewhere_come_after_the_plain_portraits(pictures, batch):
    their_factors = sample(6, seed=9)
    their_pictures = torch.rand(6, 3, 16, 16, generator=rng()) * 2 - 1
    images, captions, true, _, factors = pictures.batch(rng(), PLAIN, DRAWN, SCENES, CAPTIONS, (their_pictures, their_factors))
    assert torch.equal(images[:PLAIN], batch[0][:PLAIN]) and torch.equal(images[PLAIN : PLAIN + 6], their_pictures)
    assert torch.equal(factors.yaw, torch.cat([batch[4].yaw, their_factors.yaw]))
    said = captions[: CAPTIONS - SCENES]
    assert true.shape == (CAPTIONS, PLAIN + 6 + DRAWN + SCENES)
    assert torch.equal(true_of(said, their_factors, [None] * 6), true[: len(said), PLAIN : PLAIN + 6])
