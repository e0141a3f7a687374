"""Global directions: a text becomes a step in StyleSpace that suits every face (Patashnik et al. 2021, section 6)."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from ... import __version__
from ...errors import StyleclipError
from ...models import Models
from ...paths import cache_folder, user_path, writable_cache
from ...processes import this_process
from ..face import Face
from ..recipe import NEUTRAL
from ..recipes import Change, ChannelShift, Directions
from ..result import Edit
from .channel_choice import UsedChannel, jointly, steps_of, used_channels
from .channel_effects import drawing_resolution
from .channel_scan import scan
from .file import belongs_to, cached_path, kept_paths, read, read_facts, shipped_path, write
from .first_order import first_order_effects
from .prompt_templates import text_direction
from .regression import regressed_effects
from .style_statistics import StyleStatistics, style_statistics

ALPHA = Directions.DEFAULT.alpha


@dataclasses.dataclass
class GlobalDirections:
    """The effect of every style channel of a generator on CLIP's embedding, from which a text gets its channels at once.

    models    the domain
    mean, std [num_channels]  of the styles of many faces
    effects   [num_channels, D], Δi_c: the direction of CLIP's embedding when a channel rises, of length one; 0 for a channel left out.
              By regression: R_c, of length one at most (editing/directions/regression.py)
    settings  how they were computed
    ridge     0: the relevance of each channel by itself, as in the paper; above 0: jointly solved (`jointly`) with this regularisation;
              None: the domain's, or 0 for a regression, which solves for all channels at once already
    rgb_std [num_rgb_channels], rgb_effects [num_rgb_channels, D]: std and effects of the toRGB layers' channels; None if unknown
    """

    models: Models
    mean: torch.Tensor
    std: torch.Tensor
    effects: torch.Tensor
    settings: dict
    ridge: float | None = None
    rgb_std: torch.Tensor | None = None
    rgb_effects: torch.Tensor | None = None
    _relevances: dict[tuple[str, str, bool, float | None], torch.Tensor] = dataclasses.field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.ridge is None:
            self.ridge = 0.0 if self.settings.get("kind") == "regression" else self.models.calibration.ridge

    def on(self, models: Models) -> GlobalDirections:
        """The same directions for models with a copy of the generator, such as one tuned to a face."""
        return replace(self, models=models)

    @classmethod
    def compute(cls, models: Models, *, images: int = 24, samples: int = 20_000, truncation_psi: float = 0.7, sigmas: float = 5.0,
                seed: int = 0, folder: str | Path | None = None, progress: bool = True) -> GlobalDirections:
        """The paper's scan: each channel is set low and high in some faces, with all other channels as they are in the face.

        Needed once for a generator and a CLIP: the result is kept in a file, which the next call with the same networks and settings
        reads. Directions that the domain ships are used if they have these settings. An estimate of the time is printed first. Ctrl-C
        loses a few seconds of work, and the same call resumes. With several processes (torchrun) each does its share.

        The toRGB layers' channels are scanned too, for texts that name a colour. Pictures are drawn at the resolution of CLIP's input;
        layers above it are left out.

        images  number of faces in which each channel is tried (100 in the paper);  samples  number of faces for mean and σ
        sigmas  how far from its mean a channel is moved, in σ;  folder  where to keep the result, by default `cache_folder()`

        Raises StyleclipError for an invalid setting, or if the folder cannot be written.
        """
        settings = {"kind": "scan", **_sampling(images, samples, truncation_psi, seed), "sigmas": _positive("sigmas", sigmas),
                    "stop_at": drawing_resolution(models), "rgb": True}
        facts = {**belongs_to(models), **settings}
        shipped = shipped_path(models)
        if shipped is not None and read_facts(shipped).items() >= facts.items():
            return cls.load(models, shipped)
        path = cached_path(_made(folder), facts)
        if not path.exists():
            process, parts = this_process(), path.with_suffix(".parts")
            statistics = _statistics(models, settings)
            vectors = scan(models, statistics, sigmas, settings["stop_at"], parts, progress)
            process.wait_for_everyone()  # all have read the parts
            if process.is_main_process:
                effects, rgb_effects = vectors.split([len(statistics.std), len(statistics.rgb_std)])
                cls(models, statistics.mean, statistics.std, effects, settings,
                    rgb_std=statistics.rgb_std, rgb_effects=rgb_effects).save(path)
                shutil.rmtree(parts)
            process.wait_for_everyone()
        return cls.load(models, path)

    @classmethod
    def first_order(cls, models: Models, *, images: int = 64, samples: int = 20_000, truncation_psi: float = 0.7, projections: int = 48,
                    seed: int = 0, progress: bool = True) -> GlobalDirections:
        """Gradients instead of the scan, in seconds instead of minutes (see editing/directions/first_order.py). A face costs so much less
        here that many can be used, which matters because effects differ from face to face. Without the toRGB layers.

        projections  number of directions in CLIP's space along which gradients are taken; more are closer to the full first order

        Raises StyleclipError for an invalid setting.
        """
        settings = {"kind": "first order", **_sampling(images, samples, truncation_psi, seed),
                    "projections": int(_positive("projections", projections)), "stop_at": drawing_resolution(models)}
        statistics = _statistics(models, settings)
        effects = first_order_effects(models, statistics, settings["projections"], seed, settings["stop_at"], progress)
        return cls(models, statistics.mean, statistics.std, effects.half().float(), settings)  # as a file keeps them

    @classmethod
    def regressed(cls, models: Models, *, faces: int = 2000, samples: int = 20_000, truncation_psi: float = 1.0, ridge: float = 0.1,
                  seed: int = 0, progress: bool = True) -> GlobalDirections:
        """Ridge regression of styles on CLIP's embeddings of invented faces (see editing/directions/regression.py): one picture a face, so
        it takes minutes where a scan takes hours. All layers take part, and the toRGB layers. What goes together in the generator's faces
        is not told apart: an edit moves all channels in which the faces that CLIP describes so differ from the mean.

        The faces are not truncated, so that rare attributes are among them. σ is that of these faces, so alpha moves a channel 1 / 0.7
        times as far as with the scan's truncation_psi of 0.7. Relevances are no cosines: a beta means something else than for a scan.

        faces  number of faces, each drawn once;  ridge  λ, in units of the mean eigenvalue of the embeddings' covariance

        Raises StyleclipError for an invalid setting, and as `regressed_effects` does.
        """
        settings = {"kind": "regression", **_sampling(faces, samples, truncation_psi, seed, "faces", least=2),
                    "ridge": _positive("ridge", ridge), "stop_at": drawing_resolution(models), "rgb": True}
        statistics = _statistics(models, settings)
        both = regressed_effects(models, statistics, settings["ridge"], settings["stop_at"], progress)
        effects, rgb_effects = both.half().float().split([len(statistics.std), len(statistics.rgb_std)])  # as a file keeps them
        return cls(models, statistics.mean, statistics.std, effects, settings, rgb_std=statistics.rgb_std, rgb_effects=rgb_effects)

    def save(self, path: str | Path) -> None:
        """Writes the directions and the fingerprints of their networks. Raises StyleclipError if the file cannot be written."""
        tensors = {"mean": self.mean, "std": self.std, "effects": self.effects.half()}  # halves cost a relevance less than 0.001
        if self.rgb_std is not None and self.rgb_effects is not None:
            tensors |= {"rgb_std": self.rgb_std, "rgb_effects": self.rgb_effects.half()}
        write(user_path(path), tensors, {**belongs_to(self.models), **self.settings, "version": __version__})

    @classmethod
    def load(cls, models: Models, path: str | Path | None = None) -> GlobalDirections:
        """Reads directions; without a path those that the domain ships.

        Raises StyleclipError if there are none, or they belong to another generator or another CLIP.
        """
        path = shipped_path(models) if path is None else user_path(path)
        if path is None:
            raise StyleclipError(f"The domain '{models.domain}' comes without global directions; "
                                 "GlobalDirections.compute(models) computes them.")
        tensors, facts = read(path, models)
        settings = {name: value for name, value in facts.items() if name not in ("generator", "clip", "version")}
        return cls(models, tensors["mean"], tensors["std"], tensors["effects"], settings,
                   rgb_std=tensors.get("rgb_std"), rgb_effects=tensors.get("rgb_effects"))

    @classmethod
    def available(cls, models: Models, progress: bool = True) -> GlobalDirections:
        """Those that the domain ships; or the best ones in `cache_folder()` (`kept_paths`); or those by regression, which take minutes and
        are kept there.

        Raises StyleclipError if the domain's belong to other networks, or the folder cannot be written, and as `regressed` does.
        """
        if shipped_path(models) is not None:
            return cls.load(models)
        kept = kept_paths(models, cache_folder())
        if kept:
            return cls.load(models, kept[-1])
        folder = writable_cache()
        directions = cls.regressed(models, progress=progress)
        directions.save(cached_path(folder, {**belongs_to(models), **directions.settings}))
        return directions

    def relevance(self, target: str, neutral: str = NEUTRAL, rgb: bool = False) -> torch.Tensor:
        """r_c of every style channel [num_channels]: ⟨Δi_c, Δt⟩ without `ridge`, else `jointly`. Remembered for each pair of texts.

        rgb: with the channels of the toRGB layers, solved jointly with the others -> [num_channels + num_rgb_channels]

        Raises StyleclipError for an empty text, a word that CLIP does not know, texts that say the same, and for rgb if the effects of
        the toRGB layers are unknown.
        """
        key = target, neutral, rgb, self.ridge
        if key not in self._relevances:
            direction, effects = text_direction(self.models.clip, target, neutral), self._of_kinds(rgb, self.effects, self.rgb_effects)
            self._relevances[key] = jointly(effects, direction, self.ridge) if self.ridge else effects @ direction
        return self._relevances[key]

    def step(self, change: Change) -> torch.Tensor:
        """α Δs [num_channels], which a change adds to the styles of any face: Δs_c = σ_c r_c / max |r|, or 0 where |r_c| < β.

        With rgb, what it adds to styles and rgb_styles, concatenated -> [num_channels + num_rgb_channels]

        Raises StyleclipError as `relevance` does, and if no channel reaches beta.
        """
        rgb = bool(change.rgb)
        steps = steps_of(self.relevance(change.target, change.neutral, rgb), self.threshold(change))
        return change.alpha * self._of_kinds(rgb, self.std, self.rgb_std) * steps

    def edit(self, w_plus: torch.Tensor, target: str, neutral: str = NEUTRAL, alpha: float = ALPHA,
             beta: float | None = None, rgb: bool = False) -> Edit:
        """Moves a face's styles from the neutral text towards the target: s' = s + α Δs.

        w_plus  [B, num_ws, w_dim]
        alpha   strength, about -10 to 10; negative values lead from the target to the neutral text
        beta    disentanglement threshold: channels below this relevance do not change; a higher one leaves fewer channels and fewer
                side effects; None: a share of the largest relevance (`Calibration.beta_share`)
        rgb     whether the channels of the toRGB layers change too

        Raises StyleclipError as `step` does, and for a w_plus of another generator.
        """
        return self.edit_several(w_plus, [Change(target, neutral, alpha, beta, rgb)])

    def edit_several(self, w_plus: torch.Tensor, changes: Sequence[Change | tuple]) -> Edit:
        """Several texts at once: their steps are added.

        w_plus [B, num_ws, w_dim]; changes: `Change`s, or tuples (target, neutral, alpha, beta, rgb)
        """
        changes = tuple(one if isinstance(one, Change) else Change(*one) for one in changes)
        return self.apply(Face(w_plus.detach().to(self.models.device), self.models.generator), changes)

    @torch.no_grad()
    def apply(self, face: Face, changes: tuple[Change, ...]) -> Edit:
        """The edit of a face by some changes, their steps added, at strength 1; its recipe has the beta of each.

        No text is parsed here: with rgb=None the toRGB layers do not change, as in the paper.
        """
        both = torch.cat(face.styles, dim=1)
        for change in changes:
            step = self.step(change)
            both[:, : len(step)] += step
        done = tuple(replace(change, beta=self.threshold(change), rgb=bool(change.rgb)) for change in changes)
        return Edit(face, self._moved(face, both), Directions(changes=done, ridge=self.ridge))

    @torch.no_grad()
    def shift(self, face: Face, recipe: ChannelShift) -> Edit:
        """A single channel moved by some of its standard deviations. Raises StyleclipError if there is no such channel."""
        both, index = torch.cat(face.styles, dim=1), self.index_of(recipe.layer, recipe.number)
        both[:, index] += recipe.sigmas * self.std[index]
        return Edit(face, self._moved(face, both), replace(recipe, strength=1.0))

    def _moved(self, face: Face, both: torch.Tensor) -> Face:
        """The face with these styles and rgb_styles, concatenated."""
        return replace(face, changed_styles=self.models.generator.split_styles(both), source=None)

    def index_of(self, layer: str, number: int) -> int:
        """The index of a channel in styles [B, num_channels]. Raises StyleclipError if there is no such channel."""
        slices = dict(self.models.generator.style_slices)
        if layer not in slices or not 0 <= number < slices[layer].stop - slices[layer].start:
            raise StyleclipError(f"There is no channel {number} in a layer '{layer}' of this generator; its layers are "
                                 f"{', '.join(slices)}.")
        return slices[layer].start + number

    def channels(self, target: str, neutral: str = NEUTRAL, beta: float | None = None, rgb: bool = False) -> list[UsedChannel]:
        """The channels that an edit changes, the most relevant first. Raises StyleclipError as `step` does."""
        relevance = self.relevance(target, neutral, rgb)
        return used_channels(self.models.generator, relevance, steps_of(relevance, self.threshold(Change(target, neutral, 1.0, beta, rgb))))

    def beta_for(self, channels: int, target: str, neutral: str = NEUTRAL, rgb: bool = False) -> float:
        """The beta that leaves this many channels: 10 to 20 for a colour, 100 to 200 for a shape, by the authors' advice."""
        relevance = self.relevance(target, neutral, rgb).abs()
        return float(relevance.sort(descending=True).values[min(max(channels, 1), len(relevance)) - 1])

    def threshold(self, change: Change) -> float:
        """The beta of a change, or for None the domain's share of the largest relevance (`Calibration.beta_share`).

        Raises StyleclipError if no channel reaches it.
        """
        largest, usual = float(self.relevance(change.target, change.neutral, bool(change.rgb)).abs().max()), self.models.calibration
        beta = (usual.beta_share_rgb if change.rgb else usual.beta_share) * largest if change.beta is None else change.beta
        if largest == 0 or largest < beta:
            raise StyleclipError(f"No style channel reaches a relevance of {beta} for '{change.target}' against "
                                 f"'{change.neutral}'; the largest is {largest:.3f}, so take a smaller beta.")
        return beta

    def _of_kinds(self, rgb: bool, convs: torch.Tensor, rgbs: torch.Tensor | None) -> torch.Tensor:
        """The values for the convolutions' channels; with rgb followed by those for the toRGB layers'."""
        if not rgb:
            return convs
        if rgbs is None:
            raise StyleclipError("These directions do not include the channels of the toRGB layers, which rgb=True asks for; "
                                 "GlobalDirections.compute(models) computes directions that do.")
        return torch.cat([convs, rgbs])


def _sampling(images: int, samples: int, truncation_psi: float, seed: int, name: str = "images", least: int = 1) -> dict:
    """The settings that all ways share, checked. name: of images, in messages"""
    if images < least:
        raise StyleclipError(f"{name} must be at least {least}, not {images}.")
    if samples < max(images, 2):
        raise StyleclipError(f"samples is {samples}; it must be at least 2 and at least {name}, which is {images}.")
    return {"images": int(images), "samples": int(samples), "truncation_psi": float(truncation_psi), "seed": int(seed)}


def _positive(name: str, number: float) -> float:
    if not 0 < number < torch.inf:
        raise StyleclipError(f"{name} must be a finite number above 0, not {number}.")
    return float(number)


def _statistics(models: Models, settings: dict) -> StyleStatistics:
    return style_statistics(models.generator, *(settings[name] for name in ("images", "samples", "truncation_psi", "seed")))


def _made(folder: str | Path | None) -> Path:
    """The folder for results, created if it is missing."""
    if folder is None:
        return writable_cache()
    path = user_path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StyleclipError(f"The folder {path} cannot be made ({error.strerror}); name another one with folder=...") from error
    return path
