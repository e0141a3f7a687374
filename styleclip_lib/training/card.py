"""What is written down about how a network was made."""

import os
import platform
from pathlib import Path

import torch


def machine() -> str:
    """The kind of machine, without its name: cores, device, versions."""
    device = torch.cuda.get_device_name(0) if torch.cuda.is_available() else f"{os.cpu_count()} {platform.machine()} CPU cores"
    return f"{device}, torch {torch.__version__.split('+')[0]}"


def making(settings, seconds: float, metrics: dict, name: str) -> dict:
    """How a network was made: its command, the settings that matter, time, machine, and what was measured."""
    shown = {key: value for key, value in vars(settings).items() if not isinstance(value, Path)}
    return {"command": f"styleclip train {name}", "settings": shown, "seconds": round(seconds), "machine": machine(), "metrics": metrics}
