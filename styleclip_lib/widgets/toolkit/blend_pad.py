"""The pad for `blend_play`: a slider below it and one beside it move a point between up to four faces."""

from __future__ import annotations

import ipywidgets

from ...models import Models
from ..lessons.blend_play import ACROSS, REACH, UP, Corners, described, draw, pad_weights
from .controls import button, helped, switch
from .panel import Panel
from .stage import Drawing


def blend_pad(models: Models, corners: Corners, x: float = 0.5, y: float = 0.5, size: int = 288, threaded: bool = True) -> Panel:
    """A panel with a pad on the left and the blend on the right.

    corners = the faces, from `corners_of_codes` or `corners_of_seeds`; x, y = where the point begins, from 0 to 1 between the
    corners and a quarter beyond; size = pixels of the pad and of the face.
    """
    flat = len(corners.names) == 2
    ends = {"min": -REACH, "max": 1 + REACH, "step": 0.01, "readout": False}
    controls = {
        "x": helped(ipywidgets.FloatSlider(x, **ends, layout=ipywidgets.Layout(width=f"{size}px", margin="0 0 0 40px")), ACROSS),
        "y": helped(ipywidgets.FloatSlider(0.5 if flat else y, **ends, orientation="vertical", disabled=flat,
                                           layout=ipywidgets.Layout(width="40px", height=f"{size}px")), UP),
        "space": switch(corners.spaces, "Where the faces are mixed; pixels is a cross-fade", value="w+", description="mixed in"),
        "centre": button("To the centre", lambda: to_the_centre(), "All faces alike"),
    }

    def current() -> Drawing:
        at = controls["x"].value, controls["y"].value
        return draw(models, corners, *at, controls["space"].value, size), described(corners, pad_weights(*at, len(corners.names)))

    panel = Panel(controls, [("space", "centre")], current, threaded)
    panel.box.children = [panel.box.children[0], ipywidgets.HBox([controls["y"], panel.picture]), controls["x"], panel.status]

    def to_the_centre() -> None:
        for name in ("x", "y"):
            controls[name].value = 0.5

    for name in ("x", "y", "space"):
        controls[name].observe(lambda _: panel.request(), names="value")
    return panel.show_first()
