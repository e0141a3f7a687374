"""The metrics of a CLIP's model card."""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from ..networks.clip import Clip
from ..networks.resampling import resized
from ..portraits.aligned.drawing.parts import PARTS
from ..portraits.language.attribute_values import COLUMN, AttributeValue, Caption, false_of, true_of, values_true
from ..portraits.language.captions import heldout_captions
from ..portraits.language.everyday import OPPOSITES
from ..portraits.language.region_words import REGIONS
from ..portraits.language.scene_captions import SCENE_STYLES
from ..portraits.language.style_words import STYLE_WORDS
from ..portraits.language.wording import worded
from ..portraits.styles.scenes import SCENE_PARTS, render_scenes, sample_scenes, scene_parts
from ..portraits.styles.styles import STYLES, apply_style
from .adversaries import Adversaries, PixelAdversaries, StyleAdversaries
from .captioned import HARDLY, MASK, MOSTLY, Pictures, region_shares, window_places, windows
from .contrast import area_under_curve
from .data import DataSettings, Portraits, to_float
from .worlds import World

COUNT = 1000  # held-out portraits
EACH = 20  # pictures of every style, portraits and scenes
HALF = (0.5, 0.5)  # range of the side of a patch: a quarter of the area
QUARTERS = (0.25, 0.5)  # range of the side of the windows in which regions are looked for
STEPS = 30  # of an adversary


def measure_clip(clip: Clip, data: Path, size: int, world: World) -> dict:
    """All metrics of a CLIP, on held-out portraits, scenes and phrasings.

    data  the folder of the renders;  size  their side in pixels
    """
    portraits = Portraits(DataSettings(data, COUNT, size, seed=1), world=world)
    scores = Scores(clip, portraits)
    return {**zero_shot(scores, world), "negations": negations(scores), **styles(clip, portraits), **regions(clip, portraits),
            **fooled(scores, portraits)}


class Scores:
    """The cosines between texts and the held-out portraits."""

    def __init__(self, clip: Clip, portraits: Portraits):
        self.clip, self.factors = clip, portraits.factors
        self.vectors = _seen(clip, portraits)
        self.true = values_true(self.factors)

    @torch.no_grad()
    def of(self, texts: list[str]) -> Tensor:
        """The cosines of T texts, worded as this CLIP understands them best, with N portraits: [T, N]."""
        return self.clip.encode_text([self.clip.plain(text) for text in texts]) @ self.vectors.T


def zero_shot(scores: Scores, world: World) -> dict:
    """The area under the ROC curve of every attribute, for texts with a single attribute value."""
    captions = [c for c in heldout_captions() if len(c.attribute_values) == 1 and not c.denied]
    true, false = true_of(captions, scores.factors), false_of(captions, scores.factors)
    areas: dict[str, list[float]] = {}
    for caption, score, t, f in zip(captions, scores.of([c.text for c in captions]), true, false):
        if t.any() and f.any():
            areas.setdefault(caption.attribute_values[0][0], []).append(area_under_curve(score[t], score[f]))
    by_attribute = {a.name: round(sum(areas[a.name]) / len(areas[a.name]), 4) for a in world.attributes if a.name in areas}
    return {"auc": by_attribute, "mean auc": round(sum(by_attribute.values()) / len(by_attribute), 4)}


def negations(scores: Scores) -> float:
    """How often a portrait is on the right side of a negation: closer to "not smiling" than to "a smiling face" if it does not smile, and
    vice versa; balanced over true and false, averaged over the held-out negations."""
    shares = []
    for caption in heldout_captions():
        for thing in _denied(caption):
            nearer = scores.of([caption.text])[0] > scores.of([worded([thing])])[0]
            absent, present = true_of([caption], scores.factors)[0], scores.true[:, COLUMN[thing]]
            if absent.any() and present.any():
                shares.append((nearer[absent].float().mean() + (~nearer)[present].float().mean()) / 2)
    return round(torch.stack(shares).mean().item(), 4)


def _denied(caption: Caption) -> tuple[AttributeValue, ...]:
    """The attribute values that a held-out text denies: those it names or, for "none", everything whose absence it means."""
    absent = [name for name, value in caption.attribute_values if value == "none"]
    return caption.denied or tuple(thing for thing in OPPOSITES if thing[0] in absent and thing[1] != "none")


