"""The last edits as small pictures; pressing one brings it back."""

from __future__ import annotations

from PIL import Image

from ...images import to_pil
from ..toolkit.thumbnails import Thumbnails
from .renderer import Shot
from .scenes import Scene
from .session import Session

MOST = 12
SIDE = 54
"""Pixels of a small picture."""


class Strip:
    """The newest edits, the newest first. Of one edit at several strengths only the last is there."""

    def __init__(self, session: Session):
        self.session = session
        self._pictures: dict[Scene, Image.Image] = {}
        self._numbers: list[int] = []
        self.thumbnails = Thumbnails(MOST, SIDE, self._press)
        self.box = self.thumbnails.box
        self.box.add_class("sc-strip")
        session.on_rest(self._rested)

    def _rested(self, shot: Shot) -> None:
        history = self.session.history
        if shot.scene == history.scene:
            self._pictures[shot.scene] = to_pil(shot.after).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        self._pictures = {scene: picture for scene, picture in self._pictures.items() if scene in history.scenes}
        self._numbers = [number for number in history.edits() if history.scenes[number] in self._pictures][: -MOST - 1 : -1]
        shown = [(self._pictures[history.scenes[number]], "", f"Back to {history.scenes[number]}") for number in self._numbers]
        self.thumbnails.show(shown, self._numbers.index(history.at) if history.at in self._numbers else None)

    def _press(self, place: int) -> None:
        number = self._numbers[place]
        if number != self.session.history.at:
            self.session.go(lambda: self.session.history.go_to(number))
