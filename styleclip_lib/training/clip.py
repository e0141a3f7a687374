"""Trains the portraits domain's CLIP: `styleclip train clip`."""

import math
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..networks.clip import CLIP, Clip, WordTokenizer, clip_from_state
from ..networks.generator import Generator
from ..networks.resampling import resized
from ..portraits.language.attribute_values import ATTRIBUTE_VALUES
from ..portraits.language.sentences import sentence_words
from ..weights.domain import file_path, load_network, load_tensors, read_index
from .adversaries import LatentAdversaries, PixelAdversaries, StyleAdversaries, joined
from .augment import augment
from .captioned import CaptionedPictures, Pictures, say
from .card import About, publish
from .clip_quality import measure_clip
from .coding import attribute_value_loss, caption_loss
from .contrast import contrastive_loss, straightness_loss
from .data import DataSettings, Portraits
from .latent_paths import LatentPaths
from .locked import teach_texts
from .loop import Run, learning_rate, set_rates, settings_of
from .muon import Muon, parted
from .worlds import ALIGNED, World, world_of_domain

ABOUT = About(
    what="The architecture `clip.model.CLIP` (ResNet form) with a vocabulary of its own: pictures and sentences as unit "
         "vectors in one space.",
    data="Rendered portraits, portraits drawn in twenty styles, simple scenes, and patches of all of them, with captions from a grammar: "
         "half of them descriptions, half what people write, commands and denials included. Every caption is compared with all pictures "
         "of which it is clearly true or clearly false, by the factors that the pictures were drawn from; no network reads them. "
         "Phrasings listed in `portraits/language/heldout_phrasings.txt` were never used. Adversaries try all the time to fool it, by "
         "pixels, by repainting and, where the domain had a generator, in its latent space; their pictures are in every batch "
         "(`training/adversaries.py`), except at the end, when the text encoder learns alone (`training/locked.py`).",
    limits="It knows the words of its vocabulary and refuses others. It was never shown a photograph.",
    trials={
        "what is compared": "how many of twenty styles are told right, from whole unseen portraits and from patches of a quarter of their "
                            "area, by a network of width 16 at 32 px after 9 CPU seconds (60 to 72 batches of 40 pictures), one run each: "
                            "enough to choose an optimiser, not to say how good the network becomes",
        "Adam (0.002) / Muon (0.003) for convolutions": "0.12 and 0.14 / 0.21 and 0.15; after 14 seconds 0.13 and 0.13 / 0.31 and 0.28",
        "Muon's rate 0.001 / 0.003 / 0.01": "0.19 and 0.18 / 0.21 and 0.15 / 0.06 and 0.08; after 14 seconds 0.21 and 0.24 / "
                                            "0.31 and 0.28 / 0.11 and 0.09",
        "captions of portraits in a batch 64 / 192, first scale of the logits 14 / 50, aid 4 / 2 (all three together)":
            "mean area under the ROC curve of texts that say one thing, on 500 unseen portraits, after 573 / 600 steps: 0.659 / 0.749; of "
            "the linear layer on the pictures' vectors, about 0.9 in both: what took long was that both sides agree",
        "more captions or more pictures, with the image encoder of step 573 frozen":
            "the same area after 300 steps that train the text encoder and a linear layer on the pictures' vectors: 48 pictures and 64 "
            "captions 0.755, 256 and 64 0.768, 48 and 256 0.798, 128 and 128 0.799, 256 and 256 0.831; SigLIP's loss 0.730",
        "the first 2,000 steps, with pictures of 64 px": "mean area 0.911 zero-shot and 0.955 of the linear layer, on 300 unseen portraits "
                                                         "(brows 0.49 and 0.62, earrings 0.75 and 0.82: too small in such pictures)",
        "then 1,000 steps with pictures of 128 px": "0.945 zero-shot and 0.980 of the linear layer, on 1,000 unseen portraits",
        "then 0 / 400 / 800 of 1,500 steps of the text encoder alone": "0.945 / 0.961 / 0.965 zero-shot; right side of a negation 0.930 / "
                                                                       "0.951 / 0.960; a step 1.1 seconds, of the whole network 6.7",
        "instead of these, 700 steps with pictures of 128 px, 98 in a batch (--patches-each 18 --styled-each 12 --scenes-each 4 "
        "--told-each 4 --pixel-adversaries 8 --style-adversaries 6 --paths 600 --paths-each 4, with the generator), then 1,500 of the "
        "text encoder alone": "0.964 zero-shot (brows 0.58, earrings 0.95), right side of a negation 0.948; together 62 minutes on two "
                              "cores without bfloat16, beside other work",
        "one step of the whole network, pictures of 64 / 128 px, on a core without bfloat16 beside other work": "2.4 / 6.7 CPU seconds",
        "one step of the whole network": "2.1 CPU seconds with bfloat16 (112 pictures of 128 px, 122 captions): 1.7 for the image encoder, "
                                         "0.2 for Muon, 0.2 for drawing and comparing",
    })


