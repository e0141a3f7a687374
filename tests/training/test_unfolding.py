"""The mapping network learns the w of every latent's portrait."""


import pytest
import torch

from styleclip_lib.networks.mapping import MappingNetwork
from styleclip_lib.training.embedding import OFFSET, Embedding
from styleclip_lib.training.generator import Settings
from styleclip_lib.training.unfolding import mapping_batch, set_mean_w, teach_mapping
from tests.training.tiny_world import TINY


@pytest.fixture(scope="module")
def embedding():
    return Embedding(TINY, w_dim=12, seed=0)


@torch.no_grad()
def missing_variance(mapping, embedding, seed, count=20_000):
    """The share of the code's variance that is missing in w, on fresh latents: 0 where every latent has the w of its portrait."""
    z, w = mapping_batch(embedding, count, torch.Generator().manual_seed(seed))
    found = torch.cat([mapping.w(part) for part in z.split(1000)])
    return ((found - w).square().mean() / (w - w.mean(0)).square().mean()).item()


def taught(embedding, folder, steps):
    torch.manual_seed(0)
    mapping = MappingNetwork(TINY.z_dim, 12, num_ws=6, num_layers=3)
    teach_mapping(mapping, embedding, Settings(run=folder, mapping_steps=steps, mapping_batch=128, mapping_lr=0.05, seed=0))
    return mapping


@pytest.fixture(scope="module")
def mapping(embedding, tmp_path_factory):
    return taught(embedding, tmp_path_factory.mktemp("unfolding"), 150)


def test_a_batch_holds_latents_and_the_w_of_their_portraits(embedding):
    z, w = mapping_batch(embedding, 40, torch.Generator().manual_seed(3))
    assert z.shape == (40, TINY.z_dim)
    torch.testing.assert_close(w, embedding.w(TINY.factors_of_latents(z)))


def test_w_becomes_that_of_the_portrait(mapping, embedding, tmp_path):
    missing = missing_variance(mapping, embedding, seed=5)
    assert missing < 0.35 < missing_variance(taught(embedding, tmp_path, 5), embedding, seed=5)


def test_what_is_missing_is_a_share_of_the_variance(embedding):
    """A mapping network that always says the mean misses all of it."""
    mapping = MappingNetwork(TINY.z_dim, 12, num_ws=6, num_layers=1)
    with torch.no_grad():
        mapping.fc0.weight.zero_()
        mapping.fc0.bias.fill_(OFFSET / (2**0.5 * mapping.fc0.lr_multiplier))
    assert missing_variance(mapping, embedding, seed=0) == pytest.approx(1, abs=0.01)


def test_the_mean_of_w_is_measured(mapping):
    w = mapping.w(torch.randn(20_000, TINY.z_dim, generator=torch.Generator().manual_seed(1)))
    torch.testing.assert_close(mapping.w_avg, w.mean(0), rtol=0, atol=0.05)
    mapping.w_avg.zero_()
    set_mean_w(mapping)
    torch.testing.assert_close(mapping.w_avg, w.mean(0), rtol=0, atol=0.05)


def test_it_goes_on_where_it_stopped(mapping, embedding, tmp_path):
    """A run that is done is read, and nothing is learnt again."""
    first = taught(embedding, tmp_path, 4)
    again = taught(embedding, tmp_path, 4)
    assert all(torch.equal(a, b) for a, b in zip(first.state_dict().values(), again.state_dict().values()))
