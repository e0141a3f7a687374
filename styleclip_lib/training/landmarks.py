"""Trains dlib's shape predictor on the portraits' own 68 landmarks: `styleclip train landmarks`.

It is an ensemble of regression trees (Kazemi and Sullivan 2014): starting from the mean face inside the detector's box, every tree
compares the brightness of pairs of pixels and moves the points slightly.
"""

import time
from dataclasses import dataclass
from pathlib import Path

import dlib
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw
from tqdm.auto import tqdm

from ..framing import face_quad, quad_side
from ..images import image_grid
from ..paths import written_whole
from ..photos.detection import find_faces
from ..photos.face_points import ALIGNED as LEAST_ALIGNED
from ..photos.face_points import FACE_WIDTH
from ..photos.landmarks import Predictor, place, predict, read_predictor, relative
from ..photos.loading import distance_of_corners
from ..portraits.aligned.landmarks import BROWS, EYES, JAW, MOUTH, NOSE
from ..weights.domain import enter_file, file_path, read_index
from .card import About, making, write_card
from .data import DataSettings, Portraits, pictures
from .worlds import ALIGNED, World, world_of_domain

ABOUT = About(
    what="dlib's shape predictor: 68 landmarks of a face inside the box of dlib's frontal face detector. "
         "`align_face` crops by them.",
    data="Rendered portraits in grey and the landmarks that follow from their geometry, unevenly stretched, rotated, blurred, "
         "relit and noisy, so that the model also copes with proportions and skin that the renderer never draws. "
         "The boxes are the detector's, or distributed as the detector's.",
    limits="It was not trained on photographs. There it finds eyes and mouth, by which faces are cropped, well enough for cropping; "
           "brows and jaw less well. For photographs the model of the ffhq domain is better.")


@dataclass
class Settings:
    """Settings of the landmark model.

    run, data, domain   folders of the run (a sheet of held-out portraits), of the renders, and of the domain to which the model is added
    count, size         number of portraits to train on, and their side in pixels
    boxes_each          number of slightly different boxes for every portrait
    detected            number of portraits in which the detector looks for the face, to find out where it places its boxes
    strength            of the augmentation
    cascades, trees, depth  steps of the regression, trees in each, and their depth; together they determine the size of the file
    shrinkage           share of a tree's correction that is applied
    splits              pairs of pixels that are tried for each split
    seed                draws augmentations, boxes and pairs of pixels
    """

    run: Path = Path("runs/landmarks")
    data: Path = Path("runs/data")
    domain: Path = Path("data/models/portraits")
    count: int = 2500
    size: int = 256
    boxes_each: int = 6
    detected: int = 300
    strength: float = 1.0
    cascades: int = 10
    trees: int = 56
    depth: int = 3
    shrinkage: float = 0.15
    splits: int = 20
    seed: int = 0


SQUARE = "distance of the square's corners from the picture's, of which 99 in 100 have less"
"""For aligned portraits, in units of the picture's side: the tolerance that `photos.loading.is_aligned` needs."""


@dataclass
class Example:
    """A grey picture, uint8 [H, W], the face's landmarks [68, 2] in pixels, and the detector's box or None."""

    pixels: np.ndarray
    points: np.ndarray
    box: np.ndarray | None


def train(settings: Settings) -> dict:
    """Trains, measures on held-out portraits, adds the model to the domain. Returns the metrics."""
    s, start = settings, time.time()
    rng = np.random.default_rng(s.seed)
    portraits = Portraits(DataSettings(s.data, s.count, s.size), world=ALIGNED)
    points = ALIGNED.landmarks(portraits.factors).numpy()
    grey = (_grey(portraits, k) for k in range(s.count))
    examples = [vary(pixels, p, rng, s.strength) for pixels, p in zip(tqdm(grey, "portraits", s.count), points)]
    habits = habits_of_the_detector(examples[: s.detected])
    usual = np.median(habits, axis=0).round(3)
    path = Path(s.domain) / "landmarks.dat"
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as temporary:
        predictor = fit(examples, habits, usual, s, rng, temporary)
        metrics = measure(predictor, habits, usual, s, ALIGNED)

    training = making(s, time.time() - start, metrics, "landmarks")
    framing = float(np.median([1 / quad_side(face_quad(p)) for p in points]))
    config = {"points": 68, "framing": round(framing, 2), "aligned": round(max(LEAST_ALIGNED, metrics[SQUARE]), 2), "box": usual.tolist()}
    enter_file(s.domain, "landmarks", path, config, training)
    write_card(s.domain, "landmarks", training, ABOUT)
    return metrics


