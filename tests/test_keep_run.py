"""What an unfinished training has learnt comes back from the small file, elsewhere and with a vocabulary that has changed since."""

from __future__ import annotations

import pytest
import torch

pytest.importorskip("accelerate", reason='the extra train is not installed: pip install --editable ".[train]"')

from styleclip_lib.training import clip
from styleclip_lib.training.clip import Settings, new_networks, optimizers_of
from tools import keep_run

pytestmark = pytest.mark.slow


@pytest.fixture
def trained(tmp_path):
    """The networks of a run that was stopped at its seventh step."""
    torch.manual_seed(5)
    network, reader = new_networks(Settings())
    parts = {"clip": network, "reader": reader, **optimizers_of(torch.nn.ModuleList([network, reader]), Settings())}
    (tmp_path / "run" / "small").mkdir(parents=True)
    state = {name: part.state_dict() for name, part in parts.items()}
    torch.save({"step": 7, "seconds": 3.2, **state}, tmp_path / "run" / "small" / "checkpoint.pt")
    return state


def again(tmp_path) -> dict:
    keep_run.unpack(tmp_path / "kept.safetensors", tmp_path / "again")
    return torch.load(tmp_path / "again" / "small" / "checkpoint.pt", weights_only=True)


def test_the_networks_come_back_in_half_precision(trained, tmp_path):
    keep_run.pack(tmp_path / "run", "small", tmp_path / "kept.safetensors")
    state = again(tmp_path)
    assert state["step"] == 7 and set(state) == {"step", "seconds", *trained}
    for part in ("clip", "reader"):
        for name, value in trained[part].items():
            assert torch.equal(state[part][name], value.half().to(value.dtype)), name


def test_words_keep_their_vectors_in_another_vocabulary(trained, tmp_path, monkeypatch):
    keep_run.pack(tmp_path / "run", "small", tmp_path / "kept.safetensors")
    before = sorted(keep_run.sentence_words())
    now = sorted([*before[:-2], "aaa"])
    for module in (keep_run, clip):
        monkeypatch.setattr(module, "sentence_words", lambda: frozenset(now))
    vectors, old = (state["clip"]["model.token_embedding.weight"] for state in (again(tmp_path), trained))
    assert len(vectors) == len(now) + 3
    for word in (before[0], before[500]):
        assert torch.equal(vectors[1 + now.index(word)], old[1 + before.index(word)].half().float())
    assert torch.equal(vectors[-2:], old[-2:].half().float()), "a text's start and end"
    with pytest.raises(SystemExit, match="another vocabulary"):
        keep_run.pack(tmp_path / "run", "small", tmp_path / "other.safetensors")
