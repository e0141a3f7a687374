"""Trains the latent alignment: `styleclip train alignment`.

First the closed form is solved from pairs of faces and CLIP's vectors of them. Then a network that starts as the closed form is trained
on pairs that are drawn during training, so that it cannot overfit.
"""

import time
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor

from .. import __version__
from ..editing.alignment import LatentAlignment
from ..editing.face import Face
from ..editing.prompt import Prompt
from ..errors import StyleclipError
from ..evaluation.report import in_short, measure_edit
from ..inversion.alignment import NAME, RIDGE, RIDGE_TEXT, drawn_at, embedded, pairs, write
from ..inversion.invert import psnr
from ..models import Models, load_models
from ..networks.alignment import Alignment
from ..paths import written_whole
from ..weights.domain import enter_file
from ..weights.tensor_file import read_tensors
from .card import About, making, write_card
from .data import uniform
from .directions import TEXTS, readable
from .loop import Run, learning_rate, set_rate
from .worlds import world_of_domain

ABOUT = About(
    what="From CLIP's space to W+: a picture's latent code in one pass, and the edit that a text asks for as one offset (after Zheng et "
         "al. 2022).",
    data="Faces that the domain's generator invents, and its CLIP's vectors of them; no other pictures and no texts.",
    limits="It sees of a picture only what CLIP represents, which does not identify a person: it is a start for an inversion, not its "
           "result. It belongs to this generator and this CLIP and is refused by any other.")

COMBINED = ("a smiling face with glasses", "a sad face with blond hair", "an old face with a hat")
HELD_OUT_SEED = 500_000


@dataclass
class Settings:
    """Settings of the latent alignment.

    run, domain      folder of the run; the domain whose networks are connected, and to which the map is added
    pairs            faces from which the closed form is solved
    ridge, ridge_text  its λ for pictures and for texts, in units of the mean eigenvalue
    depth, width, mixing  fully connected layers (8 in the paper; 0: the closed form alone), their width, and that of the style mixing
    steps, batch_size, lr  training of the network
    fresh, keep      pairs drawn in each step, and how many of the latest are kept for training
    relative         share of the offsets that start at another face instead of the mean, as an edit's offset does
    lambda_w, lambda_s  weights of the paper's losses, on w and on the styles
    lambda_clip, lambda_id, consistency_every  weights of the CLIP and identity losses of G(f(v)), and how many steps apart they are used
    faces, renders, seeds  how many are measured: invented faces, renders of a domain of portraits, seeds for each text
    """

    run: Path = Path("runs/alignment")
    domain: Path = Path("data/models/portraits")
    pairs: int = 6000
    ridge: float = RIDGE
    ridge_text: float = RIDGE_TEXT
    depth: int = 8
    width: int = 512
    mixing: int = 64
    steps: int = 4000
    batch_size: int = 256
    lr: float = 1e-3
    fresh: int = 8
    keep: int = 20_000
    relative: float = 0.5
    lambda_w: float = 1.0
    lambda_s: float = 1.0
    lambda_clip: float = 1.0
    lambda_id: float = 0.5
    consistency_every: int = 4
    faces: int = 100
    renders: int = 100
    seeds: int = 8
    seed: int = 0


def train(settings: Settings) -> dict:
    """Solves, trains, measures, adds the map to the domain. Returns the metrics. An interrupted run resumes."""
    s = settings
    if s.pairs < 2 or s.depth < 0:
        raise StyleclipError("--pairs must be at least 2 and --depth at least 0.")
    start = time.time()
    models = load_models(s.domain)
    s.run.mkdir(parents=True, exist_ok=True)
    w, embedding = _kept_pairs(models, s)
    network = Alignment(models.generator.num_ws, models.generator.w_dim, embedding.shape[1], s.depth, s.width, s.mixing)
    network.solve(embedding, w, s.ridge, s.ridge_text)
    closed = Alignment(network.num_ws, network.w_dim, network.clip_dim)
    closed.solve(embedding, w, s.ridge, s.ridge_text)
    seconds = time.time() - start
    metrics = {"closed form": measure(models, closed, s)}
    if s.depth:
        seconds += _fit(network, models, w, embedding, s)
        metrics["network"] = measure(models, network, s)
    recipe = {"domain": models.domain, "method": NAME, "version": __version__, **making(s, seconds, {}, NAME)["settings"]}
    path = s.domain / f"{NAME}.safetensors"
    write(path, network, models, recipe)
    training = making(s, seconds, metrics, NAME)
    enter_file(s.domain, NAME, path, {}, training)
    write_card(s.domain, NAME, training, ABOUT)
    return metrics