@torch.no_grad()
def styles(clip: Clip, portraits: Portraits) -> dict:
    """How often the right one of all styles is recognised, in whole pictures and in patches of a quarter of their area, for portraits and
    for scenes. The vector of a style is the mean over its phrasings."""
    names = list(STYLES)
    texts = torch.stack([F.normalize(clip.encode_text(list(w.opening + w.ending + w.alone)).mean(0), dim=0)
                         for w in (STYLE_WORDS[name] for name in names)])
    rng, right = torch.Generator().manual_seed(3), {}
    size = portraits.settings.size
    for what, chosen in (("portraits", names), ("scenes", list(SCENE_STYLES))):
        known = [names.index(name) for name in chosen for _ in range(EACH)]
        plain = to_float(portraits.images(torch.arange(len(known)))) if what == "portraits" else render_scenes(
            sample_scenes(len(known), seed=1), size)
        drawn = torch.cat([apply_style(plain[i:i + 1], names[number], 10_000_000 + i) for i, number in enumerate(known)])
        parts = windows(((drawn + 1) * 127.5).round().byte(), window_places(len(drawn), rng, HALF), clip.image_size)
        for where, pictures in (("", drawn), (", patches", parts)):
            predicted = torch.cat([(clip.encode_image(lot) @ texts.T).argmax(1) for lot in pictures.split(50)])
            right[what + where] = round((predicted == torch.tensor(known)).float().mean().item(), 4)
    return {"styles": right}


@torch.no_grad()
def regions(clip: Clip, portraits: Portraits) -> dict:
    """The area under the ROC curve of every part of a picture, for its first phrase: patches that show it against patches that do not.
    Empty for a world that does not know what each pixel shows."""
    if portraits.world.parts is None:
        return {}
    count, size = 5 * EACH, portraits.settings.size
    scenes, rng = sample_scenes(count, seed=2), torch.Generator().manual_seed(4)
    views, shares = [], []
    for images, masks, names in (
            (to_float(portraits.images(torch.arange(count))), portraits.world.parts(portraits.factors[:count], MASK), PARTS),
            (render_scenes(scenes, size), scene_parts(scenes, MASK), SCENE_PARTS)):
        for _ in range(3):
            places = window_places(count, rng, QUARTERS)
            views.append(windows(((images + 1) * 127.5).round().byte(), places, clip.image_size))
            shares.append(region_shares((masks * 255).round().byte(), names, places))
    embeddings, shares = torch.cat([clip.encode_image(lot) for lot in torch.cat(views).split(100)]), torch.cat(shares)
    areas = {}
    for name, share, score in zip(REGIONS, shares.T, clip.encode_text([texts[0] for texts in REGIONS.values()]) @ embeddings.T):
        if (share > MOSTLY).any():
            areas[name] = round(area_under_curve(score[share > MOSTLY], score[share < HARDLY]), 4)
    return {"regions": areas}


def fooled(scores: Scores, portraits: Portraits, count: int = 48) -> dict:
    """How often an adversary makes CLIP accept its text by means that cannot make it true: small changes of pixels, and repainting. CLIP
    accepts a text from half-way between the mean cosine of the portraits of which it is true and of those of which it is false."""
    clip, size = scores.clip, scores.clip.image_size
    chosen = torch.arange(COUNT - 200, COUNT)
    images = resized(to_float(portraits.images(chosen)), size)
    some = Pictures(images, portraits.factors[chosen], [None] * len(chosen), images[:0], sample_scenes(0, 0), [], images[:0], [],
                    torch.empty(0, len(REGIONS)))
    pixels, repaint = PixelAdversaries(count, size, 11), StyleAdversaries(count, size, 12)
    for adversaries in (pixels, repaint):
        adversaries.renew(some)
    true, false = true_of(pixels.targets, scores.factors), false_of(pixels.targets, scores.factors)
    cosines = scores.of([target.text for target in pixels.targets])
    enough = torch.stack([(c[t].mean() + c[f].mean()) / 2 if t.any() and f.any() else c.new_tensor(1.0)
                          for c, t, f in zip(cosines, true, false)])
    drawn = torch.cat([apply_style(image[None], target.style, number) for number, (image, target) in enumerate(
        zip(to_float(portraits.images(torch.arange(count))), repaint.targets))])
    with torch.no_grad():
        texts = clip.encode_text([target.text for target in repaint.targets])
        really = (clip.encode_image(drawn) * texts).sum(1)
        plainly = (scores.vectors[:count] * texts).sum(1)
    return {"fooled": {"by pixels": _share_fooled(clip, pixels, enough),
                       "by repainting": _share_fooled(clip, repaint, (really + plainly) / 2)}}


def _share_fooled(clip: Clip, adversaries: Adversaries, enough: Tensor) -> float:
    """The share of adversaries that succeed with `STEPS` steps up the cosine of picture and text, the paper's plain loss."""
    texts = clip.encode_text([target.text for target in adversaries.targets]).detach()
    for _ in range(STEPS):
        (clip.encode_image(adversaries()) * texts).sum().backward()
        adversaries.follow()
    with torch.no_grad():
        nearness = (clip.encode_image(adversaries()) * texts).sum(1)
    return round((nearness >= enough).float().mean().item(), 4)


@torch.no_grad()
def _seen(clip: Clip, portraits: Portraits) -> Tensor:
    """CLIP's vectors of all portraits [N, D]."""
    return torch.cat([clip.encode_image(resized(to_float(portraits.images(i)), clip.image_size))
                      for i in torch.arange(len(portraits)).split(100)])
