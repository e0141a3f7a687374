"""A domain of 16 pixels with random weights, and quick stand-ins for what takes long, behind the real command line."""

from __future__ import annotations

import copy
import sys
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from styleclip_lib import interpolation  # noqa: F401  (before the stand-ins hide what they import)
from styleclip_lib.editing.style_edit import at_strength
from styleclip_lib.errors import StyleclipError
from styleclip_lib.images import open_picture, open_upright
from styleclip_lib.networks.generator import Generator
from styleclip_lib.networks.perceptual import Perceptual
from styleclip_lib.photos.alignment import crop_quad
from styleclip_lib.photos.loading import Photo

QUAD = np.array([[10.0, 5.0], [10.0, 35.0], [40.0, 35.0], [40.0, 5.0]])


@dataclass
class Calls:
    """What the stand-ins were asked for; `reader` is what reads attributes, `noises` are found by the inversion, `tuned` was made."""

    seen: dict = field(default_factory=dict)
    models: SimpleNamespace | None = None
    tuned: SimpleNamespace | None = None
    noises: list | None = None
    reader: object | None = None


@dataclass
class Report:
    target_reached: bool
    changed: list
    identity: float


def module(name: str, **content) -> ModuleType:
    made = ModuleType(name)
    vars(made).update(content)
    return made


