"""Trains the fast networks for style transfer: `styleclip train style`."""

import time
from dataclasses import dataclass, field
from pathlib import Path

import torch

from ..errors import StyleclipError
from ..evaluation.style_report import measure_style
from ..models import load_models
from ..paths import check_destination
from ..portraits.aligned.drawing.motion import movement, with_factors
from ..portraits.aligned.world.factors import sample
from ..stylization.fast import FastTransfer, invented, train_style
from ..stylization.fast_file import PREFIX, shipped_styles
from ..stylization.motion import Motion, camera_motion, flicker, joined
from ..weights.domain import enter_file
from .card import About, making, write_card

TEXTS = {"pencil": "a pencil sketch", "watercolor": "a watercolor painting", "mosaic": "a mosaic"}
"""The styles that ship, by name."""

PAIRS, SEED = 24, 7301
"""The number of pairs of pictures with a turning head and a moving light, and the seed of their people; those for measuring have the next
seed."""

ABOUT = About(
    what="Restyles any picture to match '{text}', in one pass.",
    data="Faces that the domain's generator invents, and drawn scenes; for temporal stability in videos, pairs with a turning head and a "
         "moving light, whose motion is known exactly, and the same pictures seen by a moving camera.",
    limits="It knows one style, as the domain's CLIP understands it, and draws strokes of the size on which it was trained.")


@dataclass
class Settings:
    """Settings of the fast styles.

    domain     the domain whose CLIP is used, and to which the networks are added
    output     a file (.safetensors) to which to write the network for --text, instead of adding it to the domain
    names      which of the styles that ship to train; by default all
    text, name  another text, and the name of its network, instead of those that ship
    source     text that describes the pictures before
    lambda_temporal  weight of the temporal loss; by default the domain's
    tested     number of held-out people for measuring
    """

    domain: Path = Path("data/models/portraits")
    output: Path | None = None
    names: tuple[str, ...] = field(default_factory=lambda: tuple(TEXTS))
    text: str = ""
    name: str = ""
    source: str = "a photo"
    steps: int = 300
    batch_size: int = 2
    lr: float = 2e-3
    lambda_temporal: float | None = None
    count: int = 96
    size: int = 256
    tested: int = 8
    seed: int = 0


def train(settings: Settings) -> dict:
    """Trains the styles, measures each on held-out pictures, adds them to the domain. -> {name: metrics}"""
    s = settings
    wanted = _wanted(s)
    if s.output is not None:
        check_destination(s.output)
    models = load_models(s.domain)
    torch.set_flush_denormal(True)  # numbers below 1e-38 make a CPU ten times slower and change nothing
    for text in wanted.values():
        models.clip.encode_text([text])  # reports an unknown word before the first style is trained
    heads, pictures, done = moving_heads(PAIRS, s.size, SEED), invented(models, s.count + 4, s.size, s.seed), {}
    for name, text in wanted.items():
        start = time.time()
        fast = train_style(models, text, s.source, pictures=pictures, moving=lambda rng: moving(heads, pictures, rng), steps=s.steps,
                           batch_size=s.batch_size, lr=s.lr, lambda_temporal=s.lambda_temporal, seed=s.seed)
        if len(fast.history["loss"]) < s.steps:
            raise StyleclipError(f"Interrupted while '{name}' was being trained: it was not kept.")
        seconds, done[name] = time.time() - start, measure(fast, s.size, s.tested)
        _publish(fast, name, s, seconds, done[name])
        print(f"{name}: {done[name]}")
    return done


def moving_heads(count: int, size: int, seed: int) -> Motion:
    """Pairs of pictures of the same person, between which the head turns slightly and the light moves."""
    people, rng, pairs = sample(count, seed), torch.Generator().manual_seed(seed), []
    for number in range(count):
        p = people.portrait(number)
        draw = (torch.rand(4, generator=rng) * 2 - 1).tolist()
        turned = with_factors(p, yaw=_within(p.yaw + 0.25 * draw[0]), pitch=_within(p.pitch + 0.2 * draw[1]),
                              light=_within(p.light + 0.5 * draw[2]), light_height=_within(p.light_height + 0.5 * draw[3]))
        first, second = movement([p, turned], size)
        pairs.append(Motion(first.picture[None], second.picture[None], second.flow[None], second.valid[None]))
    return joined(pairs)


def _within(value: float) -> float:
    return min(max(value, -1.0), 1.0)


def moving(heads: Motion, pictures: torch.Tensor, rng: torch.Generator) -> Motion:
    """A random pair: either of a turning head or of a picture seen by a moving camera."""
    which = torch.randint(len(pictures), (1,), generator=rng)
    if torch.rand(1, generator=rng) < 0.5:
        return heads[which % len(heads)]
    return camera_motion(pictures[which], rng)


def measure_again(settings: Settings) -> dict:
    """The metrics of the domain's styles. -> {name: metrics}"""
    models = load_models(settings.domain)
    present = [name for name in settings.names if name in shipped_styles(models)]
    return {name: measure(FastTransfer.load(models, name), settings.size, settings.tested) for name in present}


@torch.no_grad()
def measure(fast: FastTransfer, size: int, count: int) -> dict:
    """CLIP's probability of the text, the perceptual distance and the flicker, on held-out people."""
    heads = moving_heads(count, size, SEED + 1)
    first, second = (torch.cat([fast.apply(picture[None]).cpu() for picture in pictures]) for pictures in (heads.first, heads.second))
    reports = [measure_style(fast.models, before[None], after[None], fast.text, fast.recipe["source"])
               for before, after in zip(heads.first, first)]
    mean = {name: sum(getattr(report, name) for report in reports) / count for name in ("probability", "distance")}
    return {**{name: round(value, 3) for name, value in mean.items()}, "flicker": round(flicker(first, second, heads), 4),
            "flicker of the pictures themselves": round(flicker(heads.first, heads.second, heads), 4)}


def _wanted(s: Settings) -> dict[str, str]:
    """{name: text} of the styles to train."""
    if s.text or s.name or s.output:
        name = s.name or (s.output.stem if s.output else "")
        if not (s.text.strip() and name):
            raise StyleclipError('--text and --name (or --output) belong together, and the name is one word: --text "an ink drawing" '
                                 "--name ink.")
        if s.output is None and not name.isidentifier():
            raise StyleclipError(f"The name '{name}' is not one word of letters, digits and _.")
        return {name: s.text}
    unknown = [name for name in s.names if name not in TEXTS]
    if unknown:
        raise StyleclipError(f"No text is known for the style '{unknown[0]}': choose from {', '.join(TEXTS)}, or give --text and --name.")
    return {name: TEXTS[name] for name in s.names}


def _publish(fast: FastTransfer, name: str, s: Settings, seconds: float, metrics: dict) -> None:
    """Writes the style where it was asked for, or into the domain with its entry in `domain.json` and its card."""
    if s.output is not None:
        fast.save(s.output)
        return
    file = PREFIX + name
    path = s.domain / f"{file}.safetensors"
    fast.save(path)
    training = {**making(s, seconds, metrics, "style"), "text": fast.text}
    training["settings"] = {key: value for key, value in training["settings"].items() if key not in ("names", "name", "text", "output")}
    training["command"] += f' --text "{fast.text}" --name {name}' if s.text else f" --names {name}"
    enter_file(s.domain, file, path, {"text": fast.text}, training)
    write_card(s.domain, file, training, About(ABOUT.what.format(text=fast.text), ABOUT.data, ABOUT.limits))
