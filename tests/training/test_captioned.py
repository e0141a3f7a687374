"""Pictures with captions: which caption is true of which picture."""

import dataclasses
from types import SimpleNamespace

import pytest
import torch

from styleclip_lib.portraits.aligned.drawing.parts import PARTS
from styleclip_lib.portraits.aligned.world.factors import sample
from styleclip_lib.portraits.language.attribute_values import false_of, true_of
from styleclip_lib.portraits.language.captions import heldout_captions
from styleclip_lib.portraits.language.region_words import REGIONS
from styleclip_lib.portraits.language.style_words import PLAIN
from styleclip_lib.portraits.styles.styles import STYLES
from styleclip_lib.training.captioned import (
    CHUNK,
    HARDLY,
    MOSTLY,
    CaptionedPictures,
    Captions,
    Kept,
    region_shares,
    say,
    truth,
    window_places,
    windows,
)
from styleclip_lib.training.worlds import ALIGNED

SIZE, KINDS, SAID = 16, (20, 12, 8, 24), (30, 6, 10, 4)


class FewPortraits:
    """Forty grey pictures that carry the factors of forty portraits."""

    world = SimpleNamespace(name="few", parts=ALIGNED.parts)

    def __init__(self, folder):
        self.factors, self.settings = sample(40, seed=0), SimpleNamespace(size=32, folder=folder, seed=0)

    def __len__(self):
        return 40

    def images(self, index):
        return index.to(torch.uint8)[:, None, None, None].expand(-1, 3, 32, 32).clone()


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return CaptionedPictures(FewPortraits(tmp_path_factory.mktemp("pictures")), 60, 24, 20, SIZE, seed=1, progress=False)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def pictures(source):
    return source.draw(rng(), *KINDS)


@pytest.fixture(scope="module")
def captions(pictures):
    return say(pictures, rng(1), *SAID)


@pytest.fixture(scope="module")
def facts(captions, pictures):
    return truth(captions, pictures)


def test_shapes(pictures, captions, facts):
    lots = pictures.portraits, pictures.scenes, pictures.patches
    assert [len(lot) for lot in lots] == [32, 8, 24]
    assert all(lot.shape[1:] == (3, SIZE, SIZE) and lot.min() >= -1 and lot.max() <= 1 for lot in lots)
    assert pictures.plain == 20 and len(pictures.factors) == len(pictures.styles) == 32
    assert len(pictures.patch_styles) == 24 == len(pictures.shares)
    said = captions.of_portraits, captions.of_scenes, captions.of_styles, captions.of_parts
    assert [len(part) for part in said] == list(SAID)
    assert all(part.shape == (50, 64) and part.dtype == torch.bool for part in facts)


def test_nothing_is_true_and_false(facts):
    assert not (facts[0] & facts[1]).any()


def test_every_caption_was_written_for_a_picture_of_the_batch(facts):
    assert facts[0].any(1).all()


def test_portraits_and_scenes_are_no_match_for_each_other(facts):
    assert facts[1][:30, 32:40].all() and facts[1][30:36, :32].all()


def test_of_portraits_the_factors_decide(captions, pictures, facts):
    said = captions.of_portraits
    assert torch.equal(facts[0][:30, :32], true_of(said, pictures.factors, pictures.styles))
    assert torch.equal(facts[1][:30, :32], false_of(said, pictures.factors, pictures.styles))


def test_of_patches_the_style_decides(captions, pictures, facts):
    true, false = (part[:, 40:] for part in facts)
    for row, caption in enumerate(captions.all()[:46]):
        for column, style in enumerate(pictures.patch_styles):
            other = caption.style is not None and caption.style != (style or PLAIN)
            at_that_hour = row >= 36 and style is None and caption.style in ("night", "sunset")
            assert false[row, column] == (other and not at_that_hour)
            assert true[row, column] == (row >= 36 and not other)


def test_of_patches_in_no_style_it_is_known_which_part_they_show(captions, pictures, facts):
    true, false = facts
    known = ~pictures.shares.isnan().any(1)
    assert known.tolist() == [i >= 8 and style is None for i, style in enumerate(pictures.patch_styles)]
    torch.testing.assert_close(pictures.shares[known].sum(1), torch.ones(int(known.sum())), atol=0.02, rtol=0)
    for row, caption in enumerate(captions.of_parts, 46):
        share = pictures.shares[:, list(REGIONS).index(dict(caption.attribute_values)["part"])]
        assert torch.equal(true[row, 40:], share > MOSTLY) and torch.equal(false[row, 40:], share < HARDLY)
        assert not true[row, :40].any() and not false[row, :40].any(), "of whole pictures it is not asked"


