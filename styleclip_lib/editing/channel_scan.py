"""The scan over all style channels: in parts that are kept on disk, shared between processes, and resumed after Ctrl-C."""

from pathlib import Path

import torch
from safetensors.torch import save_file
from tqdm.auto import tqdm

from ..checkpoints.domain import load_tensors
from ..models import Models
from ..paths import written_whole
from ..training.loop import this_process
from .channel_effects import drawn_channels, scan_channels
from .style_statistics import StyleStatistics

_PART = 16  # channels in one file


def scan(models: Models, statistics: StyleStatistics, sigmas: float, stop_at: int, folder: Path, progress: bool = True) -> torch.Tensor:
    """Δi_c [num_channels, D] of every channel that takes part in pictures of resolution `stop_at`; 0 for the others.

    folder holds the parts that are done; what lies there already is not done again. With several processes each does its share,
    and all return the whole. Ctrl-C says how far it came and goes on upwards.
    """
    process, channels = this_process(), range(drawn_channels(models, stop_at))
    parts = {folder / f"{start:05d}.safetensors": channels[start : start + _PART] for start in channels[::_PART]}
    missing = [path for path in parts if not path.exists()]
    process.wait_for_everyone()  # before anybody writes: all share the same list
    folder.mkdir(parents=True, exist_ok=True)
    quiet = not (progress and process.is_local_main_process)
    mine = missing[process.process_index :: process.num_processes]
    try:
        with tqdm(total=sum(len(parts[path]) for path in mine), desc="style channels", unit="channel", disable=quiet) as bar:
            for path in mine:
                effects = scan_channels(models, statistics, parts[path], sigmas, stop_at)
                with written_whole(path) as temporary:
                    save_file({"effects": effects.cpu()}, str(temporary))
                bar.update(len(effects))
    except KeyboardInterrupt:
        done = sum(len(part) for path, part in parts.items() if path.exists())
        print(f"Stopped after {done} of {len(channels)} channels; the same call goes on from there.")
        raise
    process.wait_for_everyone()
    found = torch.cat([load_tensors(path)["effects"] for path in parts])
    effects = found.new_zeros(models.generator.num_channels, found.shape[1])
    effects[: len(found)] = found
    return effects.to(models.device)
