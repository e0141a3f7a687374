"""Pictures between two portraits that differ in one attribute."""

import dataclasses

import pytest
import torch

from styleclip_lib.networks.generator import Generator
from styleclip_lib.portraits.language.attribute_values import false_of, true_of
from styleclip_lib.training.latent_paths import LatentPaths
from styleclip_lib.training.worlds import ALIGNED

COUNT = 60


@pytest.fixture(scope="module")
def generator():
    torch.manual_seed(0)
    return Generator(8, ALIGNED.z_dim, 10, 2, {4: 8, 8: 8}).requires_grad_(False)


@pytest.fixture(scope="module")
def paths(generator):
    return LatentPaths(generator, ALIGNED, COUNT, 8, seed=3, progress=False)


def test_one_attribute_differs(paths):
    changed = torch.stack([(getattr(paths.starts, a.name) != getattr(paths.ends, a.name)) for a in ALIGNED.attributes], 1).sum(1)
    # from_uniform has rules (a woman has no beard), so that another gender may bring a second change with it
    assert (changed <= 2).all() and (changed == 1).float().mean() > 0.6
    assert all(torch.equal(getattr(paths.starts, name), getattr(paths.ends, name)) for name in ("jaw", "fringe", "collar"))


def test_pictures_show_their_factors_latents_and_what_lies_between(paths, generator):
    asked = []

    def latents(numbers, seed):
        asked.append(ALIGNED.latents_of_uniform(numbers, seed))
        return asked[-1]

    watched = dataclasses.replace(ALIGNED, latents_of_uniform=latents)
    again = LatentPaths(generator, watched, COUNT, 8, seed=3, progress=False)
    assert torch.equal(again.pictures, paths.pictures), "a seed means the same pictures"
    z_start, z_end = asked
    for z, factors in ((z_start, paths.starts), (z_end, paths.ends)):
        found = ALIGNED.factors_of_latents(z)
        assert all((getattr(found, name) - getattr(factors, name)).abs().max() < 0.01 for name in ALIGNED.factor_names
                   if name not in ("fringe", "collar"))
    w_start, w_end = generator.mapping(z_start[:1]), generator.mapping(z_end[:1])
    share = paths.share[0]
    slow = [generator.synthesis(w) for w in (w_start, w_end, (1 - share) * w_start + share * w_end)]
    drawn = (paths.pictures[0].float() / 127.5 - 1)
    torch.testing.assert_close(drawn, torch.cat(slow).clamp(-1, 1), atol=0.03, rtol=0)


def test_a_batch(paths):
    images, factors, between, share = paths.batch(torch.Generator().manual_seed(0), 5)
    assert images.shape == (10, 3, 8, 8) and between.shape == (5, 3, 8, 8) and len(factors) == 10
    assert ((share > 0) & (share < 1)).all()
    which = [int((paths.share == s).nonzero()) for s in share]
    assert torch.equal(factors.age, torch.cat([paths.starts.age[which], paths.ends.age[which]]))
    assert torch.equal(images[5:], paths.pictures[which, 1].float() / 127.5 - 1)


def test_a_false_start(paths):
    for seed in range(30):
        start, end, said = paths.false_start(torch.Generator().manual_seed(seed))
        number = int((paths.w_start == start).all(2).all(1).nonzero()[0])
        assert torch.equal(end, paths.w_end[number])
        assert false_of([said], paths.starts[number]).all() and true_of([said], paths.ends[number]).all()


def test_nothing_is_drawn_above_the_size_that_is_seen():
    torch.manual_seed(0)
    larger = Generator(16, ALIGNED.z_dim, 10, 2, {4: 8, 8: 8, 16: 8}).requires_grad_(False)
    small, whole = (LatentPaths(larger, ALIGNED, 5, size, seed=3, progress=False) for size in (8, 16))
    assert small.pictures.shape == (5, 3, 3, 8, 8) and whole.pictures.shape == (5, 3, 3, 16, 16)
    drawn = larger.synthesis(small.w_start, stop_at=8).clamp(-1, 1)
    torch.testing.assert_close(small.pictures[:, 0].float() / 127.5 - 1, drawn, atol=0.03, rtol=0)