def test_a_share_is_that_of_the_window():
    masks = torch.zeros(1, 5, 8, 8, dtype=torch.uint8)
    masks[0, PARTS.index("hair"), :, :4] = 255
    places = torch.tensor([[0.25, 0.0, 0.5]])
    share = dict(zip(REGIONS, region_shares(masks, PARTS, places)[0].tolist()))
    assert share["hair"] == 0.5 and sum(share.values()) == 0.5


def test_a_style_by_itself_is_true_of_whatever_is_drawn_in_it(pictures, facts, captions):
    styles = [*pictures.styles, *pictures.scene_styles, *pictures.patch_styles]
    for row, caption in enumerate(captions.of_styles, 36):
        assert facts[0][row].tolist() == [(style or PLAIN) == caption.style for style in styles]


def test_what_people_write_is_among_the_captions(source):
    pictures = source.draw(rng(3), 30, 0, 0, 3)
    said = [caption for seed in range(20) for caption in say(pictures, rng(seed), 30, 0, 0, 0).of_portraits]
    assert any(caption.denied for caption in said) and not {c.text for c in said} & {c.text for c in heldout_captions()}


def test_the_same_random_numbers_give_the_same(source, pictures, captions):
    again = source.draw(rng(), *KINDS)
    assert torch.equal(again.patches, pictures.patches) and again.styles == pictures.styles
    assert say(again, rng(1), *SAID) == captions
    assert not torch.equal(source.draw(rng(5), *KINDS).portraits, pictures.portraits)


def test_every_style_is_drawn_and_half_of_the_scenes_are_plain(source):
    assert set(source.styled_styles) <= set(STYLES) and len(set(source.styled_styles)) > 15
    assert source.scene_styles.count(None) == 12 and not {"night", "sunset"} & set(source.scene_styles)
    styled = source.styled[torch.tensor([0])].float()
    assert styled.shape == (1, 3, 32, 32) and styled.std() > 0, "a style leaves its traces on grey"


def test_captions_without_pictures_of_their_kind(pictures):
    none = dataclasses.replace(pictures, scenes=pictures.scenes[:0], facts=pictures.facts[:0], scene_styles=[])
    said = say(none, rng(), 5, 4, 3, 0)
    assert said.of_scenes == [] and truth(said, none)[0].shape == (8, 56)
    assert truth(Captions([], [], [], []), none)[0].shape == (0, 56)


def test_a_window_shows_a_part():
    picture = torch.arange(64, dtype=torch.uint8).expand(1, 3, 64, 64)
    parts = windows(picture.expand(50, -1, -1, -1), window_places(50, rng(), (0.5, 0.5)), 64)
    width = (parts[:, 0, 0, -1] - parts[:, 0, 0, 0]) * 127.5
    torch.testing.assert_close(width, torch.full((50,), 31.0), atol=0.1, rtol=0)
    assert len({round(x, 3) for x in parts[:, 0, 0, 0].tolist()}) > 10
    assert torch.equal(windows(picture, torch.tensor([[0.0, 0.0, 1.0]]), 64), picture / 127.5 - 1)


def test_pictures_are_kept_and_drawing_goes_on_where_it_stopped(tmp_path):
    asked = []

    def draw(start, stop):
        asked.append((start, stop))
        if len(asked) == 2:
            raise KeyboardInterrupt
        return torch.full((stop - start, 3, 2, 2), start, dtype=torch.uint8)

    count = 2 * CHUNK + 10
    with pytest.raises(KeyboardInterrupt):
        Kept(tmp_path, "some", draw, count, progress=False)
    assert [path.name for path in tmp_path.iterdir()] == ["some-0000.npy"]
    first = Kept(tmp_path, "some", draw, count, progress=False)
    assert asked == [(0, CHUNK), (CHUNK, 2 * CHUNK), (CHUNK, 2 * CHUNK), (2 * CHUNK, count)] and len(first) == count
    index = torch.tensor([count - 1, 0, CHUNK])
    again = Kept(tmp_path, "some", None, count, progress=False)
    assert again[index][:, 0, 0, 0].tolist() == first[index][:, 0, 0, 0].tolist() == [2 * CHUNK, 0, CHUNK]
    assert again[index[:0]].shape == (0, 3, 2, 2)
