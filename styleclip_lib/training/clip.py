"""Trains the portraits domain's CLIP: `styleclip train clip`."""

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from ..networks.attributes import Attributes
from ..networks.clip import CLIP, Clip, WordTokenizer, clip_from_state
from ..networks.generator import Generator
from ..portraits.language.captions import heldout_captions
from ..portraits.language.parsing import known_words
from ..portraits.language.statements import STATEMENTS, false_of, true_of
from ..portraits.world.attributes import ATTRIBUTES
from ..processes import this_process
from ..weights.domain import file_path, load_network, load_tensors, read_index
from .augment import augment
from .captioned import CaptionedPictures
from .card import About, publish
from .coding import statement_loss
from .data import DataSettings, Portraits, to_float
from .hint import Hint
from .latent_paths import LatentPaths
from .loop import Run, learning_rate, settings_of
from .opponents import Opponents, results

TRUE = 0.14
"""The cosine from which on a text counts as true of a picture (the calibration of the domain of portraits: early_exit)."""

ABOUT = About(
    what="The architecture `clip.model.CLIP` (ResNet form) with a vocabulary of its own: pictures and sentences as unit "
         "vectors in one space.",
    data="Rendered portraits, portraits drawn in twenty styles, and simple scenes, with captions from a grammar. Every "
         "caption is compared with all pictures of which it is clearly true or clearly false; phrasings listed in "
         "`portraits/language/heldout_phrasings.txt` were never used. Pictures of the generator between two portraits that differ in one "
         "attribute have to lie between them in CLIP's space too, so that an image optimiser finds a slope to follow. With "
         "`opponents`, latent optimisers try all the time to fool it; what they draw while their text is not true is shown to it as such.",
    limits="It knows the words of its vocabulary and refuses others. It was never shown a photograph.")


@dataclass
class Settings:
    """Settings of CLIP.

    run, data, domain   folders of the run, of the renders, and of the domain to add the network to
    count, drawn, scenes  how many portraits, portraits drawn in a style, and scenes
    plain_each, drawn_each, scenes_each, captions_each  how many of each are in a batch
    image_resolution    a multiple of 32; the network is the small ResNet form of CLIP
    start               a CLIP of this domain to go on from, of any image resolution (a .safetensors file)
    blend               what is added to the domain: (1 - blend) · start + blend · what was learnt since (Wortsman et al. 2022, eq. 1)
    aid                 weight of reading from the picture's vector which statements hold of it
    hint                weight of what the domain's attributes network sees (`training/hint.py`)
    paths, paths_each   how many latent paths of the domain's generator (`training/latent_paths.py`), and how many in a batch
    straight            weight of the paths' being straight
    opponents           how many latent optimisers play against it (`training/opponents.py`); their pictures are in every batch
    strength            of the augmentations
    """

    run: Path = Path("runs/clip")
    data: Path = Path("runs/data")
    domain: Path = Path("data/models/portraits")
    count: int = 30_000
    drawn: int = 5000
    scenes: int = 1500
    plain_each: int = 48
    drawn_each: int = 14
    scenes_each: int = 6
    captions_each: int = 72
    paths: int = 6000
    paths_each: int = 20
    image_resolution: int = 128
    start: Path | None = None
    blend: float = 1.0
    vision_layers: tuple[int, ...] = (2, 2, 2, 2)
    vision_width: int = 32
    embed_dim: int = 256
    context_length: int = 28
    text_width: int = 128
    text_layers: int = 2
    opponents: int = 0
    steps: int = 4200
    lr: float = 1e-3
    aid: float = 4.0
    hint: float = 1.0
    straight: float = 2.0
    strength: float = 0.35
    seed: int = 0


