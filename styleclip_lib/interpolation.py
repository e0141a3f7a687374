"""Faces between faces: lines, arcs and blends of latent codes, and morphs with even steps."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from .errors import StyleclipError
from .finite import require_finite
from .models import Models
from .networks.generator import Generator

EVEN_ENOUGH = 0.03  # steps that differ by this share of their mean look alike
ROUNDS = 5  # how often a morph is drawn at most until its steps are even

Weights = float | Sequence[float] | Sequence[Sequence[float]] | np.ndarray | Tensor
StylesPair = tuple[Tensor, Tensor]


def interpolate(a: Tensor, b: Tensor, weights: Weights) -> Tensor:
    """The line through two codes: (1 - t) · a + t · b; t = 0 is exactly a, t = 1 exactly b.

    The codes are w, w_plus or styles. Below 0 and above 1 the line continues, which exaggerates the differences. For z use `slerp`.

    weights       gives
    a number      the code at t, for every row of a batch                         [B, ...]     -> [B, ...]
    [T]           T codes on the line                                             [1, ...]     -> [T, ...]
    [T, N]        a t of its own for each of N layers of w_plus or channels       [1, N, ...]  -> [T, N, ...]
                  of styles: with zeros and ones this is style mixing (Karras et al. 2019, section 3.1)

    Raises StyleclipError for codes of different shapes, or weights of another shape.
    """
    _check_alike(a, b)
    t = _numbers(weights, a)
    if t.ndim == 0:
        return torch.lerp(a, b, t)
    if t.ndim > 2 or (t.ndim == 2 and t.shape[1] != a.shape[1]):
        raise StyleclipError(f"weights have the shape {list(t.shape)}; a code of shape {list(a.shape)} takes a number, "
                             f"[T] for T codes, or [T, {a.shape[1]}] for a weight of its own in each layer.")
    _check_single(a)
    return torch.lerp(a, b, t.reshape(*t.shape, *[1] * (a.ndim - t.ndim)))


def slerp(a: Tensor, b: Tensor, weights: Weights) -> Tensor:
    """The arc between two z, with constant speed around the sphere (Shoemake 1985, section 3.3).

    sin((1 - t) θ) / sin θ · a + sin(t θ) / sin θ · b,      θ = angle between a and b

    Random z all lie near the sphere of radius sqrt(z_dim), and a straight line between two cuts through its inside,
    where no z of the training was (White 2016). Parallel codes (θ = 0) are joined by the line.

    a, b [B, z_dim], and a number -> [B, z_dim];  a, b [1, z_dim], and T weights -> [T, z_dim]
    Raises StyleclipError for other shapes, and for opposite codes (θ = π), between which no arc is the shortest.
    """
    _check_alike(a, b)
    t = _numbers(weights, a)
    if a.ndim != 2 or t.ndim > 1:
        raise StyleclipError(f"slerp takes two z [B, z_dim] and a number or [T] weights, not codes of shape {list(a.shape)} "
                             f"and weights of shape {list(t.shape)}.")
    if t.ndim == 1:
        _check_single(a)
    t = t.reshape(-1, 1)
    unit_a, unit_b = (x / x.norm(dim=1, keepdim=True).clamp(min=1e-12) for x in (a, b))
    apart, together = ((unit_a + sign * unit_b).norm(dim=1, keepdim=True) for sign in (-1, 1))
    if (together < 1e-5).any():
        raise StyleclipError("These two z are opposite, so no arc between them is the shortest: interpolate through a third one.")
    theta = 2 * torch.atan2(apart, together)  # exact for small angles too, where acos is not (Kahan 2006)
    parallel = theta < 1e-5
    sine = torch.sin(torch.where(parallel, 1.0, theta))
    of_a = torch.where(parallel, 1 - t, torch.sin((1 - t) * theta) / sine)
    of_b = torch.where(parallel, t, torch.sin(t * theta) / sine)
    return of_a * a + of_b * b


def blend(points: Tensor | Sequence[Tensor], weights: Weights) -> Tensor:
    """Barycentric mean of N codes: Σ_n weights[n] · points[n], with Σ_n weights[n] = 1.

    A weight of 1 gives its point back exactly; a negative weight leads away from its point. A blend of z is shorter than
    its points, which does not matter: the mapping network looks at the direction of z only.

    points   [N, ...] or N codes [1, ...], of one kind (z, w, w_plus or styles)
    weights  [N] -> [1, ...];  [T, N] -> [T, ...]
    Raises StyleclipError for codes of different shapes, and for weights that are not N or do not sum to 1.
    """
    points = points if isinstance(points, Tensor) else list(points)
    if not len(points):
        raise StyleclipError("There is nothing to blend: give at least one code.")
    if isinstance(points, list):
        for point in points:
            _check_alike(points[0], point)
            _check_single(point)
        points = torch.cat(points)
    shares = torch.atleast_2d(_numbers(weights, points))
    if shares.ndim != 2 or shares.shape[1] != len(points):
        raise StyleclipError(f"{len(points)} points need {len(points)} weights, not weights of shape {list(shares.shape)}.")
    sums = shares.sum(1)
    if not torch.allclose(sums, torch.ones_like(sums), rtol=0, atol=1e-4):
        wrong = sums[(sums - 1).abs().argmax()].item()
        raise StyleclipError(f"Barycentric weights must sum to 1, not {wrong:.4g}: divide them by their sum.")
    return torch.tensordot(shares, points, dims=1)


def layer_weights(generator: Generator, coarse: float = 0.0, medium: float = 0.0, fine: float = 0.0) -> Tensor:
    """The weight of b in each layer of w_plus, by the layer's resolution. -> [num_ws]

    coarse: up to 8 px (pose, shape of face and hair); medium: 16 and 32 px (features); fine: from 64 px (colours), as in
    Karras et al. 2019, section 3.1. `interpolate(a, b, layer_weights(generator, coarse=1)[None])` mixes two faces.
    """
    return torch.tensor([float(coarse if r <= 8 else medium if r <= 32 else fine) for r in generator.layer_resolutions])


@dataclass
class Morph:
    """A path from one face to another, in T frames.

    weights  [T], where on the path each frame lies: 0 = a, 1 = b
    images   [T, 3, R, R] in [-1, 1]
    steps    [T - 1], the perceptual length of each step: sqrt(d) of neighbouring frames, d as `networks.perceptual` defines it (NaN
             where that network was not loaded)
    w_plus   [T, num_ws, w_dim], the codes (None for a morph in styles, which need not have any)
    z        [T, z_dim], for a morph in z
    styles   styles [T, num_channels] and rgb_styles [T, num_rgb_channels], for a morph in styles
    """

    weights: Tensor
    images: Tensor
    steps: Tensor
    w_plus: Tensor | None = None
    z: Tensor | None = None
    styles: StylesPair | None = None

    @property
    def length(self) -> float:
        """The perceptual length of the whole path, measured between its frames; NaN without the perceptual network."""
        return float(self.steps.sum())

    @property
    def unevenness(self) -> float:
        """Standard deviation of the steps as a share of their mean: 0 for steps that all look equally large."""
        return float(self.steps.std(correction=0) / self.steps.mean()) if self.length > 0 else 0.0


@torch.no_grad()
def morph(models: Models, a: Tensor | StylesPair, b: Tensor | StylesPair, *, frames: int = 24, space: str = "w+", even: bool = True,
          reach: tuple[float, float] = (0.0, 1.0), layers: Weights | None = None, truncation_psi: float = 0.7,
          progress: bool = True) -> Morph:
    """Draws the path from face a to face b.

    Equal steps in the code do not look equal: some parts of the path change a lot, others little. With `even`, the frames are moved
    along the path (`even_weights`) until all steps have the same perceptual length, and the most even morph is returned. Ctrl-C returns
    the most even one so far. No random numbers are drawn.

    a, b            in the given space: z [1, z_dim], w [1, w_dim], w_plus [1, num_ws, w_dim], or the pair
                    (styles, rgb_styles) as `generator.styles(w_plus)` gives it
    even            needs the perceptual network; otherwise the generator is enough
    frames          number of frames, both ends included: 2 or more
    space           "z" (along the arc), "w", "w+" or "styles" (along the line; w_plus and its styles give the same pictures,
                    because the layers between them are affine)
    reach           the weights of the first and the last frame; (-0.5, 1.5) goes on beyond both faces
    layers          [num_ws], for "w+": how much each layer changes, such as `layer_weights(generator, coarse=1)`
    truncation_psi  for "z": truncation of the mapping network

    Raises StyleclipError for a wrong shape, space, number of frames or reach.
    """
    if even and models.perceptual is None:
        raise StyleclipError("Steps that look equally large need the perceptual network: load it too, or take even=False.")
    _check_morph(models, a, b, frames, space, reach, layers)
    weights, best = np.linspace(*reach, frames), None
    shown = tqdm(total=frames * (ROUNDS if even else 1), desc="morphing", disable=not progress, leave=False)
    try:
        for _ in range(ROUNDS if even else 1):
            codes = _codes(models, a, b, space, weights, layers, truncation_psi)
            images, steps = _drawn(models, codes, frames, shown)
            drawn = Morph(torch.tensor(weights, dtype=torch.float32), images, steps, **codes)
            if best is None or drawn.unevenness < best.unevenness:
                best = drawn
            if best.unevenness < EVEN_ENOUGH:
                break
            weights = even_weights(weights, steps, frames)
    except KeyboardInterrupt:
        if best is None:
            raise
        print("Stopped; this is the most even morph so far.")
    finally:
        shown.close()
    assert best is not None  # there is at least one round
    return best


def even_weights(weights: Weights, steps: Weights, frames: int) -> np.ndarray:
    """Weights between which a measured path is equally long: its parametrisation by arc length.

    The length of the path up to a weight is known at each measured weight and interpolated linearly in between.

    weights [N], rising or falling; steps [N - 1], the length of the path from each to the next  ->  [frames], same ends
    """
    weights, steps = (np.asarray(x, dtype=np.float64) for x in (weights, steps))
    path = np.concatenate([[0.0], steps.cumsum()])
    if path[-1] == 0:  # nothing is to be seen on this path
        return np.linspace(weights[0], weights[-1], frames)
    evened = np.interp(np.linspace(0, path[-1], frames), path, weights)
    evened[0], evened[-1] = weights[0], weights[-1]
    return evened


def _codes(models: Models, a, b, space: str, weights, layers, truncation_psi: float) -> dict:
    """The codes of a morph at the given weights, as `Morph` takes them."""
    generator = models.generator
    if space == "styles":
        return {"styles": tuple(interpolate(x.to(models.device), y.to(models.device), weights) for x, y in zip(a, b))}
    a, b = a.to(models.device), b.to(models.device)
    if space == "z":
        z = slerp(a, b, weights)
        return {"z": z, "w_plus": generator.mapping(z, truncation_psi)}
    if space == "w":
        return {"w_plus": interpolate(a, b, weights)[:, None].repeat(1, generator.num_ws, 1)}
    return {"w_plus": interpolate(a, b, weights if layers is None else np.outer(weights, np.asarray(layers)))}


def _drawn(models: Models, codes: dict, frames: int, shown: tqdm) -> tuple[Tensor, Tensor]:
    """Frames, drawn one by one: images [T, 3, R, R], and the lengths of the steps between them [T - 1]."""
    images, steps, before = [], [], None
    for i in range(frames):
        if "styles" in codes:
            image = models.generator.from_styles(*(part[i:i + 1] for part in codes["styles"]))
        else:
            image = models.generator.synthesis(codes["w_plus"][i:i + 1])
        require_finite("A picture on the path", image)
        images.append(image.clamp(-1, 1))
        shown.update()
        if models.perceptual is None:
            continue
        features = models.perceptual.features(images[-1])
        if before is not None:
            steps.append(models.perceptual.distance(before, features).sqrt())
            require_finite("The perceptual distance of two pictures on the path", steps[-1])
        before = features
    return torch.cat(images), torch.cat(steps).cpu() if steps else torch.full((frames - 1,), torch.nan)


def _numbers(weights: Weights, like: Tensor) -> Tensor:
    """Weights as a tensor of the codes' type."""
    try:
        numbers = torch.as_tensor(weights, dtype=like.dtype, device=like.device)
    except (TypeError, ValueError, RuntimeError) as error:
        raise StyleclipError(f"weights must be numbers, not {weights!r}.") from error
    if not numbers.isfinite().all():
        raise StyleclipError("weights must be finite numbers, such as 0.5.")
    return numbers