def measure_again(settings: Settings) -> dict:
    """The metrics of the domain's model. Faces that the detector misses get boxes distributed like the detector's."""
    s, rng, world = settings, np.random.default_rng(settings.seed), world_of_domain(settings.domain)
    predictor = read_predictor(file_path(s.domain, "landmarks"))
    portraits = Portraits(DataSettings(s.data, s.detected, _size(world, s)), world=world)
    points = world.landmarks(portraits.factors).numpy()
    habits = habits_of_the_detector([vary(_grey(portraits, k), points[k], rng, s.strength) for k in range(s.detected)])
    return measure(predictor, habits, np.array(read_index(s.domain)["files"]["landmarks"]["config"]["box"]), s, world)


def habits_of_the_detector(examples: list[Example]) -> np.ndarray:
    """Where the detector places its boxes: [M, 3] (see `relative`), for the M examples in which it finds the face. Sets their boxes."""
    for example in tqdm(examples, "boxes"):
        example.box = detected_box(example)
    return np.array([relative(e.box, e.points) for e in examples if e.box is not None])


def fit(
    examples: list[Example], habits: np.ndarray, usual: np.ndarray, s: Settings, rng: np.random.Generator, path: Path
) -> Predictor:
    """Runs dlib's training, and writes the model to `path`.

    habits [M, 3]: where the detector places its boxes (see `relative`); usual [3]: their median. Half of the boxes are distributed like
    the detector's, the others closer to the median, where the landmarks are read a second time.
    """
    options = dlib.shape_predictor_training_options()
    options.cascade_depth, options.num_trees_per_cascade_level, options.tree_depth = s.cascades, s.trees, s.depth
    options.nu, options.num_test_splits, options.oversampling_amount = s.shrinkage, s.splits, 1
    options.feature_pool_region_padding, options.num_threads, options.random_seed = 0.1, 1, str(s.seed)
    truths = []
    for e in examples:
        near = [0.3 if k % 2 else 1.0 for k in range(s.boxes_each)]
        boxes = [place(usual + share * (rng.choice(habits) - usual), e.points) for share in near]
        if e.box is not None:
            boxes[0] = e.box
        parts = [dlib.point(*p) for p in e.points.round().astype(int).tolist()]
        truths.append([dlib.full_object_detection(dlib.rectangle(*box.round().astype(int).tolist()), parts) for box in boxes])
    dlib.train_shape_predictor([e.pixels for e in examples], truths, options).save(str(path))
    return read_predictor(path)


def vary(pixels: np.ndarray, points: np.ndarray, rng: np.random.Generator, strength: float) -> Example:
    """Augments a picture: another size, other proportions, rotated, blurred or noisy, brighter or darker.

    pixels [H, W] in [0, 1], points [68, 2] in units of the picture's side
    """
    side = int(rng.uniform(1.7, 2.7) * FACE_WIDTH)
    before, after = proportions(points, strength * rng.choice([0, rng.uniform(0, 1.2)]))
    after = [_bend(knots, rng.uniform(-1, 1, 7), 0.25 * strength) for knots in after]
    angle = 0.25 * strength * rng.uniform(-1, 1)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = np.stack([np.interp(points[:, k], before[k], after[k]) for k in (0, 1)], 1)
    moved = (moved - 0.5) @ turn.T + 0.5

    axis = (np.arange(side) + 0.5) / side
    grid = (np.stack(np.meshgrid(axis, axis), 2) - 0.5) @ turn + 0.5  # undoes the rotation
    grid = np.stack([np.interp(grid[..., k], after[k], before[k]) for k in (0, 1)], 2)
    picture, where = torch.tensor(pixels)[None, None], torch.tensor(2 * grid[None] - 1, dtype=torch.float32)
    if rng.random() < 0.3 * strength:
        picture = F.avg_pool2d(picture, 3, 1, 1, count_include_pad=False)
    pixels = F.grid_sample(picture, where, "bilinear", "border", align_corners=False)[0, 0].numpy()
    pixels = pixels.clip(0, 1) ** np.exp(0.5 * strength * rng.uniform(-1, 1))
    pixels = pixels * (1 - 0.3 * strength * rng.uniform())
    pixels = pixels + 0.03 * strength * rng.uniform() * rng.standard_normal(pixels.shape)
    return Example((pixels * 255).round().clip(0, 255).astype(np.uint8), moved * side - 0.5, None)


