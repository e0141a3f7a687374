"""A training run: what is saved, how it goes on, what Ctrl-C leaves behind."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

from styleclip_lib.errors import StyleclipError
from styleclip_lib.training.adversarial import PathLength
from styleclip_lib.training.loop import Run, learn, learning_rate, settings_of
from tests.weights.hostile_files import FILLING, RUNNING
from tests.weights.hostile_parts import as_zip, doubled, pickled, saved

pytestmark = pytest.mark.slow


def train(folder, total, save_every=100, stop_at=None, error=KeyboardInterrupt, settings=None):
    """A few steps with a random batch for each step number, as the training modules do. Returns the model."""
    torch.manual_seed(0)
    model = nn.Linear(4, 2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.05)
    with Run(folder, save_every=save_every, settings=settings, model=model, optimizer=optimizer) as run:
        for step in run.steps(total):
            if step == stop_at:
                raise error
            x = torch.randn(8, 4, generator=run.generator(0))
            loss = F.mse_loss(model(x), x[:, :2])
            run.update(loss, optimizer)
            run.log(every=1, loss=loss)
    return model


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """The weights after six steps without a break."""
    return train(tmp_path_factory.mktemp("straight"), 6).weight.detach()


def test_a_run_goes_on_exactly_where_it_stopped(tmp_path, straight):
    half = train(tmp_path, 2).weight
    assert not torch.equal(half, straight)
    assert torch.equal(train(tmp_path, 6).weight, straight)
    assert torch.equal(train(tmp_path, 6).weight, straight), "nothing is left to do"


def test_ctrl_c_keeps_what_was_learnt(tmp_path, straight, capsys):
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, 6, stop_at=3)
    assert "Stopped at step 3" in capsys.readouterr().out
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == 3
    assert torch.equal(train(tmp_path, 6).weight, straight)


def test_after_ctrl_c_nothing_that_follows_the_run_is_done(tmp_path):
    """A training module publishes its network after the run: never one that was trained by half."""
    published = []
    with pytest.raises(KeyboardInterrupt):
        published.append(train(tmp_path, 6, stop_at=1))
    assert not published


HOSTILE = {
    "nothing": lambda canary: b"",
    "a word": lambda canary: b"hello",
    "half of one": lambda canary: saved({"step": 1, "model": nn.Linear(4, 2).state_dict()})[:-90],
    "an enormous storage": lambda canary: FILLING["an enormous storage"][0](),
    "tuples of tuples": lambda canary: pickled(doubled(60)),
    "a list that is in itself": lambda canary: as_zip(b"]q\x00h\x00a"),
    "a list": lambda canary: saved([1]),
    "no steps": lambda canary: saved({"model": nn.Linear(4, 2).state_dict()}),
    "steps of another kind": lambda canary: saved({"step": [], "settings": 5}),
    "no optimiser": lambda canary: saved({"step": 1, "model": nn.Linear(4, 2).state_dict()}),
    "a smaller network": lambda canary: saved({"step": 1, "model": nn.Linear(3, 2).state_dict(), "optimizer": {}}),
    "words for weights": lambda canary: saved({"step": 1, "model": {"weight": "a", "bias": "b"}, "optimizer": {}}),
    "a text for an optimiser": lambda canary: saved({"step": 1, "model": nn.Linear(4, 2).state_dict(), "optimizer": "a"}),
    **{name: make for name, (make, _) in RUNNING.items() if name in ("as a parameter", "protocol 4", "in a nested archive")},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_checkpoint_of_somebody_else(name, tmp_path):
    (tmp_path / "checkpoint.pt").write_bytes(HOSTILE[name](tmp_path / "canary"))
    with pytest.raises(StyleclipError, match=r"checkpoint\.pt.* (was not read|does not belong to this run)"):
        train(tmp_path, 2)
    assert not (tmp_path / "canary").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_checkpoint_that_is_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "checkpoint.pt")
    with pytest.raises(StyleclipError, match="a pipe or a device"):
        train(tmp_path, 2)


def test_an_error_leaves_the_last_checkpoint(tmp_path, straight):
    with pytest.raises(ZeroDivisionError):
        train(tmp_path, 6, save_every=2, stop_at=5, error=ZeroDivisionError)
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == 4
    assert torch.equal(train(tmp_path, 6).weight, straight)
    assert [path.name for path in tmp_path.glob("*.part")] == []


def test_whatever_has_a_state_is_kept(tmp_path):
    length = PathLength()
    length.mean = 2.5
    with Run(tmp_path, path_length=length) as run:
        for _ in run.steps(1):
            pass
        assert run.seconds > 0
    again = PathLength()
    with Run(tmp_path, path_length=again) as run:
        assert run.step == 1 and again.mean == 2.5
        assert run.seconds > 0


@dataclass
class Some:
    run: Path = Path("here")
    lr: float = 0.1
    adam_lr: float = 0.1
    widths: tuple[int, ...] = (1, 2)
    channels: dict[int, int] = field(default_factory=lambda: {4: 8})
    steps: int = 3
    seed: int = 0


def test_a_run_goes_on_with_its_own_settings_only(tmp_path):
    def go_on(**settings):
        with Run(tmp_path, settings=settings_of(Some(**settings), but=("steps",))) as run:
            return [*run.steps(2)]

    assert go_on() == [0, 1] and go_on(run=Path("there"), steps=9) == []
    with pytest.raises(StyleclipError, match=r"was started with lr 0.1, not 0.2; widths \[1, 2\], not \[1, 3\]: give the same"):
        go_on(lr=0.2, widths=(1, 3))
    with pytest.raises(StyleclipError, match="channels"):
        go_on(channels={4: 9})


def test_a_run_of_before_settings_were_kept_goes_on(tmp_path, straight):
    train(tmp_path, 2)
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    state.pop("settings")
    torch.save(state, tmp_path / "checkpoint.pt")
    assert torch.equal(train(tmp_path, 6, settings={"lr": 5}).weight, straight)


def test_one_loss_is_followed_along_the_learning_rate(tmp_path):
    model = nn.Linear(4, 2)
    optimizer = torch.optim.SGD(model.parameters())
    model.weight.data.zero_()
    rates = []

    def loss(run, rng):
        rates.append(optimizer.param_groups[0]["lr"])
        assert model.training
        return F.mse_loss(model(torch.ones(8, 4)), torch.randn(8, 2, generator=rng).sign() + 5)

    assert learn(model.eval(), {"adam": optimizer}, Some(run=tmp_path, adam_lr=0.5), loss) > 0
    assert rates == [pytest.approx(0.5 * learning_rate(step, 3)) for step in range(3)]
    assert not model.training and (model.weight > 0).all()
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == 3


def test_sheets_and_logs(tmp_path):
    with Run(tmp_path) as run:
        for step in run.steps(3):
            run.log(every=2, loss=torch.tensor(step))
        run.sheet("faces", torch.zeros(3, 3, 8, 8))
    assert Image.open(tmp_path / "faces-000003.png").width > 8
    assert list((tmp_path / "log").iterdir())


def test_the_learning_rate_rises_and_falls():
    rates = [learning_rate(step, 1000) for step in range(1001)]
    assert rates[0] == pytest.approx(0.01, rel=0.01) and max(rates) <= 1
    assert 80 < rates.index(max(rates)) < 120
    assert all(a >= b for a, b in pairwise(rates[120:]))
    assert rates[-1] == pytest.approx(0.05, abs=1e-6)
    assert learning_rate(500, 1000) == pytest.approx(0.05 + 0.95 / 2)


TOGETHER = """
import sys, torch, torch.nn.functional as F
from styleclip_lib.training.loop import Run
torch.manual_seed(0)
model = torch.nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
with Run(sys.argv[1], model=model, optimizer=optimizer) as run:
    for step in run.steps(3):
        x = torch.randn(8, 4, generator=run.generator(0))
        run.update(F.mse_loss(model(x), x[:, :2]), optimizer)
torch.save(model.weight.detach(), f"{sys.argv[1]}/{run.accelerator.process_index}.pt")
"""


def test_two_processes_learn_from_the_mean_of_their_batches(tmp_path):
    (tmp_path / "together.py").write_text(TOGETHER)
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    subprocess.run([*launch, str(tmp_path / "together.py"), str(tmp_path)], env=environment, check=True, timeout=200)

    torch.manual_seed(0)
    model = nn.Linear(4, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(3):
        batches = [torch.randn(8, 4, generator=torch.Generator().manual_seed(1000 * step + p)) for p in range(2)]
        optimizer.zero_grad()
        sum(F.mse_loss(model(x), x[:, :2]) / 2 for x in batches).backward()
        optimizer.step()
    for process in range(2):
        assert torch.allclose(torch.load(tmp_path / f"{process}.pt"), model.weight, atol=1e-6)
