"""Latent optimisation: follow CLIP's gradient for one face and one text (Patashnik et al. 2021, section 4)."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from ..calibration import Start
from ..descent import Descent, OnStep
from ..errors import StyleclipError
from ..models import Models
from .alignment import latent_alignment_of
from .auxiliary_latents import AuxiliaryLatents
from .face import Face
from .move_space import MoveSpace, move_space
from .objective import Objective, search_resolution
from .prompt import Prompt
from .recipes import FORMER_NAMES, Optimization
from .result import Edit

FINEST_SHAPE = 32
"""Layers of more pixels than this decide colours; those up to it decide shapes (lesson 01 measures it)."""


def optimize_latent(models: Models, w_plus: Tensor, text: str, *, recipe: Optimization = Optimization.DEFAULT, frames: int = 0,
                    on_step: OnStep | None = None, progress: bool = True, **settings: Any) -> Edit:
    """Optimises the latent code of a face until it matches a text.

    argmin_w  D_CLIP(G(w), t) + λ_L2 ‖w - w_s‖₂² + λ_ID L_ID(w) + λ_off L_off(w)     (Patashnik et al. 2021, eq. 1, and L_off)

    with Adam and the learning rate of `schedule.ramped`, as in the authors' code. CLIP gets several random views of the picture in each
    step, normalised as in its training. Ctrl-C returns the best result so far.

    w_plus    [1, num_ws, w_dim], the face to start from (w_s)
    text      the target t
    recipe    an `Optimization`: `Optimization.DEFAULT`, or `Optimization.PAPER` for the authors' settings
    settings  fields of `Optimization` that differ from the recipe's, such as steps=50, lambda_l2=0.008, space="w+" or seed=1:
      steps, lr, seed           number of steps, learning rate, seed
      space, layers, rgb        what is optimised: "styles", "w+" or "w"; in which layers; whether including the toRGB layers' styles
      lambda_l2, lambda_id      the regularisers: weights of the squared offset and of the identity loss
      lambda_off_direction      weight of the off-direction penalty (`losses.off_direction_loss`; 0 in the paper)
      clip_cap                  similarity cap: the cosine above which the CLIP loss stops falling (1 in the paper), because optimising a
                                text that is already true only adds side effects
      early_exit                early-exit threshold: if the cosine of every part of the text reaches it (`Prompt.cosine`), the face is
                                returned unchanged (1 in the paper)
      auxiliary_latents         number of invented faces, new ones in each step, on which the same offset is tried (`AuxiliaryLatents`);
                                their loss counts as much as that of the face itself (0 in the paper)
      start                     "face", as in the paper, or "alignment": the search begins at the face's edit by latent alignment, as far
                                as the chosen space and layers allow it. Every loss still measures from the face, which is returned
                                unchanged unless a step has a lower loss
      views                     number of random views that CLIP gets (`losses.random_views`; 1 in the paper)
      stop_at                   resolution at which the networks see the face; the result is always drawn in full
      strength                  of the returned edit: 1 is the result of the optimisation
    frames    number of evenly spaced pictures of the optimisation path to keep, the first being the face itself
    on_step   called in each step with its number and the picture that CLIP sees, [1, 3, r, r]; returning True ends the optimisation
              with the best result so far

    Raises StyleclipError for an empty text, a word that the domain's CLIP does not know, a wrong shape, or a setting out of range.
    """
    expected = (1, models.generator.num_ws, models.generator.w_dim)
    if tuple(w_plus.shape) != expected:
        raise StyleclipError(f"w_plus must be {list(expected)} for this generator, not {list(w_plus.shape)}; "
                             "models.sample(seed) or invert(...).w_plus give one.")
    face = Face(w_plus.detach().to(models.device), models.generator)
    return _with(recipe, settings).apply(models, face, Prompt.of(models, text), on_step, frames=frames, progress=progress)


def _with(recipe: Optimization, settings: dict[str, Any]) -> Optimization:
    """The recipe with some settings changed. Raises StyleclipError for an unknown one."""
    for name in set(settings) & set(FORMER_NAMES):
        warnings.warn(f"{name} is now called {FORMER_NAMES[name]}; the next version will not accept the old name.", FutureWarning,
                      stacklevel=3)
        settings[FORMER_NAMES[name]] = settings.pop(name)
    return Optimization.from_dict({**recipe.to_dict(), **settings})


def optimize(models: Models, face: Face, prompt: Prompt, recipe: Optimization, on_step: OnStep | None = None, frames: int = 0,
             progress: bool = True) -> Edit:
    """What `Optimization.apply` does, at the strength 1."""
    suited = Suited.of(models, prompt, recipe)
    recipe = replace(recipe, **vars(suited))
    at = move_space(face, recipe.space, _free_layers(models, prompt, recipe.layers), suited.rgb)
    search = _Search(at, Objective(face.on(models), prompt, suited.clip_cap), recipe, suited)
    with Descent(torch.optim.Adam([search.offset]), recipe.steps, keep=search.kept, description=prompt.text, lr=suited.lr,
                 on_step=on_step, look_last=False, progress=progress) as descent:
        if not prompt.is_true_of(search.before.embedding, suited.early_exit):
            if suited.auxiliary_latents:
                search.use_auxiliary_latents()
            if suited.start == "alignment":
                search.begin_at(at.nearest(latent_alignment_of(models, progress=progress).offset(face, prompt)), descent)
            search.descend(descent)
    if descent.stopped and descent.history:
        recipe = replace(recipe, stop_after=len(descent.history["loss"]))
    history = {name: descent.history.get(name, []) for name in ("loss", "clip", "l2", "identity", "off_direction")}
    with torch.no_grad():
        drawn = [at.draw(at.moved(offset)).clamp(-1, 1) for offset in evenly(search.path, frames)]
        end = _face(face, at.moved(descent.best), recipe.space)
    return Edit(face, end, replace(recipe, strength=1.0), prompt, history, drawn)


@dataclass(frozen=True)
class Suited:
    """The settings that a recipe may leave open: the recipe's own, or else those for the domain and the text."""

    lr: float
    lambda_l2: float
    lambda_off_direction: float
    clip_cap: float
    early_exit: float
    auxiliary_latents: int
    start: Start
    stop_at: int
    rgb: bool

    @classmethod
    def of(cls, models: Models, prompt: Prompt, recipe: Optimization) -> Suited:
        usual, (lr, lambda_l2) = models.calibration, models.calibration.step(recipe.space)
        suited = {"lr": lr, "lambda_l2": lambda_l2, "lambda_off_direction": usual.lambda_off_direction, "clip_cap": usual.clip_cap,
                  "early_exit": usual.early_exit, "auxiliary_latents": usual.auxiliary_latents, "start": usual.start,
                  "stop_at": search_resolution(models), "rgb": prompt.speaks_of_color}
        own = {name: getattr(recipe, name) for name in suited if getattr(recipe, name) is not None}
        return cls(**{**suited, **own, "rgb": recipe.space == "styles" and own.get("rgb", suited["rgb"])})


