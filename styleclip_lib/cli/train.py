"""``styleclip train NETWORK``: makes the weights of one network again."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from ..errors import StyleclipError
from .parsing import parse

NETWORKS = {
    "generator": "StyleGAN2's generator and discriminator, adversarially",
    "clip": "the CLIP that judges whether a picture fits a sentence",
    "identity": "the ArcFace network that tells people apart",
    "perceptual": "the features that say how alike two pictures look",
    "attributes": "the readers of hair, glasses, smile and the rest",
    "examiner": "another reader of them, for measuring alone: nothing learns from it",
    "examiner_identity": "another network that tells people apart, for measuring alone",
    "style_examiner": "the network that tells drawn styles apart, for measuring alone",
    "encoder": "the e4e encoder that guesses a latent code",
    "landmarks": "dlib's 68 points of a face",
    "mappers": "the latent mappers that ship: one network for each text",
    "alignment": "the map from CLIP to the generator: a picture or a text becomes a face",
    "student": "the mobile generator, which learns from the domain's",
    "clip_student": "the small image encoder, which learns from the domain's CLIP",
    "style": "the fast networks for styles that ship: one for each text",
    "strength": "what predicts how strong an edit has to be, compared with constants and search (adds nothing)",
    "directions": "what every style channel does in the eyes of CLIP (a scan; nothing is learnt)",
}

HELP = "\n".join(
    [
        "usage: styleclip train NETWORK [OPTIONS]",
        "",
        "Make the weights of a network of the portraits domain again, or a network of your own pictures.",
        "Interrupt it and call it again: it resumes.",
        "",
        *(f"  {name:17} {what}" for name, what in NETWORKS.items()),
        "",
        "styleclip train NETWORK --help    the options of a network",
        "",
        "Of your own pictures (SET is what styleclip dataset makes of a folder):",
        "  styleclip train generator --data SET --from DOMAIN --domain NEW    a generator, by transfer, or without --from from nothing",
        "  styleclip train encoder --data SET --from DOMAIN --domain NEW      an encoder, as e4e; DOMAIN may be ffhq",
        "  styleclip train generator --data SET --help                        the options of these",
    ]
)


def main(arguments: Sequence[str]) -> int:
    """Hands over to ``styleclip_lib.training.NETWORK``, whose ``Settings`` are the options and whose ``train`` runs."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(HELP)
        return 0
    name, *options = arguments
    module = module_of(name, "Training", _program(name, options))
    module.train(parse(module.Settings, f"train {name}", options))
    return 0


def _program(name: str, options: Sequence[str]) -> str:
    """What trains a network: a generator has another program for a data set of one's own than for the portraits' world."""
    if name != "generator" or "--data" not in (option.partition("=")[0] for option in options):
        return name

    from ..training.pictures import holds_pictures

    words = [word for option in options for word in option.split("=", 1)]
    data = words[words.index("--data") + 1:][:1]
    return "own_generator" if data and holds_pictures(Path(data[0]).expanduser()) else name


def module_of(name: str, what: str, program: str | None = None):
    """The module that trains and measures a network, or another one of `training` that does. Raises StyleclipError if there is no such
    network, or if a package is missing that it needs; `what` is said to need it."""
    if name not in NETWORKS:
        raise StyleclipError(f"There is no network '{name}': choose one of {', '.join(NETWORKS)}.")
    try:
        return import_module(f"styleclip_lib.training.{program or name}")
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("styleclip_lib"):
            raise
        raise StyleclipError(f"{what} needs the package '{error.name}': pip install --editable \".[train]\"") from None
