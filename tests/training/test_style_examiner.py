"""The style examiner's training: pictures, kinds, and that it learns."""

from pathlib import Path

import pytest
import torch

from styleclip_lib.networks.style_examiner import KINDS, StyleExaminer
from styleclip_lib.portraits.styles.styles import STYLES
from styleclip_lib.training.data import DataSettings, Portraits
from styleclip_lib.training.style_examiner import LEARNT, Settings, batch, measure_again, recolored, train
from styleclip_lib.training.worlds import ALIGNED
from styleclip_lib.weights.domain import read_index


@pytest.fixture(scope="module")
def settings(tmp_path_factory) -> Settings:
    folder = tmp_path_factory.mktemp("examiner")
    return Settings(folder / "run", folder / "data", folder / "domain", count=4, steps=2, batch_size=4, widths=(4, 8), depths=(1, 1),
                    size=32, input_size=32, tested=1)


def test_kinds_are_plain_and_every_style():
    assert list(KINDS) == ["plain", *STYLES]
    assert StyleExaminer((4, 8), (1, 1), 32)(torch.zeros(2, 3, 48, 48)).shape == (2, len(KINDS))


@pytest.mark.slow
def test_a_batch(settings):
    portraits = Portraits(DataSettings(settings.data, 4, 32, LEARNT), processes=0, progress=False, world=ALIGNED)
    images, kinds = batch(portraits, settings, torch.Generator().manual_seed(1))
    again, _ = batch(portraits, settings, torch.Generator().manual_seed(1))
    assert images.shape == (4, 3, 32, 32) and kinds.shape == (4,) and torch.equal(images, again) and images.abs().max() <= 1.5
    many = torch.cat([batch(portraits, settings, torch.Generator().manual_seed(seed))[1][-2:] for seed in range(40)])
    assert not {"night", "sunset"} & {KINDS[kind] for kind in many.tolist()}, "of scenes these are no styles"


def test_foreign_colours_keep_the_drawing():
    image = torch.zeros(1, 3, 8, 8)
    image[..., :4] = 0.5
    found = recolored(image, torch.Generator().manual_seed(0))
    assert (found[..., :4] - found[..., :1]).abs().max() < 1e-6 and not torch.equal(found, image)


@pytest.mark.slow
def test_training_adds_it_to_the_domain(settings):
    metrics = train(settings)
    assert set(metrics) == {"portraits", "scenes"} and set(metrics["portraits"]) == {"mean accuracy", *KINDS}
    entry = read_index(settings.domain)["files"]["style_examiner"]
    assert entry["config"]["input_size"] == 32 and (Path(settings.domain) / "style_examiner.md").is_file()
    assert measure_again(settings) == metrics