@pytest.fixture
def toy(monkeypatch) -> Calls:
    """Puts the stand-ins into place; what is unknown or missing makes them raise as the real ones do."""
    calls = Calls()
    torch.manual_seed(0)
    generator = Generator(16, z_dim=8, w_dim=8, num_mapping_layers=2, channels={4: 8, 8: 8, 16: 8}).eval()
    perceptual = Perceptual((4, 4)).eval()

    def encode_text(texts):
        if any("xyzzy" in text for text in texts):
            raise StyleclipError("The word 'xyzzy' is unknown to this domain: use another.")

    def load_models(domain="portraits", device="auto"):
        if domain != "portraits":
            raise StyleclipError(f"The domain '{domain}' is not installed.")
        clip = SimpleNamespace(encode_text=encode_text)
        calls.models = SimpleNamespace(
            domain=domain, folder=None, device=torch.device("cpu"), generator=generator, clip=clip,
            perceptual=perceptual, attributes=calls.reader
        )  # fmt: skip
        return calls.models

    def find_quad(image, face=None, framing=1.0, domain=None):
        calls.seen |= {"aligned": image.size, "face": face, "framing": framing}
        if image.size == (60, 40):
            raise StyleclipError("No face was found: use a picture with one face.")
        return QUAD

    def load_face(models, picture, align="auto", face=None):
        picture = open_upright(picture)
        if align == "never" or (align == "auto" and picture.size == (16, 16)):
            return Photo(open_picture(picture).resize((16, 16)), picture)
        quad = find_quad(picture, face)
        return Photo(crop_quad(open_picture(picture), quad, 16), picture, quad, notes=("This domain draws portraits.",))

    def align_face(image, size, face=None, framing=1.0):
        find_quad(image, face, framing)
        return image.resize((size, size))

    def invert(models, image, space="w+", *, preset="default", steps=100, seed=0):
        calls.seen["invert"] = {"image": image, "space": space, "preset": preset, "steps": steps, "seed": seed}
        w_plus = torch.full((1, generator.num_ws, generator.w_dim), 0.5)
        return SimpleNamespace(w_plus=w_plus, image=image, history={"loss": [1.0]}, noises=calls.noises, psnr=20.0)

    def with_noise(models, noises):
        calls.seen["noises"] = noises
        return models

    def tune_generator(models, inversion, image, *, steps, seed):
        calls.seen["tuned"] = {"steps": steps, "seed": seed}
        calls.tuned = SimpleNamespace(**{**vars(models), "generator": copy.deepcopy(models.generator)})
        torch.nn.init.constant_(calls.tuned.generator.synthesis.b16.torgb.bias, 0.25)
        return calls.tuned, SimpleNamespace(w_plus=inversion.w_plus, image=image + 0.1, psnr=30.0)

    def optimize_latent(
        models, w_plus, text, *, steps, space, lambda_l2, lambda_id, lambda_side, layers, seed
    ):
        calls.seen["edit"] = {"text": text, "seed": seed, "layers": layers, "steps": steps, "space": space}
        calls.seen["edit"] |= {"lambda_l2": lambda_l2, "lambda_id": lambda_id, "lambda_side": lambda_side}
        edited = w_plus + 1
        recipe = {"text": text, "seed": seed}
        return SimpleNamespace(w_plus=edited, image=models.generator.synthesis(edited), history={}, recipe=recipe)

    def measure_edit(models, before, after, text):
        calls.seen |= {"before": before, "measured": after}
        return Report(True, ["glasses"], torch.tensor(0.5))

    class GlobalDirections:
        @classmethod
        def available(cls, models):
            calls.seen["directions"] = []
            return cls()

        def threshold(self, target, neutral, beta, rgb):
            if beta is not None and beta > 0.5:
                raise StyleclipError(f"No style channel reaches a relevance of {beta}: take a smaller beta.")

        def edit(self, w_plus, target, neutral, alpha, beta, rgb):
            calls.seen["directions"].append((target, neutral, alpha, beta, rgb))
            return SimpleNamespace(image=self.models.generator.synthesis(w_plus + alpha), recipe={"text": target, "alpha": alpha})

    class LatentMapper:
        recipe: dict = {"method": "mapper"}

        @classmethod
        def load(cls, models, name):
            calls.seen["mapper"] = name
            return cls()

        def edit(self, w_plus, strength):
            return SimpleNamespace(image=self.models.generator.synthesis(w_plus + strength))

    def train_mapper(models, text, *, seed):
        calls.seen["mapper"] = f"trained for {text}, seed {seed}"
        return LatentMapper()

    def mapper_for(models, text):
        return "glasses" if text == "a face with glasses" else None

    def auto_edit(directions, w_plus, text, neutral, beta):
        calls.seen["auto"] = [text, neutral, beta]
        image = directions.models.generator.synthesis(w_plus + 0.25)
        return SimpleNamespace(image=image, recipe={"changes": [{"text": text, "alpha": 0.25}]})

    def best_strength(models, draw, text, **strengths):
        calls.seen["auto"] = [text, draw(0.25), draw(1.0)]
        return 0.25

    for made in (
        module("models", load_models=load_models),
        module("photos.detection", align_face=align_face),
        module("photos.loading", load_face=load_face),
        module("inversion.invert", invert=invert, preset_for=lambda models: "default"),
        module("inversion.pivotal_tuning", tune_generator=tune_generator, with_noise=with_noise),
        module("evaluation.report", measure_edit=measure_edit),
        module("editing", __path__=[]),
        module("editing.directions", __path__=[]),
        module("editing.optimization", optimize_latent=optimize_latent),
        module("editing.style_edit", at_strength=at_strength),
        module("editing.directions.global_directions", GlobalDirections=GlobalDirections),
        module("editing.mapper", LatentMapper=LatentMapper, train_mapper=train_mapper),
        module("editing.mapper_file", mapper_for=mapper_for),
        module("editing.strength", best_strength=best_strength, LEARNT=(0, 1)),
        module("editing.directions.auto", auto_edit=auto_edit, paints=lambda directions, text: "blue" in text),
    ):
        monkeypatch.setitem(sys.modules, f"styleclip_lib.{made.__name__}", made)
    return calls


@pytest.fixture
def portrait(tmp_path):
    """A picture of exactly the toy generator's size."""
    path = tmp_path / "portrait.png"
    Image.new("RGB", (16, 16), (200, 150, 120)).save(path)
    return path


@pytest.fixture
def photograph(tmp_path):
    """A picture of another size."""
    path = tmp_path / "photograph.jpg"
    Image.new("RGB", (50, 40), (90, 150, 120)).save(path)
    return path
