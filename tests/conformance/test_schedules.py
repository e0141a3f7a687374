"""Learning rates against those of StyleCLIP's optimisation and of StyleGAN2's projector."""

import numpy as np
import pytest

from styleclip_lib.schedule import ramped
from tests.conformance.cases import load_case


@pytest.mark.parametrize("name, lr", [("styleclip_lr_300", 0.1), ("styleclip_lr_40", 0.1), ("projector_lr_1000", 0.1)])
def test_learning_rates(name, lr):
    wanted = load_case("schedules")[name]
    ours = [ramped(step, len(wanted), lr) for step in range(len(wanted))]
    np.testing.assert_allclose(ours, wanted, rtol=0, atol=1e-12)
