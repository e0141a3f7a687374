"""A StyleGAN2-ADA file that NVIDIA's own code has written: opened without it, the generator draws the same pictures."""

import json

import pytest
import torch

from styleclip_lib.weights.readers.any_generator import read_generator
from styleclip_lib.weights.unpickling.pickle_values import NAMES
from tests.conformance.cases import assert_near, filled_state, load_case, tensor

IMAGE, LATENT = 1e-4, 5e-5


@pytest.fixture(scope="module")
def case():
    return load_case("sg2_nvidia_pickle_16")


@pytest.fixture
def path(case, tmp_path):
    path = tmp_path / "network.pkl"
    path.write_bytes(case["pickle"].tobytes())
    return path


def test_the_averaged_generator(case, path):
    generator = read_generator(path)
    settings = json.loads(str(case["meta"]))["init_kwargs"]
    assert (generator.img_resolution, generator.z_dim, generator.w_dim) == tuple(settings[n] for n in ("img_resolution", "z_dim", "w_dim"))
    assert generator.mapping.num_layers == settings["mapping_kwargs"]["num_layers"]
    assert generator.synthesis.b16.conv0.conv_clamp == settings["synthesis_kwargs"]["conv_clamp"]
    wanted = filled_state(case)
    assert all(torch.equal(value, wanted[key]) for key, value in generator.state_dict().items())
    z = tensor(case["z"])
    assert_near(generator.mapping(z)[:, 0], case["w"], LATENT)
    assert_near(generator(z), case["image"], IMAGE)
    assert_near(generator(z, truncation_psi=0.5), case["image_psi05"], IMAGE)


def test_older_names_of_numpy(case, path):
    """In files from before NumPy 2 its core has another name."""
    path.write_bytes(path.read_bytes().replace(b"\x8c\x16numpy._core.multiarray", b"\x8c\x15numpy.core.multiarray"))
    assert_near(read_generator(path)(tensor(case["z"])), case["image"], IMAGE)


def test_plain_values_are_known_by_name(case):
    """Of what the file asks for, the part that is neither tensors nor networks."""
    plain = [str(name) for name in case["pickle_globals"] if not str(name).startswith("torch")]
    assert plain and set(plain) <= set(NAMES)
