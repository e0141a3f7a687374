"""NVIDIA's `.pkl` files (StyleGAN2 for TensorFlow, StyleGAN2-ADA, the StyleGAN2 of the StyleGAN3 repository) -> Generator.

Such a file is a pickle of whole objects, which includes the source code of their classes. Here that code is only text: an object
becomes a `Record`, and the generator is built anew from the record's tensors and settings.
"""

from collections.abc import Mapping

import torch

from ...networks.generator import Generator
from ..readers.stylegan2 import generator_from_nvidia
from . import pickle_values
from .pickle_tensors import Storage, StoredTensor, Tensors
from .record import Record, check_usual, clamp_of, flat_state
from .safe_pickle import Builder, read_pickle
from .tensorflow_pickle import generator_from_tensorflow
from .torch_file import STATES, read_old_format, tensors
from .untrusted import Budget, Refused, Stretch, Unknown, Untrusted


def nvidia_names(file: Untrusted) -> dict[str, Builder]:
    """The names that NVIDIA's files ask for besides plain values and tensors: networks, and storages that were saved inside."""

    def nested_storage(content: object) -> Storage:
        """A storage that was saved as a file of the old format, which is stored here as bytes. It may refer only to itself."""
        if type(content) is not bytes:
            raise Refused("it loads a storage from something other than bytes")
        storage = read_old_format(Stretch(content, 0, len(content)), {}, file.budget)
        if type(storage) is not Storage:
            raise Refused("it loads something other than a storage")
        return storage

    return {
        "torch.storage._load_from_bytes": nested_storage,
        "torch_utils.persistence._reconstruct_persistent_obj": _persistent_object,
        "dnnlib.tflib.network.Network": Record,
    }


def read_nvidia(file: Untrusted) -> Generator:
    """The generator in a file: the one with EMA weights (`G_ema`, in TensorFlow's files `Gs`), or the only one.

    Raises Refused for anything in the file that is not needed, and StyleclipError or Refused for other networks:
    StyleGAN3, StyleGAN1, class-conditional ones, and variants of StyleGAN2 other than the paper's final one.
    """
    names = {**pickle_values.NAMES, **Tensors(file.budget).names(), **nvidia_names(file)}
    generator = generator_from_content(read_pickle(file.stream(), names, STATES, file.budget), file.budget)
    if generator is None:
        raise Unknown("it does not hold a generator in NVIDIA's format")
    return generator


def generator_from_content(content: object, budget: Budget) -> Generator | None:
    """The generator in the content of an NVIDIA or PyTorch file; None if it holds no network in NVIDIA's format."""
    if type(content) in (tuple, list) and len(content) == 3:
        content = content[2]
    if type(content) is dict:
        content = content["G_ema"] if "G_ema" in content else _only_generator(content)
    if type(content) is not Record:
        return None
    return generator_from_tensorflow(content, budget) if "static_kwargs" in content.attributes else _generator(content)


def _only_generator(content: dict) -> Record | None:
    generators = [value for value in content.values() if type(value) is Record and "synthesis" in _contents(value)]
    return generators[0] if len(generators) == 1 else None


def _persistent_object(meta: object) -> Record:
    """meta: how to rebuild the object (`module_src`, its source code, is ignored), and its attributes (`state`)."""
    if type(meta) is not dict:
        raise Refused("a network in it is not described as one")
    record = Record()
    record.set_state(meta.get("state"))
    return record


def _generator(network: Record) -> Generator:
    if network.attributes.get("c_dim", 0) != 0:
        raise Unknown("it is a class-conditional generator, and only those without classes are known here")
    parts = _contents(_part(network, "synthesis"))
    if any(str(name).startswith("L0_") for name in parts):
        raise Unknown("it is a StyleGAN3 network, and only StyleGAN2 is known here")
    _check_design(network)
    layer = _part(network, "synthesis", "b4", "conv1").attributes
    return generator_from_nvidia(tensors(flat_state(network, _contents)), clamp_of(layer))


def _contents(record: Record) -> Mapping[str, object]:
    """The tensors and submodules of a torch.nn.Module, from its attributes."""
    contents = {}
    for kind in ("_parameters", "_buffers", "_modules"):
        attributes = record.attributes.get(kind, {})
        if type(attributes) is not dict:
            raise Refused("a network in it is not described as one")
        contents.update(attributes)
    return contents


def _part(record: Record, *path: str) -> Record:
    for name in path:
        record = _contents(record).get(name)
        if type(record) is not Record:
            raise Unknown("its generator is not StyleGAN2's")
    return record


def _check_design(network: Record) -> None:
    """Raises Refused if a setting, which the tensors do not reveal, says that the network computes something other than ours."""
    block = _part(network, "synthesis", "b4")
    check_usual(block.attributes, {"architecture": "skip"})
    check_usual(_part(block, "conv1").attributes, {"activation": "lrelu", "use_noise": True})
    check_usual(_part(network, "mapping", "fc0").attributes, {"activation": "lrelu", "bias_gain": 0.01})
    kernel = _contents(block).get("resample_filter")
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    if type(kernel) is StoredTensor and (kernel.shape != (4, 4) or not torch.allclose(kernel.read().float(), torch.outer(taps, taps))):
        raise Unknown("its generator upsamples with a filter other than [1, 3, 3, 1]")
