"""e4e's losses, schedule and discriminator step against the formulas of the paper (Tov et al. 2021, section 4), written out one by one."""

import math

import pytest
import torch

from styleclip_lib.networks.latent_discriminator import LatentDiscriminator
from styleclip_lib.training.e4e import (
    LatentPool,
    any_layer,
    discriminator_step,
    encoder_discriminator_loss,
    progressive_stage,
    total_delta_loss,
)
from tests.conformance.formula import fill

NUM_WS, W_DIM, BATCH = 6, 5, 4


def filled(name, *shape):
    return torch.from_numpy(fill(name, shape, [])).double()


@pytest.fixture
def discriminator():
    network = LatentDiscriminator(W_DIM).double()
    for name, parameter in network.named_parameters():
        parameter.data = 0.5 * filled(name, *parameter.shape)
    return network


def judged(discriminator, w):
    """The logit of one w [W_DIM], layer by layer."""
    *hidden, last = [layer for layer in discriminator.layers if isinstance(layer, torch.nn.Linear)]
    for layer in hidden:
        w = layer.weight @ w + layer.bias
        w = torch.where(w > 0, w, 0.2 * w)
    return float((last.weight @ w + last.bias).detach())


def softplus(x):
    return math.log1p(math.exp(x))


def test_the_discriminator_is_four_linear_layers(discriminator):
    w = filled("w", BATCH, W_DIM)
    assert sum(isinstance(layer, torch.nn.Linear) for layer in discriminator.layers) == 4
    assert discriminator(w)[:, 0].tolist() == pytest.approx([judged(discriminator, one) for one in w])


@pytest.mark.parametrize("stage", [0, 1, 3, 5])
def test_the_delta_loss_is_the_sum_of_the_mean_norms(stage):
    w_plus = filled("w_plus", BATCH, NUM_WS, W_DIM)
    total = 0.0
    for i in range(1, stage + 1):
        total += sum(math.sqrt(sum(float(v) ** 2 for v in one[i] - one[0])) for one in w_plus) / BATCH
    assert float(total_delta_loss(w_plus - w_plus[:, :1], stage)) == pytest.approx(total)


@pytest.mark.parametrize("stage", [0, 2, 5])
def test_the_encoder_is_judged_by_every_w_in_use(discriminator, stage):
    w_plus = filled("w_plus", BATCH, NUM_WS, W_DIM)
    each = [sum(softplus(-judged(discriminator, one[i])) for one in w_plus) / BATCH for i in range(stage + 1)]
    assert float(encoder_discriminator_loss(discriminator, w_plus, stage)) == pytest.approx(sum(each) / len(each), rel=1e-5)


def test_the_schedule_is_that_of_the_authors():
    """[0, 20000, 22000, ...]: at the i-th of these steps the i-th offset comes in."""
    begins = [0, *(20_000 + 2_000 * k for k in range(NUM_WS - 1))]
    for step in (0, 150, 19_999, 20_000, 21_999, 22_000, 26_000, 27_999, 28_000, 500_000):
        stage = max(i for i, begin in enumerate(begins) if step >= begin)
        assert progressive_stage(step, 20_000, 2_000, NUM_WS) == stage
    assert progressive_stage(0, 0, 2_000, NUM_WS) == NUM_WS - 1, "without a start: all at once"


class Steps:
    """Plain gradient descent in place of a run; notes the losses that are followed."""

    def __init__(self, step):
        self.step, self.losses = step, []

    def update(self, loss, optimizer):
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        self.losses.append(loss.item())


@pytest.mark.parametrize("step, penalised", [(0, True), (5, False), (16, True)])
def test_the_step_of_the_discriminator(discriminator, step, penalised):
    real, fake, run = filled("real", BATCH, W_DIM), filled("fake", BATCH, W_DIM), Steps(step)
    d_real = sum(softplus(-judged(discriminator, w)) for w in real) / BATCH
    d_fake = sum(softplus(judged(discriminator, w)) for w in fake) / BATCH
    values = discriminator_step(discriminator, torch.optim.SGD(discriminator.parameters(), 0.0), run, real, fake, r1_gamma=10, r1_every=16)
    names = "d_real_loss", "d_fake_loss", "discriminator_loss"
    assert [float(values[name]) for name in names] == pytest.approx([d_real, d_fake, d_real + d_fake], rel=1e-5)
    assert len(run.losses) == 1 + penalised and ("discriminator_r1_loss" in values) == penalised
    if penalised:
        assert run.losses[1] == pytest.approx(10 / 2 * 16 * squared_gradient(discriminator, real), rel=1e-3)


def squared_gradient(discriminator, real, tiny=1e-6):
    """E‖∇D(w)‖², by differences."""
    total = 0.0
    for w in real:
        for k in range(W_DIM):
            step = torch.zeros(W_DIM, dtype=torch.double)
            step[k] = tiny
            total += ((judged(discriminator, w + step) - judged(discriminator, w - step)) / (2 * tiny)) ** 2
    return total / len(real)


def test_two_log_two_where_nothing_can_be_told_apart(discriminator):
    for parameter in discriminator.parameters():
        parameter.data.zero_()
    latents = filled("real", BATCH, W_DIM)
    values = discriminator_step(discriminator, torch.optim.SGD(discriminator.parameters(), 0.0), Steps(1), latents, latents, 10, 16)
    assert float(values["discriminator_loss"]) == pytest.approx(2 * math.log(2))


def test_the_pool_hands_out_old_latents_for_half_of_the_new_ones():
    pool, rng = LatentPool(50, 1), torch.Generator().manual_seed(0)
    first = torch.arange(50.0)[:, None]
    assert torch.equal(pool.exchange(first, rng), first), "until it is full, what comes goes on"
    come = torch.arange(50.0, 4050.0)[:, None]
    gone = pool.exchange(come, rng)[:, 0]
    same = (gone == come[:, 0]).float().mean()
    assert 0.45 < float(same) < 0.55
    assert len(set(gone.tolist()) | set(pool.kept[:, 0].tolist())) == 4050, "nothing is lost, nothing comes twice"
    again = LatentPool(50, 1)
    again.load_state_dict(pool.state_dict())
    assert torch.equal(again.kept, pool.kept)


def test_any_layer_takes_those_in_use_alike():
    w_plus = torch.arange(NUM_WS).float()[None, :, None].expand(6000, -1, 1)
    taken = any_layer(w_plus, 3, torch.Generator().manual_seed(0))[:, 0]
    shares = [(taken == layer).float().mean().item() for layer in range(NUM_WS)]
    assert shares[:4] == pytest.approx([0.25] * 4, abs=0.03) and shares[4:] == [0, 0]
