"""What a picture shows, whatever its style: the deep features of a network that knows what things look like."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from torch import Tensor

from ..models import Models
from ..networks.vgg import Vgg19Content
from ..weights.domain import INDEX, sources
from ..weights.downloads.official import fetch_official, load_official

DEEPEST = 2
"""How many of the perceptual network's last feature maps count where a domain has no content network; the paper takes two of VGG19's."""

Content = Callable[[Tensor], list[Tensor]]
"""image [B, 3, H, W] in [-1, 1] -> feature maps"""


def content_of(models: Models) -> Content:
    """The content features of a domain: of VGG19 where it names one, which is loaded, and downloaded, when it is first wanted; else of its
    perceptual network. Raises StyleclipError as `load_models` does."""
    home = sources(models.folder).get("content") if (models.folder / INDEX).is_file() else None
    if home is None:
        return lambda image: models.perceptual.features(image)[-DEEPEST:]
    if "content" not in models.memo:
        fetch_official(home, ["content"])
        models.memo["content"] = load_official(home, "content").to(models.device)
    return cast(Vgg19Content, models.memo["content"]).features
