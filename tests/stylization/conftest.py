"""The tiny domain with the papers' values for styles, whatever those of the portraits are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from styleclip_lib.calibration import StyleCalibration
from styleclip_lib.models import Models
from tests.conftest import make_tiny_models


@pytest.fixture(scope="session")
def tiny(tiny_folder) -> Models:
    """As that of all tests, in a folder of its own."""
    models = make_tiny_models()
    return replace(models, folder=tiny_folder, calibration=replace(models.calibration, style=StyleCalibration()))
