"""``styleclip benchmark``: how fast this machine is, and how much faster the library's operations are than the official ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..paths import check_json, write_json
from .parsing import parse


@dataclass
class Settings:
    """Draw pictures and take steps of latent optimisation on the CPU, alternating between the official form and the library's own.

    Takes a few minutes; close other programs first."""

    domain: Literal["both", "portraits", "ffhq-size"] = "both"
    """which networks: the portraits', networks as large as the ffhq domain's, or both"""
    compile: bool = True
    """measure torch.compile too, which takes a minute or two"""
    json: Path | None = None
    """where to write the measurements (.json)"""


def main(arguments: Sequence[str]) -> int:
    settings = parse(Settings, "benchmark", arguments)
    check_json(settings.json)

    from ..models import load_models
    from ..performance.benchmark import benchmark, ffhq_size, machine

    facts = machine()
    print(described(facts))
    content = {**facts, "domains": {}}
    for name in ("portraits", "ffhq-size") if settings.domain == "both" else (settings.domain,):
        models, weights = ffhq_size() if name == "ffhq-size" else (load_models(name, device="cpu"), "its own weights")
        resolution = models.generator.img_resolution
        print(f"\n{name}, {resolution} x {resolution} pixels, {weights}", flush=True)
        rows = benchmark(models, compiling=settings.compile)
        print(table(rows))
        content["domains"][name] = {"img_resolution": resolution, "weights": weights, "rows": rows}
    if settings.json is not None:
        write_json(settings.json, content)
        print(f"Saved {settings.json}.")
    return 0


def described(facts: dict) -> str:
    """One line on the machine."""
    half = facts["bfloat16_gflops"]
    also = f"{half:.0f} in bfloat16" if half else "bfloat16 is not faster here"
    return (f"torch {facts['torch']} with {facts['threads']} threads on {facts['cores']} cores, {facts['machine']}; "
            f"matrices: {facts['float32_gflops']:.0f} GFLOP/s in float32, {also}")


def table(rows: Sequence[dict]) -> str:
    """Lines of text; a dash stands for what was not measured."""
    forms = {"seconds": ".3f", "ratio": ".2f", "error": ".2%", "peak_gb": ".2f", "share": ".0%"}
    names = {"ratio": "times faster", "error": "difference", "peak_gb": "memory, GB", "share": "of the peak"}
    width = max(len(row["variant"]) for row in rows)
    lines = ["  ".join([f"{'':7}  batch  {'':{width}}", *(f"{names.get(name, name):>12}" for name in forms)])]
    for row in rows:
        cells = ["-" if row[name] is None else f"{row[name]:{form}}" for name, form in forms.items()]
        lines.append("  ".join([f"{row['what']:7}  {row['batch']:5}  {row['variant']:{width}}", *(f"{cell:>12}" for cell in cells)]))
    return "\n".join(lines)
