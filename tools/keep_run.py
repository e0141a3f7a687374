"""Keeps the weights of an unfinished training of the generator in one small file, and takes it up again elsewhere.

    python tools/keep_run.py pack runs/generator data/unfinished/generator.safetensors
    python tools/keep_run.py unpack data/unfinished/generator.safetensors runs/generator

The file holds the averaged generator in half precision, and how far each part has come. After unpacking,
`styleclip train generator --run runs/generator` goes on from there, with optimisers and a discriminator that begin anew.
"""

import sys
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from styleclip_lib.networks.generator import Generator
from styleclip_lib.networks.patch_discriminator import PatchDiscriminator
from styleclip_lib.paths import written_whole
from styleclip_lib.training.copying import optimizers_of
from styleclip_lib.training.generator import Settings
from styleclip_lib.training.unfolding import mapping_optimizers
from styleclip_lib.training.worlds import ALIGNED
from styleclip_lib.weights.domain import load_tensors

PARTS = ("copy", "mapping", "play")


def pack(run: Path, file: Path) -> None:
    states = {part: torch.load(run / part / "checkpoint.pt", weights_only=True, map_location="cpu")
              for part in PARTS if (run / part / "checkpoint.pt").exists()}
    weights = dict(states["copy"]["average"])
    if "mapping" in states:
        weights |= {f"mapping.{name}": value for name, value in states["mapping"]["mapping"].items()}
    if "play" in states:
        weights = states["play"]["average"]
    tensors = {name: value.half().contiguous() for name, value in weights.items() if not name.endswith("noise_const")}
    facts = {f"{part} {what}": str(round(state[what])) for part, state in states.items() for what in ("step", "seconds")}
    file.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(file) as temporary:
        save_file(tensors, temporary, facts)
    print(f"{facts}: {file}, {file.stat().st_size / 1e6:.1f} MB")


def unpack(file: Path, run: Path) -> None:
    s = Settings()
    torch.manual_seed(s.seed)  # the noise maps are those of a new run
    generator = Generator(img_resolution=s.img_resolution, z_dim=ALIGNED.z_dim, w_dim=s.w_dim, num_mapping_layers=s.num_mapping_layers,
                          channels=s.channels)
    with safe_open(file, "pt") as source:
        facts = source.metadata()
    generator.load_state_dict({name: value.float() for name, value in load_tensors(file).items()}, strict=False)
    discriminator = PatchDiscriminator(s.d_channels)
    d_optimizer = torch.optim.Adam(discriminator.parameters(), s.d_lr, betas=(0.5, 0.99))
    both = {"generator": generator, "average": generator, **optimizers_of(generator, s)}
    contents = {"copy": both, "mapping": {"mapping": generator.mapping, **mapping_optimizers(generator.mapping, s)},
                "play": {**both, "discriminator": discriminator, "d_optimizer": d_optimizer}}
    for part in PARTS:
        if f"{part} step" in facts:
            (run / part).mkdir(parents=True, exist_ok=True)
            with written_whole(run / part / "checkpoint.pt") as temporary:
                torch.save({"step": int(facts[f"{part} step"]), "seconds": float(facts[f"{part} seconds"]),
                            **{name: value.state_dict() for name, value in contents[part].items()}}, temporary)
    print(f"{facts} lies in {run}: styleclip train generator --run {run}")


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in ("pack", "unpack"):
        sys.exit(__doc__)
    {"pack": pack, "unpack": unpack}[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