class _Search:
    """The offset of one face, the picture with that offset, and the optimisation path."""

    def __init__(self, at: MoveSpace, objective: Objective, recipe: Optimization, suited: Suited):
        self.at, self.objective, self.recipe, self.suited = at, objective, recipe, suited
        self.offset = at.zero.clone().requires_grad_()
        self.rng = torch.Generator().manual_seed(recipe.seed)
        self.auxiliary: AuxiliaryLatents | None = None
        self.path: list[Tensor] = []
        with torch.no_grad():
            self.before = objective.before(self.picture())

    def kept(self) -> Tensor:
        return self.offset.detach().clone()

    def picture(self) -> Tensor:
        return self.at.draw(self.at.moved(self.offset), stop_at=self.suited.stop_at)

    def use_auxiliary_latents(self) -> None:
        """Tries each further step on other faces, too."""
        self.auxiliary = AuxiliaryLatents(self.objective, self.at, self.recipe.space, self.suited.stop_at, self.recipe.seed)

    def terms(self, image: Tensor) -> dict[str, Tensor]:
        """The objective's terms; with auxiliary latents, "clip" and "off_direction" are the means of the face's and theirs."""
        own = self.objective.terms(image, self.before, self.recipe.views, self.rng)
        if self.auxiliary is None:
            return own
        others = self.auxiliary.terms(self.offset, self.suited.auxiliary_latents)
        return own | {name: (own[name] + value) / 2 for name, value in others.items()}

    def losses(self, image: Tensor) -> dict[str, Tensor]:
        """ "loss", and its terms."""
        terms = {**self.terms(image), "l2": self.offset.square().sum()}
        loss = (terms["clip"] + self.suited.lambda_l2 * terms["l2"] + self.recipe.lambda_id * terms["identity"]
                + self.suited.lambda_off_direction * terms["off_direction"])
        return {"loss": loss, **terms}

    @torch.no_grad()
    def begin_at(self, offset: Tensor, descent: Descent[Tensor]) -> None:
        """Moves to an offset from which to descend. The face stays the best result until a step has a lower loss."""
        descent.offer(self.losses(self.picture())["loss"])
        self.path.append(self.kept())
        self.offset.copy_(offset)

    def descend(self, descent: Descent[Tensor]) -> None:
        for step in descent:
            image = self.picture()
            losses = self.losses(image)
            descent.record(**losses)
            descent.offer(losses["loss"])
            self.path.append(self.kept())
            if step + 1 == self.recipe.stop_after:
                descent.stop()
            descent.follow(losses["loss"], image)


def evenly(path: list[Tensor], count: int) -> list[Tensor]:
    """`count` evenly spaced offsets of a path, the first being its beginning; all of them if there are fewer."""
    return [path[i * len(path) // count] for i in range(count)] if count < len(path) else path


def _face(before: Face, moved: Tensor, space: str) -> Face:
    """The result of an optimisation as a face: with a new latent code, or with other styles."""
    if space == "styles":
        return replace(before, changed_styles=before.generator.split_styles(moved), source=None)
    return replace(before, w_plus=moved, changed_styles=None, source=None)


def _free_layers(models: Models, prompt: Prompt, layers: str) -> Tensor:
    """1 for each layer that may change, 0 for the others. -> [num_ws]"""
    layers = prompt.layers if layers == "auto" else layers
    resolutions = torch.tensor(models.generator.layer_resolutions, device=models.device)
    if layers == "shape":
        return (resolutions <= FINEST_SHAPE).float()
    return (resolutions >= (FINEST_SHAPE if layers == "color" else 0)).float()
