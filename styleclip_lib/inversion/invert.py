"""Inversion: which latent code draws this picture? (Abdal et al. 2019; Karras et al. 2020, appendix D; Tov et al. 2021)"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from ..descent import Descent
from ..errors import StyleclipError
from ..models import Models
from ..networks.generator import Generator
from .alignment import code_of
from .difference import Difference
from .projector import latent_noise, noise_regularizer, normalized, w_deviation

SPACES = ("z", "w", "w+", "z noise", "w noise", "w+ noise")
STARTS = ("encoder", "alignment", "mean")

LARGEST = 256
"""Pixels along a side at which larger pictures are compared, as in StyleGAN2's projectors: finer detail costs more than it helps.

They are drawn in full all the same. `stop_at` would give 256 pixels in a quarter of the time, but that picture is not the reduced full
picture: for the generator of the portraits, at half and at a quarter of its size, the two are 27 dB apart, and inversions by such pictures
end 3 dB farther from the original. With the difference added, updated every ten steps, they do slightly worse at a quarter of the size
than full pictures in the same time."""

_CANDIDATES = 1000  # z among which the start in z is chosen


@dataclass
class Inversion:
    """The result of an inversion.

    w_plus   [1, num_ws, w_dim]
    image    [1, 3, R, R] in [-1, 1], the generator's picture: `synthesis(w_plus, noises=noises)`
    history  one list for each loss, a number for each step
    psnr     of the picture and the original, in dB
    noises   the optimised noise maps [1, 1, r, r], one for each convolution; None for the generator's own
    frames   some pictures on the optimisation path, [1, 3, R, R] each, for an animation
    interrupted  whether Ctrl-C ended it
    """

    w_plus: Tensor
    image: Tensor
    history: dict[str, list[float]] = field(default_factory=dict)
    psnr: float = 0.0
    noises: list[Tensor] | None = None
    frames: list[Tensor] = field(default_factory=list)
    interrupted: bool = False


@dataclass(frozen=True)
class Preset:
    """A named set of settings. See `invert` for their meaning and for those that can be given one by one.

    latent_noise  initial latent noise, in standard deviations of w; see `projector.latent_noise`
    ramp          whether the learning rate rises and falls as in `schedule.ramped`, or stays constant
    """

    space: str = "w+"
    start: str = "encoder"
    lr: float = 0.05
    lambda_pixel: float = 1.0
    lambda_perceptual: float = 0.2
    lambda_noise: float = 1e5
    latent_noise: float = 0.0
    ramp: bool = True


PRESETS = {
    "default": Preset(),
    "projector": Preset("w noise", "mean", lr=0.1, lambda_pixel=0.0, lambda_perceptual=1.0, latent_noise=0.05),
    "image2stylegan": Preset("w+", "mean", lr=0.01, lambda_perceptual=1.0, ramp=False),
    "photograph": Preset("w+ noise", lambda_perceptual=0.8),
}
"""default: quick, from the encoder's guess. photograph: the same with the losses of e4e's training (LPIPS), and with noise maps for the
grain of skin and hair. projector: Karras et al. 2020, appendix D (1000 steps there). image2stylegan: Abdal et al. 2019, section 4 (5000
steps there). Perceptual features are those of the domain's perceptual network."""


