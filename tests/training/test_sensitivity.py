"""What an error of w changes in the picture."""

from types import SimpleNamespace

import torch

from styleclip_lib.networks.generator import Generator
from styleclip_lib.training.sensitivity import sensitivity, weighted_error

CONFIG = {"img_resolution": 16, "z_dim": 6, "w_dim": 5, "num_mapping_layers": 2, "channels": {4: 8, 8: 8, 16: 8}}


class Linear:
    """Pictures A w of two layers' latents, whose mean is w: the Jacobian is A everywhere."""

    def __init__(self):
        self.matrix = torch.randn(3 * 4 * 4, 5, generator=torch.Generator().manual_seed(1))
        self.num_ws, self.z_dim = 2, 5
        self.mapping = SimpleNamespace(w=lambda z: z, w_avg=torch.zeros(5))
        self.synthesis = self

    def resolution_for(self, size):
        return 4

    def __call__(self, w_plus, stop_at):
        return (w_plus.mean(1) @ self.matrix.T).view(-1, 3, 4, 4)


def test_it_is_the_mean_of_the_jacobians_products():
    linear = Linear()
    measured = sensitivity(linear, 4, seed=0, faces=2000, projections=4, progress=False)
    wanted = linear.matrix.T @ linear.matrix
    wanted = wanted / wanted.diagonal().mean()
    torch.testing.assert_close(measured.diagonal().mean(), torch.ones(()))
    assert (measured - wanted).norm() / wanted.norm() < 0.1


def test_it_tells_what_a_small_error_changes_in_a_real_generator():
    torch.manual_seed(0)
    generator = Generator(**CONFIG).eval().requires_grad_(False)
    weights = sensitivity(generator, 16, seed=0, faces=200, projections=8, progress=False)
    w = generator.mapping.w(torch.randn(300, 6, generator=torch.Generator().manual_seed(2)))
    strong, weak = (torch.linalg.eigh(weights).eigenvectors[:, column] for column in (-1, 0))

    def change(direction):
        plain, moved = (generator.synthesis(x[:, None].repeat(1, generator.num_ws, 1)) for x in (w, w + 0.01 * direction))
        return (moved - plain).square().mean()

    assert change(strong) > 2 * change(weak)
    assert torch.equal(weights, sensitivity(generator, 16, seed=0, faces=200, projections=8, progress=False)), "a seed decides"


def test_half_of_an_error_counts_by_itself_and_half_by_what_it_changes():
    error = torch.tensor([[1.0, 2.0], [0.0, -1.0]])
    torch.testing.assert_close(weighted_error(error, torch.eye(2)), error.square().mean())
    torch.testing.assert_close(weighted_error(error, torch.diag(torch.tensor([2.0, 0.0]))), torch.tensor((1 * 3 + 4 + 1) / 8))