@dataclass
class Settings:
    """Settings of CLIP.

    run, data, domain   folders of the run, of the renders, and of the domain to add the network to
    generator           a domain with a generator of portraits, to learn from what it draws too; none: from renders alone
    count, styled, scenes  how many portraits, portraits drawn in a style, and scenes there are
    masked              of how many portraits it is known what each pixel shows
    plain_each, styled_each, scenes_each, patches_each  how many of each are in a batch
    said_each, told_each, named_each, shown_each  captions in a batch: of portraits, of scenes, of a style alone, of a part
    pixel_adversaries, style_adversaries, latent_adversaries  how many there are (`training/adversaries.py`)
    paths, paths_each   latent paths of the generator (`training/latent_paths.py`), and how many are in a batch
    img_resolution      pixels along each side of the renders
    image_resolution    what the network sees of them: a multiple of 32
    small_resolution, small_steps  what it sees in the first steps, and how many they are: agreeing on words takes long, and small
                        pictures teach it as well
    vision_layers, vision_width, embed_dim  the image encoder, the small ResNet form of CLIP
    context_length, text_width, text_layers the text encoder
    steps               with pictures of the full size
    locked_steps        of the text encoder alone at the end, with the vectors of `locked_lots` lots of pictures (`training/locked.py`)
    locked_pictures, locked_captions  in its batches: plain portraits, styled ones, scenes, patches; captions as above
    muon_lr, adam_lr    learning rates: of matrices and convolutions (Muon), and of everything else
    rate                the learning rates with pictures of the full size, as a share of the former
    aid                 weight of reading from a picture's vector which attribute values hold of it, and by the same linear layer from a
                        caption's which it says: so both learn what the vectors are to tell before they learn to agree
    straight            weight of the paths' being straight
    strength            of the augmentations
    scale               of the logits, to begin with: CLIP's own 14 leaves the cosines of so small batches hardly any gradient
    """

    run: Path = Path("runs/clip")
    data: Path = Path("runs/data")
    domain: Path = Path("data/models/portraits")
    generator: Path | None = None
    count: int = 12_000
    styled: int = 4000
    scenes: int = 1600
    masked: int = 1600
    plain_each: int = 32
    styled_each: int = 16
    scenes_each: int = 8
    patches_each: int = 36
    said_each: int = 192
    told_each: int = 8
    named_each: int = 20
    shown_each: int = 10
    pixel_adversaries: int = 12
    style_adversaries: int = 8
    latent_adversaries: int = 4
    paths: int = 3000
    paths_each: int = 8
    img_resolution: int = 256
    image_resolution: int = 128
    small_resolution: int = 64
    small_steps: int = 2000
    vision_layers: tuple[int, ...] = (2, 2, 2, 2)
    vision_width: int = 32
    embed_dim: int = 256
    context_length: int = 32
    text_width: int = 128
    text_layers: int = 2
    steps: int = 1000
    locked_steps: int = 1500
    locked_lots: int = 125
    locked_pictures: tuple[int, int, int, int] = (384, 96, 32, 96)
    locked_captions: tuple[int, int, int, int] = (320, 16, 40, 20)
    muon_lr: float = 0.003
    adam_lr: float = 2e-3
    rate: float = 0.5
    aid: float = 2.0
    straight: float = 2.0
    strength: float = 0.35
    scale: float = 50.0
    seed: int = 0


