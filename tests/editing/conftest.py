"""The tiny domain with an alignment that is worth beginning at."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from styleclip_lib.editing.alignment import centred
from styleclip_lib.editing.optimization import optimize_latent
from styleclip_lib.editing.prompt import Prompt
from styleclip_lib.models import Models
from styleclip_lib.networks.alignment import Alignment

ALIGNED = "a smiling face"
"""The text that the alignment knows."""


@pytest.fixture(scope="session")
def aligned(tiny) -> Models:
    """The tiny domain, whose alignment knows one text: its offset brings every face nearer to it, with a C of about 1.

    The closed form of random networks predicts next to nothing.
    """
    models, prompt = replace(tiny), Prompt.of(tiny, ALIGNED)
    w_plus = models.sample(1)
    nearer = optimize_latent(models, w_plus, ALIGNED, steps=20, space="w", lr=0.3, lambda_l2=0.0, lambda_id=0.0, lambda_off_direction=0.0,
                             views=1, auxiliary_latents=0, clip_cap=1.0, progress=False)
    step, text = (nearer.w_plus - w_plus)[0, 0], centred((prompt,))[0]
    deviation = (models.reference_faces().embedding @ prompt.vector.T).std()
    network = Alignment(models.generator.num_ws, models.generator.w_dim, models.clip.embedding_dim)
    network.of_text.copy_(torch.outer(text, step) / text.square().sum())
    network.effect.copy_(models.calibration.cap_z * deviation * torch.outer(step, prompt.vector[0]) / step.square().sum())
    network.w_scale.fill_(float(step.norm()))
    models.memo["alignment"] = network
    return models
