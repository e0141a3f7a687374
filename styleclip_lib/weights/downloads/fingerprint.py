"""Identifying a network by its weights, for files that belong to one network only."""

import hashlib

import torch


def fingerprint(network: torch.nn.Module) -> str:
    """A SHA-256 over names, shapes and values of all weights and buffers, independent of device and memory layout."""
    digest = hashlib.sha256()
    for name, value in sorted(network.state_dict().items()):
        value = value.float() if value.is_floating_point() else value
        digest.update(f"{name} {list(value.shape)}".encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
