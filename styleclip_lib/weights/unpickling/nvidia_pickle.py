"""NVIDIA's `.pkl` files (StyleGAN2 for TensorFlow, StyleGAN2-ADA, the StyleGAN2 of the StyleGAN3 repository) -> Generator.

Such a file is a pickle of whole objects, with the source text of their classes in it. Here the text stays text: an object
becomes a `Record`, and from its tensors and settings the generator is built anew.
"""

import io
import mmap
from collections.abc import Mapping

import torch
from torch import Tensor

from ...networks.generator import Generator
from ..downloads.record import Record, check_usual, clamp_of, flat_state
from ..readers.stylegan2 import generator_from_nvidia
from . import pickle_values
from .pickle_tensors import Storage, Tensors
from .safe_pickle import read_pickle
from .tensorflow_pickle import generator_from_tensorflow
from .torch_file import STATES, read_old_format
from .untrusted import Refused


def read_nvidia(file: mmap.mmap) -> Generator:
    """The generator of a file, with averaged weights (`G_ema`, in TensorFlow's files `Gs`).

    Raises Refused for anything in the file that is not needed, and StyleclipError or Refused for other networks:
    StyleGAN3, StyleGAN1, class-conditional ones, and other designs of StyleGAN2 than the paper's last one.
    """
    names = {
        **pickle_values.NAMES,
        **Tensors(len(file)).names(),
        "torch.storage._load_from_bytes": _nested_storage,
        "torch_utils.persistence._reconstruct_persistent_obj": _persistent_object,
        "dnnlib.tflib.network.Network": Record,
    }
    content = read_pickle(file, names, STATES)
    if type(content) in (tuple, list) and len(content) == 3 and type(content[2]) is Record:
        return generator_from_tensorflow(content[2], most_numbers=len(file))
    if type(content) is dict and type(content.get("G_ema")) is Record:
        return _generator(content["G_ema"])
    raise Refused("it holds no generator of NVIDIA's")


def _nested_storage(content: object) -> Storage:
    """A storage that was saved as a file of the old format, and that file as bytes. It may refer to nothing but itself."""
    if type(content) is not bytes:
        raise Refused("it loads a storage from something other than bytes")
    storage = read_old_format(io.BytesIO(content), memoryview(content), {}, {})
    if type(storage) is not Storage:
        raise Refused("it loads something other than a storage")
    return storage


def _persistent_object(meta: object) -> Record:
    """meta: what made the object (`module_src`, the source text, is not looked at), and its attributes (`state`)."""
    if type(meta) is not dict:
        raise Refused("a network in it is not described as one")
    record = Record()
    record.set_state(meta.get("state"))
    return record


def _generator(network: Record) -> Generator:
    check_usual(network.attributes, {"c_dim": 0})
    parts = _contents(_part(network, "synthesis"))
    if any(str(name).startswith("L0_") for name in parts):
        raise Refused("it is a StyleGAN3 network, and only StyleGAN2 is known here")
    _check_design(network)
    layer = _part(network, "synthesis", "b4", "conv1").attributes
    return generator_from_nvidia(flat_state(network, _contents), clamp_of(layer))


def _contents(record: Record) -> Mapping[str, object]:
    """The tensors and the parts of a torch.nn.Module, from its attributes."""
    contents = {}
    for kind in ("_parameters", "_buffers", "_modules"):
        found = record.attributes.get(kind, {})
        if type(found) is not dict:
            raise Refused("a network in it is not described as one")
        contents.update(found)
    return contents


def _part(record: Record, *path: str) -> Record:
    for name in path:
        record = _contents(record).get(name)
        if type(record) is not Record:
            raise Refused("its generator is not that of StyleGAN2")
    return record


def _check_design(network: Record) -> None:
    """Raises Refused where a setting says that the network computes something else than ours, which its tensors do not show."""
    block = _part(network, "synthesis", "b4")
    check_usual(block.attributes, {"architecture": "skip"})
    check_usual(_part(block, "conv1").attributes, {"activation": "lrelu", "use_noise": True})
    check_usual(_part(network, "mapping", "fc0").attributes, {"activation": "lrelu", "bias_gain": 0.01})
    kernel = _contents(block).get("resample_filter")
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    if type(kernel) is Tensor and (kernel.shape != (4, 4) or not torch.allclose(kernel.float(), torch.outer(taps, taps))):
        raise Refused("its generator enlarges pictures with another filter than [1, 3, 3, 1]")
