"""Writes small generators as NVIDIA's own code would pickle them, with stand-ins for its modules while it does so."""

from __future__ import annotations

import pickle
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType

import numpy as np
import torch

from styleclip_lib.networks.generator import Generator

BUFFERS = ("w_avg", "noise_const", "resample_filter")
SOURCE = "raise SystemExit('the source text was run')\n"


def small_generator(**settings) -> Generator:
    """16 pixels, with numbers in all that is zero at first."""
    torch.manual_seed(0)
    made = Generator(16, z_dim=10, w_dim=6, num_mapping_layers=3, channels={4: 8, 8: 6, 16: 4}, **settings).requires_grad_(False)
    for name, value in made.state_dict().items():
        if name.endswith(("w_avg", "noise_strength", "bias")):
            value.add_(torch.randn_like(value))
    return made.eval()


@contextmanager
def nvidia_modules() -> Iterator[None]:
    """Modules of NVIDIA's names, for as long as something is pickled."""
    made = {name: ModuleType(name) for name in (
        "torch_utils", "torch_utils.persistence", "dnnlib", "dnnlib.util", "dnnlib.tflib", "dnnlib.tflib.network")}  # fmt: skip
    things = {"torch_utils.persistence": _reconstruct_persistent_obj, "dnnlib.util": EasyDict, "dnnlib.tflib.network": Network}
    for name, thing in things.items():
        thing.__module__ = name
        setattr(made[name], thing.__name__, thing)
    before = {name: sys.modules.get(name) for name in made}
    sys.modules.update(made)
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def _reconstruct_persistent_obj(meta):
    """NVIDIA's runs meta["module_src"] here."""


class EasyDict(dict):
    pass


class Network:
    """TensorFlow's: `variables` is a list of pairs, `components` the networks inside."""


class Persistent:
    """Pickles itself as `_reconstruct_persistent_obj(meta)`."""

    def __init__(self, class_name: str, state: dict):
        self.meta = {"type": "class", "version": 6, "module_src": SOURCE, "class_name": class_name, "state": state}

    def __reduce__(self):
        return _reconstruct_persistent_obj, (self.meta,)


def persistent_network(generator: Generator, change: Callable[[dict], object] = lambda states: None) -> Persistent:
    """The tree of a generator's modules. `change` gets {path: attributes} and may alter them before they are wrapped."""
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    tensors = {**generator.state_dict(), "synthesis.b8.resample_filter": torch.outer(taps, taps)}
    states: dict[str, dict] = {"": _attributes()}
    for name, value in tensors.items():
        path = name.split(".")
        for depth in range(1, len(path)):
            states.setdefault(".".join(path[:depth]), _attributes())
        kind = "_buffers" if path[-1] in BUFFERS else "_parameters"
        states[".".join(path[:-1])][kind][path[-1]] = value if kind == "_buffers" else torch.nn.Parameter(value)
    states[""] |= {"z_dim": generator.z_dim, "c_dim": 0, "w_dim": generator.w_dim, "img_channels": 3,
                   "_init_kwargs": EasyDict(mapping_kwargs=EasyDict(num_layers=3))}  # fmt: skip
    for path, state in states.items():
        last = path.split(".")[-1]
        if last.startswith("fc"):
            state |= {"activation": "lrelu", "weight_gain": np.sqrt(np.float64(0.5)), "bias_gain": 0.01}
        elif last.startswith("conv"):
            layer = dict(generator.synthesis.conv_layers())[path.removeprefix("synthesis.")]
            state |= {"activation": "lrelu", "use_noise": True, "conv_clamp": layer.conv_clamp}
        elif last.startswith("b"):
            state |= {"architecture": "skip"}
    change(states)
    objects = {}
    for path in sorted(states, key=lambda path: -path.count(".") - bool(path)):
        objects[path] = Persistent("Generator" if not path else "Layer", states[path])
        if path:
            parent, _, name = path.rpartition(".")
            states[parent]["_modules"][name] = objects[path]
    return objects[""]


