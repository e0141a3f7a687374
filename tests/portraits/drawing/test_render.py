"""The renderer: repeatable, the same at every size, and every factor is seen where it belongs."""

from itertools import pairwise

import dlib
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.errors import StyleclipError
from styleclip_lib.portraits.drawing import palette
from styleclip_lib.portraits.drawing.landmarks import EYES, MOUTH, landmarks
from styleclip_lib.portraits.drawing.render import render
from styleclip_lib.portraits.world.attributes import ATTRIBUTES, BY_NAME
from styleclip_lib.portraits.world.factors import sample

SIZE = 48


@pytest.fixture(scope="module")
def people():
    return sample(12, seed=7)


@pytest.fixture(scope="module")
def pictures(people):
    return render(people, SIZE)


@pytest.fixture(scope="module")
def plain():
    """One person without anything that hides something, seen from the front."""
    person = sample(1, seed=3).replace(
        gender="woman",
        age=0.4,
        hair_style="short",
        glasses="none",
        headwear="none",
        expression="neutral",
        eyes="open",
        fringe=0.0,
        makeup="none",
        earrings="none",
        background_shade=0.0,
        clothes_shade=0.0,
        parting=0.0,
        hair_volume=0.0,
        offset_x=0.0,
    )
    return person.replace(yaw=0.0, pitch=0.0, roll=0.0, light=0.0, gaze_x=0.0, gaze_y=0.0, face_size=0.5, eye_tilt=0.0)


def difference(a, b, size=SIZE):
    """Mean over colours of the absolute difference [size, size]."""
    return (render(a, size) - render(b, size)).abs().mean(1)[0]


def box(factors, points, size=SIZE, margin=0.05) -> torch.Tensor:
    """Which pixels lie in the rectangle around some landmarks, bool [size, size]."""
    where = landmarks(factors)[0, points]
    low, high = where.min(0).values - margin, where.max(0).values + margin
    axis = (torch.arange(size) + 0.5) / size
    return ((axis >= low[0]) & (axis <= high[0]))[None, :] & ((axis >= low[1]) & (axis <= high[1]))[:, None]


def test_shape_and_range(pictures):
    assert pictures.shape == (12, 3, SIZE, SIZE) and pictures.dtype == torch.float32
    assert pictures.min() >= -1 and pictures.max() <= 1
    assert pictures.std((1, 2, 3)).min() > 0.2
    assert torch.isfinite(pictures).all()


def test_the_same_factors_give_the_same_picture(people, pictures):
    assert torch.equal(render(people, SIZE), pictures)


def test_a_picture_does_not_depend_on_its_batch(people, pictures):
    torch.testing.assert_close(render(people, SIZE, batch_size=1), pictures, rtol=0, atol=1e-5)
    torch.testing.assert_close(render(people, SIZE, batch_size=5), pictures, rtol=0, atol=1e-5)
    torch.testing.assert_close(render(people[7], SIZE)[0], pictures[7], rtol=0, atol=1e-5)


def test_nobody_gives_no_picture(people):
    assert render(people[:0], 16).shape == (0, 3, 16, 16)


def test_too_small(people):
    with pytest.raises(StyleclipError, match="8 pixels"):
        render(people, 7)


@pytest.mark.slow
def test_a_picture_is_the_same_at_every_size(people, pictures):
    large = F.interpolate(render(people, 4 * SIZE), size=(SIZE, SIZE), mode="area")
    assert (large - pictures).abs().mean((1, 2, 3)).max() < 0.03
    odd = F.interpolate(render(people, 3 * 37), size=(37, 37), mode="area")
    assert (odd - render(people, 37)).abs().mean((1, 2, 3)).max() < 0.04


def test_no_gradients_are_recorded(people):
    grown = people[0].replace(yaw=0.3)
    grown.yaw.requires_grad_()
    assert not render(grown, 16).requires_grad


@pytest.mark.slow
@pytest.mark.parametrize("attribute", ATTRIBUTES, ids=lambda a: a.name)
def test_every_value_of_every_attribute_is_seen(plain, attribute):
    person = plain.replace(gender="man") if attribute.name == "facial_hair" else plain
    shown = [render(person.replace(**{attribute.name: value}), SIZE) for value in attribute.values]
    for i, a in enumerate(shown):
        for b in shown[:i]:
            assert (a - b).abs().amax(1).gt(0.1).float().mean() > 0.002


def test_glasses_are_worn_around_the_eyes(plain):
    for kind in ("glasses", "sunglasses"):
        changed = difference(plain, plain.replace(glasses=kind)) > 0.05
        around = box(plain, EYES, margin=0.12)
        assert changed[around].float().mean() > 0.2
        assert not changed[~around].any()


def test_sunglasses_hide_the_eyes(plain):
    behind = plain.replace(glasses="sunglasses")
    eyes = box(plain, EYES, margin=0.0)
    assert (
        difference(behind, behind.replace(eyes="closed"))[eyes].mean()
        < 0.2 * difference(plain, plain.replace(eyes="closed"))[eyes].mean()
    )


