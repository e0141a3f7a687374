"""The studio's tab for what was shown before, and for favourites."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets

from ..toolkit.controls import button, helped, note, row
from .edits import moves_code
from .state import Scene

if TYPE_CHECKING:
    from .studio import Studio


class HistoryTab:
    """Two lists of scenes; choosing one shows it."""

    def __init__(self, studio: Studio):
        self.studio, self._refreshing = studio, False
        self.scenes, self.favourites = (helped(ipywidgets.Select(options=[], layout=ipywidgets.Layout(width="98%", height="140px")), text)
                                        for text in ("Choose a scene to go back to it", "Choose a favourite to show it"))
        on = button("Go on from here", self._go_on, "Take the result as the new face, and edit that", icon="arrow-right")
        self.box = ipywidgets.VBox([note("Every scene at which you rested, the newest last. Choose one to go back to it."), self.scenes,
                                    row(on), note("Favourites; they can also be chosen in the tabs Mix and Blend."), self.favourites])
        self.scenes.observe(lambda change: self._chosen(change["new"]), names="value")
        self.favourites.observe(lambda change: self._liked(change["new"]), names="value")

    def follow(self, scene: Scene) -> None:
        """Has nothing to set."""

    def refresh(self) -> None:
        """Lists what there is by now."""
        self._refreshing = True
        try:
            state = self.studio.state
            self.scenes.options = [(f"{number + 1}  {scene}", number) for number, scene in enumerate(state.history)]
            self.scenes.value = state.at
            self.favourites.options = [(str(scene), number) for number, scene in enumerate(state.favourites)]
            self.favourites.value = None
        finally:
            self._refreshing = False

    def _chosen(self, number: int | None) -> None:
        if number is not None and not self._refreshing and number != self.studio.state.at:
            self.studio.go(lambda: self.studio.state.go_to(number))

    def _liked(self, number: int | None) -> None:
        if number is not None and not self._refreshing:
            self.studio.go(lambda: self.studio.state.favourites[number])

    def _go_on(self) -> None:
        scene = self.studio.state.scene
        if moves_code(scene.edit):
            self.studio.go(lambda: Scene({"edited": scene.face, "edit": scene.edit}))
        else:
            self.studio.stage.say("Only what a mapper or an optimisation made has a latent code to go on from; to say more with global "
                                  "directions, add a text.", wrong=True)
