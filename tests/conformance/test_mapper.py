"""The latent mapper against StyleCLIP's own LevelsMapper and SingleMapper, and their file layout."""

import pytest
import torch

from styleclip_lib.networks.mapper import SCALE, Mapper
from styleclip_lib.weights.readers.styleclip_mapper import mapper_state
from tests.conformance.cases import assert_near, filled_state, load_case, tensor

TOLERANCE = 5e-6


@pytest.fixture(scope="module")
def case():
    return load_case("mapper")


def loaded(state: dict[str, torch.Tensor], levels: list[str]) -> Mapper:
    """Our mapper with weights from a file of theirs, in which every name begins with the name of the part."""
    mapper = Mapper(18, 512, levels)
    mapper.load_state_dict(mapper_state({f"mapper.{key}": value for key, value in state.items()}))
    return mapper


def test_all_levels(case):
    mapper = loaded(filled_state(case), ["coarse", "medium", "fine"])
    assert_near(mapper(tensor(case["w"])), case["delta_all"], TOLERANCE)


@pytest.mark.parametrize("off, on", [("coarse", ["medium", "fine"]), ("medium", ["coarse", "fine"]), ("fine", ["coarse", "medium"])])
def test_a_level_that_is_off(case, off, on):
    kept = {str(key) for key in case[f"keys_no_{off}"]}
    state = {key: value for key, value in filled_state(case).items() if key in kept}
    assert len(state) == 16
    delta = loaded(state, on)(tensor(case["w"]))
    assert_near(delta, case[f"delta_no_{off}"], TOLERANCE)
    assert (delta == 0).all(dim=2).all(dim=0).any(), "the layers of that level"


def test_one_network_for_all_layers(case):
    mapper = loaded(filled_state(case, "single_state"), ["all"])
    assert_near(mapper(tensor(case["w"])), case["delta_single"], TOLERANCE)


def test_the_case_tells_over_which_dimension_the_pixelnorm_runs(case):
    """Were it the features, the result would be another one: the case can see it."""
    mapper, w = loaded(filled_state(case), ["coarse", "medium", "fine"]), tensor(case["w"])
    x = w[:, :4] * torch.rsqrt(w[:, :4].square().mean(dim=2, keepdim=True) + 1e-8)
    for layer in mapper.levels["coarse"].layers:
        x = layer(x)
    assert (SCALE * x - tensor(case["delta_all"])[:, :4]).abs().max() > 0.05