def test_closed_eyes_change_the_eyes_only(plain):
    changed = difference(plain, plain.replace(eyes="closed")) > 0.05
    around = box(plain, EYES, margin=0.06)
    assert changed[around].any() and not changed[~around].any()


def test_a_smile_is_in_the_mouth_and_changes_no_background(plain):
    smiling = plain.replace(expression="smile", expression_strength=1.0)
    change = difference(plain, smiling)
    around = box(smiling, MOUTH)
    assert change[around].mean() > 8 * change[~around].mean()
    assert change[: SIZE // 8].max() == 0


@pytest.mark.parametrize(
    "name, value",
    [
        ("glasses", "sunglasses"),
        ("expression", "smile"),
        ("eye_color", "green"),
        ("makeup", "makeup"),
        ("earrings", "earrings"),
    ],
)
def test_what_is_on_the_head_leaves_the_background_alone(plain, name, value):
    change = difference(plain, plain.replace(**{name: value}))
    assert change.max() > 0.05
    assert change[:4].max() == 0 and change[: SIZE // 2, :4].max() == 0 and change[: SIZE // 2, -4:].max() == 0


def test_a_hat_is_above_the_eyes(plain):
    for kind in ("hat", "cap"):
        change = difference(plain, plain.replace(headwear=kind))
        eyes = int(landmarks(plain)[0, EYES, 1].max() * SIZE) + 2
        assert change[:eyes].mean() > 0.05 and change[eyes:].max() < 0.05


@pytest.mark.parametrize("name", ["background", "clothes"])
def test_colours_are_those_of_their_names(plain, name):
    """The colour in the corner is nearest to the palette's of the same name."""
    table = {"background": palette.BACKGROUND, "clothes": palette.CLOTHES}[name]
    bare = plain.replace(collar=0.0)
    for index, value in enumerate(BY_NAME[name].values):
        picture = (render(bare.replace(**{name: value}), SIZE)[0] + 1) / 2
        seen = picture[:, 4:10, 3:9].mean((1, 2)) if name == "background" else picture[:, -4:, 8:40].mean((1, 2))
        direction = F.cosine_similarity(seen[None] - seen.mean(), table - table.mean(1, keepdim=True), dim=1)
        if (table[index] - table[index].mean()).norm() > 0.1:  # a real colour, not white, grey or black
            assert direction.argmax() == index, value
        else:
            assert (seen - seen.mean()).norm() < 0.1, value


def test_skin_is_darker_where_it_should_be(plain):
    cheek = landmarks(plain)[0, [2, 14, 33], :].mean(0) * SIZE
    x, y = int(landmarks(plain)[0, 33, 0] * SIZE) + 5, int(cheek[1])
    brightness = [
        render(plain.replace(skin_tone=tone), SIZE)[0, :, y - 1 : y + 2, x - 1 : x + 2].mean().item()
        for tone in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    assert all(a > b + 0.05 for a, b in pairwise(brightness))


def test_light_comes_from_its_side(plain):
    bald = plain.replace(hair_style="bald")
    for value, brighter in (("left", slice(0, SIZE // 2)), ("right", slice(SIZE // 2, None))):
        face = render(bald.replace(light=value), SIZE)[0].mean(0)[SIZE // 4 : SIZE // 2]
        other = slice(SIZE // 2, None) if brighter.start == 0 else slice(0, SIZE // 2)
        assert face[:, brighter].mean() > face[:, other].mean() + 0.05


def test_turning_the_head_mirrors_it(plain):
    bald = plain.replace(hair_style="bald", freckles=0.0)
    left, right = render(bald.replace(yaw="left"), SIZE), render(bald.replace(yaw="right"), SIZE)
    mirrored = (left.flip(3) - right).abs().mean()
    assert mirrored < 0.25 * (left - right).abs().mean()


def test_the_mouth_is_where_the_landmarks_say(people):
    """What changes with the expression lies between the mouth's landmarks, however the head is turned."""
    bare = people.replace(expression_strength=1.0, facial_hair="none")
    for n in range(4):
        person = bare[n]
        change = difference(
            person.replace(expression="smile", eyes="closed"), person.replace(expression="surprised", eyes="closed"), 64
        )
        rows = (torch.arange(64) + 0.5) / 64
        lower = change * (rows[:, None] > landmarks(person)[0, 33, 1])
        center = torch.stack([(lower.sum(0) * rows).sum(), (lower.sum(1) * rows).sum()]) / lower.sum()
        mouth = landmarks(person.replace(expression="smile"))[0, MOUTH].mean(0)
        assert (center - mouth).abs().max() < 0.06


@pytest.mark.slow
def test_dlib_finds_faces():
    """The detector is an oracle that knows nothing of this world; half of the heads are turned or covered."""
    pictures = ((render(sample(40, seed=0), 256) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).contiguous().numpy()
    detector = dlib.get_frontal_face_detector()
    found = [len(detector(picture, 0)) for picture in pictures]
    assert np.mean([n >= 1 for n in found]) >= 0.4
    assert max(found) == 1, "nothing else looks like a face"
