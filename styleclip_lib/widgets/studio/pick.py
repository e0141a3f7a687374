"""The studio's control for a face to choose."""

from __future__ import annotations

import random
from collections.abc import Callable

from ..toolkit.controls import choice, row, slider
from .faces import Recipe, portraits


class FacePick:
    """A face to choose: a picture of the gallery, a favourite, or a seed, which has a slider beside it.

    changed is called with nothing whenever another face is meant.
    """

    def __init__(self, label: str, seed: int, changed: Callable[[], None]):
        self._favourites, self._offering = {}, False
        self.which = choice(label, ["seed", *portraits()], "Where this face comes from: invented from a seed, or a picture of the gallery",
                            value="seed")
        self.which.layout.width, self.which.layout.flex = "230px", "0 0 auto"
        self.seed = slider("", seed, 0, 999, 1, "The seed of an invented face")
        self.seed.layout.width, self.seed.layout.flex, self.seed.style.description_width = "150px", "1 1 130px", "0px"
        self.box = row(self.which, self.seed)
        for control in (self.which, self.seed):
            control.observe(lambda _: self._changed(changed), names="value")

    @property
    def face(self) -> Recipe:
        """The face that is chosen."""
        if self.which.value == "seed":
            return {"seed": self.seed.value, "truncation_psi": 0.7}
        return self._favourites.get(self.which.value, {"portrait": self.which.value})

    def offer(self, favourites: dict[str, Recipe]) -> None:
        """Puts favourites into the list, by name; what is chosen stays chosen."""
        if favourites != self._favourites:
            chosen, self._favourites, self._offering = self.which.value, favourites, True
            self.which.options = ["seed", *portraits(), *favourites]
            self.which.value, self._offering = chosen, False

    def set(self, face: Recipe) -> None:
        """Chooses a face; one that is not in the list leaves the choice as it is."""
        names = [name for name, favourite in self._favourites.items() if favourite == face]
        if "seed" in face:
            self.which.value, self.seed.value = "seed", face["seed"]
        elif "portrait" in face or names:
            self.which.value = names[0] if names else face["portrait"]

    def _changed(self, changed: Callable[[], None]) -> None:
        self.seed.layout.visibility = "visible" if self.which.value == "seed" else "hidden"
        if not self._offering:
            changed()


def another_seed() -> int:
    """A seed that nobody chose."""
    return random.randrange(1000)
