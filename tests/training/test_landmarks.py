"""Training of the landmark model: what is done to pictures is done to their points, and it learns."""

import functools

import numpy as np
import pytest

from styleclip_lib.photos.landmarks import place, predict
from styleclip_lib.portraits.drawing.landmarks import landmarks
from styleclip_lib.portraits.drawing.render import render
from styleclip_lib.portraits.world.factors import sample
from styleclip_lib.training import landmarks as training
from styleclip_lib.training.landmarks import Example, Settings, fit, proportions, vary
from styleclip_lib.weights.domain import find_domain, read_index

SIZE = 64


@pytest.fixture(scope="module")
def people():
    return sample(24, seed=4).replace(headwear=0, glasses=0)


@pytest.fixture(scope="module")
def points(people):
    return landmarks(people).numpy()


@pytest.mark.parametrize("seed", range(6))
def test_points_move_with_the_picture(seed, points):
    """A bright dot that is drawn on a point is found where the point went."""
    rng = np.random.default_rng(seed)
    which = [8, 30, 36, 54][seed % 4]
    picture = np.zeros((SIZE, SIZE), dtype=np.float32)
    x, y = (points[seed, which] * SIZE).astype(int)
    picture[y - 1 : y + 2, x - 1 : x + 2] = 1
    on_the_dot = points[seed].copy()
    on_the_dot[which] = (np.array([x, y]) + 0.5) / SIZE
    example = vary(picture, on_the_dot, rng, strength=1.0)
    weight = np.where(example.pixels > 70, example.pixels, 0).astype(float)
    rows, columns = np.mgrid[: weight.shape[0], : weight.shape[1]]
    middle = np.array([(columns * weight).sum(), (rows * weight).sum()]) / weight.sum()
    assert np.hypot(*(middle - example.points[which])) < 0.5 * example.pixels.shape[0] / SIZE


def test_without_strength_a_picture_only_changes_its_size(points):
    picture = np.linspace(0, 1, SIZE, dtype=np.float32)[None].repeat(SIZE, 0)
    example = vary(picture, points[0], np.random.default_rng(0), strength=0.0)
    side = example.pixels.shape[0]
    np.testing.assert_allclose((example.points + 0.5) / side, points[0], atol=1e-6)
    assert (np.diff(example.pixels[0].astype(int)) >= 0).all() and example.pixels[0, -1] == 255


def test_real_proportions(points):
    """The knots rise, so that nothing is folded over; nose and mouth move down, the eyes get narrower."""
    for face in points:
        before, after = proportions(face, 1.0)
        assert all((np.diff(knots) > 0).all() and knots[0] == 0 and knots[-1] == 1 for knots in [*before, *after])
        if len(before[1]) > 2:
            moved = np.stack([np.interp(face[:, k], before[k], after[k]) for k in (0, 1)], 1)
            assert moved[33, 1] > face[33, 1] and moved[62, 1] > face[62, 1] and moved[8, 1] > face[8, 1]
            assert np.ptp(moved[36:40, 0]) < np.ptp(face[36:40, 0]) and np.ptp(moved[37:42, 1]) < np.ptp(face[37:42, 1])
        unmoved = proportions(face, 0.0)
        np.testing.assert_allclose(unmoved[0][0], unmoved[1][0])


@pytest.mark.slow
def test_the_shipped_model_is_measured_again(tmp_path, monkeypatch):
    """Few portraits: their figures lie near the card's, which are those of three hundred."""
    monkeypatch.setattr(training, "measure", functools.partial(training.measure, count=12))
    found = training.measure_again(Settings(run=tmp_path, data=tmp_path, domain=find_domain("portraits"), detected=12))
    card = read_index(find_domain("portraits"))["files"]["landmarks"]["training"]["metrics"]
    assert set(card) <= set(found) and found["mean error"] < 2 * card["mean error"]


def test_it_learns_and_repeats_itself(people, points, tmp_path):
    pictures = ((render(people, SIZE).mean(1) + 1) * 127.5).round().byte().numpy()
    examples = [Example(picture, face * SIZE - 0.5, None) for picture, face in zip(pictures, points)]
    habits = np.array([[0.0, -0.2, 2.9], [0.1, -0.3, 3.1]])
    settings = Settings(boxes_each=2, cascades=3, trees=20, depth=2, splits=5)
    boxes = np.stack([place(habits[0], example.points) for example in examples])
    true = np.stack([example.points for example in examples])

    def found():
        predictor = fit(examples, habits, habits.mean(0), settings, np.random.default_rng(0), tmp_path / "landmarks.dat")
        return np.stack([predict(predictor, example.pixels, box) for example, box in zip(examples, boxes)])

    corner, width = boxes[:, None, :2], (boxes[:, 2] - boxes[:, 0])[:, None, None]
    mean_face = ((true - corner) / width).mean(0) * width + corner
    error, without = (np.hypot(*(guess - true).T).mean() for guess in (found(), mean_face))
    assert error < 0.8 * without
    assert np.array_equal(found(), found())
