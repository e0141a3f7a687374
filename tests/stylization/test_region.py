"""Where a picture is restyled: relevance, masks, boxes."""

from types import SimpleNamespace

import pytest
import torch

from styleclip_lib import StyleclipError
from styleclip_lib.calibration import Calibration
from styleclip_lib.stylization.region import OTHERS, averaged, box_mask, checked_mask, found_region, guided, relevance_map, windows


class SeesRed:
    """A CLIP for which only redness means anything."""

    model = SimpleNamespace(logit_scale=torch.tensor(3.0))

    def encode_text(self, texts):
        self.asked = texts
        return torch.nn.functional.one_hot(torch.tensor([int(text != "red") for text in texts]), 2).float()

    def tokenizer(self, texts):
        return texts

    def encode_image(self, image):
        red = ((image[:, 0] - image[:, 1]).mean((1, 2)) / 2).clamp(0, 1)
        return torch.stack([red, 1 - red], 1)


@pytest.fixture
def models():
    return SimpleNamespace(clip=SeesRed(), calibration=Calibration())


@pytest.fixture
def scene():
    """A red square on grey."""
    image, truth = torch.zeros(1, 3, 64, 96), torch.zeros(1, 1, 64, 96)
    truth[..., 16:48, 48:80] = 1
    image[:, 0:1] += truth
    image[:, 1:] -= truth
    return image, truth


def iou(mask, truth):
    both, either = ((mask > 0.5) & (truth > 0.5)).sum(), ((mask > 0.5) | (truth > 0.5)).sum()
    return (both / either).item()


def test_the_region_of_a_text_is_found_to_its_edges(models, scene):
    image, truth = scene
    rough = relevance_map(models, image, "red")
    assert rough.shape == truth.shape and rough[truth == 1].mean() > 2 * rough[truth == 0].mean()
    assert iou(found_region(models, image, "red"), truth) > 0.8


def test_a_text_has_no_rival_in_its_own_words(models, scene):
    for text, missing in (("his hair", "hair"), ("the blue sky", "the sky"), ("red", None)):
        relevance_map(models, scene[0], text)
        assert missing not in models.clip.asked and len(models.clip.asked) == len(OTHERS) + (missing is None)


def test_what_is_not_there_is_not_found(models, scene):
    with pytest.raises(StyleclipError, match="CLIP sees no 'red' in the picture"):
        found_region(models, torch.zeros_like(scene[0]), "red")


@pytest.mark.parametrize("shape", [(64, 64), (40, 200), (97, 33)])
def test_windows_cover_every_pixel(shape):
    count, side = torch.zeros(shape), min(shape) // 3
    for top, left in windows(side, *shape).tolist():
        assert 0 <= top <= shape[0] - side and 0 <= left <= shape[1] - side
        count[top:top + side, left:left + side] += 1
    assert count.min() >= 1 and count.mean() > 2


def test_an_even_judge_gives_an_even_map():
    found = averaged(lambda windows: torch.full((len(windows),), 0.4), torch.zeros(1, 3, 50, 70), (1 / 3, 1 / 6))
    torch.testing.assert_close(found, torch.full((1, 1, 50, 70), 0.4))


def test_the_guided_filter_keeps_what_is_even_and_takes_the_edges_of_the_picture(scene):
    image, truth = scene
    even = torch.full_like(truth, 0.3)
    torch.testing.assert_close(guided(even, image), even, rtol=0, atol=1e-4)
    noisy = truth + 0.3 * torch.randn(truth.shape, generator=torch.Generator().manual_seed(0))
    plain = torch.nn.functional.avg_pool2d(noisy, 5, 1, 2, count_include_pad=False)
    errors = [(values - truth).abs().mean() for values in (noisy, plain, guided(noisy, image))]
    assert errors[2] < 0.5 * errors[0] and errors[2] < errors[1]


def test_boxes_and_masks():
    mask = box_mask((2, 3, 6, 99), (10, 8))
    assert mask.shape == (1, 1, 10, 8) and mask.sum() == 4 * 7
    with pytest.raises(StyleclipError, match="holds no pixel of the picture, which has 8 x 10"):
        box_mask((20, 0, 30, 5), (10, 8))
    small = checked_mask(box_mask((0, 0, 40, 80), (80, 80)), torch.zeros(1, 3, 40, 40))
    assert small.shape == (1, 1, 40, 40) and small[..., 5:15].min() == 1 and small[..., 25:].max() == 0
