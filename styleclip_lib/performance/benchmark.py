"""The speed of this machine, and of the library compared with the official form of the same networks."""

import os
import platform
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm.auto import tqdm

from .. import __version__
from ..editing.losses import clip_loss, identity_loss
from ..editing.objective import Objective, search_resolution
from ..editing.prompt import Prompt
from ..models import Models, load_models
from ..networks.arcface import Arcface
from ..networks.clip import CLIP, Clip, PieceTokenizer
from ..networks.generator import Generator
from ..networks.resampling import fractional_area_resize_reference
from ..speed import bfloat16_pays, compiled, fast, seconds_of
from ..weights.domain import find_domain, sources
from ..weights.downloads.registry import domain_cache, downloads_of
from .forward_cost import forward_flops
from .official_form import official_synthesis

OFFICIAL, FLOAT, HALF, COMPILED, HALF_COMPILED = "official form", "float32", "bfloat16", "float32, compiled", "bfloat16, compiled"
TEXT = "a smiling face"
ROUNDS = (3, 25)
"""The smallest and the largest number of measurements of each variant."""

CPU = torch.device("cpu")

Variant = Callable[[], Tensor]


def benchmark(models: Models, batches: tuple[int, ...] = (1, 4), compiling: bool = True, seconds: float = 20.0,
              progress: bool = True) -> list[dict]:
    """Draws pictures and takes steps of latent optimisation on the CPU, in the official form and in the library's variants of it.

    The variants take turns, and a ratio is the median over the rounds, so that other load on the machine slows all of them alike.
    One row for each variant: what ("forward" or "step"), batch, variant, seconds (median), ratio (how many times faster than the
    official form), error (mean absolute difference from its picture, in standard deviations of that picture; None for a step),
    peak_gb (the peak memory of the process; None where the system does not report it),
    share (of the machine's peak, see `peak_gflops`; None for a step).

    seconds: about how long the variants of one row may take, without compilation
    """
    rows = []
    for batch in batches:
        w_plus = torch.cat([models.sample(seed) for seed in range(batch)])
        with torch.no_grad():
            variants = forward_variants(models.generator.synthesis, w_plus, compiling)
            flops = forward_flops(models.generator.synthesis, batch)
            rows += compare(variants, {"what": "forward", "batch": batch}, seconds, progress, flops)
    return rows + compare(step_variants(models, models.sample(0)), {"what": "step", "batch": 1}, seconds, progress)


def forward_variants(synthesis: nn.Module, w_plus: Tensor, compiling: bool) -> dict[str, Variant]:
    """w_plus [B, num_ws, w_dim] -> pictures [B, 3, R, R], in every variant that this machine supports."""
    variants: dict[str, Variant] = {OFFICIAL: lambda: official_synthesis(synthesis, w_plus), FLOAT: partial(synthesis, w_plus)}
    if bfloat16_pays("cpu"):
        variants[HALF] = _in_bfloat16(partial(synthesis, w_plus))
    if compiling:
        torch.compiler.reset()  # it gives up if one function has too many versions
        quick = compiled(synthesis, w_plus)
        if quick is not synthesis:
            variants[COMPILED] = partial(quick, w_plus)
            if HALF in variants:
                variants[HALF_COMPILED] = _in_bfloat16(partial(quick, w_plus))
    return variants


def step_variants(models: Models, w_plus: Tensor) -> dict[str, Variant]:
    """w_plus [1, num_ws, w_dim] -> the gradient of latent optimisation's loss, of the same shape."""
    objective, stop_at = Objective(models, Prompt.of(models, TEXT), clip_cap=1.0), search_resolution(models)
    with torch.no_grad():
        source = models.generator.synthesis(w_plus)
        before = objective.before(models.generator.synthesis(w_plus, stop_at=stop_at))

    def step() -> Tensor:
        w = w_plus.clone().requires_grad_()
        terms = objective.terms(models.generator.synthesis(w, stop_at=stop_at), before, 1, torch.Generator())
        (terms["clip"] + 0.005 * terms["identity"] + 0.15 * terms["off_direction"] + 0.008 * (w - w_plus).square().sum()).backward()
        return w.grad

    variants: dict[str, Variant] = {OFFICIAL: lambda: official_step(models, w_plus, w_plus, source, TEXT), FLOAT: step}
    if bfloat16_pays("cpu"):
        variants[HALF] = _in_bfloat16(step)
    return variants