def train(settings: Settings) -> dict:
    """Trains, measures on held-out portraits and held-out phrasings, adds the network to the domain. Returns the metrics."""
    s = settings
    torch.manual_seed(s.seed)
    words = sorted(known_words())
    tokenizer = WordTokenizer(words, s.context_length)
    model = CLIP(s.embed_dim, s.image_resolution, s.vision_layers, s.vision_width, None, s.context_length,
                 tokenizer.vocab_size, s.text_width, s.text_width // 64, s.text_layers)
    if s.start is not None:
        start = _at_resolution(load_tensors(s.start), s.image_resolution)
        model.load_state_dict(start)
    clip = Clip(model, tokenizer).to(memory_format=torch.channels_last)
    seconds = _fit(clip, s)
    if s.start is not None:
        model.load_state_dict(blended(start, model.state_dict(), s.blend))
    metrics = {**measure(clip, s), "optimisers": results(clip, *_teachers(s), TRUE)}
    publish(clip.model, "clip", s, {"words": words, "context_length": s.context_length}, seconds, metrics, ABOUT)
    return metrics


def measure_again(settings: Settings) -> dict:
    """The metrics of the domain's network."""
    config = read_index(settings.domain)["files"]["clip"]["config"]
    tokenizer = WordTokenizer(config["words"], config["context_length"])
    clip = clip_from_state(load_tensors(file_path(settings.domain, "clip")), tokenizer)
    return {**measure(clip, settings), "optimisers": results(clip, *_teachers(settings), TRUE)}


def blended(start: dict, end: dict, share: float) -> dict:
    """The state dict at that share of the straight way from one to the other; whole numbers are the end's."""
    return {name: torch.lerp(start[name].to(value), value, share) if value.is_floating_point() else value for name, value in end.items()}


def _teachers(s: Settings) -> tuple[Generator, Attributes]:
    """The networks of the domain that CLIP learns from."""
    return load_network(s.domain, "generator", Generator), load_network(s.domain, "attributes", Attributes)


def _at_resolution(state: dict, image_resolution: int) -> dict:
    """A state dict whose picture positions fit another resolution: the grid is enlarged bilinearly."""
    key, side = "visual.attnpool.positional_embedding", image_resolution // 32
    mean, grid = state[key][:1], state[key][1:]
    old = round(len(grid) ** 0.5)
    grid = F.interpolate(grid.T.reshape(1, -1, old, old), size=(side, side), mode="bilinear", align_corners=False)
    return {**state, key: torch.cat([mean, grid.flatten(2)[0].T])}


def _fit(clip: Clip, s: Settings) -> float:
    portraits = Portraits(DataSettings(s.data, s.count))
    pictures = CaptionedPictures(portraits, s.drawn, s.scenes, s.seed)
    generator, attributes = _teachers(s)
    paths = LatentPaths(generator, s.paths, s.seed + 5)
    opponents = Opponents(generator, attributes, s.opponents, s.seed + 7, this_process().device)
    reader, hint = nn.Linear(s.embed_dim, len(STATEMENTS)), Hint(clip.model.visual, attributes)
    parameters = [*clip.parameters(), *reader.parameters(), *hint.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=s.lr, weight_decay=0.03, betas=(0.9, 0.98))
    with Run(s.run, settings=settings_of(s), save_every=200, clip=clip, reader=reader, hint=hint, optimizer=optimizer) as run:
        for step in run.steps(s.steps):
            rng = run.generator(s.seed)
            ends, end_factors, between, share = paths.batch(rng, s.paths_each)
            images, captions, true, false, factors = pictures.batch(rng, s.plain_each, s.drawn_each, s.scenes_each, s.captions_each,
                                                                    (ends, end_factors))
            played, seen = opponents.step(clip.eval())
            true, false = opponents.joined(captions, s.scenes_each, true, false, factors, seen)
            captions = captions + opponents.targets
            images = torch.cat([augment(images, rng, s.strength), played.cpu(), augment(between, rng, s.strength)]).to(run.device)
            tokens = clip.tokenizer([c.text for c in captions]).to(run.device)
            for group in optimizer.param_groups:
                group["lr"] = s.lr * learning_rate(step, s.steps)
            clip.train()
            with run.autocast():
                of_images, of_texts = clip.model.encode_image(clip.preprocess(images)).float(), clip.model.encode_text(tokens).float()
                hinted = hint(images[: len(factors)])
            of_images, of_texts = F.normalize(of_images, dim=1), F.normalize(of_texts, dim=1)
            logits = clip.model.logit_scale.exp().clamp(max=100) * of_texts @ of_images[: -len(between)].T
            contrast = contrastive_loss(logits, true.to(run.device), false.to(run.device))
            aid = statement_loss(reader(of_images[: len(factors)] * s.embed_dim**0.5).cpu(), factors, focus=2.0).to(run.device)
            starts, ends = of_images[s.plain_each: len(factors)].chunk(2)
            straight = straightness_loss(starts, ends, of_images[-len(between):], share.to(run.device))
            run.update(contrast + s.aid * aid + s.hint * hinted + s.straight * straight, optimizer)
            fooled = opponents.fooled(of_images[: -len(between)], of_texts, false)
            run.log(contrast=contrast, aid=aid, hint=hinted, straight=straight, fooled=fooled, scale=clip.model.logit_scale.exp())
    clip.eval()
    return run.seconds


def straightness_loss(start: torch.Tensor, end: torch.Tensor, between: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """How far the vectors of pictures on a path lie from where they belong: 1 - cos(b, (1 - s) a + s e), averaged.

    start, end, between: unit vectors [N, D]; share [N], how far along the path each picture lies -> a number
    """
    belongs = torch.lerp(start, end, share[:, None]).detach()
    return (1 - F.cosine_similarity(between, belongs, dim=1)).mean()


def contrastive_loss(logits: torch.Tensor, true: torch.Tensor, false: torch.Tensor) -> torch.Tensor:
    """CLIP's loss with all positives known (Radford et al. 2021, figure 3; InfoNCE: van den Oord et al. 2018, eq. 4).

    For every true pair p of a row:  log(exp(l_p) + Σ_false exp(l_f)) - l_p,  averaged over the row's true pairs, then over
    rows; the same over columns. Pairs that are neither true nor false take no part.

    logits, true, false [C, N] -> a number
    """
    def one_way(logits, true, false):
        negatives = logits.masked_fill(~false, -1e4).logsumexp(1, keepdim=True)
        loss = F.softplus(negatives - logits)
        count = true.sum(1)
        return ((loss * true).sum(1) / count.clamp(min=1))[count > 0].mean()

    return (one_way(logits, true, false) + one_way(logits.T, true.T, false.T)) / 2


@torch.no_grad()
def measure(clip: Clip, s: Settings) -> dict:
    """Zero-shot area under the ROC curve of every attribute, with phrasings and 1000 portraits that were never seen."""
    portraits = Portraits(DataSettings(s.data, 1000, seed=1))
    vectors = torch.cat([clip.encode_image(to_float(portraits.images(i))) for i in torch.arange(1000).split(100)])
    captions = heldout_captions()
    scores = clip.encode_text([c.text for c in captions]) @ vectors.T
    true, false = true_of(captions, portraits.factors), false_of(captions, portraits.factors)
    areas: dict[str, list[float]] = {}
    for caption, score, t, f in zip(captions, scores, true, false):
        if t.any() and f.any() and len(caption.statements) == 1:
            areas.setdefault(caption.statements[0][0], []).append(area_under_curve(score[t], score[f]))
    by_attribute = {a.name: round(sum(areas[a.name]) / len(areas[a.name]), 4) for a in ATTRIBUTES if a.name in areas}
    return {"auc": by_attribute, "mean auc": round(sum(by_attribute.values()) / len(by_attribute), 4)}


def area_under_curve(positive: torch.Tensor, negative: torch.Tensor) -> float:
    """How often a positive scores higher than a negative, ties counted half. Scores [P], [N] -> [0, 1]"""
    difference = positive[:, None] - negative[None, :]
    return ((difference > 0).float() + 0.5 * (difference == 0).float()).mean().item()
