"""The latent mapper: a small network that has learnt one edit for every face (Patashnik et al. 2021, section 5)."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from .. import __version__
from ..errors import StyleclipError
from ..models import Models
from ..networks.mapper import LEVELS, Mapper, layers_of
from ..portraits.language.parsing import parse
from ..schedule import ramped
from ..weights.readers.styleclip_mapper import belongs_to_generator, mapper_state, read_checkpoint
from . import mapper_file
from .objective import Faces, Goal, seen_resolution
from .optimization import layers_for
from .result import Edit

HELD_OUT = 16
"""Faces that the mapper is not trained on and that say which of its states is the best."""

BROWS = frozenset({("expression", "angry"), ("expression", "sad"), ("expression", "surprised")})
"""What the brows tell, which are fine lines. (A smile is in the mouth.)"""

EVERY = 25
"""Steps between two looks at the held-out faces."""


class LatentMapper(nn.Module):
    """A mapper and the domain whose faces it edits: w_hat = w + mapper(w).

    network  the `Mapper`, with the authors' factor of 0.1 inside
    recipe   the plain dictionary (domain, method, text, seed, every setting, library version) that trains it again
    history  "loss", "clip", "l2", "identity", "side": a number for each step; "held_out": the loss on faces kept aside, before the first
             step, after every `EVERY` steps, and after the last. Empty for a mapper that comes from a file.
    """

    def __init__(self, models: Models, network: Mapper, recipe: dict, history: dict[str, list[float]] | None = None):
        super().__init__()
        generator = models.generator
        if (network.num_ws, network.w_dim) != (generator.num_ws, generator.w_dim):
            raise StyleclipError(f"This mapper is for w_plus [B, {network.num_ws}, {network.w_dim}], but the generator of the domain "
                                 f"'{models.domain}' takes [B, {generator.num_ws}, {generator.w_dim}].")
        self.models, self.network, self.recipe, self.history = models, network, recipe, history or {}

    @property
    def levels(self) -> list[str]:
        """The levels that are on."""
        return list(self.network.levels)

    def forward(self, w_plus: Tensor) -> Tensor:
        """w_plus [B, num_ws, w_dim] -> the offset, of the same shape."""
        return self.network(w_plus)

    @torch.no_grad()
    def edit(self, w_plus: Tensor, strength: float = 1.0, levels: Sequence[str] | None = None) -> Edit:
        """w_plus + strength · mapper(w_plus), and its picture; for several faces at once, too.

        w_plus [B, num_ws, w_dim]; strength: 1 is what was learnt, 0 changes nothing, a negative one goes the other way.
        levels: only these levels act (None: all that the mapper has).
        Raises StyleclipError for a wrong shape, or a level that the mapper has not.
        """
        source = w_plus.detach().to(self.models.device)
        offset = self(source)
        recipe = {**self.recipe, "strength": strength}
        if levels is not None:
            offset, recipe["acting"] = self._kept(offset, levels), list(levels)
        edited = source + strength * offset
        return Edit(edited, self.models.generator.synthesis(edited), recipe=recipe)

    def _kept(self, offset: Tensor, levels: Sequence[str]) -> Tensor:
        """The offset of some levels, with zeros elsewhere."""
        if not set(levels) <= set(self.levels):
            raise StyleclipError(f"This mapper has the levels {', '.join(self.levels)}, not all of {', '.join(levels)}.")
        kept = torch.zeros_like(offset)
        for level in levels:
            where = layers_of(level, self.network.num_ws)
            kept[:, where] = offset[:, where]
        return kept

    def save(self, path: str | Path) -> None:
        """Writes the mapper, the fingerprint of its generator and its recipe as .safetensors, whole or not at all."""
        mapper_file.write(Path(path), self.network, self.models.generator, self.recipe)

    @classmethod
    def load(cls, models: Models, name: str | Path) -> "LatentMapper":
        """A mapper that comes with the domain, by its name; one that was saved, by its path; or an official checkpoint (.pt).

        Raises StyleclipError if there is none, or if it belongs to another generator.
        """
        path = mapper_file.find_mapper(models, name)
        if path.suffix == ".pt":
            return _official(models, path)
        return cls(models, *mapper_file.read(path, models))


def train_mapper(models: Models, text: str, *, levels: str | Sequence[str] = "auto", steps: int = 150, batch_size: int = 8,
                 lr: float = 1.0, lambda_l2: float = 0.07, lambda_id: float = 0.15, lambda_side: float = 0.1, enough: float = 0.3,
                 views: int = 1, people: int = 400, jitter: float = 0.2, truncation_psi: float = 0.7, seed: int = 0,
                 progress: bool = True) -> LatentMapper:
    """Trains a mapper for one text on faces that the generator invents.

    E_w [ D_CLIP(G(w + M(w)), t) + λ_L2 mean(M(w)²) + λ_ID L_ID(w + M(w)) + λ_side L_side ] -> min
                                                                    (Patashnik et al. 2021, eq. 4 and 5; L_side: `losses.side_loss`)

    with Adam and the learning rate of `schedule.ramped`; the authors take Ranger at a constant 0.5, 50 000 steps of 2 faces,
    λ_L2 = 0.8, λ_ID = 0.1 and λ_side = 0. As in `optimize_latent`, CLIP is content when the cosine reaches `enough` (enough=1 is
    the paper's way), so that the mapper learns to leave a face alone of which the text is true already.
    Generators of more than 256 pixels are drawn at 256 meanwhile (`goal.seen_resolution`).
    Ctrl-C returns the best so far, as the held-out faces see it.

    levels    which of "coarse", "medium" and "fine" are on; "all" is one network for all layers; "auto" leaves the fine level off,
              which decides colours and fine lines, unless the text speaks of a colour (the authors' advice) or of `BROWS`
    lambda_l2 weight of the offset's mean square (over faces, layers and features)
    lambda_side weight of what changes besides, in CLIP's eyes
    views     how many views of each face CLIP sees in a step; see `losses.random_views`
    people    how many faces are drawn to train on, each from its own latent, with truncation_psi
    jitter    the mapper sees each feature of each layer moved at random by this much (0 is the paper's way): codes from an inversion
              differ from layer to layer, drawn ones do not, and what hangs on one sign of one feature is not worth learning

    Raises StyleclipError for an empty text, a word that the domain's CLIP does not know, unknown levels, or numbers below 1.
    """
    if min(steps, batch_size, people, views) < 1:
        raise StyleclipError("steps, batch_size, people and views must be at least 1.")
    recipe = {"domain": models.domain, "method": "mapper", "text": text, "levels": levels if isinstance(levels, str) else list(levels),
              "steps": steps, "batch_size": batch_size, "lr": lr, "lambda_l2": lambda_l2, "lambda_id": lambda_id,
              "lambda_side": lambda_side, "enough": enough, "views": views, "people": people, "jitter": jitter,
              "truncation_psi": truncation_psi, "seed": seed, "version": __version__}
    goal, rng = Goal.of_text(models, text, enough), torch.Generator().manual_seed(seed)
    network = _fresh(models, chosen_levels(text, levels), seed)
    stop_at = seen_resolution(models)
    faces, before = _people(goal, people + HELD_OUT, truncation_psi, rng, stop_at, progress)

    def losses(which: Tensor, views: int, jitter: float) -> dict[str, Tensor]:
        noise = jitter * torch.randn(faces[which].shape, generator=rng) if jitter else torch.zeros(1)
        offset = network(faces[which] + noise.to(models.device))
        image = models.generator.synthesis(faces[which] + offset, stop_at=stop_at)
        terms = {**goal.terms(image, before[which], views, rng), "l2": offset.square().mean()}
        loss = terms["clip"] + lambda_l2 * terms["l2"] + lambda_id * terms["identity"] + lambda_side * terms["side"]
        return {"loss": loss, **terms}

    optimizer = torch.optim.Adam(network.parameters(), lr=lr, betas=(0.9, 0.99))
    history: dict[str, list[float]] = {"loss": [], "clip": [], "l2": [], "identity": [], "side": [], "held_out": []}
    best = (float("inf"), {})
    shown = tqdm(range(steps + 1), desc=text, disable=not progress, leave=False)
    try:
        for step in shown:
            if step % EVERY == 0 or step == steps:
                with torch.no_grad():
                    history["held_out"].append(losses(torch.arange(people, people + HELD_OUT), 1, 0.0)["loss"].item())
                if history["held_out"][-1] < best[0]:
                    best = (history["held_out"][-1], {key: value.clone() for key, value in network.state_dict().items()})
            if step == steps:
                break
            optimizer.param_groups[0]["lr"] = ramped(step + 1, steps + 1, lr)
            terms = losses(torch.randint(people, (batch_size,), generator=rng), views, jitter)
            optimizer.zero_grad(set_to_none=True)
            terms["loss"].backward()
            optimizer.step()
            for name, value in terms.items():
                history[name].append(value.item())
            shown.set_postfix(loss=f"{history['loss'][-1]:.3f}", held_out=f"{history['held_out'][-1]:.3f}")
    except KeyboardInterrupt:
        print(f"Stopped after {len(history['loss'])} of {steps} steps; this is the best so far.")
    shown.close()
    if best[1]:
        network.load_state_dict(best[1])
    return LatentMapper(models, network.requires_grad_(False), recipe, history)


def chosen_levels(text: str, levels: str | Sequence[str] = "auto") -> list[str]:
    """The levels that "auto" means for a text: all three if it speaks of a colour or of `BROWS`, else coarse and medium."""
    if levels == "auto":
        fine = layers_for(text) != "shape" or not BROWS.isdisjoint(parse(text).statements)
        return list(LEVELS) if fine else ["coarse", "medium"]
    return [levels] if isinstance(levels, str) else list(levels)


def _fresh(models: Models, levels: Sequence[str], seed: int) -> Mapper:
    """A mapper around the mean w, its random weights depending on the seed alone; other random numbers go on as if it were not there."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Mapper(models.generator.num_ws, models.generator.w_dim, levels)
    network.center.copy_(models.generator.mapping.w_avg)
    return network.to(models.device)


@torch.no_grad()
def _people(goal: Goal, count: int, truncation_psi: float, rng: torch.Generator, stop_at: int,
            progress: bool) -> tuple[Tensor, Faces]:
    """Invented faces, w_plus [count, num_ws, w_dim], as they are before the edit, drawn at the resolution stop_at."""
    generator = goal.models.generator
    z = torch.randn(count, generator.z_dim, generator=rng).to(goal.models.device)
    w_plus = generator.mapping(z, truncation_psi)
    parts = tqdm(w_plus.split(16), desc="people", disable=not progress, leave=False)
    faces = [goal.faces(generator.synthesis(part, stop_at=stop_at)) for part in parts]
    return w_plus, Faces(torch.cat([f.person for f in faces]), torch.cat([f.seen for f in faces]))


def _official(models: Models, path: Path) -> LatentMapper:
    state, options = read_checkpoint(path)
    if not any(belongs_to_generator(state, generator) for generator in models.related_generators):
        raise StyleclipError(f"{path} was trained with another generator than that of the domain '{models.domain}', where its steps "
                             "would mean something else.")
    tensors = mapper_state(state)
    levels = dict.fromkeys(key.split(".")[1] for key in tensors if key.startswith("levels."))
    network = Mapper(models.generator.num_ws, models.generator.w_dim, list(levels))
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        raise StyleclipError(f"{path} does not fit this domain: it lacks tensors of a mapper of {models.generator.w_dim} numbers, "
                             "or they have other sizes.") from error
    recipe = {"domain": models.domain, "method": "mapper", "text": str(options.get("description", "")), "file": path.name,
              "version": __version__}
    return LatentMapper(models, network.to(models.device).eval().requires_grad_(False), recipe)
