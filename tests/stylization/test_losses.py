"""The losses of style transfer that the authors' code has no numbers for."""

import math

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.stylization.losses import content_loss, contrast_loss, total_variation


def test_the_contrast_is_minus_the_logarithm_of_a_choice():
    embedding, texts = F.normalize(torch.randn(5, 8), dim=1), F.normalize(torch.randn(4, 8), dim=1)
    logits = 20 * embedding @ texts.T
    by_hand = torch.stack([-torch.log(row.exp()[0] / row.exp().sum()) for row in logits]).mean()
    assert contrast_loss(embedding, texts[:1], texts[1:], 20.0, 1.0) == pytest.approx(by_hand.item(), rel=1e-5)


def test_beyond_the_cap_the_contrast_asks_nothing_more():
    target, rivals = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    embedding = torch.tensor([[1.0, 0.0]], requires_grad=True)
    loss = contrast_loss(embedding, target, rivals, 10.0, 0.85)
    loss.backward()
    assert loss.item() == pytest.approx(-math.log(0.85)) and not embedding.grad.any()


def test_the_total_variation_sums_four_norms():
    image = torch.tensor([[0.0, 1.0], [2.0, 4.0]])[None, None]
    assert total_variation(image).item() == pytest.approx(math.sqrt(1 + 4) + math.sqrt(4 + 9) + 4 + 1)


def test_equal_features_have_no_content_loss():
    features = [torch.randn(1, 4, 8, 8), torch.randn(1, 2, 4, 4)]
    assert content_loss(features, features) == 0
    moved = [features[0] + 0.5, features[1] - 2.0]
    assert content_loss(moved, features).item() == pytest.approx(0.25 + 4.0, rel=1e-5)
