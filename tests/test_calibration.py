"""The numbers of a domain that depend on its networks: from its domain.json, from the domain that it is like, or the papers'."""

import json

import pytest

from styleclip_lib.calibration import Calibration
from styleclip_lib.editing.recipes import Directions, Optimization
from styleclip_lib.errors import StyleclipError
from styleclip_lib.models import calibration_of
from styleclip_lib.weights.domain import find_domain


def domain(folder, **index):
    folder.mkdir(exist_ok=True)
    (folder / "domain.json").write_text(json.dumps({"name": folder.name, "files": {}, **index}), encoding="utf-8")
    return folder


def test_the_domains_that_come_along():
    portraits, ffhq = (calibration_of(find_domain(name)) for name in ("portraits", "ffhq"))
    assert portraits.early_exit < 0.3 < 1 == ffhq.early_exit and portraits.auxiliary_latents > 0 == ffhq.auxiliary_latents
    assert (portraits.inversion, ffhq.inversion) == ("default", "photograph")
    assert portraits.start == ffhq.start == Calibration().start == Optimization.PAPER.start == "face"
    assert "Nothing was measured" in ffhq.note and "Measured" in portraits.note
    paper = Optimization.PAPER
    assert ffhq.step("w+") == (paper.lr, paper.lambda_l2) and ffhq.clip_cap == paper.clip_cap and ffhq.ridge == Directions.PAPER.ridge


def test_a_domain_of_the_version_before_has_the_papers_values_or_those_of_the_one_it_is_like(tmp_path):
    assert calibration_of(domain(tmp_path / "old")) == Calibration()
    assert calibration_of(domain(tmp_path / "own", like="portraits")) == calibration_of(find_domain("portraits"))
    assert calibration_of(domain(tmp_path / "circle", like=str(tmp_path / "circle"))) == Calibration()
    measured = domain(tmp_path / "measured", like="portraits", calibration={"early_exit": 0.5, "start": "alignment", "early_exit_z": 1.6})
    assert calibration_of(measured) == Calibration(early_exit=0.5, start="alignment"), "early_exit_z was the version before's"


@pytest.mark.parametrize(("content", "message"), [
    ({"early_exit": "high"}, "early_exit must be a number from -1 to 1, not 'high'"), ({"early_exti": 0.1}, "did you mean 'early_exit'"),
    (3, "names and values"), ({"step_w": [1]}, "step_w must be"), ({"inversion": "magic"}, "'default' or 'photograph'"),
    ({"start": "text"}, "start must be 'face' or 'alignment', not 'text'")])
def test_invalid_numbers(tmp_path, content, message):
    with pytest.raises(StyleclipError, match=r"The calibration in .*domain\.json cannot be used") as error:
        calibration_of(domain(tmp_path / "broken", calibration=content))
    assert message in str(error.value)
