"""Where a face comes from: frozen dataclasses with JSON both ways. `Face.of` draws or inverts the face again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..errors import StyleclipError
from ..settings import Settings, setting
from .recipe import MOST_STEPS, SEEDS, TEXT_LENGTH
from .recipes import Recipe


@dataclass(frozen=True)
class Source(Settings):
    """Where a face comes from."""

    TAG: ClassVar[str] = "source"


@dataclass(frozen=True)
class Seed(Source):
    """A face invented by the generator."""

    KIND: ClassVar[str] = "seed"
    seed: int = setting(1, "the same seed gives the same face on every machine", low=0, high=SEEDS, slider=(0, 999, 1))
    truncation_psi: float = setting(0.7, "1 is the generator's whole variety, 0 its average face", low=-10, high=10,
                                    slider=(-1.0, 1.5, 0.05))

    def __str__(self) -> str:
        return f"seed {self.seed}"


@dataclass(frozen=True, kw_only=True)
class Inverted(Source):
    """An inverted face (`invert`), for which the generator may have been tuned (`tune_generator`)."""

    steps: int = setting(100, "steps of the inversion", low=0, high=MOST_STEPS)
    stop_after: int | None = setting(None, "stop the inversion after this many steps, with the learning rate schedule of all", low=1,
                                     high=MOST_STEPS)
    tune_steps: int = setting(0, "steps of pivotal tuning after it; 0: none", low=0, high=MOST_STEPS)
    seed: int = setting(0, "seed of the inversion", low=0, high=SEEDS)


@dataclass(frozen=True, kw_only=True)
class Portrait(Inverted, Source):
    """A picture of the gallery that comes with the kit (data/images)."""

    KIND: ClassVar[str] = "portrait"
    name: str = setting(help="its name, such as anna", low=1, high=100)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, kw_only=True)
class File(Inverted, Source):
    """A picture of the user's. face: which one in it, 0 being the largest; None: the only one, or the whole picture."""

    KIND: ClassVar[str] = "file"
    name: str = setting(help="the picture's name", low=1, high=TEXT_LENGTH)
    face: int | None = setting(None, "which face, 0 being the largest", low=0, high=1000)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Mixed(Source):
    """Style mixing: the first face with the layers from `layers[0]` up to, but not including, `layers[1]` of the second."""

    KIND: ClassVar[str] = "mixed"
    first: Source = setting()
    second: Source = setting()
    layers: tuple[int, int] = setting((0, 0), "from layer, up to layer", low=0, high=100)

    def __str__(self) -> str:
        return f"{self.first} with layers {self.layers[0]} to {self.layers[1]} of {self.second}"


@dataclass(frozen=True)
class Blended(Source):
    """A weighted sum of faces."""

    KIND: ClassVar[str] = "blended"
    faces: tuple[Source, ...] = setting()
    weights: tuple[float, ...] = setting(help="one for each face; together 1", low=-1000, high=1000)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.faces or len(self.faces) != len(self.weights):
            raise StyleclipError(f"A blend of {len(self.faces)} faces needs as many weights, and at least one, not {len(self.weights)}.")

    def __str__(self) -> str:
        return "a blend of " + ", ".join(map(str, self.faces))


@dataclass(frozen=True)
class Edited(Source):
    """An edited face."""

    KIND: ClassVar[str] = "edited"
    face: Source = setting()
    recipe: Recipe = setting()
    text: str = setting("", "what was asked for", high=TEXT_LENGTH)
    neutral: str | None = setting(None, "what the face was without it", low=1, high=TEXT_LENGTH)

    def __str__(self) -> str:
        return f"{self.face}, edited"
