"""Files of exactly the official layout, filled by the formula, and a domain that is made of them.

`OFFICIAL` has the sizes of the published files, `SMALL` is quick to write and to compute with.
"""

from __future__ import annotations

import bz2
import hashlib
import json
import math
import warnings
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from styleclip_lib.models import Models
from styleclip_lib.paths import data_folder
from styleclip_lib.weights.readers.arcface import arcface_from_state
from styleclip_lib.weights.readers.e4e import e4e_from_checkpoint
from styleclip_lib.weights.readers.filled import part_of
from styleclip_lib.weights.readers.lpips import lpips_from_states
from styleclip_lib.weights.readers.openai_clip import clip_from_openai
from styleclip_lib.weights.readers.stylegan2 import generator_from_rosinality
from tests.conformance.formula import fill

Shapes = dict[str, tuple[int, ...]]

SMALL_CHANNELS = {4: 16, 8: 16, 16: 16, 32: 8}
OFFICIAL_CHANNELS = {resolution: min(512, 32768 // resolution) for resolution in (4, 8, 16, 32, 64, 128, 256, 512, 1024)}
VGG16 = (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512)
"""Channels of the convolutions; 0 where the size is halved."""

VGG19 = (64, 64, 0, 128, 128, 0, 256, 256, 256, 256, 0, 512, 512, 512, 512, 0, 512, 512)
"""Up to convolution 5_2: what follows in the file is not read."""


@dataclass(frozen=True)
class Sizes:
    """What official files may differ in.

    channels  of the generator, by resolution;  w_dim  also that of z
    blocks    channels of the blocks of IR-SE50;  embedding_dim  of ArcFace
    clip      resolution, patch, width and layers of its vision transformer, width and layers of the text's, joint dimension
    """

    channels: Mapping[int, int]
    w_dim: int
    blocks: tuple[int, ...]
    embedding_dim: int
    clip: tuple[int, int, int, int, int, int, int]

    @property
    def num_ws(self) -> int:
        return 2 * len(self.channels)


OFFICIAL = Sizes(OFFICIAL_CHANNELS, 512, (64,) * 3 + (128,) * 4 + (256,) * 14 + (512,) * 3, 512, (224, 32, 768, 12, 512, 12, 512))
SMALL = Sizes(SMALL_CHANNELS, 32, (16, 16, 32, 32, 48, 64), 24, (64, 32, 64, 2, 64, 2, 64))


def generator_shapes(sizes: Sizes) -> Shapes:
    """Rosinality's `g_ema`, without its filters."""
    w_dim, channels = sizes.w_dim, dict(sizes.channels)
    shapes: Shapes = {"input.input": (1, channels[4], 4, 4)}
    for i in range(1, 9):
        shapes |= {f"style.{i}.weight": (w_dim, w_dim), f"style.{i}.bias": (w_dim,)}
    before = channels[4]
    layers = [("conv1", before, before)]
    rgbs = [("to_rgb1", before)]
    for k, count in enumerate(list(channels.values())[1:]):
        layers += [(f"convs.{2 * k}", before, count), (f"convs.{2 * k + 1}", count, count)]
        rgbs.append((f"to_rgbs.{k}", count))
        before = count
    for i, (name, inside, outside) in enumerate(layers):
        resolution = 4 * 2 ** ((i + 1) // 2)
        shapes |= {f"{name}.conv.weight": (1, outside, inside, 3, 3), f"{name}.conv.modulation.weight": (inside, w_dim),
                   f"{name}.conv.modulation.bias": (inside,), f"{name}.noise.weight": (1,), f"{name}.activate.bias": (outside,),
                   f"noises.noise_{i}": (1, 1, resolution, resolution)}  # fmt: skip
    for name, inside in rgbs:
        shapes |= {f"{name}.conv.weight": (1, 3, inside, 1, 1), f"{name}.conv.modulation.weight": (inside, w_dim),
                   f"{name}.conv.modulation.bias": (inside,), f"{name}.bias": (1, 3, 1, 1)}  # fmt: skip
    return shapes


def body_shapes(sizes: Sizes) -> Shapes:
    """The part that ArcFace and e4e have in common."""
    blocks = sizes.blocks
    before = blocks[0]
    shapes: Shapes = {"input_layer.0.weight": (before, 3, 3, 3), **_norm("input_layer.1", before), "input_layer.2.weight": (before,)}
    for i, count in enumerate(blocks):
        path = f"body.{i}"
        if count != before:
            shapes |= {f"{path}.shortcut_layer.0.weight": (count, before, 1, 1), **_norm(f"{path}.shortcut_layer.1", count)}
        shapes |= {**_norm(f"{path}.res_layer.0", before), f"{path}.res_layer.1.weight": (count, before, 3, 3),
                   f"{path}.res_layer.2.weight": (count,), f"{path}.res_layer.3.weight": (count, count, 3, 3),
                   **_norm(f"{path}.res_layer.4", count), f"{path}.res_layer.5.fc1.weight": (count // 16, count, 1, 1),
                   f"{path}.res_layer.5.fc2.weight": (count, count // 16, 1, 1)}  # fmt: skip
        before = count
    return shapes


def arcface_shapes(sizes: Sizes) -> Shapes:
    """`model_ir_se50.pth`."""
    last, embedding_dim = sizes.blocks[-1], sizes.embedding_dim
    return {**body_shapes(sizes), **_norm("output_layer.0", last), "output_layer.3.weight": (embedding_dim, last * 49),
            "output_layer.3.bias": (embedding_dim,), **_norm("output_layer.4", embedding_dim)}  # fmt: skip


def encoder_shapes(sizes: Sizes) -> Shapes:
    """e4e's encoder."""
    w_dim = sizes.w_dim
    *_, fine, middle, coarse = dict.fromkeys(sizes.blocks)
    shapes = {**body_shapes(sizes), "latlayer1.weight": (coarse, middle, 1, 1), "latlayer1.bias": (coarse,),
              "latlayer2.weight": (coarse, fine, 1, 1), "latlayer2.bias": (coarse,)}  # fmt: skip
    for i in range(sizes.num_ws):
        for k in range(4 if i < 3 else 5 if i < 7 else 6):
            path = f"styles.{i}.convs.{2 * k}"
            shapes |= {f"{path}.weight": (w_dim, w_dim if k else coarse, 3, 3), f"{path}.bias": (w_dim,)}
        shapes |= {f"styles.{i}.linear.weight": (w_dim, w_dim), f"styles.{i}.linear.bias": (w_dim,)}
    return shapes


def clip_shapes(sizes: Sizes) -> Shapes:
    """OpenAI's CLIP with a vision transformer."""
    resolution, patch, width, layers, text_width, text_layers, joint = sizes.clip
    shapes = {
        "positional_embedding": (77, text_width), "text_projection": (text_width, joint), "logit_scale": (),
        "visual.class_embedding": (width,), "visual.positional_embedding": ((resolution // patch) ** 2 + 1, width),
        "visual.proj": (width, joint), "visual.conv1.weight": (width, 3, patch, patch), "token_embedding.weight": (49408, text_width),
    }  # fmt: skip
    for name, count in (("visual.ln_pre", width), ("visual.ln_post", width), ("ln_final", text_width)):
        shapes |= {f"{name}.weight": (count,), f"{name}.bias": (count,)}
    for name, count, blocks in (("visual.transformer", width, layers), ("transformer", text_width, text_layers)):
        for i in range(blocks):
            path = f"{name}.resblocks.{i}"
            shapes |= {f"{path}.attn.in_proj_weight": (3 * count, count), f"{path}.attn.in_proj_bias": (3 * count,),
                       f"{path}.attn.out_proj.weight": (count, count), f"{path}.attn.out_proj.bias": (count,),
                       f"{path}.mlp.c_fc.weight": (4 * count, count), f"{path}.mlp.c_fc.bias": (4 * count,),
                       f"{path}.mlp.c_proj.weight": (count, 4 * count), f"{path}.mlp.c_proj.bias": (count,)}  # fmt: skip
            for norm in ("ln_1", "ln_2"):
                shapes |= {f"{path}.{norm}.weight": (count,), f"{path}.{norm}.bias": (count,)}
    return shapes


def vgg16_shapes() -> Shapes:
    """torchvision's VGG16."""
    return vgg_shapes(VGG16)


def vgg_shapes(channels: tuple[int, ...]) -> Shapes:
    """torchvision's VGG; of the classifier, which nobody uses and which is nine tenths of the file, the last layer only."""
    shapes: Shapes = {}
    index, before = 0, 3
    for count in channels:
        if count:
            shapes |= {f"features.{index}.weight": (count, before, 3, 3), f"features.{index}.bias": (count,)}
            before = count
        index += 2 if count else 1
    return {**shapes, "classifier.6.weight": (1000, 4096), "classifier.6.bias": (1000,)}


def filled(shapes: Shapes, prefix: str = "") -> dict[str, Tensor]:
    """A state dict of these shapes; the formula sees the names without the prefix."""
    with ThreadPoolExecutor(2) as threads:
        values = threads.map(lambda key: torch.from_numpy(fill(key, shapes[key], shapes)), shapes)
        return OrderedDict((prefix + key, value) for key, value in zip(shapes, values))


def write_official_files(folder: Path, sizes: Sizes) -> dict[str, Path]:
    """The files of the ffhq domain, under the names that it gives them."""
    folder.mkdir(parents=True, exist_ok=True)
    _old(filled(arcface_shapes(sizes)), folder / "model_ir_se50.pth")
    _old(filled(vgg16_shapes()), folder / "vgg16-397923af.pth")
    _old(filled(vgg_shapes(VGG19)), folder / "vgg19-dcbb9e9d.pth")
    torch.save(lpips_heads(), folder / "lpips_vgg.pth")
    torch.save(e4e_checkpoint(sizes), folder / "e4e_ffhq_encode.pt")
    script_archive(clip_state(sizes), folder / "ViT-B-32.pt")
    landmarks = (data_folder() / "models" / "portraits" / "landmarks.dat").read_bytes()
    (folder / "shape_predictor_68_face_landmarks.dat.bz2").write_bytes(bz2.compress(landmarks))
    return {path.name: path for path in folder.iterdir()}


def official_models(folder: Path, sizes: Sizes) -> Models:
    """What `load_models` makes of such files, without the files. folder: of a domain, for what else is looked for there"""
    checkpoint = e4e_checkpoint(sizes)
    decoder = part_of(checkpoint["state_dict"], "decoder.")
    parts = {"generator": generator_from_rosinality(decoder, checkpoint["latent_avg"]), "encoder": e4e_from_checkpoint(checkpoint),
             "identity": arcface_from_state(filled(arcface_shapes(sizes))), "clip": clip_from_openai(clip_state(sizes)),
             "perceptual": lpips_from_states({key: value for key, value in filled(vgg16_shapes()).items() if key.startswith("features.")},
                                             lpips_heads())}  # fmt: skip
    for part in parts.values():
        part.eval().requires_grad_(False).to(memory_format=torch.channels_last)
    return Models(domain="ffhq", folder=folder, device=torch.device("cpu"), attributes=None, **parts)


def lpips_heads() -> dict[str, Tensor]:
    shapes = {f"lin{i}.model.1.weight": (1, count, 1, 1) for i, count in enumerate((64, 128, 256, 512, 512))}
    return OrderedDict((key, value.abs()) for key, value in filled(shapes).items())


def e4e_checkpoint(sizes: Sizes) -> dict:
    latent_avg = torch.from_numpy(fill("latent_avg", (sizes.w_dim,), ())).repeat(sizes.num_ws, 1)
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
    decoder = filled(generator_shapes(sizes), "decoder.")
    for k in range(len(sizes.channels) - 1):
        for name in (f"convs.{2 * k}.conv.blur.kernel", f"to_rgbs.{k}.upsample.kernel"):
            decoder[f"decoder.{name}"] = torch.outer(taps, taps) / 16
    opts = {"encoder_type": "Encoder4Editing", "start_from_latent_avg": True, "stylegan_size": max(sizes.channels), "device": "cuda:0"}
    return {"state_dict": {**filled(encoder_shapes(sizes), "encoder."), **decoder}, "latent_avg": latent_avg, "opts": opts}


def clip_state(sizes: Sizes) -> dict[str, Tensor]:
    """In half precision, as published; what the formula does not know is brought to a size at which nothing is saturated."""
    state = filled(clip_shapes(sizes))
    for key, value in state.items():
        if key.endswith(("in_proj_weight", "proj", "text_projection")):
            value /= math.sqrt(value.shape[-1])
        elif key.endswith(("embedding", "embedding.weight")):
            value *= 0.1
    return {key: value.half() for key, value in state.items()}


def write_domain(folder: Path, files: Mapping[str, Path], address: str, name: str = "ffhq") -> Path:
    """A domain like ffhq, with the same entries, whose files are these, handed out at an address."""
    index = json.loads((data_folder() / "models" / "ffhq" / "domain.json").read_text(encoding="utf-8"))
    for source, entry in index["sources"].items():
        content = files[source].read_bytes()
        entry |= {"urls": [f"{address}/{source}"], "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        entry.pop("package", None)  # an installed package carries the real file
    folder.mkdir(parents=True)
    (folder / "domain.json").write_text(json.dumps({**index, "name": name}), encoding="utf-8")
    return folder


def _norm(path: str, count: int) -> Shapes:
    return {f"{path}.{kind}": (count,) for kind in ("weight", "bias", "running_mean", "running_var")}


def _old(content: object, path: Path) -> None:
    """As PyTorch wrote files before 2020."""
    torch.save(content, path, _use_new_zipfile_serialization=False)


def script_archive(state: Mapping[str, Tensor], path: Path) -> None:
    """A TorchScript archive with these parameters, and with the three numbers that stand beside them in OpenAI's."""
    root = nn.Module()
    for key, value in state.items():
        *parents, last = key.split(".")
        module = root
        for depth, parent in enumerate(parents):
            if parent not in dict(module.named_children()):
                numbered = depth + 1 < len(parents) and parents[depth + 1].isdigit()
                module.add_module(parent, nn.ModuleList() if numbered else nn.Module())
            module = getattr(module, parent)
        module.register_parameter(last, nn.Parameter(value, requires_grad=False))
    for name, number in (("input_resolution", 224), ("context_length", 77), ("vocab_size", 49408)):
        root.register_buffer(name, torch.tensor(number))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that TorchScript is old, as the files are
        torch.jit.save(torch.jit.script(root), str(path))