def _check_alike(a: Tensor, b: Tensor) -> None:
    for code in (a, b):
        if not isinstance(code, Tensor) or code.ndim not in (2, 3) or not code.is_floating_point():
            got = list(code.shape) if isinstance(code, Tensor) else type(code).__name__
            raise StyleclipError(f"A code is a tensor of floats: z, w or styles [B, ...], or w_plus [B, num_ws, w_dim], not {got}.")
    if a.shape != b.shape:
        raise StyleclipError(f"Codes of the shapes {list(a.shape)} and {list(b.shape)} cannot be interpolated: "
                             "take both from the same space and generator.")


def _check_single(a: Tensor) -> None:
    if len(a) != 1:
        raise StyleclipError(f"Several weights need one code [1, ...] at each end, not a batch of {len(a)}.")


def _check_morph(models: Models, a, b, frames: int, space: str, reach: tuple[float, float], layers) -> None:
    generator = models.generator
    expected = {"z": [(1, generator.z_dim)], "w": [(1, generator.w_dim)], "w+": [(1, generator.num_ws, generator.w_dim)],
                "styles": [(1, generator.num_channels), (1, generator.num_rgb_channels)]}
    if space not in expected:
        raise StyleclipError(f"space must be 'z', 'w', 'w+' or 'styles', not '{space}'.")
    for point in (a, b):
        shapes = [tuple(getattr(x, "shape", ())) for x in (point if isinstance(point, (tuple, list)) else [point])]
        if shapes != expected[space]:
            raise StyleclipError(f"In space '{space}' a point of this generator is {' and '.join(str(list(s)) for s in expected[space])}, "
                                 f"not {' and '.join(str(list(s)) for s in shapes)}; models.sample(seed) gives a w_plus, for space 'w+'.")
    if frames < 2:
        raise StyleclipError(f"frames must be at least 2, one for each face, not {frames}.")
    if len(reach) != 2 or not np.isfinite(reach).all() or reach[0] == reach[1]:
        raise StyleclipError(f"reach must be two different numbers, such as (0, 1) or (-0.5, 1.5), not {reach}.")
    if layers is not None and (space != "w+" or np.shape(layers) != (generator.num_ws,)):
        raise StyleclipError(f"layers must be {generator.num_ws} numbers, and space 'w+'; layer_weights(generator, coarse=1) gives some.")
