import torch

from styleclip_lib.networks.mapping import MappingNetwork, pixel_norm


def mapping():
    torch.manual_seed(0)
    network = MappingNetwork(z_dim=8, w_dim=6, num_ws=5, num_layers=2)
    network.w_avg.normal_()
    return network


def test_pixel_norm_gives_unit_root_mean_square():
    rows = pixel_norm(3 * torch.randn(4, 8))
    torch.testing.assert_close(rows.square().mean(dim=1), torch.ones(4))


def test_length_of_z_does_not_matter():
    network, z = mapping(), torch.randn(3, 8)
    torch.testing.assert_close(network(z), network(10 * z))


def test_same_w_in_every_layer():
    network, z = mapping(), torch.randn(3, 8)
    assert torch.equal(network(z), network.w(z)[:, None].expand(3, 5, 6))


def test_truncation():
    network, z = mapping(), torch.randn(3, 8)
    w = network.w(z)
    expected = network.w_avg + 0.7 * (w - network.w_avg)
    whole = network(z, truncation_psi=0.7)
    torch.testing.assert_close(whole, expected[:, None].expand(3, 5, 6))
    partly = network(z, truncation_psi=0.7, truncation_cutoff=2)
    assert torch.equal(partly[:, :2], whole[:, :2])
    assert torch.equal(partly[:, 2:], network(z)[:, 2:])
    torch.testing.assert_close(network(z, truncation_psi=0.0)[0, 0], network.w_avg)