def measure_again(settings: Settings) -> dict:
    """The metrics of the domain's map."""
    models = load_models(settings.domain)
    return {"network": measure(models, LatentAlignment.available(models).network, settings)}


# --- training ------------------------------------------------------------------------------------------------------------


def _kept_pairs(models: Models, s: Settings) -> tuple[Tensor, Tensor]:
    """The pairs for the closed form, drawn once for a run: w [N, w_dim], CLIP's vectors [N, D]."""
    path = s.run / f"pairs-{s.pairs}-seed{s.seed}.safetensors"
    if not path.exists():
        w, embedding = pairs(models, s.pairs, s.seed)
        with written_whole(path) as temporary:
            save_file({"w": w.cpu(), "embedding": embedding.cpu()}, str(temporary))
    kept, _ = read_tensors(path)
    return kept["w"], kept["embedding"]


def _fit(network: Alignment, models: Models, w: Tensor, embedding: Tensor, s: Settings) -> float:
    optimizer = torch.optim.Adam(network.parameters(), lr=s.lr, betas=(0.9, 0.99))
    with Run(s.run, network=network, optimizer=optimizer) as run:
        w, embedding = w.to(run.device), embedding.to(run.device)
        styles = Styles(models, w)
        for step in run.steps(s.steps):
            rng = run.generator(s.seed + 1)
            new_w, new_embedding = _drawn(models, s.fresh, rng)
            w, embedding = (torch.cat(both)[-s.keep:] for both in ((w, new_w), (embedding, new_embedding)))
            terms = latent_losses(network, styles, w, embedding, s, rng)
            loss = s.lambda_w * terms["w"] + s.lambda_s * terms["s"]
            if step % s.consistency_every == 0 and (s.lambda_clip or s.lambda_id):
                terms |= consistency(network, models, new_w, new_embedding)
                loss = loss + s.lambda_clip * terms["clip"] + s.lambda_id * terms["identity"]
            set_rate(optimizer, s.lr * learning_rate(step, s.steps))
            run.update(loss, optimizer)
            run.log(loss=loss, **terms)
    network.eval().requires_grad_(False)
    return run.seconds


