"""A course kit for editing faces with sentences: StyleGAN2, CLIP and the methods that join them.

The names below are all of the public surface. Each is imported when it is first asked for, so that
``import styleclip_lib`` costs nothing.
"""

from importlib import import_module

from .threads import share_the_machine

__version__ = "0.1.0"

_HOME = {
    "StyleclipError": "errors",
    "load_image": "images",
    "save_image": "images",
    "image_grid": "images",
    "save_animation": "images",
    "align_face": "photos.detection",
    "load_face": "photos.loading",
    "Photo": "photos.loading",
    "NoFaceError": "photos.detection",
    "SeveralFacesError": "photos.detection",
    "Models": "models",
    "load_models": "models",
    "Inversion": "inversion.invert",
    "invert": "inversion.invert",
    "interpolate": "interpolation",
    "Morph": "interpolation",
    "morph": "interpolation",
    "Face": "editing.face",
    "Prompt": "editing.prompt",
    "Recipe": "editing.recipes",
    "Edit": "editing.result",
    "optimize_latent": "editing.optimization",
    "LatentMapper": "editing.mapper",
    "train_mapper": "editing.mapper",
    "GlobalDirections": "editing.directions.global_directions",
    "EditReport": "evaluation.report",
    "measure_edit": "evaluation.report",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> object:
    """Imports a public name from the module it lives in (PEP 562); PyTorch, which most of them need, is told how to wait before."""
    if name not in _HOME:
        raise AttributeError(f"module 'styleclip_lib' has no attribute '{name}'")
    share_the_machine()
    return getattr(import_module(f"styleclip_lib.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(_HOME))
