"""Hair, beards, what is worn, clothes and background: each is seen where it belongs, and nowhere else."""

import itertools

import pytest
import torch

from styleclip_lib.portraits.aligned.drawing import palette
from styleclip_lib.portraits.aligned.drawing.render import render
from styleclip_lib.portraits.aligned.drawing.tiles import PERIOD, combed, curled
from styleclip_lib.portraits.aligned.landmarks import EYES, landmarks
from styleclip_lib.portraits.aligned.world.attributes import BY_NAME
from styleclip_lib.portraits.aligned.world.factors import Factors, sample

SIZE = 64
BARE = {"hair_style": "bald", "headwear": "none", "glasses": "none", "facial_hair": "none", "earrings": "none", "eyes": "open",
        "expression": "neutral", "makeup": "none", "age": 0.4, "skin_tone": 0.3, "yaw": 0.0, "pitch": 0.0, "fringe": 0.0, "slip_x": 0.0,
        "slip_y": 0.0, "slip_roll": 0.0, "slip_size": 0.0}


def portrait(**changes):
    return sample(1, seed=5).replace(**{**BARE, **changes})


def change(before, after):
    """How much each row of the picture changes."""
    return (render(before, SIZE) - render(after, SIZE)).abs().mean(1)[0]


def eye_row(factors):
    return int(landmarks(factors)[0, EYES, 1].mean() * SIZE)


@pytest.mark.parametrize("headwear", ["hat", "cap"])
def test_headwear_is_above_the_eyes(headwear):
    bare = portrait()
    moved, eyes = change(bare, portrait(headwear=headwear)), eye_row(bare)
    assert moved[:eyes - 6].max() > 0.3
    assert moved[eyes + 12:].max() < 0.05


@pytest.mark.parametrize("facial_hair", ["stubble", "moustache", "beard"])
def test_facial_hair_is_below_the_eyes(facial_hair):
    bare = portrait(gender="man")
    moved, eyes = change(bare, portrait(gender="man", facial_hair=facial_hair)), eye_row(bare)
    assert moved[eyes + 6:].max() > 0.1
    assert moved[:eyes].max() < 0.02


def test_a_beard_covers_more_than_a_moustache_and_is_denser_than_stubble():
    bare = portrait(gender="man")
    stubble, moustache, beard = (change(bare, portrait(gender="man", facial_hair=kind)) for kind in ("stubble", "moustache", "beard"))
    assert (beard > 0.1).sum() > 2 * (moustache > 0.1).sum()
    assert beard.sum() > 2 * stubble.sum()


def test_glasses_are_around_the_eyes():
    bare = portrait()
    eyes = eye_row(bare)
    for glasses in ("glasses", "sunglasses"):
        moved = change(bare, portrait(glasses=glasses))
        assert moved[eyes - 6:eyes + 7].max() > 0.2
        assert moved[:eyes - 14].max() < 0.02 and moved[eyes + 14:].max() < 0.02


def test_eyes_are_seen_through_clear_glass_and_not_through_dark():
    def eye_of(glasses):
        factors = portrait(glasses=glasses, frame_color=0.1)
        (left, top), (right, bottom) = (landmarks(factors)[0, EYES][:6] * 256).round().long().aminmax(dim=0)
        return render(factors, 256)[0, :, top:bottom, left:right].flatten()

    bare, clear, dark = (eye_of(glasses) for glasses in ("none", "glasses", "sunglasses"))
    assert torch.corrcoef(torch.stack([bare, clear]))[0, 1] > 0.6
    assert dark.mean() < bare.mean() - 0.5 and dark.std() < 0.7 * bare.std()


@pytest.mark.parametrize("yaw", [-1.0, 1.0])
def test_glasses_turn_with_the_head(yaw):
    """The middle of what glasses change lies where the eyes are, at any yaw."""
    bare, worn = portrait(yaw=yaw), portrait(yaw=yaw, glasses="sunglasses")
    moved = change(bare, worn)
    middle = (moved.sum(0) * torch.arange(SIZE)).sum() / moved.sum() / SIZE
    assert abs(middle - landmarks(bare)[0, EYES, 0].mean()) < 0.06


