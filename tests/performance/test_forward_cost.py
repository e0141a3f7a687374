"""The count of operations is the published one."""

import pytest
import torch

from styleclip_lib.networks.generator import Generator
from styleclip_lib.performance.forward_cost import forward_flops


@pytest.mark.parametrize("resolution, billions", [(1024, 74.3), (256, 45.1)])
def test_config_f(resolution, billions):
    """In multiplications, as papers on smaller StyleGAN2s count it (Liu et al. 2021, Content-Aware GAN Compression)."""
    with torch.device("meta"):
        synthesis = Generator(resolution).synthesis
    assert forward_flops(synthesis) == pytest.approx(2e9 * billions, rel=0.002)
    assert forward_flops(synthesis, 4) == 4 * forward_flops(synthesis)
