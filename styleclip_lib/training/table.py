"""The table of a training's losses: on the console, in a file, and as a plot."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import torch
from tqdm.auto import tqdm

from ..errors import StyleclipError
from ..paths import open_regular, written_whole
from ..processes import this_process

FILE, PLOT = "losses.csv", "losses.png"


class LossTable:
    """Losses at some steps of a run, in RUN/losses.csv; when a run resumes, the rows of steps that are repeated are replaced.

    every: steps between two rows
    """

    def __init__(self, folder: Path, every: int, step: int):
        self.path, self.every = Path(folder) / FILE, every
        self.rows = [row for row in read_losses(folder) if row["step"] < step]

    def add(self, step: int, losses: Mapping[str, torch.Tensor | float]) -> None:
        """Records and prints the losses of a step, every `every` steps."""
        if step % self.every or not this_process().is_main_process:
            return
        row = {"step": step, **{name: torch.as_tensor(value).item() for name, value in losses.items()}}
        self.rows.append(row)
        names = list(dict.fromkeys(name for row in self.rows for name in row))
        with written_whole(self.path) as partial, open(partial, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(self.rows)
        tqdm.write(as_text(row))

    def plot(self) -> None:
        """Plots the losses to RUN/losses.png, if matplotlib is installed."""
        try:
            from matplotlib.figure import Figure
        except ModuleNotFoundError:
            return
        if not self.rows or not this_process().is_main_process:
            return
        with written_whole(self.path.with_name(PLOT)) as partial:
            draw(Figure(figsize=(10, 8), layout="constrained"), self.rows).savefig(partial)


def read_losses(folder: str | Path) -> list[dict[str, float]]:
    """The rows of a run's table, {"step": 50, "loss": 0.71, ...}, without losses that were not computed at a step.

    Raises StyleclipError for a file that is no such table.
    """
    path = Path(folder) / FILE
    if not path.exists():
        return []
    try:
        with io.TextIOWrapper(io.BufferedReader(open_regular(path)), encoding="utf-8", newline="") as file:
            rows = [{name: int(value) if name == "step" else float(value) for name, value in row.items() if value}
                    for row in csv.DictReader(file)]
        if not all("step" in row for row in rows):
            raise ValueError("a row has no step")
        return rows
    except (csv.Error, TypeError, ValueError) as error:
        raise StyleclipError(f"'{path}' is not a table of losses ({error}): take it away, or train in another folder.") from error


def as_text(row: Mapping[str, float]) -> str:
    """A row as lines: the step, and each loss below it."""
    width = max(map(len, row))
    return "\n".join([f"step {row['step']}", *(f"  {name:{width}}  {value:9.4f}" for name, value in row.items() if name != "step")])


def draw(figure, rows: list[dict[str, float]]):
    """Plots every loss over the steps in an axes of its own, in a matplotlib figure. Returns the figure."""
    names = [name for name in dict.fromkeys(name for row in rows for name in row) if name != "step"]
    for place, name in enumerate(names, 1):
        axes = figure.add_subplot(-(-len(names) // 3), 3, place)
        there = [row for row in rows if name in row]
        axes.plot([row["step"] for row in there], [row[name] for row in there], linewidth=1)
        axes.set_title(name, fontsize=9)
        axes.tick_params(labelsize=7)
    return figure
