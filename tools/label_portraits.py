"""Labels by eye: numbered sheets of pictures without any reading on them, and a table to fill in.

    python tools/label_portraits.py sheets FOLDER [--renders 40 | --samples 200] [--seed 0] [--domain portraits]
    python tools/label_portraits.py compare LABELS.csv OTHER.csv

`sheets` draws renders, or faces that the domain's generator invents, into the folder (or takes the PNG files that lie there, such as
edited faces), puts them on sheets at full size, and writes `labels.csv`. Fill it in before looking at any reading:

    the value of each attribute, `between` for an age between two groups, `?` where one cannot tell

Then `styleclip measure examiner --labels FOLDER/labels.csv` says how often the examiner agrees. For renders the truth is known and
lies in `truth.csv`: `compare` of both tables says how often the eye errs.
"""

import argparse
import sys
from pathlib import Path

import torch

from styleclip_lib import load_models
from styleclip_lib.errors import StyleclipError
from styleclip_lib.evaluation.agreement import LABELLED, agreement, known_values, read_labels, write_labels
from styleclip_lib.images import image_grid, open_picture, save_image
from styleclip_lib.portraits.aligned.drawing.render import render
from styleclip_lib.portraits.aligned.world.attributes import BY_NAME
from styleclip_lib.portraits.aligned.world.factors import sample

ON_A_SHEET, COLUMNS = 20, 5


def draw_renders(folder: Path, count: int, seed: int) -> None:
    """Saves renders and, as `truth.csv`, what a person can tell of them."""
    people = sample(count, seed)
    names = [f"render-{seed}-{k:03d}.png" for k in range(count)]
    for k, name in enumerate(names):
        save_image(render(people[k]), folder / name)
    write_labels(folder / "truth.csv", names, known_values(people))


@torch.no_grad()
def draw_samples(folder: Path, count: int, seed: int, domain: str) -> None:
    """Saves faces that a domain's generator invents, without truncation: of the seeds seed, seed + 1, ..."""
    models = load_models(domain)
    for number in range(seed, seed + count):
        save_image(models.generator.synthesis(models.sample(number, truncation_psi=1.0))[0], folder / f"sample-{number:06d}.png")


def draw_sheets(folder: Path) -> list[str]:
    """Saves numbered sheets of the folder's pictures and returns their names, in the order of the numbers."""
    names = sorted(path.name for path in folder.glob("*.png") if not path.name.startswith("sheet-"))
    if not names:
        raise StyleclipError(f"There are no PNG files in '{folder}': put some there, or ask for --renders or --samples.")
    for start in range(0, len(names), ON_A_SHEET):
        some = names[start:start + ON_A_SHEET]
        pictures = [open_picture(folder / name) for name in some]
        labels = [str(number) for number in range(start + 1, start + 1 + len(some))]
        save_image(image_grid(pictures, COLUMNS, labels), folder / f"sheet-{start // ON_A_SHEET + 1:02d}.png")
    return names


def sheets(arguments: argparse.Namespace) -> None:
    folder = arguments.folder
    if (folder / "labels.csv").exists():
        raise StyleclipError(f"There is a table '{folder / 'labels.csv'}' already: move it away first, it may hold labels.")
    folder.mkdir(parents=True, exist_ok=True)
    if arguments.renders:
        draw_renders(folder, arguments.renders, arguments.seed)
    if arguments.samples:
        draw_samples(folder, arguments.samples, arguments.seed, arguments.domain)
    names = draw_sheets(folder)
    write_labels(folder / "labels.csv", names, [{}] * len(names))
    print(f"Saved {-(-len(names) // ON_A_SHEET)} sheets and an empty table for {len(names)} pictures in {folder}. Line n + 1 is picture n.")
    for name in LABELLED:
        print(f"  {name}: {', '.join(BY_NAME[name].values)}{', between' if BY_NAME[name].is_scale else ''}, ?")


def compare(arguments: argparse.Namespace) -> None:
    first, second = ({path.name: values for path, values in read_labels(table).items()} for table in (arguments.labels, arguments.other))
    both = [name for name in first if name in second]
    if not both:
        raise StyleclipError("The two tables have no picture in common.")
    for name, found in agreement([first[name] for name in both], [second[name] for name in both]).items():
        print(f"{name:12} {found}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("sheets", help="draw pictures, sheets of them, and a table to fill in")
    command.add_argument("folder", type=Path)
    some = command.add_mutually_exclusive_group()
    some.add_argument("--renders", type=int, default=0, help="draw that many renders of the world first")
    some.add_argument("--samples", type=int, default=0, help="draw that many faces of the domain's generator first")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--domain", default="portraits")
    command.set_defaults(run=sheets)
    command = commands.add_parser("compare", help="how often two tables agree")
    command.add_argument("labels", type=Path)
    command.add_argument("other", type=Path)
    command.set_defaults(run=compare)
    arguments = parser.parse_args()
    try:
        arguments.run(arguments)
    except StyleclipError as error:
        sys.exit(f"label_portraits: {error}")


if __name__ == "__main__":
    main()