@torch.no_grad()
def _drawn(models: Models, count: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """New pairs: w [count, w_dim] and CLIP's vectors [count, D]."""
    w = models.generator.mapping.w(torch.randn(count, models.generator.z_dim, generator=rng).to(models.device))
    return w, embedded(models, w)


class Styles:
    """All styles of a w_plus, in units of their standard deviation over faces w [N, w_dim]."""

    def __init__(self, models: Models, w: Tensor):
        self.generator = models.generator
        with torch.no_grad():
            self.deviation = self._all(w[:1000, None].expand(-1, self.generator.num_ws, -1)).std(0).clamp(min=1e-3)

    def _all(self, w_plus: Tensor) -> Tensor:
        return torch.cat(self.generator.styles(w_plus), dim=1)

    def __call__(self, w_plus: Tensor) -> Tensor:
        """w_plus [B, num_ws, w_dim] -> [B, num_channels + num_rgb_channels]"""
        return self._all(w_plus) / self.deviation


def latent_losses(network: Alignment, styles: Styles, w: Tensor, embedding: Tensor, s, rng: torch.Generator) -> dict[str, Tensor]:
    """The paper's losses on pairs w [N, w_dim], embedding [N, D]: "w" compares Δw, "s" the styles of the refined offsets.

    An offset leads to a face from the means or, for relative consistency, from another face. Half of the offsets stand for those of texts:
    they get the noise that `ridge_text` assumes for texts.
    """
    losses: dict[str, Tensor] = {}
    for of_text in (False, True):
        face, other = (torch.randint(len(w), (s.batch_size // 2,), generator=rng).to(w.device) for _ in range(2))
        from_other = (torch.rand(len(face), 1, generator=rng) < s.relative).to(w.device)
        base_w, base = torch.where(from_other, w[other], network.w_avg), torch.where(from_other, embedding[other], network.v_avg)
        noise = (s.ridge_text**0.5 if of_text else 0.0) * network.v_scale * torch.randn(base.shape, generator=rng).to(base)
        offset = embedding[face] - base + noise
        common = F.mse_loss(network.w(offset, of_text) / network.w_scale, (w[face] - base_w) / network.w_scale)
        made, true = base_w[:, None] + network(offset, of_text), w[face, None].expand(-1, network.num_ws, -1)
        for name, loss in (("w", common), ("s", F.mse_loss(styles(made), styles(true)))):
            losses[name] = losses.get(name, 0) + loss / 2
    return losses


def consistency(network: Alignment, models: Models, w: Tensor, embedding: Tensor) -> dict[str, Tensor]:
    """ "clip" and "identity": 1 - cosine between G(f(v)) and the face of w [B, w_dim] itself, by CLIP and by the identity network."""
    stop_at, generator = drawn_at(models), models.generator
    drawn = generator.synthesis(network.codes(embedding), stop_at=stop_at)
    with torch.no_grad():
        person = models.identity(generator.synthesis(w[:, None].expand(-1, generator.num_ws, -1), stop_at=stop_at).clamp(-1, 1))
    return {"clip": 1 - (models.clip.encode_image(drawn) * embedding).sum(1).mean(),
            "identity": 1 - (models.identity(drawn) * person).sum(1).mean()}


# --- measuring -----------------------------------------------------------------------------------------------------------


@torch.no_grad()
def measure(models: Models, network: Alignment, s: Settings) -> dict:
    """One-pass inversion of invented faces and, in a domain of portraits, of renders, compared with the encoder's; and edits by text."""
    alignment = LatentAlignment(models, network.to(models.device), {})
    invented = torch.cat([models.generator.synthesis(models.sample(HELD_OUT_SEED + i, 1.0)) for i in range(s.faces)]).clamp(-1, 1)
    metrics = {"invented faces": one_pass(alignment, invented)}
    if models.attributes is None:
        return metrics
    world = world_of_domain(models.folder)
    renders = world.render(world.from_uniform(uniform(s.renders, HELD_OUT_SEED, world)), models.generator.img_resolution)
    return {**metrics, "renders": one_pass(alignment, renders.to(models.device)), **texts_measured(alignment, s.seeds)}


@torch.no_grad()
def one_pass(alignment: LatentAlignment, images: Tensor) -> dict:
    """PSNR in dB (median) and identity (mean cosine) of one-pass inversions of pictures [N, 3, R, R], by the map and by the encoder."""
    models, figures = alignment.models, {}
    inverters = {"alignment": lambda image: alignment.face_of_picture(image).w_plus, "encoder": models.encoder}
    for name, inverter in inverters.items():
        if inverter is None:
            continue
        drawn = [models.generator.synthesis(inverter(image)).clamp(-1, 1) for image in images.split(1)]
        near = torch.tensor([psnr(a, b) for a, b in zip(drawn, images.split(1))])
        same = torch.cat([(models.identity(a) * models.identity(b)).sum(1) for a, b in zip(drawn, images.split(1))])
        figures |= {f"{name}, psnr (dB)": round(near.median().item(), 2), f"{name}, identity": round(same.mean().item(), 3)}
    return figures


@torch.no_grad()
def texts_measured(alignment: LatentAlignment, seeds: int) -> dict:
    """Edits of invented faces by texts: how often the text is true afterwards, what else changed, and how similar the faces of two seeds
    become with the same text."""
    models, result = alignment.models, {}
    for kind, texts in (("single", TEXTS), ("combined", COMBINED)):
        reports, alike = [], []
        for text in filter(lambda one: readable(models, one), texts):
            prompt = Prompt.of(models, text)
            starts = [Face.of_seed(models, HELD_OUT_SEED + i) for i in range(seeds)]
            pictures = [alignment.apply(start, prompt).image.clamp(-1, 1) for start in starts]
            reports += [measure_edit(models, start.image, picture, prompt) for start, picture in zip(starts, pictures)]
            people = torch.cat([models.identity(picture) for picture in pictures])
            alike.append(((people @ people.T).sum() - seeds) / max(seeds * (seeds - 1), 1))
        if reports:
            result[f"{kind} texts"] = {"true": round(sum(bool(one.success) for one in reports) / len(reports), 3), **in_short(reports),
                                       "identity of two seeds": round(torch.stack(alike).mean().item(), 3)}
    return result
