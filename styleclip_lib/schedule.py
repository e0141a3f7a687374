"""Learning rate schedules."""

import math


def ramped(step: int, steps: int, lr: float, rampup: float = 0.05, rampdown: float = 0.25) -> float:
    """The learning rate of StyleGAN2's projector, which StyleCLIP's optimisation uses too (Karras et al. 2020, appendix D).

    Rises linearly over the first `rampup` of the steps, and falls along half a cosine over the last `rampdown`.
    With t = step / steps:  lr · (1/2 - 1/2 cos(π min(1, (1 - t) / rampdown))) · min(1, t / rampup); it is 0 at step 0.
    """
    t = step / steps
    fall = min(1.0, (1 - t) / rampdown)
    return lr * (0.5 - 0.5 * math.cos(math.pi * fall)) * min(1.0, t / rampup)


def halved(step: int, lr: float, every: int = 100) -> float:
    """The learning rate of CLIPstyler: lr · (1/2)^⌊(step + 1) / every⌋ (Kwon & Ye 2022, section 4.1).

    The authors' scheduler takes its step before the optimiser does, so the first halving comes at step `every` - 1.
    """
    return lr * 0.5 ** ((step + 1) // every)
