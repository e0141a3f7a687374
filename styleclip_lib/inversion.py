"""Inversion: which latent code draws this picture? (Abdal et al. 2019; Tov et al. 2021)"""

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from tqdm.auto import tqdm

from .errors import StyleclipError
from .models import Models
from .schedule import ramped


@dataclass
class Inversion:
    """A picture found again in the generator.

    w_plus [1, num_ws, w_dim];  image [1, 3, R, R] in [-1, 1], what the generator draws from it;
    history: one list for each loss, a number for each step;  psnr: how close it came, in dB
    """

    w_plus: torch.Tensor
    image: torch.Tensor
    history: dict[str, list[float]] = field(default_factory=dict)
    psnr: float = 0.0


def invert(models: Models, image: torch.Tensor, space: str = "w+", *, steps: int = 100, lr: float = 0.05, lambda_perceptual: float = 0.2,
           lambda_start: float = 0.0, seed: int = 0, progress: bool = True) -> Inversion:
    """Finds the latent code whose picture is nearest to the given one, with the noise maps fixed.

    argmin_w  ‖G(w) - x‖² / N + λ_perceptual d(G(w), x) + λ_start ‖w - w_0‖² / M         (after Abdal et al. 2019, eq. 1)

    starting from the encoder's guess w_0 (from the mean w if the domain has no encoder). Ctrl-C returns the best so far.

    image   [1, 3, H, W] in [-1, 1], resized to the generator's size
    space   "w+" (a w for each layer) or "w" (one for all)
    seed    kept for methods that draw random numbers; this one draws none

    Raises StyleclipError for a wrong shape, space or number of steps.
    """
    if space not in ("w", "w+"):
        raise StyleclipError(f"space must be 'w' or 'w+', not '{space}'.")
    if not isinstance(image, torch.Tensor):
        name = type(image).__name__
        raise StyleclipError(f"image must be a tensor [1, 3, H, W], not {name}; load_image(...) gives one.")
    if image.ndim != 4 or image.shape[:2] != (1, 3):
        raise StyleclipError(f"image must be [1, 3, H, W], not {list(image.shape)}; load_image(path) gives one.")
    if steps < 0:
        raise StyleclipError(f"steps must be at least 0 (0 is the encoder's guess), not {steps}.")
    size = models.generator.img_resolution
    image = image.to(models.device)
    if image.shape[-2:] != (size, size):
        image = F.interpolate(image, size=(size, size), mode="bicubic", antialias=True, align_corners=False).clamp(-1, 1)

    start = _start(models, image, space)
    with torch.no_grad():
        wanted = models.perceptual.features(image)
    w = start.clone().requires_grad_()
    optimizer = torch.optim.Adam([w], lr=lr)
    history: dict[str, list[float]] = {"loss": [], "pixel": [], "perceptual": []}
    best = (float("inf"), start)
    shown = tqdm(range(steps + 1), desc="inverting", disable=not progress or steps == 0, leave=False)
    try:
        for step in shown:
            drawn = models.generator.synthesis(w.expand(1, models.generator.num_ws, -1))
            likeness = models.perceptual.distance(models.perceptual.features(drawn), wanted).mean()
            terms = {"pixel": F.mse_loss(drawn, image), "perceptual": likeness}
            loss = terms["pixel"] + lambda_perceptual * terms["perceptual"] + lambda_start * F.mse_loss(w, start)
            for name, value in {"loss": loss, **terms}.items():
                history[name].append(value.item())
            if loss.item() < best[0]:
                best = (loss.item(), w.detach().clone())
            if step == steps:
                break
            optimizer.param_groups[0]["lr"] = ramped(step + 1, steps + 1, lr)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            shown.set_postfix(loss=f"{loss.item():.4f}")
    except KeyboardInterrupt:
        print(f"Stopped after {len(history['loss'])} of {steps} steps; this is the best so far.")
    shown.close()

    w_plus = best[1].expand(1, models.generator.num_ws, -1).contiguous()
    with torch.no_grad():
        drawn = models.generator.synthesis(w_plus)
    return Inversion(w_plus, drawn, history, psnr(drawn, image))


def _start(models: Models, image: torch.Tensor, space: str) -> torch.Tensor:
    """The encoder's guess, or the mean w. [1, num_ws, w_dim] for "w+", [1, 1, w_dim] for "w"."""
    generator = models.generator
    with torch.no_grad():
        if models.encoder is None:
            guess = generator.mapping.w_avg.expand(1, generator.num_ws, -1)
        else:
            guess = models.encoder(image)
    return guess.clone() if space == "w+" else guess.mean(1, keepdim=True)


def psnr(a: torch.Tensor, b: torch.Tensor) -> float:
    """Peak signal-to-noise ratio in dB of two pictures in [-1, 1]; values outside count as the border."""
    error = ((a.clamp(-1, 1) - b.clamp(-1, 1)) / 2).square().mean()
    return float(-10 * torch.log10(error.clamp(min=1e-12)))
