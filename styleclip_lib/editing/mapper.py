"""The latent mapper: a small network that has learnt one edit for every face (Patashnik et al. 2021, section 5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from .. import __version__
from ..calibration import Start
from ..descent import Descent, OnStep
from ..errors import StyleclipError
from ..models import Models
from ..networks.mapper import LEVELS, Mapper, layers_of
from ..weights.readers.styleclip_mapper import belongs_to_generator, mapper_state, read_checkpoint
from . import mapper_file
from .alignment import latent_alignment_of
from .face import Face
from .objective import FacesBefore, Objective, search_resolution
from .prompt import Prompt
from .recipes import Level, MapperEdit
from .result import Edit

STEPS = 150
"""Steps of a training, unless another number is asked for."""

HELD_OUT = 16
"""Faces that the mapper is not trained on and that say which of its states is the best."""

EVERY = 25
"""Steps between two looks at the held-out faces."""


class LatentMapper(nn.Module):
    """A mapper and the domain whose faces it edits: w_hat = w + mapper(w).

    network  the `Mapper`, with the authors' factor of 0.1 inside
    recipe   the plain dictionary (domain, method, text, seed, every setting, library version) that trains it again
    history  "loss", "clip", "l2", "identity", "off_direction": a number for each step; "held_out": the loss on held-out faces, before
             the first step, after every `EVERY` steps, and after the last. Empty for a mapper that comes from a file.
    name     by which `load` finds it; "" for a newly trained one
    """

    def __init__(self, models: Models, network: Mapper, recipe: dict, history: dict[str, list[float]] | None = None, name: str = ""):
        super().__init__()
        generator = models.generator
        if (network.num_ws, network.w_dim) != (generator.num_ws, generator.w_dim):
            raise StyleclipError(f"This mapper is for w_plus [B, {network.num_ws}, {network.w_dim}], but the generator of the domain "
                                 f"'{models.domain}' takes [B, {generator.num_ws}, {generator.w_dim}].")
        self.models, self.network, self.recipe, self.history, self.name = models, network, recipe, history or {}, name

    @property
    def levels(self) -> list[str]:
        """The levels that are on."""
        return list(self.network.levels)

    @property
    def stopped_after(self) -> int | None:
        """The `stop_after` with which `train_mapper` trains it again, if the training was ended early."""
        return self.recipe.get("stop_after")

    def forward(self, w_plus: Tensor) -> Tensor:
        """w_plus [B, num_ws, w_dim] -> the offset, of the same shape."""
        return self.network(w_plus)

    def edit(self, w_plus: Tensor, strength: float = 1.0, levels: Sequence[Level] | None = None) -> Edit:
        """w_plus + strength · mapper(w_plus), and its picture; for several faces at once, too.

        w_plus [B, num_ws, w_dim]; strength: 1 is the learnt edit, 0 changes nothing, negative strengths reverse it.
        levels: apply only these levels (None: all that the mapper has).
        Raises StyleclipError for a wrong shape, or a level that the mapper does not have.
        """
        if levels is not None and not set(levels) <= set(self.levels):
            raise StyleclipError(f"This mapper has the levels {', '.join(self.levels)}, not all of {', '.join(levels)}.")
        face = Face(w_plus.detach().to(self.models.device), self.models.generator)
        return self.apply(face, levels if levels is None else tuple(levels)).at(strength)

    @torch.no_grad()
    def apply(self, face: Face, levels: tuple[Level, ...] | None = None) -> Edit:
        """The edit of a face, at strength 1. levels: apply only these; a mapper with one network for all layers always acts."""
        w_plus = face.code
        offset = self(w_plus)
        if levels is not None:
            offset = self._kept(offset, [level for level in self.levels if level in levels or level == "all"])
        end = replace(face, w_plus=w_plus + offset, source=None)
        return Edit(face, end, MapperEdit(mapper=self.name, levels=levels, seed=self.recipe.get("seed", 0), stop_after=self.stopped_after))

    def _kept(self, offset: Tensor, levels: Sequence[str]) -> Tensor:
        """The offset of some levels, with zeros elsewhere."""
        kept = torch.zeros_like(offset)
        for level in levels:
            where = layers_of(level, self.network.num_ws)
            kept[:, where] = offset[:, where]
        return kept

    def save(self, path: str | Path) -> None:
        """Writes the mapper, the fingerprint of its generator and its recipe as .safetensors, whole or not at all."""
        mapper_file.write(Path(path), self.network, self.models.generator, self.recipe)

    @classmethod
    def load(cls, models: Models, name: str | Path) -> LatentMapper:
        """A mapper that comes with the domain, by its name; one that was saved, by its path; or an official checkpoint (.pt).

        Raises StyleclipError if there is none, or if it belongs to another generator.
        """
        path = mapper_file.find_mapper(models, name)
        if path.suffix == ".pt":
            return _official(models, path)
        network, recipe = mapper_file.read(path, models)
        return cls(models, network, recipe, name=str(name))


def is_at_hand(models: Models, recipe: MapperEdit, prompt: Prompt | None) -> bool:
    """Whether `mapper_of` can return a mapper without training one."""
    if recipe.mapper or prompt is None:
        return True
    return mapper_file.mapper_for(models, prompt.text) is not None or _memo_key(prompt.text, recipe.seed, recipe.stop_after) in models.memo


def mapper_of(models: Models, recipe: MapperEdit, prompt: Prompt | None, on_step: OnStep | None = None, shown: Tensor | None = None,
              progress: bool = True) -> LatentMapper:
    """The mapper that a recipe names; else the domain's for the text; else a new one, trained now. Remembered.

    on_step, shown  for the training, see `train_mapper`. A mapper whose training was ended early is remembered as such: asking for the
                    whole training gives another one.

    Raises StyleclipError if there is no mapper of this name, or if it belongs to another generator.
    """
    name = recipe.mapper or mapper_file.mapper_for(models, recipe.required(prompt).text)
    if name:
        if ("mapper", name) not in models.memo:
            models.memo["mapper", name] = LatentMapper.load(models, name)
        return models.memo["mapper", name]
    text = recipe.required(prompt).text
    key = _memo_key(text, recipe.seed, recipe.stop_after)
    if key not in models.memo:
        mapper = train_mapper(models, text, seed=recipe.seed, stop_after=recipe.stop_after, on_step=on_step, shown=shown, progress=progress)
        key = _memo_key(text, recipe.seed, mapper.stopped_after)
        models.memo[key] = mapper
    return models.memo[key]


def _memo_key(text: str, seed: int, stop_after: int | None) -> tuple:
    return "trained mapper", text, seed, stop_after


def train_mapper(models: Models, text: str, *, levels: str | Sequence[str] = "auto", steps: int = STEPS, batch_size: int = 8,
                 lr: float = 1.0, lambda_l2: float = 0.07, lambda_id: float = 0.15, lambda_off_direction: float = 0.1,
                 clip_cap: float | None = None, start: Start | None = None, views: int = 1, people: int = 400, jitter: float = 0.2,
                 truncation_psi: float = 0.7, seed: int = 0, stop_after: int | None = None, on_step: OnStep | None = None,
                 shown: Tensor | None = None, progress: bool = True) -> LatentMapper:
    """Trains a mapper for one text on faces invented by the generator.

    E_w [ D_CLIP(G(w + M(w)), t) + λ_L2 mean(M(w)²) + λ_ID L_ID(w + M(w)) + λ_off L_off ] -> min
                                                          (Patashnik et al. 2021, eq. 4 and 5; L_off: `losses.off_direction_loss`)

    with Adam and the learning rate of `schedule.ramped`; the authors use Ranger at a constant 0.5, 50 000 steps of 2 faces,
    λ_L2 = 0.8, λ_ID = 0.1 and λ_off = 0. Generators above 256 pixels are drawn at 256 during training (`objective.search_resolution`).
    Ctrl-C returns the best mapper so far, as measured on the held-out faces.

    levels    which of "coarse", "medium" and "fine" are on; "all" is one network for all layers; "auto" leaves out the fine level, which
              controls colours and fine lines, unless the text asks for these (the authors' advice; `Prompt.needs_fine_layers`)
    lambda_l2 weight of the offset's mean square (over faces, layers and features)
    lambda_off_direction  weight of the off-direction penalty
    clip_cap  similarity cap: the cosine of picture and text above which the CLIP loss stops falling, so that the mapper learns to leave
              a face alone if the text is already true of it; None: the domain's (1 in the paper)
    start     "face": a new mapper changes nothing; "alignment": it begins with the offset of latent alignment for the text, with the mean
              of the constants C that are predicted for the training faces (`LatentAlignment.mean_offset`). The mapper that changes
              nothing is returned unless another has a lower loss on the held-out faces. None: the domain's
    views     number of random views of each face in a step; see `losses.random_views`
    people    number of invented faces to train on, with truncation_psi
    jitter    standard deviation of the noise added to the mapper's input (0 in the paper): codes from an inversion differ from layer to
              layer and those of invented faces do not, so the mapper must not depend on exact values
    stop_after  stop after this many steps, with the learning rate schedule of all of them
    on_step   called in each step with its number and the mapper's current edit of a face, [1, 3, r, r]; returning True ends the training
              with the best mapper so far, and `recipe["stop_after"]` records the step
    shown     that face, w_plus [1, num_ws, w_dim]; None: the first held-out face

    Raises StyleclipError for an empty text, a word that the domain's CLIP does not know, an unknown level or start, or numbers below 1.
    """
    if min(steps, batch_size, people, views) < 1:
        raise StyleclipError("steps, batch_size, people and views must be at least 1.")
    start = models.calibration.start if start is None else start
    if start not in get_args(Start):
        raise StyleclipError(f"start must be {' or '.join(map(repr, get_args(Start)))}, not {start!r}.")
    clip_cap = models.calibration.clip_cap if clip_cap is None else clip_cap
    recipe = {"domain": models.domain, "method": "mapper", "text": text, "levels": levels if isinstance(levels, str) else list(levels),
              "steps": steps, "batch_size": batch_size, "lr": lr, "lambda_l2": lambda_l2, "lambda_id": lambda_id,
              "lambda_off_direction": lambda_off_direction, "clip_cap": clip_cap, "start": start, "views": views, "people": people,
              "jitter": jitter, "truncation_psi": truncation_psi, "seed": seed, "stop_after": None, "version": __version__}
    prompt, rng = Prompt.of(models, text), torch.Generator().manual_seed(seed)
    network = _fresh(models, chosen_levels(prompt, levels), seed)
    weights = {"clip": 1.0, "l2": lambda_l2, "identity": lambda_id, "off_direction": lambda_off_direction}
    examples = _Examples(Objective(models, prompt, clip_cap), network, weights, people + HELD_OUT, truncation_psi, rng, progress)
    shown = examples.w_plus[people:people + 1] if shown is None else shown
    begin = _first_offset(models, start, prompt, examples.before.embedding[:people], progress)

    def kept() -> dict[str, Tensor]:
        return {key: value.clone() for key, value in network.state_dict().items()}

    @torch.no_grad()
    def held_out() -> Tensor:
        return examples.losses(torch.arange(people, people + HELD_OUT))["loss"]

    def look(descent: Descent) -> None:
        loss = held_out()
        descent.record(held_out=loss)
        descent.offer(loss)

    optimizer = torch.optim.Adam(network.parameters(), lr=lr, betas=(0.9, 0.99))
    with Descent(optimizer, steps, keep=kept, description=text, lr=lr, on_step=on_step, look_last=False, progress=progress) as descent:
        if begin is not None:
            descent.offer(held_out())  # of the mapper that changes nothing
            network.begin_at(begin)
        look(descent)
        for step in descent:
            terms = examples.losses(torch.randint(people, (batch_size,), generator=rng), views, jitter)
            descent.record(**terms)
            if step + 1 == stop_after:
                descent.stop()
            descent.follow(terms["loss"], None if on_step is None else examples.edited(shown))
            if not descent.stopped and (descent.taken % EVERY == 0 or descent.taken == steps):
                look(descent)
    if descent.stopped:
        look(descent)
        recipe["stop_after"] = descent.taken + 1
    network.load_state_dict(descent.best)
    history = {name: descent.history.get(name, []) for name in ("loss", *weights, "held_out")}
    return LatentMapper(models, network.requires_grad_(False), recipe, history)


def _first_offset(models: Models, start: Start, prompt: Prompt, embedding: Tensor, progress: bool) -> Tensor | None:
    """The offset [num_ws, w_dim] with which the training begins; None at the faces themselves. embedding [B, D]: CLIP's of the faces"""
    return None if start == "face" else latent_alignment_of(models, progress=progress).mean_offset(embedding, prompt)[0]


class _Examples:
    """Invented faces, w_plus [count, num_ws, w_dim], and the loss of a mapper's edits of them.

    weights  the weight of each term of the loss;  rng: draws the faces, and later views and noise
    """

    def __init__(self, objective: Objective, network: Mapper, weights: dict[str, float], count: int, truncation_psi: float,
                 rng: torch.Generator, progress: bool):
        self.objective, self.network, self.weights, self.rng = objective, network, weights, rng
        self.stop_at = search_resolution(objective.models)
        self.w_plus, self.before = _invented(objective, count, truncation_psi, rng, self.stop_at, progress)

    def losses(self, which: Tensor, views: int = 1, jitter: float = 0.0) -> dict[str, Tensor]:
        """The loss and its terms, of the edits of some of the faces. which: their numbers"""
        w_plus = self.w_plus[which]
        noise = jitter * torch.randn(w_plus.shape, generator=self.rng) if jitter else torch.zeros(1)
        offset = self.network(w_plus + noise.to(w_plus.device))
        image = self.objective.models.generator.synthesis(w_plus + offset, stop_at=self.stop_at)
        terms = {**self.objective.terms(image, self.before[which], views, self.rng), "l2": offset.square().mean()}
        loss = sum((weight * terms[name] for name, weight in self.weights.items()), start=torch.zeros((), device=image.device))
        return {"loss": loss, **terms}

    @torch.no_grad()
    def edited(self, w_plus: Tensor) -> Tensor:
        """The mapper's edit of a face. w_plus [1, num_ws, w_dim] -> [1, 3, r, r]"""
        return self.objective.models.generator.synthesis(w_plus + self.network(w_plus), stop_at=self.stop_at)


def chosen_levels(prompt: Prompt, levels: str | Sequence[str] = "auto") -> list[str]:
    """The levels that "auto" means for a text: all three if it needs fine layers, else coarse and medium."""
    if levels == "auto":
        return list(LEVELS) if prompt.needs_fine_layers else ["coarse", "medium"]
    return [levels] if isinstance(levels, str) else list(levels)


def _fresh(models: Models, levels: Sequence[str], seed: int) -> Mapper:
    """A mapper around the mean w, whose random weights depend on the seed alone; the global random state stays as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Mapper(models.generator.num_ws, models.generator.w_dim, levels)
    network.center.copy_(models.generator.mapping.w_avg)
    return network.to(models.device)


@torch.no_grad()
def _invented(objective: Objective, count: int, truncation_psi: float, rng: torch.Generator, stop_at: int,
              progress: bool) -> tuple[Tensor, FacesBefore]:
    """Invented faces, w_plus [count, num_ws, w_dim], as they are before the edit, drawn at the resolution stop_at."""
    generator = objective.models.generator
    z = torch.randn(count, generator.z_dim, generator=rng).to(objective.models.device)
    w_plus = generator.mapping(z, truncation_psi)
    parts = tqdm(w_plus.split(16), desc="faces", disable=not progress, leave=False)
    before = [objective.before(generator.synthesis(part, stop_at=stop_at)) for part in parts]
    return w_plus, FacesBefore(torch.cat([one.identity for one in before]), torch.cat([one.embedding for one in before]))


def _official(models: Models, path: Path) -> LatentMapper:
    """A mapper of the authors' own code."""
    state, options = read_checkpoint(path)
    if not any(belongs_to_generator(state, generator) for generator in models.related_generators):
        raise StyleclipError(f"{path} was trained with another generator than that of the domain '{models.domain}', where its "
                             "offsets would mean something else.")
    tensors = mapper_state(state)
    levels = dict.fromkeys(key.split(".")[1] for key in tensors if key.startswith("levels."))
    network = Mapper(models.generator.num_ws, models.generator.w_dim, list(levels))
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        raise StyleclipError(f"{path} does not fit this domain: tensors of a mapper for w of {models.generator.w_dim} "
                             "dimensions are missing or have other shapes.") from error
    recipe = {"domain": models.domain, "method": "mapper", "text": str(options.get("description", "")), "file": path.name,
              "version": __version__}
    return LatentMapper(models, network.to(models.device).eval().requires_grad_(False), recipe, name=str(path))
