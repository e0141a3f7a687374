"""What pivotal tuning brings, as a table.

    python tools/measure_tuning.py [PICTURES ...]

Every picture is inverted, with the generator as it came and with one tuned to it; then the face is edited. For both generators:
how near the inversion comes to the picture, and how much the edited face still is the person in the picture.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from tqdm.auto import tqdm

from styleclip_lib.editing.face import Face
from styleclip_lib.editing.prompt import Prompt
from styleclip_lib.editing.recipes import Directions, Optimization
from styleclip_lib.evaluation.report import measure_edit
from styleclip_lib.images import load_image
from styleclip_lib.inversion.invert import Inversion, invert
from styleclip_lib.inversion.pivotal_tuning import tune_generator
from styleclip_lib.models import Models, load_models
from styleclip_lib.portraits.drawing.render import render
from styleclip_lib.portraits.world.factors import sample

TEXT = "a face with glasses"
RECIPES = (Directions(strength="auto"), Optimization.DEFAULT)
RENDERS = 4
SEED = 987_654
"""Of rendered people who were never seen in training."""

COLUMNS = ("PSNR", "perceptual", "identity", "directions: success", "directions: identity", "optimisation: success",
           "optimisation: identity")


@torch.no_grad()
def likeness(models: Models, image: Tensor, drawn: Tensor) -> tuple[float, float]:
    """Perceptual distance, and the cosine of the persons."""
    drawn = drawn.clamp(-1, 1)
    return float(models.perceptual(drawn, image)), float((models.identity(drawn) * models.identity(image)).sum())


def measured(models: Models, image: Tensor, inversion: Inversion, text: str) -> list[float]:
    """One row of the table: a number for each of `COLUMNS`."""
    row = [inversion.psnr, *likeness(models, image, inversion.image)]
    face, prompt = Face.of_inversion(models, inversion), Prompt.of(models, text)
    for recipe in RECIPES:
        edit = recipe.apply(models, face, prompt, progress=False)
        report = measure_edit(models, inversion.image, edit.image, text)
        row += [float(bool(report.success)), likeness(models, image, edit.image)[1]]
    return row


def compare(models: Models, pictures: Sequence[Tensor], text: str = TEXT, steps: int = 150) -> Tensor:
    """pictures [1, 3, R, R] each -> [N, 2, len(COLUMNS)]: every picture by the generator as it came, and by the tuned one"""
    rows = []
    for image in tqdm(pictures, desc="pictures", leave=False):
        inversion = invert(models, image, progress=False)
        tuned, again = tune_generator(models, inversion, image, steps=steps, progress=False)
        rows.append([measured(models, image, inversion, text), measured(tuned, image, again, text)])
    return torch.tensor(rows)


def main(paths: Sequence[str]) -> None:
    models = load_models()
    people = render(sample(RENDERS, seed=SEED), models.generator.img_resolution)
    pictures = [load_image(path) for path in paths] or [*map(load_image, sorted(Path("data/images").glob("*.png"))), *people.split(1)]
    table = compare(models, pictures)
    print(f"{len(pictures)} pictures, '{TEXT}'; the generator as it came, and tuned")
    for column, (before, after) in zip(COLUMNS, table.mean(0).T):
        print(f"{column:22} {before:7.3f} {after:7.3f}")


if __name__ == "__main__":
    main(sys.argv[1:])