def invert(models: Models, image: Tensor, space: str | None = None, *, steps: int = 100, lr: float | None = None,
           lambda_pixel: float | None = None, lambda_perceptual: float | None = None, lambda_start: float = 0.0,
           start: str | None = None, preset: str | Preset = "default", patience: int | None = None, frames: int = 0, seed: int = 0,
           on_step: Callable[[int, Tensor], bool | None] | None = None, progress: bool = True) -> Inversion:
    """Finds the latent code whose picture is closest to the given one.

    argmin_w  λ_pixel ‖G(w) - x‖² / N + λ_perceptual d(G(w), x) + λ_start ‖w - w_0‖² / M     (after Abdal et al. 2019, eq. 1)

    with Adam, from a start w_0. Pictures larger than `LARGEST` are reduced before they are compared. Ctrl-C returns the best result so
    far.

    image     [1, 3, H, W] in [-1, 1], resized to the generator's size
    space     "w+" (a w for each layer), "w" (one for all layers) or "z" (the input of the mapping network); followed by " noise", the
              noise maps are optimised too, with λ_noise · `projector.noise_regularizer` in the loss
    start     "encoder" (its guess; the mean if the domain has none), "alignment" (`alignment.code_of`, from CLIP's embedding) or "mean"
              (the mean w)
    preset    a name in `PRESETS` or a `Preset`, for everything that is not given
    patience  stop when the loss, without the noise term, has not fallen by 1 % for this many steps
    frames    number of evenly spaced pictures of the optimisation path to keep, the first being the start
    on_step   called in each step with its number and its picture [1, 3, R, R]; returning True ends the search with the best result so far
    seed      for the projector's latent noise and the search for a start in z; nothing else is random

    Raises StyleclipError for a wrong shape, space, start, preset or number.
    """
    chosen = _chosen(preset, space=space, lr=lr, lambda_pixel=lambda_pixel, lambda_perceptual=lambda_perceptual, start=start)
    _check(steps, patience, frames)
    base, with_noise = chosen.space.split()[0], chosen.space.endswith("noise")
    generator, rng = models.generator, torch.Generator().manual_seed(seed)
    image = fitting(models, image)
    origin = _origin(models, image, base, chosen.start, rng)
    deviation = chosen.latent_noise * _size_of_space(generator, base, seed) if chosen.latent_noise else 0.0
    difference = Difference(models.perceptual, compared(image), chosen.lambda_pixel, chosen.lambda_perceptual)

    code, noises = origin.clone().requires_grad_(), None
    if with_noise:
        noises = [layer.noise_const[None, None].clone().requires_grad_() for _, layer in generator.synthesis.conv_layers()]
    optimizer = torch.optim.Adam([code, *(noises or [])], lr=chosen.lr)
    kept, reference = [], (float("inf"), 0)

    def state() -> tuple[Tensor, list[Tensor] | None]:
        return code.detach().clone(), noises and [noise.detach().clone() for noise in noises]

    with Descent(optimizer, steps, keep=state, description="inverting", lr=chosen.lr if chosen.ramp else None, on_step=on_step,
                 progress=progress) as descent:
        for step in descent:
            noise_scale = deviation * latent_noise(step, steps) if deviation and steps else 0.0
            moved = code + noise_scale * torch.randn(code.shape, generator=rng).to(code) if noise_scale else code
            drawn = generator.synthesis(in_w_plus(generator, moved, base), noises=noises)
            loss, terms = difference(compared(drawn))
            loss = loss + lambda_start * F.mse_loss(code, origin)
            apart = loss.item()  # the noise term stays out of it: at first it is so large that it alone would decide what is best
            if noises is not None:
                terms["noise"] = noise_regularizer(noises)
                loss = loss + chosen.lambda_noise * terms["noise"]
            descent.record(loss=loss, **terms)
            descent.offer(apart)
            if step in _evenly(frames, steps):
                kept.append(drawn.detach().clamp(-1, 1))
            if apart < 0.99 * reference[0]:
                reference = (apart, step)
            if patience is not None and step - reference[1] >= patience:
                descent.stop()
            descent.follow(loss, drawn)
            for noise in noises or []:
                noise.data.copy_(normalized(noise.data))

    (best, maps), history = descent.best, descent.history
    with torch.no_grad():
        w_plus = in_w_plus(generator, best, base).contiguous()
        drawn = generator.synthesis(w_plus, noises=maps)
    return Inversion(w_plus, drawn, history, psnr(drawn, image), maps, kept, descent.interrupted)


def preset_for(models: Models) -> str:
    """The preset for the pictures of a domain (`Calibration.inversion`): "photograph" for photographs, else "default"."""
    return models.calibration.inversion


