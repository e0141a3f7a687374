"""Keeps the copying part of an unfinished training of the generator in one small file, and takes it up again elsewhere.

    python tools/keep_run.py pack runs/generator data/unfinished/generator.safetensors
    python tools/keep_run.py unpack data/unfinished/generator.safetensors runs/generator

The file holds the averaged generator in half precision and the step. After unpacking, `styleclip train generator --run runs/generator`
goes on from that step, with optimisers that begin anew.
"""

import sys
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from styleclip_lib.networks.generator import Generator
from styleclip_lib.paths import written_whole
from styleclip_lib.training.copying import optimizers_of
from styleclip_lib.training.generator import Settings
from styleclip_lib.training.worlds import ALIGNED
from styleclip_lib.weights.domain import load_tensors


def pack(run: Path, file: Path) -> None:
    state = torch.load(run / "copy" / "checkpoint.pt", weights_only=True, map_location="cpu")
    tensors = {name: value.half().contiguous() for name, value in state["average"].items() if not name.endswith("noise_const")}
    file.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(file) as temporary:
        save_file(tensors, temporary, {"step": str(state["step"]), "seconds": str(round(state["seconds"]))})
    print(f"Step {state['step']}: {file}, {file.stat().st_size / 1e6:.1f} MB")


def unpack(file: Path, run: Path) -> None:
    s = Settings()
    torch.manual_seed(s.seed)  # the noise maps are those of a new run
    generator = Generator(img_resolution=s.img_resolution, z_dim=ALIGNED.z_dim, w_dim=s.w_dim, num_mapping_layers=s.num_mapping_layers,
                          channels=s.channels)
    with safe_open(file, "pt") as source:
        facts = source.metadata()
    generator.load_state_dict({name: value.float() for name, value in load_tensors(file).items()}, strict=False)
    weights = generator.state_dict()
    optimizers = {name: optimizer.state_dict() for name, optimizer in optimizers_of(generator, s).items()}
    (run / "copy").mkdir(parents=True, exist_ok=True)
    with written_whole(run / "copy" / "checkpoint.pt") as temporary:
        torch.save({"step": int(facts["step"]), "seconds": float(facts["seconds"]), "generator": weights, "average": weights,
                    **optimizers}, temporary)
    print(f"Step {facts['step']} lies in {run}: styleclip train generator --run {run}")


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in ("pack", "unpack"):
        sys.exit(__doc__)
    {"pack": pack, "unpack": unpack}[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