def train(settings: Settings, world: World = ALIGNED) -> dict:
    """Trains, measures on held-out portraits and held-out phrasings, adds the network to the domain. Returns the metrics."""
    s = settings
    torch.manual_seed(s.seed)
    clip, reader = new_networks(s)
    config = {"words": clip.tokenizer.words, "context_length": s.context_length, "sentences": True}
    portraits = Portraits(DataSettings(s.data, s.count, s.img_resolution), world=world)
    generator = load_network(s.generator, "generator", Generator) if s.generator else None
    paths = LatentPaths(generator, world, s.paths, s.image_resolution, s.seed + 5) if generator is not None else None
    small = replace(s, run=s.run / "small", image_resolution=s.small_resolution, steps=s.small_steps)
    full = replace(s, run=s.run / "full", muon_lr=s.rate * s.muon_lr, adam_lr=s.rate * s.adam_lr)
    locked = replace(full, run=s.run / "locked", steps=s.locked_steps)
    small_pictures, pictures = (CaptionedPictures(portraits, s.styled, s.scenes, s.masked, size, s.seed)
                                for size in (s.small_resolution, s.image_resolution))
    seconds = _fit(clip, reader, small_pictures, generator, paths, small)
    enlarge(clip.model, s.image_resolution)
    seconds += _fit(clip, reader, pictures, generator, paths, full)
    seconds += teach_texts(clip, pictures, optimizers_of(clip, locked), locked)
    metrics = measure_clip(clip, s.data, s.img_resolution, world)
    publish(clip.model, "clip", s, config, seconds, metrics, ABOUT)
    return metrics


def measure_again(settings: Settings) -> dict:
    """The metrics of the domain's network."""
    path, world = file_path(settings.domain, "clip"), world_of_domain(settings.domain)
    config = read_index(settings.domain)["files"]["clip"]["config"]
    clip = clip_from_state(load_tensors(path), WordTokenizer(**config))
    return measure_clip(clip, settings.data, settings.img_resolution if world is ALIGNED else 128, world)


