"""The reference files: beside this one, or in the directory that the environment variable CONFORMANCE_DIR names."""

import os
from pathlib import Path

import numpy as np
import torch

from tests.conformance.formula import fill


def load_case(name: str) -> dict[str, np.ndarray]:
    """All arrays of one file."""
    directory = Path(os.environ.get("CONFORMANCE_DIR") or Path(__file__).with_name("data"))
    with np.load(directory / f"{name}.npz") as file:
        return {key: file[key] for key in file.files}


def tensor(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.array(array))


def shape(text: str) -> tuple[int, ...]:
    """The shape that a file states as "3x512x1x1", or "" for a number."""
    return tuple(int(n) for n in text.split("x")) if text else ()


def filled_state(case: dict[str, np.ndarray], prefix: str = "state") -> dict[str, torch.Tensor]:
    """The state dict that a file describes, filled by the formula; the sum of every tensor is checked."""
    keys = [str(key) for key in case[f"{prefix}_keys"]]
    state = {}
    for key, text, total in zip(keys, case[f"{prefix}_shapes"], case[f"{prefix}_sums"]):
        values = fill(key, shape(str(text)), keys, str(case["salt"]))
        np.testing.assert_allclose(values.sum(dtype=np.float64), total, rtol=1e-6, atol=1e-4, err_msg=key)
        state[key] = torch.from_numpy(values)
    return state


def assert_near(ours: torch.Tensor, reference: np.ndarray, tolerance: float) -> None:
    """Same shape, and nowhere further apart than `tolerance`."""
    ours = ours.detach().numpy()
    assert ours.shape == reference.shape
    np.testing.assert_allclose(ours, reference.astype(np.float64), rtol=0, atol=tolerance)


def stats(values: torch.Tensor) -> np.ndarray:
    """Mean, standard deviation of the population, smallest and largest value of a tensor, as the files give them."""
    values = values.detach().double()
    return np.array([values.mean(), values.std(correction=0), values.min(), values.max()])
