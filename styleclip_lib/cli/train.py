"""``styleclip train NETWORK``: trains one network again."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from ..errors import StyleclipError
from ..paths import check_results_folder, user_path
from .parsing import parse

NETWORKS = {
    "generator": "StyleGAN2's generator and discriminator, adversarially",
    "clip": "CLIP, which embeds pictures and texts",
    "identity": "the ArcFace network that tells people apart",
    "perceptual": "the perceptual distance: how alike two pictures look",
    "attributes": "the classifiers of hair, glasses, smile and the rest",
    "examiner": "a second attribute classifier, used only for measuring",
    "examiner_identity": "a second identity network, used only for measuring",
    "style_examiner": "the style classifier, used only for measuring",
    "encoder": "the e4e encoder, which guesses a latent code",
    "landmarks": "dlib's 68 facial landmarks",
    "mappers": "the latent mappers that ship: one network for each text",
    "alignment": "the map from CLIP's space to the generator's: from a picture or a text to a face",
    "student": "the mobile generator, distilled from the domain's",
    "clip_student": "the small image encoder, distilled from the domain's CLIP",
    "style": "the fast style networks that ship: one for each text",
    "strength": "a predictor of the strength of an edit, compared with constants and search (only measured, not shipped)",
    "directions": "the effect of every style channel on CLIP's embedding (a scan or a regression; nothing is trained)",
}

HELP = "\n".join(
    [
        "usage: styleclip train NETWORK [OPTIONS]",
        "",
        "Train a network of the portraits domain again, or a new one on your own pictures.",
        "After an interruption the same command resumes.",
        "",
        *(f"  {name:17} {what}" for name, what in NETWORKS.items()),
        "",
        "styleclip train NETWORK --help    the options of a network",
        "",
        "On your own pictures (SET is a data set made by styleclip dataset):",
        "  styleclip train generator --data SET --from DOMAIN --domain NEW    a generator, by transfer, or from scratch without --from",
        "  styleclip train encoder --data SET --from DOMAIN --domain NEW      an e4e encoder; DOMAIN may be ffhq",
        "  styleclip train generator --data SET --help                        the options of these",
    ]
)


def main(arguments: Sequence[str]) -> int:
    """Hands over to ``styleclip_lib.training.NETWORK``, whose ``Settings`` are the options and whose ``train`` runs."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(HELP)
        return 0
    name, *options = arguments
    program = _program(name, options)
    module = module_of(name, "Training", program)
    settings = parse(module.Settings, f"train {name}", options)
    for folder in ("run", "data"):
        if isinstance(path := getattr(settings, folder, None), Path):
            check_results_folder(path)
    if program == "generator" and settings.data != module.Settings().data and not user_path(settings.data).exists():
        print("The folder that --data names is not there: it will hold the portraits that are drawn now, from which the generator learns. "
              "If you meant a data set of pictures, press Ctrl-C and check its name.")
    module.train(settings)
    return 0


def _program(name: str, options: Sequence[str]) -> str:
    """The module that trains a network: for a generator it depends on whether the data are pictures or the portraits' world."""
    if name != "generator" or "--data" not in (option.partition("=")[0] for option in options):
        return name

    from ..training.pictures import holds_pictures

    words = [word for option in options for word in option.split("=", 1)]
    data = words[words.index("--data") + 1:][:1]
    return "own_generator" if any(data) and holds_pictures(user_path(data[0])) else name


def module_of(name: str, what: str, program: str | None = None):
    """The module of `training` that trains and measures a network: `program`, by default the one of its name.

    Raises StyleclipError, in which `what` names the task, if there is no such network or a package is missing.
    """
    if name not in NETWORKS:
        raise StyleclipError(f"There is no network '{name}': choose one of {', '.join(NETWORKS)}.")
    try:
        return import_module(f"styleclip_lib.training.{program or name}")
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("styleclip_lib"):
            raise
        raise StyleclipError(f"{what} needs the package '{error.name}': pip install --editable \".[train]\"") from None
