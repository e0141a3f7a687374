"""What every method of editing returns."""

from dataclasses import dataclass, field

import torch


@dataclass
class Edit:
    """An edited face.

    w_plus   [1, num_ws, w_dim], its latent code
    image    [1, 3, R, R] in [-1, 1]
    history  one list for each loss, a number for each step, for plotting
    recipe   the plain dictionary (domain, method, text, seed, every setting, library version) that makes the edit again
    frames   some pictures on the way there, [1, 3, R, R] each, for an animation
    """

    w_plus: torch.Tensor
    image: torch.Tensor
    history: dict[str, list[float]] = field(default_factory=dict)
    recipe: dict = field(default_factory=dict)
    frames: list[torch.Tensor] = field(default_factory=list)