def in_w_plus(generator: Generator, code: Tensor, space: str) -> Tensor:
    """A code of any space as w_plus: z [1, z_dim] is mapped, w [1, 1, w_dim] repeated, w_plus stays. -> [1, num_ws, w_dim]"""
    return generator.mapping(code) if space == "z" else code.expand(1, generator.num_ws, -1)


def psnr(a: Tensor, b: Tensor) -> float:
    """Peak signal-to-noise ratio in dB of two pictures, clipped to [-1, 1]."""
    error = ((a.clamp(-1, 1) - b.clamp(-1, 1)) / 2).square().mean()
    return float(-10 * torch.log10(error.clamp(min=1e-12)))


@torch.no_grad()
def _origin(models: Models, image: Tensor, space: str, start: str, rng: torch.Generator) -> Tensor:
    """The start of the search: [1, num_ws, w_dim] for "w+", [1, 1, w_dim] for "w", [1, z_dim] for "z"."""
    generator = models.generator
    if start == "alignment":
        guess = code_of(models, image)
    elif start == "mean" or models.encoder is None:
        guess = generator.mapping.w_avg.expand(1, generator.num_ws, -1)
    else:
        guess = models.encoder(image)
    if space == "w+":
        return guess.clone()
    w = guess.mean(1, keepdim=True)
    if space == "w":
        return w
    z = torch.randn(_CANDIDATES, generator.z_dim, generator=rng).to(w)  # no z is known to give this w: take one that comes near
    return z[(generator.mapping.w(z) - w[0]).square().sum(1).argmin()][None]


def _size_of_space(generator: Generator, space: str, seed: int) -> float:
    """The standard deviation of the codes of a space, as a length."""
    return generator.z_dim**0.5 if space == "z" else w_deviation(generator.mapping, seed)


def fitting(models: Models, image: Tensor) -> Tensor:
    """A picture [1, 3, H, W], resized to the generator's resolution, on its device. Raises StyleclipError for anything else."""
    if not isinstance(image, Tensor):
        raise StyleclipError(f"image must be a tensor [1, 3, H, W], not {type(image).__name__}; load_image(...) gives one.")
    if image.ndim != 4 or image.shape[:2] != (1, 3):
        raise StyleclipError(f"image must be [1, 3, H, W], not {list(image.shape)}; load_image(path) gives one.")
    image, size = image.to(models.device), models.generator.img_resolution
    if image.shape[-2:] == (size, size):
        return image
    return F.interpolate(image, size=(size, size), mode="bicubic", antialias=True, align_corners=False).clamp(-1, 1)


def compared(image: Tensor) -> Tensor:
    """A picture [1, 3, R, R], reduced by averaging to at most `LARGEST` pixels for the losses."""
    return image if image.shape[-1] <= LARGEST else F.adaptive_avg_pool2d(image, LARGEST)


def _evenly(frames: int, steps: int) -> set[int]:
    """The steps to keep as frames, from the first to the last."""
    return {round(i * steps / max(frames - 1, 1)) for i in range(frames)}


def _chosen(preset: str | Preset, **given) -> Preset:
    """The preset with the given settings in place of its own."""
    if isinstance(preset, str):
        if preset not in PRESETS:
            raise StyleclipError(f"preset must be one of {', '.join(PRESETS)}, not '{preset}'.")
        preset = PRESETS[preset]
    chosen = replace(preset, **{name: value for name, value in given.items() if value is not None})
    if chosen.space not in SPACES:
        raise StyleclipError(f"space must be one of {', '.join(map(repr, SPACES))}, not '{chosen.space}'.")
    if chosen.start not in STARTS:
        raise StyleclipError(f"start must be one of {', '.join(map(repr, STARTS))}, not '{chosen.start}'.")
    return chosen


def _check(steps: int, patience: int | None, frames: int) -> None:
    if steps < 0:
        raise StyleclipError(f"steps must be at least 0 (0 is the start itself, the encoder's guess), not {steps}.")
    if frames < 0 or (patience is not None and patience < 1):
        raise StyleclipError(f"frames must be at least 0 and patience at least 1, not {frames} and {patience}.")