def proportions(points: np.ndarray, amount: float) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """How to stretch columns and rows so that a drawn face (amount 0) gets the proportions of a real one (1).

    Real eyes are smaller and, for their size, further apart; nose and mouth are lower.
    points [68, 2]  ->  knots before and after, each [x, y], increasing from 0 to 1
    """
    (middle_x, eye_y), y = points[36:48].mean(0), points[:, 1]
    columns = {0.99: points[[0, 16], 0], 0.90: points[[36, 45], 0], 1.40: points[[39, 42], 0]}
    rows = {0.93: y[17:27].mean(), 0.60: y[[37, 38, 43, 44]].mean(), 0.61: y[[40, 41, 46, 47]].mean(),
            1.44: y[31:36].mean(), 1.30: y[60:68].mean(), 1.13: y[8]}
    knots = [], []
    for middle, moves in ((middle_x, columns), (eye_y, rows)):
        before = np.concatenate([np.atleast_1d(value) for value in moves.values()])
        factor = np.concatenate([np.full(np.size(value), ratio) for ratio, value in moves.items()])
        order = np.argsort(before)
        after = middle + (before - middle) * factor**amount
        for chosen, values in zip(knots, (before[order], after[order])):
            chosen.append(np.concatenate([[0.0], values, [1.0]]))
    rises = all((np.diff(values) > 0.005).all() for values in knots[0] + knots[1])
    return knots if rises else ([np.array([0.0, 1.0])] * 2,) * 2


def _bend(knots: np.ndarray, numbers: np.ndarray, strength: float) -> np.ndarray:
    """Maps knots in [0, 1] by an increasing piecewise linear curve from 0 to 1. numbers in [-1, 1]: its slopes' deviations"""
    steps = 1 + strength * numbers
    return np.interp(knots, np.linspace(0, 1, len(steps) + 1), np.concatenate([[0], np.cumsum(steps / steps.sum())]))


def detected_box(example: Example) -> np.ndarray | None:
    """The detector's box [left, top, right, bottom] around the face; None if it does not find it."""
    for face in find_faces(Image.fromarray(example.pixels)):
        box = np.array([face.left, face.top, face.right, face.bottom])
        nose = example.points[30]
        if (box[:2] < nose).all() and (nose < box[2:]).all():
            return box
    return None


def measure(
    predictor: Predictor, habits: np.ndarray, usual: np.ndarray, s: Settings, world: World, count: int = 300
) -> dict:
    """The mean error of the landmarks on held-out portraits, in units of the distance between the outer corners of the eyes."""
    portraits = Portraits(DataSettings(s.data, count, _size(world, s), seed=1), world=world)
    rng, side = np.random.default_rng(s.seed + 1), round(2.2 * FACE_WIDTH)
    errors, squares, detected, sheet, truths = [], [], [], [], world.landmarks(portraits.factors).numpy()
    framing = float(np.median([1 / quad_side(face_quad(p)) for p in truths]))
    for k, p in enumerate(tqdm(truths, "measuring")):
        picture = Image.fromarray((_grey(portraits, k) * 255).astype(np.uint8))
        picture = picture.resize((side, side), Image.Resampling.BICUBIC)
        example = Example(np.asarray(picture), p * side - 0.5, None)
        box = detected_box(example)
        detected.append(box is not None)
        box_or_like = place(rng.choice(habits), example.points) if box is None else box
        predicted = predict(predictor, example.pixels, box_or_like, usual)
        errors.append(np.hypot(*(predicted - example.points).T) / np.hypot(*(example.points[45] - example.points[36])))
        squares.append(distance_of_corners(face_quad(predicted, framing), side))
        if k < 32:
            sheet.append(_marked(picture, predicted))
    Path(s.run).mkdir(parents=True, exist_ok=True)
    image_grid(sheet).save(Path(s.run) / "landmarks.png")
    errors, squares, detected = np.array(errors), np.array(squares), np.array(detected)
    parts = {"jaw": JAW, "brows": BROWS, "nose": NOSE, "eyes": EYES, "mouth": MOUTH}
    return {"mean error": _short(errors.mean()), "median error": _short(np.median(errors.mean(1))),
            "mean error where the detector finds the face": _short(errors[detected].mean()),
            "faces found by the detector": _short(detected.mean()),
            SQUARE: _short(np.percentile(squares[detected], 99)),
            "mean error of": {name: _short(errors[:, part].mean()) for name, part in parts.items()}}


def _size(world: World, s: Settings) -> int:
    return s.size if world is ALIGNED else 128


def _grey(portraits: Portraits, k: int) -> np.ndarray:
    """One portrait in grey, float32 [128, 128] in [0, 1], about the resolution at which the model will be used."""
    rgb = (pictures(portraits, torch.tensor([k]), 128)[0] + 1) / 2
    return (rgb * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(0).numpy()


def _marked(picture: Image.Image, points: np.ndarray) -> Image.Image:
    picture = picture.convert("RGB")
    pen = ImageDraw.Draw(picture)
    for x, y in points.tolist():
        pen.ellipse((x - 1.5, y - 1.5, x + 1.5, y + 1.5), fill=(0, 255, 0))
    return picture


def _short(value: float) -> float:
    return round(float(value), 4)
