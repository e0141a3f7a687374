"""The text encoder beside a locked image encoder: what belongs to a picture stays with its vector, and only texts change."""

from dataclasses import replace

import pytest
import torch

from styleclip_lib.training import clip, locked
from styleclip_lib.training.captioned import CaptionedPictures
from styleclip_lib.training.locked import joined, some_of, teach_texts

from .test_captioned import source  # noqa: F401
from .test_clip import Colors, settings, watched

pytestmark = pytest.mark.slow


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def numbered(pictures, start):
    """The pictures with a number of their own in place of the pixels."""
    counts = len(pictures.portraits), len(pictures.scenes), len(pictures.patches)
    parts = torch.arange(start, start + sum(counts)).float()[:, None].split(counts)
    return replace(pictures, portraits=parts[0], scenes=parts[1], patches=parts[2])


@pytest.fixture(scope="module")
def lots(source):  # noqa: F811
    return [numbered(source.draw(rng(seed), 5, 4, 3, 6), 100 * seed) for seed in range(3)]


def test_what_is_known_stays_with_its_vector(lots):
    whole = joined(lots)
    assert whole.plain == 15 and len(whole.styles) == 27 and all(style is not None for style in whole.styles[15:])
    few = some_of(whole, rng(), (7, 5, 4, 8))
    assert few.plain == 7 and [len(part) for part in (few.portraits, few.scenes, few.patches)] == [12, 4, 8]
    for number, background, age, style in zip(few.portraits[:, 0].int().tolist(), few.factors.background, few.factors.age, few.styles):
        lot, row = lots[number // 100], number % 100
        assert (background, age, style) == (lot.factors.background[row], lot.factors.age[row], lot.styles[row])
    for number, place, style in zip(few.scenes[:, 0].int().tolist(), few.facts.place, few.scene_styles):
        lot, row = lots[number // 100], number % 100 - 9
        assert (place, style) == (lot.facts.place[row], lot.scene_styles[row])
    for number, shares, style in zip(few.patches[:, 0].int().tolist(), few.shares, few.patch_styles):
        lot, row = lots[number // 100], number % 100 - 12
        assert style == lot.patch_styles[row] and torch.equal(shares.nan_to_num(), lot.shares[row].nan_to_num())


def test_only_texts_change_and_fit_better(tmp_path, monkeypatch):
    seen = watched(monkeypatch)
    monkeypatch.setattr(locked, "LOT", (60, 4, 4, 8))
    s = settings(tmp_path, locked_pictures=(48, 4, 4, 8), locked_captions=(40, 4, 6, 2), steps=30, muon_lr=3e-3)
    torch.manual_seed(0)
    network, _ = clip.new_networks(s)
    before = {name: value.clone() for name, value in network.model.state_dict().items()}
    pictures = CaptionedPictures(Colors(clip.DataSettings(s.data, 200, 32), None), 8, 4, 10, 32, 0, progress=False)
    assert teach_texts(network, pictures, clip.optimizers_of(network, s), s) > 0
    changed = {name for name, value in network.model.state_dict().items() if not torch.equal(value, before[name])}
    assert changed and not any(name.startswith("visual.") for name in changed)
    losses = [step["loss"] for step in seen]
    assert len(losses) == 30 and sum(losses[-5:]) < 0.95 * sum(losses[:5])
