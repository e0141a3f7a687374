"""The last stage of CLIP's training: the text encoder alone, beside a locked image encoder (LiT, Zhai et al. 2022).

The pictures are encoded once, so a step takes a fraction of the time and can compare many more pairs. What the pictures' vectors tell,
texts then learn to ask for.
"""

from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm.auto import tqdm

from ..networks.clip import Clip
from .augment import augment
from .captioned import CaptionedPictures, Pictures, say, truth
from .contrast import contrastive_loss
from .loop import Run, learning_rate, set_rates, settings_of

LOT = (96, 32, 16, 48)
"""How many plain portraits, styled ones, scenes and patches are encoded at a time."""


def teach_texts(clip: Clip, pictures: CaptionedPictures, optimizers: dict[str, torch.optim.Optimizer], s) -> float:
    """Trains the text encoder. s = `clip.Settings`. Returns the seconds that it took, with the encoding."""
    clip.model.visual.requires_grad_(False)
    with Run(s.run, save_every=200, settings=settings_of(s), clip=clip, **optimizers) as run:
        known = encoded(clip.eval(), pictures, s, run) if run.step < s.steps else None  # nothing to do: nothing to encode
        for step in run.steps(s.steps):
            batch = some_of(known, run.generator(s.seed), s.locked_pictures)
            captions = say(batch, run.generator(s.seed + 1), *s.locked_captions)
            true, false = truth(captions, batch)
            set_rates(optimizers, s, learning_rate(step, s.steps))
            with run.autocast():
                texts = clip.model.encode_text(clip.tokenizer([c.text for c in captions.all()]).to(run.device)).float()
            vectors = torch.cat([batch.portraits, batch.scenes, batch.patches]).to(run.device)
            logits = clip.model.logit_scale.exp().clamp(max=100) * F.normalize(texts, dim=1) @ vectors.T
            loss = contrastive_loss(logits, true.to(run.device), false.to(run.device))
            run.update(loss, *optimizers.values())
            run.log(loss=loss, scale=clip.model.logit_scale.exp())
    return run.seconds


@torch.no_grad()
def encoded(clip: Clip, pictures: CaptionedPictures, s, run: Run) -> Pictures:
    """`s.locked_lots` lots of pictures, a little changed, each with its unit vector [D] in place of its pixels."""
    def vectors(images: Tensor, rng: torch.Generator) -> Tensor:
        images = augment(images, rng, s.strength).to(run.device)
        with run.autocast():
            return F.normalize(clip.model.encode_image(clip.preprocess(images)).float(), dim=1).cpu()

    lots = []
    for number in tqdm(range(s.locked_lots), "encoding pictures"):
        rng = torch.Generator().manual_seed(s.seed + 10_000_000 + number)
        lot = pictures.draw(rng, *LOT)
        lots.append(replace(lot, **{name: vectors(getattr(lot, name), rng) for name in ("portraits", "scenes", "patches")}))
    return joined(lots)


def joined(lots: list[Pictures]) -> Pictures:
    """The pictures of several lots of equal numbers as one, the plain portraits first."""
    plain = lots[0].plain
    order = [(lot, some) for some in (slice(plain), slice(plain, None)) for lot in lots]
    facts = [lot.facts for lot in lots]
    return Pictures(
        torch.cat([lot.portraits[some] for lot, some in order]),
        type(lots[0].factors).joined([lot.factors[some] for lot, some in order]),
        [style for lot, some in order for style in lot.styles[some]],
        torch.cat([lot.scenes for lot in lots]),
        type(facts[0])(*(torch.cat([getattr(one, name) for one in facts]) for name in ("place", "time", "details"))),
        [style for lot in lots for style in lot.scene_styles],
        torch.cat([lot.patches for lot in lots]), [style for lot in lots for style in lot.patch_styles],
        torch.cat([lot.shares for lot in lots]))


def some_of(pictures: Pictures, rng: torch.Generator, counts: tuple[int, int, int, int]) -> Pictures:
    """So many random plain portraits, styled ones, scenes and patches."""
    ranges = (0, pictures.plain), (pictures.plain, len(pictures.styles)), (0, len(pictures.facts)), (0, len(pictures.patches))
    plain, styled, scenes, patches = (torch.randint(low, high, (count,), generator=rng) for (low, high), count in zip(ranges, counts))
    portraits = torch.cat([plain, styled])
    return Pictures(
        pictures.portraits[portraits], pictures.factors[portraits], [pictures.styles[i] for i in portraits.tolist()],
        pictures.scenes[scenes], pictures.facts[scenes], [pictures.scene_styles[i] for i in scenes.tolist()],
        pictures.patches[patches], [pictures.patch_styles[i] for i in patches.tolist()], pictures.shares[patches])