def new_networks(s: Settings) -> tuple[Clip, nn.Linear]:
    """A CLIP for small pictures, and the linear layer of `Settings.aid`, with random weights."""
    tokenizer = WordTokenizer(sorted(sentence_words()), s.context_length, sentences=True)
    model = CLIP(s.embed_dim, s.small_resolution, s.vision_layers, s.vision_width, None, s.context_length,
                 tokenizer.vocab_size, s.text_width, s.text_width // 64, s.text_layers)
    nn.init.constant_(model.logit_scale, math.log(s.scale))
    return Clip(model, tokenizer).to(memory_format=torch.channels_last), nn.Linear(s.embed_dim, len(ATTRIBUTE_VALUES))


@torch.no_grad()
def enlarge(model: CLIP, resolution: int) -> None:
    """Changes the side in pixels of a CLIP's pictures, to a multiple of 32: the positional embedding of its attention pooling is
    interpolated; all other layers are convolutions, which take any size (Dosovitskiy et al. 2021, section 3.2, for a transformer)."""
    pooling, side = model.visual.attnpool, resolution // 32
    mean, places = pooling.positional_embedding.split([1, len(pooling.positional_embedding) - 1])
    old = round(len(places)**0.5)
    grid = places.T.reshape(1, -1, old, old)
    grid = F.interpolate(grid, size=(side, side), mode="bilinear", align_corners=False)
    pooling.positional_embedding = nn.Parameter(torch.cat([mean, grid.flatten(2)[0].T]))
    model.visual.input_resolution = resolution


def _fit(clip: Clip, reader: nn.Linear, pictures: CaptionedPictures, generator: Generator | None, paths: LatentPaths | None,
         s: Settings) -> float:
    pixels = PixelAdversaries(s.pixel_adversaries, s.image_resolution, s.seed + 7)
    latent = LatentAdversaries(s.latent_adversaries, generator, paths, s.image_resolution, s.seed + 8)
    repaint = StyleAdversaries(s.style_adversaries, s.image_resolution, s.seed + 9)
    optimizers = optimizers_of(nn.ModuleList([clip, reader]), s)
    parts = {"clip": clip, "reader": reader, **optimizers}
    with Run(s.run, settings=settings_of(s), save_every=200, **parts) as run:
        for step in run.steps(s.steps):
            batch, between, share = _drawn(pictures, paths, run.generator(s.seed), s)
            for adversaries in (pixels, latent, repaint):
                adversaries.renew(batch)
            captions = say(batch, run.generator(s.seed + 1), s.said_each, s.told_each, s.named_each, s.shown_each)
            images, captions, true, false = joined(batch, captions, pixels, latent, repaint)
            set_rates(optimizers, s, learning_rate(step, s.steps))
            clip.train()
            with run.autocast():
                embedding = clip.model.encode_image(clip.preprocess(torch.cat([images, between]).to(run.device))).float()
                texts = clip.model.encode_text(clip.tokenizer([c.text for c in captions]).to(run.device)).float()
            embedding, texts = F.normalize(embedding, dim=1), F.normalize(texts, dim=1)
            logits = clip.model.logit_scale.exp().clamp(max=100) * texts @ embedding[:len(images)].T
            contrast = contrastive_loss(logits, true.to(run.device), false.to(run.device))
            of_images, of_texts = (reader(some * s.embed_dim**0.5) for some in (embedding[:s.plain_each], texts[:s.said_each]))
            aid = attribute_value_loss(of_images.cpu(), batch.factors[:s.plain_each], focus=2.0)
            aid_of_texts = caption_loss(of_texts, captions[:s.said_each])
            starts, ends = embedding[s.plain_each:s.plain_each + 2 * len(share)].chunk(2)
            straight = straightness_loss(starts, ends, embedding[len(images):], share.to(run.device)) if len(share) else torch.zeros(())
            loss = contrast + s.aid * (aid.to(run.device) + aid_of_texts) + s.straight * straight
            run.update(loss, *optimizers.values())
            for adversaries in (pixels, latent, repaint):
                adversaries.follow()
            run.log(contrast=contrast, aid=aid, aid_of_texts=aid_of_texts, straight=straight, scale=clip.model.logit_scale.exp())
    clip.eval()
    return run.seconds


def _drawn(pictures: CaptionedPictures, paths: LatentPaths | None, rng: torch.Generator, s: Settings) -> tuple[Pictures, Tensor, Tensor]:
    """The pictures of a batch, a little changed; what lies between the ends of latent paths [P, 3, S, S], and how far along it [P]. The
    starts and ends follow on the plain portraits."""
    batch = pictures.draw(rng, s.plain_each, s.styled_each, s.scenes_each, s.patches_each)
    between, share = torch.empty(0, 3, s.image_resolution, s.image_resolution), torch.empty(0)
    if paths is not None and s.paths_each:
        ends, factors, between, share = paths.batch(rng, s.paths_each)
        at = s.plain_each
        batch = replace(
            batch, portraits=torch.cat([batch.portraits[:at], resized(ends, s.image_resolution), batch.portraits[at:]]),
            factors=type(factors).joined([batch.factors[:at], factors, batch.factors[at:]]),
            styles=[*batch.styles[:at], *[None] * len(ends), *batch.styles[at:]])
        between = augment(resized(between, s.image_resolution), rng, s.strength)
    lots = {name: augment(getattr(batch, name), rng, s.strength) for name in ("portraits", "scenes", "patches")}
    return replace(batch, **lots), between, share


def optimizers_of(network: nn.Module, s: Settings) -> dict[str, torch.optim.Optimizer]:
    """Muon for convolutions and the text encoder's matrices, Adam for everything else: embeddings, norms, biases, the attention pooling,
    whose matrices are so large that making a step of them orthogonal takes longer than all the rest."""
    def by_muon(name, parameter):
        return parameter.ndim > 1 and "embedding" not in name and "attnpool" not in name

    chosen, others = parted(network, by_muon)
    return {"muon": Muon(chosen, lr=s.muon_lr), "adam": torch.optim.Adam(others, betas=(0.9, 0.98))}