@pytest.mark.parametrize("style", ["short", "long", "bob", "curly"])
def test_hair_has_its_colour(style):
    """Of nine palettes, hair on top of the head is nearest to its own, in hue and lightness."""
    names = BY_NAME["hair_color"].values
    base = portrait(hair_style=style, hair_shade=0.0, light=0.0)
    people = Factors.joined([base.replace(hair_color=name) for name in names])
    pictures = render(people, SIZE)
    hair = (pictures - render(base.replace(hair_style="bald"), SIZE)).abs().amin(0).amax(0) > 0.05
    hair[SIZE // 3:] = False
    assert hair.sum() > 80
    seen = ((pictures[:, :, hair] + 1) / 2).median(2).values
    wanted = torch.stack([palette.HAIR[name] for name in names]) ** (1 / 2.2)
    assert torch.cdist(seen, wanted).argmin(1).tolist() == list(range(len(names)))


def test_styles_differ_where_they_should():
    """Long hair hangs beside the neck, a bob beside the cheeks, and short hair does neither."""
    bald = portrait(hair_length=0.0, hair_volume=0.0)
    rows = {style: (change(bald, bald.replace(hair_style=style)) > 0.1).sum(1) for style in ("short", "bob", "long")}
    cheeks, neck = slice(SIZE * 6 // 10, SIZE * 13 // 20), slice(SIZE * 21 // 24, SIZE * 23 // 24)
    assert rows["bob"][cheeks].min() > 4 and rows["long"][cheeks].min() > 4 and rows["short"][cheeks].max() == 0
    assert rows["long"][neck].min() > 4 and rows["bob"][neck].max() == 0


def test_a_hat_keeps_the_hair_below_it():
    """Under a hat nothing of the hair is left above the brim: a bald head and a curly one look alike there."""
    curly, bald = portrait(hair_style="curly", headwear="hat"), portrait(headwear="hat")
    assert change(curly, bald)[:SIZE // 6].max() < 0.05


@pytest.mark.parametrize("name", ["clothes", "background"])
def test_clothes_and_background_have_their_colours(name):
    values = BY_NAME[name].values
    shade = {"clothes": "clothes_shade", "background": "background_shade"}[name]
    base = portrait(**{shade: 0.0}, light=0.0, collar=0.5)
    pictures = (render(Factors.joined([base.replace(**{name: value}) for value in values]), SIZE) + 1) / 2
    place = pictures[:, :, -3:, 16:22] if name == "clothes" else pictures[:, :, 6:20, 2:8]
    wanted = torch.stack([{"clothes": palette.CLOTHES, "background": palette.BACKGROUND}[name][value] for value in values]) ** (1 / 2.2)
    assert torch.cdist(place.flatten(2).median(2).values, wanted).argmin(1).tolist() == list(range(len(values)))


def test_earrings_are_gold_and_seen_with_every_hair_style():
    for style in BY_NAME["hair_style"].values:
        moved = change(portrait(hair_style=style), portrait(hair_style=style, earrings="earrings"))
        assert (moved[:, :SIZE // 2] > 0.1).any() and (moved[:, SIZE // 2:] > 0.1).any(), style


@pytest.mark.parametrize("name,style", [*(("hair_length", style) for style in ("short", "bob", "long", "mohawk")), ("hair_volume", "curly"),
                                        ("hair_waves", "long"), ("parting", "short"), ("collar", "short")])
def test_these_factors_change_the_picture_too(name, style):
    low = 0.0 if name == "collar" else -0.9
    assert change(portrait(hair_style=style, **{name: low}), portrait(hair_style=style, **{name: 0.9})).max() > 0.1


@pytest.mark.slow
def test_every_combination_at_the_limits_of_its_pose_is_drawn():
    combinations = itertools.product(BY_NAME["hair_style"].values, BY_NAME["headwear"].values, (-1.0, 1.0))
    people = [portrait(hair_style=style, headwear=headwear, yaw=1.0, pitch=pitch, glasses="glasses", facial_hair="beard", collar=0.9,
                       earrings="earrings", fringe=1.0) for style, headwear, pitch in combinations]
    pictures = render(Factors.joined(people), 32)
    assert pictures.isfinite().all()
    assert pictures.flatten(1).std(1).min() > 0.1


@pytest.mark.parametrize("pattern", [combed, curled])
def test_tiles_repeat_and_are_smoothed_for_small_pictures(pattern):
    x, y = torch.rand(2, 40, 40, generator=torch.Generator().manual_seed(0)) * 2
    fine = pattern(x, y, 0.01)
    if pattern is curled:
        assert torch.allclose(fine, pattern(x + PERIOD, y - PERIOD, 0.01), atol=1e-3)
    assert fine[0].min() >= 0 and fine.abs().max() <= 1
    assert pattern(x, y, 0.4)[0].std() < 0.7 * fine[0].std()
