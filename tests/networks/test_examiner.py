"""The networks that measure: their shapes, what a temperature does, and that a reading of theirs is one like any other."""

import pytest
import torch

from styleclip_lib.networks.convnext import Block, ConvNext
from styleclip_lib.networks.examiner import CATEGORIES, CODE_SIZE, CODE_SLICES, Examiner, ExaminerIdentity
from styleclip_lib.portraits.aligned.world.attributes import ATTRIBUTES
from styleclip_lib.portraits.world.attributes import BY_NAME

SMALL = {"widths": (4, 8, 8, 8), "depths": (1, 1, 1, 1)}


def pictures(count, size):
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.fixture(scope="module")
def examiner():
    torch.manual_seed(0)
    return Examiner(**SMALL, input_size=64).eval()


def test_the_body_halves_the_picture_at_every_stage():
    body = ConvNext((4, 8, 12), (1, 2, 1))
    assert (body.channels, body.stride) == (12, 16)
    assert body(pictures(2, 64)).shape == (2, 12, 4, 4)


def test_a_block_mixes_places_channel_by_channel_and_channels_place_by_place():
    torch.manual_seed(0)
    block = Block(6)
    x = torch.randn(2, 6, 9, 9)
    y = torch.zeros_like(x)
    for b in range(2):
        mixed = torch.stack([torch.conv2d(x[b : b + 1, c : c + 1], block.depthwise.weight[c : c + 1], block.depthwise.bias[c : c + 1],
                                          padding=3)[0, 0] for c in range(6)])
        for i in range(9):
            for j in range(9):
                y[b, :, i, j] = x[b, :, i, j] + block.gamma * block.mix(block.norm(mixed[:, i, j]))
    torch.testing.assert_close(block(x), y)


def test_every_attribute_is_read(examiner):
    parts = examiner(pictures(3, 64))
    assert list(parts) == [attribute.name for attribute in ATTRIBUTES]
    for attribute in ATTRIBUTES:
        part = parts[attribute.name]
        if attribute.is_scale:
            assert part.shape == (3,)
        else:
            assert part.shape == (3, len(attribute.values))
            torch.testing.assert_close(part.sum(1), torch.ones(3))
    assert sum(where.stop - where.start for where in CODE_SLICES.values()) == CODE_SIZE


def test_a_reading_follows_the_one_rule_for_readings():
    """`Reading` takes values, intervals and margins from the other table: both must be the same."""
    for attribute in ATTRIBUTES:
        other = BY_NAME[attribute.name]
        assert (attribute.values, attribute.intervals, attribute.margin) == (other.values, other.intervals, other.margin)
    code = torch.zeros(1, CODE_SIZE)
    code[0, CODE_SLICES["glasses"].start + 2], code[0, CODE_SLICES["age"].start] = 5.0, 0.9
    (reading,) = Examiner(**SMALL, input_size=32).readings(code)
    assert reading.has("glasses", "sunglasses") and reading.has("age", "old") and not reading.has("age", "young")


def test_pictures_of_any_size_are_brought_to_its_own(examiner):
    large = pictures(1, 64).repeat_interleave(2, 2).repeat_interleave(2, 3)
    small = torch.nn.functional.interpolate(large, size=(64, 64), mode="bilinear", antialias=True, align_corners=False)
    torch.testing.assert_close(examiner.code(large), examiner.code(small))


def test_the_temperature_changes_probabilities_and_no_verdict(examiner):
    images, before = pictures(4, 64), examiner(pictures(4, 64))
    hot = Examiner(**SMALL, input_size=64).eval()
    hot.load_state_dict(examiner.state_dict())
    hot.temperature[CATEGORIES.index("hair_color")] = 3.0
    after = hot(images)
    assert torch.equal(before["hair_color"].argmax(1), after["hair_color"].argmax(1))
    assert (after["hair_color"].amax(1) < before["hair_color"].amax(1)).all()
    torch.testing.assert_close(before["expression"], after["expression"])
    torch.testing.assert_close((before["hair_color"].log() - after["hair_color"].log() * 3).std(1), torch.zeros(4), atol=1e-4, rtol=0)


def test_a_person_is_a_unit_vector():
    torch.manual_seed(0)
    network = ExaminerIdentity(**SMALL, embedding_dim=5, input_size=32).eval()
    vectors = network(pictures(3, 48))
    assert vectors.shape == (3, 5)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(3))


@pytest.mark.parametrize("network", [Examiner, ExaminerIdentity])
def test_it_takes_no_more_than_six_megabytes_in_half_precision(network):
    assert 2 * sum(tensor.numel() for tensor in network().state_dict().values()) < 6e6