def _attributes() -> dict:
    return {"training": False, "_parameters": OrderedDict(), "_buffers": OrderedDict(), "_non_persistent_buffers_set": set(),
            "_backward_hooks": OrderedDict(), "_modules": OrderedDict(), "_init_args": ()}


def ada_pickle(generator: Generator, change: Callable[[dict], object] = lambda states: None, protocol: int = 4) -> bytes:
    """StyleGAN2-ADA's file; `G` and `D` are other networks than `G_ema`. Python 3.7 wrote it with protocol 3."""
    with nvidia_modules():
        other = persistent_network(Generator(8, 4, 4, 1, {4: 2, 8: 2}))
        content = {"training_set_kwargs": EasyDict(path="data.zip", max_size=1), "G": other, "D": other,
                   "G_ema": persistent_network(generator, change), "augment_pipe": None}
        return pickle.dumps(content, protocol=protocol)


def tensorflow_network(generator: Generator, **settings) -> Network:
    """A generator's arrays as TensorFlow's networks have them, from the definitions: [k, k, in, out], styles without their 1."""
    state = {name: value.numpy() for name, value in generator.state_dict().items()}
    mapping, synthesis = [], [("lod", np.float32(0))]
    for i in range(generator.mapping.num_layers):
        mapping += [(f"Dense{i}/weight", state[f"mapping.fc{i}.weight"].T), (f"Dense{i}/bias", state[f"mapping.fc{i}.bias"])]
    synthesis.append(("4x4/Const/const", state["synthesis.b4.const"][None]))
    for number, (path, _) in enumerate(generator.synthesis.conv_layers()):
        block, layer = path.split(".")
        theirs = "Conv" if block == "b4" else {"conv0": "Conv0_up", "conv1": "Conv1"}[layer]
        synthesis += _layer(state, f"synthesis.{path}", f"{block[1:]}x{block[1:]}/{theirs}", turned=layer == "conv0")
        synthesis.append((f"noise{number}", state[f"synthesis.{path}.noise_const"][None, None]))
    for path, _ in generator.synthesis.rgb_layers():
        size = path.split(".")[0][1:]
        synthesis += _layer(state, f"synthesis.{path}", f"{size}x{size}/ToRGB", turned=False)
    whole = _network("G", [("dlatent_avg", state["mapping.w_avg"])],
                     mapping=_network("G_mapping", mapping), synthesis=_network("G_synthesis", synthesis))  # fmt: skip
    whole.static_kwargs = EasyDict(resolution=generator.img_resolution, num_channels=3, label_size=0, **settings)
    return whole


def _layer(state: dict, ours: str, theirs: str, turned: bool) -> list:
    weight = np.moveaxis(state[f"{ours}.weight"], (0, 1), (3, 2))
    variables = [
        (f"{theirs}/weight", weight[::-1, ::-1].copy() if turned else weight.copy(order="F")),
        (f"{theirs}/bias", state[f"{ours}.bias"]),
        (f"{theirs}/mod_weight", state[f"{ours}.affine.weight"].T.copy()),
        (f"{theirs}/mod_bias", state[f"{ours}.affine.bias"] - 1),
    ]
    if f"{ours}.noise_strength" in state:
        variables.append((f"{theirs}/noise_strength", np.float32(state[f"{ours}.noise_strength"])))
    return variables


def _network(name: str, variables: list, **components) -> Network:
    made = Network()
    vars(made).update(version=4, name=name, static_kwargs=EasyDict(), components=EasyDict(components), variables=variables,
                      build_module_src=SOURCE, build_func_name="build")
    return made


def tensorflow_pickle(generator: Generator, protocol: int = 4, **settings) -> bytes:
    """TensorFlow's file: (G, D, Gs)."""
    with nvidia_modules():
        other = _network("D", [("4x4/Conv/weight", np.zeros((3, 3, 2, 2), np.float32))])
        return pickle.dumps((other, other, tensorflow_network(generator, **settings)), protocol=protocol)


def network_pickle(network: object, protocol: int = 4) -> bytes:
    """(G, D, Gs) with the same network three times."""
    with nvidia_modules():
        return pickle.dumps((network, network, network), protocol=protocol)
