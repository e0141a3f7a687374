"""The networks that measure belong to a domain that lists them."""

import shutil

import pytest
import torch

from styleclip_lib import load_models
from styleclip_lib.evaluation.examiner import examiners_of
from styleclip_lib.networks.examiner import Examiner, ExaminerIdentity
from styleclip_lib.weights.domain import save_network

SMALL = {"widths": (4, 8), "depths": (1, 1), "input_size": 32}


@pytest.fixture
def with_examiners(tiny_folder, tmp_path):
    folder = shutil.copytree(tiny_folder, tmp_path / "tiny")
    torch.manual_seed(0)
    for name, network in (("examiner", Examiner(**SMALL)), ("examiner_identity", ExaminerIdentity(**SMALL))):
        save_network(folder, name, network, SMALL, {})
    return load_models(folder)


def test_a_domain_without_them_has_none(tiny_folder):
    assert examiners_of(load_models(tiny_folder)) is None


def test_they_are_loaded_once_and_frozen(with_examiners):
    examiners = examiners_of(with_examiners)
    assert examiners is examiners_of(with_examiners)
    image = torch.zeros(1, 3, 32, 32)
    (reading,) = examiners.attributes.read(image)
    assert reading.value("glasses") in ("none", "glasses", "sunglasses")
    assert examiners.identity(image).norm() == pytest.approx(1, abs=1e-4)
    assert not any(p.requires_grad for network in (examiners.attributes, examiners.identity) for p in network.parameters())
