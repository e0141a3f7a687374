"""Keeps a finished part of an unfinished training of the generator in a small file, and takes it up again elsewhere.

    python tools/keep_run.py pack runs/generator copy data/unfinished/generator.safetensors
    python tools/keep_run.py pack runs/generator mapping data/unfinished/mapping.safetensors
    python tools/keep_run.py unpack data/unfinished/generator.safetensors runs/generator

A file holds the averaged generator, or the mapping network, in half precision, and the step. After unpacking,
`styleclip train generator --run runs/generator` goes on from that step, with optimisers that begin anew.
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
from styleclip_lib.training.unfolding import mapping_optimizers
from styleclip_lib.training.worlds import ALIGNED
from styleclip_lib.weights.domain import load_tensors

KEPT = {"copy": "average", "mapping": "mapping"}
"""Which network of each part is kept."""


def pack(run: Path, part: str, file: Path) -> None:
    state = torch.load(run / part / "checkpoint.pt", weights_only=True, map_location="cpu")
    tensors = {name: value.half().contiguous() for name, value in state[KEPT[part]].items() if not name.endswith("noise_const")}
    file.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(file) as temporary:
        save_file(tensors, temporary, {"part": part, "step": str(state["step"]), "seconds": str(round(state["seconds"]))})
    print(f"{part}, step {state['step']}: {file}, {file.stat().st_size / 1e6:.1f} MB")


def unpack(file: Path, run: Path) -> None:
    s = Settings()
    torch.manual_seed(s.seed)  # the noise maps are those of a new run
    generator = Generator(img_resolution=s.img_resolution, z_dim=ALIGNED.z_dim, w_dim=s.w_dim, num_mapping_layers=s.num_mapping_layers,
                          channels=s.channels)
    with safe_open(file, "pt") as source:
        facts = source.metadata()
    part = facts.get("part", "copy")
    network = generator if part == "copy" else generator.mapping
    network.load_state_dict({name: value.float() for name, value in load_tensors(file).items()}, strict=False)
    parts = ({"generator": generator, "average": generator, **optimizers_of(generator, s)} if part == "copy" else
             {"mapping": generator.mapping, **mapping_optimizers(generator.mapping, s)})
    (run / part).mkdir(parents=True, exist_ok=True)
    with written_whole(run / part / "checkpoint.pt") as temporary:
        torch.save({"step": int(facts["step"]), "seconds": float(facts["seconds"]),
                    **{name: value.state_dict() for name, value in parts.items()}}, temporary)
    print(f"{part}, step {facts['step']}, lies in {run}: styleclip train generator --run {run}")


if __name__ == "__main__":
    if len(sys.argv) == 5 and sys.argv[1] == "pack" and sys.argv[3] in KEPT:
        pack(Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
    elif len(sys.argv) == 4 and sys.argv[1] == "unpack":
        unpack(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        sys.exit(__doc__)
