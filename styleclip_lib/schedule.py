"""The learning rate's way through an optimisation."""

import math


def ramped(step: int, steps: int, lr: float, rampup: float = 0.05, rampdown: float = 0.25) -> float:
    """The learning rate of StyleGAN2's projector, which StyleCLIP's optimisation uses too (Karras et al. 2020, appendix D).

    Rises linearly over the first `rampup` of the steps, and falls along half a cosine over the last `rampdown`.
    With t = step / steps:  lr · (1/2 - 1/2 cos(π min(1, (1 - t) / rampdown))) · min(1, t / rampup); it is 0 at step 0.
    """
    t = step / steps
    fall = min(1.0, (1 - t) / rampdown)
    return lr * (0.5 - 0.5 * math.cos(math.pi * fall)) * min(1.0, t / rampup)