def official_step(models: Models, w_plus: Tensor, w_start: Tensor, source: Tensor, text: str) -> Tensor:
    """The gradient of D_CLIP + 0.008 ‖w - w_s‖² + 0.005 L_ID in w_plus [1, num_ws, w_dim], in the form of StyleCLIP's code.

    The picture is drawn in full and enlarged until CLIP's pixels are means of whole ones, text and source [1, 3, R, R] are encoded
    again in every step, and every weight gets an unused gradient.
    """
    networks = (models.generator.synthesis, models.clip, models.identity)
    w = w_plus.clone().requires_grad_()
    for network in networks:
        network.requires_grad_(True)
    try:
        image = official_synthesis(models.generator.synthesis, w)
        embedding = models.clip.model.visual(fractional_area_resize_reference(image, models.clip.image_size))
        loss = clip_loss(F.normalize(embedding, dim=1), models.clip.encode_text([text])).mean()
        loss = loss + 0.005 * identity_loss(models.identity, image, models.identity(source)).mean()
        (loss + 0.008 * (w - w_start).square().sum()).backward()
    finally:
        for network in networks:
            network.zero_grad()
            network.requires_grad_(False)
    return w.grad


def compare(variants: dict[str, Variant], row: dict, seconds: float, progress: bool, flops: int | None = None) -> list[dict]:
    """Measures each variant and compares it with the first; the rows of `benchmark`."""
    first, peaks, pictures = next(iter(variants)), {}, {}
    taken: dict[str, list[float]] = {name: [] for name in variants}
    shown = tqdm(disable=not progress, leave=False, unit="run")
    for name, variant in variants.items():
        shown.set_description(f"{row['what']}, batch {row['batch']}, {name}, getting ready")
        pictures[name], peaks[name] = with_peak_memory(variant)
    least, most = ROUNDS
    while len(taken[first]) < least or (len(taken[first]) < most and sum(map(sum, taken.values())) < seconds):
        for name, variant in variants.items():
            shown.set_description(f"{row['what']}, batch {row['batch']}, {name}")
            start = time.perf_counter()
            variant()
            taken[name].append(time.perf_counter() - start)
            shown.update()
    shown.close()
    peak = {half: peak_gflops(torch.bfloat16 if half else torch.float32) for half in (False, True)} if flops else {}
    rows = []
    for name in variants:
        middle = statistics.median(taken[name])
        ratio = statistics.median(slow / own for slow, own in zip(taken[first], taken[name]))
        share = error = None
        if flops:
            share = flops / middle / 1e9 / peak[name in (HALF, HALF_COMPILED)]
            error = float((pictures[name].float() - pictures[first]).abs().mean() / pictures[first].std())
        rows.append({**row, "variant": name, "seconds": middle, "ratio": ratio, "error": error, "peak_gb": peaks[name], "share": share})
    return rows


def peak_gflops(dtype: torch.dtype) -> float:
    """The peak speed of this machine in 1e9 operations per second: the faster of a product of two square matrices and a 3 x 3 convolution,
    for which some processors have better kernels."""
    a, x, weight = (torch.ones(shape, dtype=dtype) for shape in ((1024, 1024), (1, 256, 64, 64), (256, 256, 3, 3)))
    x = x.contiguous(memory_format=torch.channels_last)
    product, convolution = torch.empty_like(a), partial(F.conv2d, x, weight, padding=1)
    return max(2 * 1024**3 / seconds_of(lambda: torch.mm(a, a, out=product)),
               2 * weight.numel() * 64**2 / seconds_of(convolution)) / 1e9


def with_peak_memory(work: Variant) -> tuple[Tensor, float | None]:
    """The result of a function, and the peak memory of this process meanwhile, in 1e9 bytes; None on systems other than Linux."""
    try:
        Path("/proc/self/clear_refs").write_text("5")  # resets the peak
    except OSError:
        return work(), None
    result = work()
    lines = Path("/proc/self/status").read_text().splitlines()
    return result, next(int(line.split()[1]) * 1024 / 1e9 for line in lines if line.startswith("VmHWM"))


def machine() -> dict:
    """The machine on which the figures were measured."""
    return {"version": __version__, "torch": torch.__version__, "machine": platform.machine(), "cores": os.cpu_count(),
            "threads": torch.get_num_threads(), "float32_gflops": peak_gflops(torch.float32),
            "bfloat16_gflops": peak_gflops(torch.bfloat16) if bfloat16_pays("cpu") else None}


def ffhq_size() -> tuple[Models, str]:
    """The networks of the ffhq domain, and a name for their weights: the official ones if all have been downloaded, otherwise random
    numbers of the same shapes, which take as long."""
    homes = sources(find_domain("ffhq"))
    if all((domain_cache(home) / file.name).is_file() for name, home in homes.items() for file in downloads_of(home, [name])):
        return load_models("ffhq", device="cpu"), "official weights"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        clip = Clip(CLIP(512, 224, 12, 768, 32, 77, 49408, 512, 8, 12), PieceTokenizer())
        parts = {"generator": Generator(1024), "clip": clip, "identity": Arcface()}
    for part in parts.values():
        part.eval().requires_grad_(False).to(memory_format=torch.channels_last)
    models = Models(domain="ffhq-size", folder=Path("ffhq-size"), device=CPU, perceptual=None, encoder=None, attributes=None, **parts)
    return models, "seeded random numbers of the official sizes, since the official files are not in the cache"


def _in_bfloat16(variant: Variant) -> Variant:
    def call() -> Tensor:
        with fast(CPU):
            return variant()

    return call
