"""Finds the numbers of `calibration.style` in a domain's `domain.json`: tries settings of style transfer on held-out pictures.

    python tools/calibrate_styles.py OUT --styles "pencil sketch" mosaic --grid '{"lambda_content": [100, 1000], "lr": [0.0005, 0.002]}'

Every combination of the grid is tried on every style and picture. OUT.json holds the table, OUT.png the pictures: a row for each style and
picture, with the picture before, the ground truth, and one column for each combination.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import torch
import tyro

from styleclip_lib import StyleRecipe, image_grid, load_models
from styleclip_lib.cli.evaluate import style_table
from styleclip_lib.evaluation.styles import DRAWN, drawn, evaluate_styles, held_out, text_of


@dataclass
class Settings:
    """What is tried.

    out       where the table (.json) and the sheet (.png) go: a path without an extension
    styles    which styles
    grid      JSON: fields of `StyleRecipe`, each with the values to try
    pictures  how many held-out pictures, every other one a scene
    size      pixels along their sides
    domain    whose CLIP
    """

    out: tyro.conf.Positional[Path]
    styles: tuple[str, ...] = ("pencil sketch", "watercolor", "mosaic", "night")
    grid: str = "{}"
    pictures: int = 2
    size: int = 256
    domain: str = "portraits"


def main(settings: Settings) -> None:
    models, pictures = load_models(settings.domain), held_out(settings.pictures, settings.size)
    grid, table, columns = json.loads(settings.grid), [], {}

    def tried(name, method):
        made = {}

        def kept(image, style):
            made[style, len([key for key in made if key[0] == style])] = restyled = method(image, style)
            return restyled

        rows = [row.summary() for row in evaluate_styles(models, settings.styles, kept, pictures, name)]
        table.extend(rows)
        columns[name] = made
        print(style_table(rows), flush=True)

    tried(DRAWN, drawn)
    for values in product(*grid.values()):
        recipe = StyleRecipe(**dict(zip(grid, values)))
        name = ", ".join(f"{key}={value}" for key, value in zip(grid, values)) or "default"
        tried(name, lambda image, style, recipe=recipe: recipe.apply(models, image, text_of(style), progress=False).image)
        settings.out.with_suffix(".json").write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
        sheet(settings, pictures, columns).save(settings.out.with_suffix(".png"))


def sheet(settings: Settings, pictures, columns):
    """All pictures side by side."""
    cells, labels = [], []
    for style, number in columns[DRAWN]:
        asked = [index for index in range(len(pictures.images)) if pictures.is_asked(index, style)]
        cells += [pictures.images[asked[number]][None], *(made[style, number] for made in columns.values())]
        labels += [style, *columns]
    return image_grid(torch.cat(cells), columns=1 + len(columns), labels=labels, size=settings.size)


if __name__ == "__main__":
    main(tyro.cli(Settings))
