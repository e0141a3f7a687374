"""The edits of the studio: plain dictionaries, and what they do to a face.

An edit is one of

    {"method": "directions", "changes": [{"text", "neutral", "alpha", "beta"}, ...]}; "rgb": True in those that paint
    {"method": "mapper", "mapper": "smile", "strength": 1.0, "acting": ["coarse", "medium"]}
    {"method": "optimization", "text": "a sad face", "steps": 50, "strength": 1.0}; "ended": 12 if it was stopped after so many steps
    {"method": "channel", "layer": "b16.conv1", "number": 3, "sigmas": 5.0}

The first and the last move the styles, the other two the latent code.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from ...editing.directions.auto import auto_edit
from ...editing.directions.global_directions import GlobalDirections
from ...editing.face import Face
from ...editing.mapper import LatentMapper
from ...editing.mapper_file import shipped_mappers
from ...editing.optimization import optimize_latent
from ...editing.prompt import Prompt
from ...editing.recipes import Change
from ...errors import StyleclipError
from ...models import Models
from .faces import Recipe, Watch

SPACE = "w"
"""Where optimisations move a face: the result is a latent code, from which the next edit can go on."""

PREPARING = "The first use of the directions: they are loaded or, where the domain brings none, computed, which may take minutes ..."


@dataclass
class Moved:
    """Where an edit leads: w_plus [1, num_ws, w_dim], and what is added to its styles and rgb_styles, if anything is:
    shift [num_channels + num_rgb_channels].

    edit: what was carried out, with "ended" if an optimisation was stopped
    """

    edit: Recipe
    w_plus: torch.Tensor
    shift: torch.Tensor | None = None


class Edits:
    """Carries out edits; networks are loaded, and directions computed, when they are first wanted.

    directions = those to use, if they are at hand; mappers = files of mappers besides those that come with the domain
    """

    def __init__(self, models: Models, directions: GlobalDirections | None = None, mappers: Sequence[str | Path] = ()):
        self.models, self._more = models, [str(path) for path in mappers]
        self._directions = directions
        self._mappers: dict[str, LatentMapper] = {}
        self._ends: dict[str, torch.Tensor] = {}

    @property
    def mappers(self) -> list[str]:
        """The names of the mappers that there are."""
        return [*shipped_mappers(self.models), *self._more]

    @property
    def directions(self) -> GlobalDirections:
        """What every style channel does; where the domain brings none along, they take a minute the first time."""
        if self._directions is None:
            self._directions = GlobalDirections.available(self.models, progress=False)
        return self._directions

    def prepared(self, edit: Recipe | None) -> bool:
        """Whether an edit can be begun at once; False if directions have to be loaded, or computed, first."""
        return self._directions is not None or edit is None or edit["method"] not in ("directions", "channel")

    def mapper(self, name: str) -> LatentMapper:
        """A mapper, by its name or its file. Raises StyleclipError if it is not there."""
        if name not in self._mappers:
            self._mappers[name] = LatentMapper.load(self.models, name)
        return self._mappers[name]

    def ready(self, w_plus: torch.Tensor, edit: Recipe) -> bool:
        """Whether an edit takes no more than a picture, since what takes seconds was done before."""
        return edit["method"] != "optimization" or self._key(w_plus, edit) in self._ends

    @torch.no_grad()
    def moved(self, w_plus: torch.Tensor, edit: Recipe, watch: Watch | None = None) -> Moved:
        """Carries out an edit. Raises StyleclipError for a text that cannot be read, a mapper or a channel that is not there."""
        method = edit["method"]
        if method == "directions":
            shift = self._no_shift()
            for one in edit["changes"]:
                step = self.directions.step(change_of(one))
                shift[: len(step)] += step
            return Moved(edit, w_plus, shift)
        if method == "channel":
            shift = self._no_shift()
            index = self.channel_index(edit["layer"], edit["number"])
            shift[index] = edit["sigmas"] * self.directions.std[index]
            return Moved(edit, w_plus, shift)
        if method == "mapper":
            end = w_plus + _offset(self.mapper(edit["mapper"]), w_plus, edit["acting"])
        elif method == "optimization":
            end, edit = self._optimized(w_plus, edit, watch)
        else:
            raise StyleclipError(f"There is no method '{method}' in the studio: take directions, mapper, optimization or channel.")
        return Moved(edit, w_plus + edit["strength"] * (end - w_plus))

    def channel_index(self, layer: str, number: int) -> int:
        """The place of a channel in styles [B, num_channels]. Raises StyleclipError if it is not there."""
        slices = dict(self.models.generator.style_slices)
        if layer not in slices or not 0 <= number < slices[layer].stop - slices[layer].start:
            raise StyleclipError(f"There is no channel {number} in a layer '{layer}' of this generator.")
        return slices[layer].start + number

    def strengths(self, w_plus: torch.Tensor, text: str, neutral: str) -> list[Recipe]:
        """The changes that `auto_edit` finds for a text: one for each thing that it says, each with its own alpha."""
        edit = auto_edit(self.directions, Face(w_plus, self.models.generator), Prompt.of(self.models, text, neutral))
        return [change_recipe(change) for change in edit.recipe.changes]

    def _no_shift(self) -> torch.Tensor:
        generator = self.models.generator
        return torch.zeros(generator.num_channels + generator.num_rgb_channels, device=self.models.device)

    def _optimized(self, w_plus: torch.Tensor, edit: Recipe, watch: Watch | None) -> tuple[torch.Tensor, Recipe]:
        """The end of an optimisation, and the edit, which says where it ended if `watch` ended it: so it can be made again."""
        if self.ready(w_plus, edit):
            return self._ends[self._key(w_plus, edit)], edit
        done = dict(edit)

        def look(step: int, image: torch.Tensor) -> bool:
            if watch is not None and watch(step, image):
                done["ended"] = step + 1
            return step + 1 == done.get("ended")

        with torch.enable_grad():
            end = optimize_latent(self.models, w_plus, edit["text"], steps=edit["steps"], space=SPACE, on_step=look, progress=False).w_plus
        self._ends[self._key(w_plus, done)] = end
        return end, done

    @staticmethod
    def _key(w_plus: torch.Tensor, edit: Recipe) -> str:
        asked = {name: edit.get(name) for name in ("text", "steps", "ended")}
        return f"{json.dumps(asked)} {w_plus.double().sum().item()!r}"


def change_of(one: Recipe) -> Change:
    """A text of an edit, as `GlobalDirections.edit_several` takes it."""
    return Change(one["text"], one["neutral"], one["alpha"], one["beta"], one.get("rgb", False))


def change_recipe(change: Change) -> Recipe:
    """The same as a dictionary, with numbers that can be read."""
    recipe = {"text": change.target, "neutral": change.neutral, "alpha": round(change.alpha, 4), "beta": rounded_down(change.beta)}
    return {**recipe, "rgb": True} if change.rgb else recipe


def rounded_down(beta: float) -> float:
    """To four digits after the point, never up: the most relevant channel has to reach it."""
    return int(beta * 10_000) / 10_000


def moves_code(edit: Recipe | None) -> bool:
    """Whether the result of an edit is a latent code, from which another edit can go on."""
    return edit is not None and edit["method"] in ("mapper", "optimization")


def described(edit: Recipe | None) -> str:
    """An edit in a few words."""
    if edit is None:
        return "unedited"
    if edit["method"] == "directions":
        return ", ".join(f"{one['text']} ({one['alpha']:+g})" for one in edit["changes"])
    if edit["method"] == "channel":
        return f"{edit['layer']} channel {edit['number']} ({edit['sigmas']:+g} sigma)"
    what = f"mapper {edit['mapper']}" if edit["method"] == "mapper" else f"{edit['text']} (optimised)"
    return what if edit["strength"] == 1 else f"{what} x {edit['strength']:g}"


def asked(edit: Recipe | None, texts: dict[str, str]) -> str:
    """What an edit was asked for, in one text that can be measured; "" for what no text says. texts = those of the mappers, by name."""
    if edit is None or edit["method"] == "channel":
        return ""
    if edit["method"] == "directions":
        return ", ".join(one["text"] for one in edit["changes"] if one["alpha"] > 0)
    return texts.get(edit["mapper"], "") if edit["method"] == "mapper" else edit["text"]


def _offset(mapper: LatentMapper, w_plus: torch.Tensor, acting: list[str]) -> torch.Tensor:
    return mapper.edit(w_plus, 1.0, [level for level in mapper.levels if level in acting or level == "all"]).w_plus - w_plus
