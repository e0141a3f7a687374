"""A course kit for editing faces with sentences: StyleGAN2, CLIP and the methods that combine them.

The names below are the whole public interface. Each is imported when it is first used, so that ``import styleclip_lib`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from .threads import share_the_machine

if TYPE_CHECKING:  # what __getattr__ finds, for editors and type checkers
    from .editing.alignment import LatentAlignment as LatentAlignment
    from .editing.directions.global_directions import GlobalDirections as GlobalDirections
    from .editing.face import Face as Face
    from .editing.mapper import LatentMapper as LatentMapper
    from .editing.mapper import train_mapper as train_mapper
    from .editing.optimization import optimize_latent as optimize_latent
    from .editing.prompt import Prompt as Prompt
    from .editing.recipes import Recipe as Recipe
    from .editing.result import Edit as Edit
    from .errors import StyleclipError as StyleclipError
    from .evaluation.report import EditReport as EditReport
    from .evaluation.report import measure_edit as measure_edit
    from .images import image_grid as image_grid
    from .images import load_image as load_image
    from .images import save_animation as save_animation
    from .images import save_image as save_image
    from .interpolation import Morph as Morph
    from .interpolation import interpolate as interpolate
    from .interpolation import morph as morph
    from .inversion.invert import Inversion as Inversion
    from .inversion.invert import invert as invert
    from .models import Models as Models
    from .models import load_models as load_models
    from .photos.detection import NoFaceError as NoFaceError
    from .photos.detection import SeveralFacesError as SeveralFacesError
    from .photos.loading import Photo as Photo
    from .photos.loading import align_face as align_face
    from .photos.loading import load_face as load_face
    from .stylization.optimization import stylize as stylize
    from .stylization.recipe import StyleRecipe as StyleRecipe
    from .stylization.result import Stylization as Stylization

__version__ = "0.1.0"

_HOME = {
    "StyleclipError": "errors",
    "load_image": "images",
    "save_image": "images",
    "image_grid": "images",
    "save_animation": "images",
    "align_face": "photos.loading",
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
    "LatentAlignment": "editing.alignment",
    "GlobalDirections": "editing.directions.global_directions",
    "stylize": "stylization.optimization",
    "StyleRecipe": "stylization.recipe",
    "Stylization": "stylization.result",
    "EditReport": "evaluation.report",
    "measure_edit": "evaluation.report",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> object:
    """Imports a public name from its module (PEP 562), after setting how PyTorch's threads wait, since most names need PyTorch."""
    if name not in _HOME:
        raise AttributeError(f"module 'styleclip_lib' has no attribute '{name}'")
    share_the_machine()
    return getattr(import_module(f"styleclip_lib.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(_HOME))
