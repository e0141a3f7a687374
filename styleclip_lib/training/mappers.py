"""Trains the latent mappers that come with a domain: `styleclip train mappers`."""

import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from ..calibration import Start
from ..editing.mapper import LatentMapper, train_mapper
from ..editing.mapper_file import PREFIX, shipped_mappers
from ..errors import StyleclipError
from ..evaluation.report import in_short, measure_edit
from ..models import Models, load_models
from ..weights.domain import enter_file
from .card import About, making, write_card

TEXTS = {
    "smile": "a smile face",
    "glasses": "a face with glasses",
    "mohawk": "mohawk hairstyle",
    "hat": "a face with a hat",
    "blue_hair": "a face with blue hair",
}
"""The texts of the mappers that ship, by name. "a smile face" and "mohawk hairstyle" are the wording of the original code."""

ABOUT = About(
    what="Latent mapper for the text '{text}': it adds to the latent code of any face of this domain the offset that makes the text true.",
    data="Faces that the domain's generator invents, with truncation 0.7; no pictures.",
    limits="It works only with the generator that it was trained with (whose fingerprint is in the file), and for one text.")


@dataclass
class Settings:
    """Settings of the mappers.

    domain      the domain whose faces they edit, and to which they are added
    names       which of the mappers that ship to train; by default all
    text, name  another text, and the name of its mapper, instead of those that ship
    start       where the mappers begin, at the face or at the offset of latent alignment (`train_mapper`); by default the domain's
    faces       number of faces for measuring the result
    """

    domain: Path = Path("data/models/portraits")
    names: tuple[str, ...] = field(default_factory=lambda: tuple(TEXTS))
    text: str = ""
    name: str = ""
    steps: int = 200
    batch_size: int = 8
    lr: float = 1.0
    lambda_l2: float = 0.1
    lambda_id: float = 0.2
    lambda_off_direction: float = 0.15
    start: Start | None = None
    people: int = 512
    faces: int = 50
    seed: int = 0


def train(settings: Settings) -> dict:
    """Trains the mappers, measures each on faces it was not trained on, adds them to the domain. -> {name: metrics}"""
    s = settings
    wanted = _wanted(s)
    models = load_models(s.domain)
    torch.set_flush_denormal(True)  # numbers below 1e-38 make a CPU ten times slower and change nothing
    for text in wanted.values():
        models.clip.encode_text([text])  # reports an unknown word before the first mapper is trained
    done = {}
    for name, text in wanted.items():
        start = time.time()
        mapper = train_mapper(models, text, steps=s.steps, batch_size=s.batch_size, lr=s.lr, lambda_l2=s.lambda_l2,
                              lambda_id=s.lambda_id, lambda_off_direction=s.lambda_off_direction, start=s.start, people=s.people,
                              seed=s.seed)
        if len(mapper.history["loss"]) < s.steps:
            raise StyleclipError(f"Interrupted while '{name}' was being trained: it was not added to {s.domain}.")
        seconds = time.time() - start
        done[name] = measure(models, mapper, s.faces)
        _publish(mapper, name, s, seconds, done[name])
        print(f"{name}: {done[name]}")
    return done


def measure_again(settings: Settings) -> dict:
    """The metrics of each of the domain's mappers. -> {name: metrics}"""
    models = load_models(settings.domain)
    present = [name for name in settings.names if name in shipped_mappers(models)]
    return {name: measure(models, LatentMapper.load(models, name), settings.faces) for name in present}


@torch.no_grad()
def measure(models: Models, mapper: LatentMapper, faces: int) -> dict:
    """The metrics of the mapper on held-out faces of its domain; {} for a domain that cannot read attributes."""
    if models.attributes is None:
        return {}
    codes = [models.sample(seed) for seed in range(100_000, 100_000 + faces)]
    return in_short(measure_edit(models, models.generator.synthesis(w_plus), mapper.edit(w_plus).image, mapper.recipe["text"])
                    for w_plus in codes)


def _wanted(s: Settings) -> dict[str, str]:
    """{name: text} of the mappers to train."""
    if s.text or s.name:
        if not (s.text.strip() and s.name.isidentifier()):
            raise StyleclipError('--text and --name belong together, and the name is one word: --text "an old man" --name old_man.')
        return {s.name: s.text}
    unknown = [name for name in s.names if name not in TEXTS]
    if unknown:
        raise StyleclipError(f"No text is known for the mapper '{unknown[0]}': choose from {', '.join(TEXTS)}, or give --text and --name.")
    return {name: TEXTS[name] for name in s.names}


def _publish(mapper: LatentMapper, name: str, s: Settings, seconds: float, metrics: dict) -> None:
    """Writes the mapper into the domain, its entry in `domain.json`, and its card."""
    text, file = mapper.recipe["text"], PREFIX + name
    path = s.domain / f"{file}.safetensors"
    mapper.save(path)
    training = {**making(replace(s, start=None), seconds, metrics, "mappers"), "text": text}  # for `making`, a start is earlier weights
    kept = {key: value for key, value in training["settings"].items() if key not in ("names", "name", "text")}
    training["settings"] = {**kept, "start": mapper.recipe["start"]}
    training["command"] += f' --text "{text}" --name {name}' if s.text else f" --names {name}"
    enter_file(s.domain, file, path, {"text": text, "levels": mapper.levels}, training)
    write_card(s.domain, file, training, About(ABOUT.what.format(text=text), ABOUT.data, ABOUT.limits))
