"""The scan over all style channels, in parts that are kept on disk, shared among processes, and resumed after Ctrl-C."""

import time
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from tqdm.auto import tqdm

from ...models import Models
from ...paths import written_whole
from ...processes import this_process
from ...weights.domain import load_tensors
from .channel_effects import drawn_channels, scan_channels
from .style_statistics import StyleStatistics

_TRIED = 8  # faces, and channels, tried to measure how long a picture takes


def scan(models: Models, statistics: StyleStatistics, sigmas: float, stop_at: int, folder: Path, progress: bool = True) -> torch.Tensor:
    """Δi_c [num_channels + num_rgb_channels, D] of every channel that affects pictures of resolution `stop_at`; 0 for the others.

    folder holds the finished parts, which are not computed again. With several processes each does its share, and all return the
    whole. An estimate of the time is printed first. Ctrl-C prints the progress and is raised again.
    """
    process, channels, size = this_process(), drawn_channels(models, stop_at), part_size(stop_at)
    shares = [channels[start : start + size] for start in range(0, len(channels), size)]
    parts = {folder / f"{share[0]:05d}-{share[-1]:05d}.safetensors": share for share in shares}
    missing = [path for path in parts if not path.exists()]
    process.wait_for_everyone()  # before any process writes: all need the same list
    folder.mkdir(parents=True, exist_ok=True)
    quiet = not (progress and process.is_local_main_process)
    mine = missing[process.process_index :: process.num_processes]
    if missing and not quiet:
        print("Measuring how long a picture takes here ...")
        left = [channel for path in missing for channel in parts[path]]
        seconds = seconds_each(models, statistics, left, sigmas, stop_at)
        print(expected_cost(len(left), len(statistics.styles), stop_at, seconds, process.num_processes))
    try:
        with tqdm(total=sum(len(parts[path]) for path in mine), desc="style channels", unit="channel", disable=quiet) as bar:
            for path in mine:
                effects = scan_channels(models, statistics, parts[path], sigmas, stop_at)
                with written_whole(path) as temporary:
                    save_file({"effects": effects.cpu()}, str(temporary))
                bar.update(len(effects))
    except KeyboardInterrupt:
        done = sum(len(part) for path, part in parts.items() if path.exists())
        print(f"Stopped after {done} of {len(channels)} channels; the same call resumes there.")
        raise
    process.wait_for_everyone()
    scanned = torch.cat([load_tensors(path)["effects"] for path in parts])
    effects = scanned.new_zeros(models.generator.num_channels + models.generator.num_rgb_channels, scanned.shape[1])
    effects[channels] = scanned
    return effects.to(models.device)


def part_size(stop_at: int) -> int:
    """The number of channels in one file: few enough for Ctrl-C to lose little, enough to make up for drawing the faces first."""
    return min(16, max(1, 512**2 // stop_at**2))


def seconds_each(models: Models, statistics: StyleStatistics, channels: list[int], sigmas: float, stop_at: int) -> float:
    """Seconds to draw and embed one picture, on average, measured on a few of these channels."""
    few = replace(statistics, styles=statistics.styles[:_TRIED], rgb_styles=statistics.rgb_styles[:_TRIED])
    step = -(-len(channels) // _TRIED)
    some = channels[step // 2 :: step]  # from all layers, of which the first cost most
    scan_channels(models, few, some[:1], sigmas, stop_at)  # the first call takes longer
    start = time.perf_counter()
    float(scan_channels(models, few, some, sigmas, stop_at).sum())  # waits for a GPU to finish
    return (time.perf_counter() - start) / (2 * len(some) * len(few.styles))


def expected_cost(channels: int, faces: int, stop_at: int, seconds: float, processes: int) -> str:
    """The cost of a scan, in words. faces: the number in which each channel is tried; seconds: for one picture."""
    pictures = 2 * channels * faces
    whole = pictures * seconds / processes
    span = f"{whole:.0f} seconds" if whole < 120 else f"{whole / 60:.0f} minutes" if whole < 7200 else f"{whole / 3600:.0f} hours"
    shared = f", shared by {processes} processes," if processes > 1 else ""
    return (f"To try {channels:,} style channels, {pictures:,} pictures of {stop_at} pixels have to be drawn: at {seconds:.3f} s each"
            f"{shared} about {span}. After Ctrl-C the same call resumes.")
