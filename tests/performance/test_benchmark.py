"""The benchmark with tiny networks: what it compares is the same, and what it says of it is true."""

import itertools
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.networks.resampling import fractional_area_resize
from styleclip_lib.performance import benchmark as module
from styleclip_lib.performance.benchmark import (
    COMPILED,
    FLOAT,
    HALF,
    HALF_COMPILED,
    OFFICIAL,
    benchmark,
    compare,
    ffhq_size,
    official_step,
    peak_gflops,
    with_peak_memory,
)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """bfloat16 pays, no second lasts long, and compiling is left to others."""
    monkeypatch.setattr(module, "bfloat16_pays", lambda kind: True)
    monkeypatch.setattr("styleclip_lib.speed.bfloat16_pays", lambda kind: True)
    monkeypatch.setattr(module, "ROUNDS", (2, 2))
    monkeypatch.setattr(module, "peak_gflops", lambda dtype: 100.0)


def test_the_rows(tiny, monkeypatch):
    monkeypatch.setattr(module, "compiled", lambda function, *example: lambda *arguments: function(*arguments))
    rows = benchmark(tiny, batches=(1, 2), progress=False)
    forward = [OFFICIAL, FLOAT, HALF, COMPILED, HALF_COMPILED]
    assert [(row["what"], row["batch"], row["variant"]) for row in rows] == [
        *(("forward", batch, variant) for batch in (1, 2) for variant in forward),
        *(("step", 1, variant) for variant in (OFFICIAL, FLOAT, HALF))]
    assert all(row["seconds"] > 0 and (row["ratio"] == 1) == (row["variant"] == OFFICIAL) for row in rows)
    for row in rows[:10]:
        limit = {OFFICIAL: 0.0, FLOAT: 1e-5, COMPILED: 1e-5}.get(row["variant"], 0.03)
        assert 0 <= row["error"] <= limit and row["share"] > 0
        assert (row["error"] > 1e-4) == (row["variant"] in (HALF, HALF_COMPILED))
    assert all(row["error"] is None and row["share"] is None for row in rows[10:])
    assert all(parameter.requires_grad is False for parameter in tiny.clip.parameters())


def test_what_does_not_compile_is_left_out(tiny, monkeypatch):
    tried = []
    monkeypatch.setattr(module, "compiled", lambda function, *example: tried.append(1) or function)
    variants = module.forward_variants(tiny.generator.synthesis, tiny.sample(0), True)
    assert list(variants) == [OFFICIAL, FLOAT, HALF] and len(tried) == 1
    assert list(module.forward_variants(tiny.generator.synthesis, tiny.sample(0), False)) == [OFFICIAL, FLOAT, HALF] and len(tried) == 1


def test_without_fast_bfloat16_there_is_none(tiny, monkeypatch):
    monkeypatch.setattr(module, "bfloat16_pays", lambda kind: False)
    assert list(module.forward_variants(tiny.generator.synthesis, tiny.sample(0), False)) == [OFFICIAL, FLOAT]
    assert list(module.step_variants(tiny, tiny.sample(0))) == [OFFICIAL, FLOAT]


def test_the_official_step_follows_the_papers_loss(tiny):
    start, w_plus = tiny.sample(0), tiny.sample(1)
    with torch.no_grad():
        source = tiny.generator.synthesis(start)
        text, person = tiny.clip.encode_text(["a smiling face"]), tiny.identity(source)
    w = w_plus.clone().requires_grad_()
    image = tiny.generator.synthesis(w)
    seen = F.normalize(tiny.clip.model.visual(fractional_area_resize(image, tiny.clip.image_size)), dim=1)
    loss = 1 - (seen * text).sum() + 0.008 * (w - start).square().sum() + 0.005 * (1 - (tiny.identity(image) * person).sum())
    loss.backward()
    torch.testing.assert_close(official_step(tiny, w_plus, start, source, "a smiling face"), w.grad, rtol=1e-3, atol=1e-5)
    assert all(parameter.grad is None and not parameter.requires_grad for parameter in tiny.generator.synthesis.parameters())


def test_ways_take_turns_and_ratios_are_medians(monkeypatch):
    turns = []
    moments = itertools.accumulate([0.0, 6.0, 0.0, 2.0, 0.0, 8.0, 0.0, 4.0])

    def variant(name):
        return lambda: turns.append(name) or torch.tensor([1.0, 3.0])

    monkeypatch.setattr(time, "perf_counter", lambda: next(moments))
    rows = compare({"slow": variant("slow"), "quick": variant("quick")}, {"what": "forward", "batch": 1}, 1.0, False, flops=int(1e11))
    assert turns == ["slow", "quick"] + 2 * ["slow", "quick"]
    assert [row["seconds"] for row in rows] == [7.0, 3.0]
    assert rows[1]["ratio"] == pytest.approx((6 / 2 + 8 / 4) / 2)
    assert rows[1]["share"] == pytest.approx(1 / 3)


@pytest.mark.parametrize("seconds, rounds", [(0.0, 2), (2.5, 3), (100.0, 5)])
def test_rounds_go_on_while_there_is_time(monkeypatch, seconds, rounds):
    clock, runs = itertools.count(0.0, 0.5), []
    monkeypatch.setattr(module, "ROUNDS", (2, 5))
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    variants = {name: lambda: runs.append(1) or torch.ones(1) for name in ("slow", "quick")}
    compare(variants, {"what": "step", "batch": 1}, seconds, False)
    assert len(runs) == 2 + 2 * rounds


def test_the_peak_is_that_of_the_quicker_of_two_products(monkeypatch):
    """2 * 1024^3 operations in one second, 2 * 256 * 256 * 9 * 64^2 in a quarter of one."""
    seconds = iter([1.0, 0.25])
    monkeypatch.setattr(module, "seconds_of", lambda work: work() is not None and next(seconds))
    assert peak_gflops(torch.float32) == pytest.approx(4 * 2 * 256 * 256 * 9 * 64**2 / 1e9)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells")
def test_peak_memory_is_that_of_the_work():
    """In a process of its own, where no other test has left memory that could be used again."""
    program = """
import torch
from styleclip_lib.performance.benchmark import with_peak_memory
works = (lambda: torch.zeros(1), lambda: torch.ones(50_000_000).sum(), lambda: torch.zeros(1))
print(*(peak for _, peak in map(with_peak_memory, works)))
"""
    root = Path(__file__).parent.parent.parent
    message = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=root).stdout
    before, peak, after = map(float, message.split()[-3:])
    assert 0.15 < peak - before < 0.5 and after < peak - 0.1


def test_where_the_system_does_not_tell_there_is_no_peak(monkeypatch):
    def refuse(*arguments, **settings):
        raise PermissionError

    monkeypatch.setattr(module.Path, "write_text", refuse)
    assert with_peak_memory(lambda: 3) == (3, None)


def test_without_the_official_files_the_sizes_are_theirs(monkeypatch, tmp_path):
    monkeypatch.setenv("STYLECLIP_CACHE", str(tmp_path))
    with torch.device("meta"):
        monkeypatch.setattr(torch.nn.init, "normal_", lambda tensor, *args, **kwargs: tensor)
        models, weights = ffhq_size()
    assert "random" in weights and models.generator.img_resolution == 1024 and models.clip.image_size == 224
    assert (models.generator.num_ws, models.generator.num_channels) == (18, 6048)
