"""bfloat16 where it pays, and torch.compile where it works."""

import pytest
import torch

from styleclip_lib import speed


@pytest.mark.parametrize("pays, dtype", [(True, torch.bfloat16), (False, torch.float32)])
def test_fast_is_bfloat16_where_it_pays(monkeypatch, pays, dtype):
    monkeypatch.setattr(speed, "bfloat16_pays", lambda kind: pays)
    a = torch.ones(2, 2)
    with speed.fast(torch.device("cpu")):
        assert (a @ a).dtype == dtype
    assert (a @ a).dtype == torch.float32


def test_a_picture_in_bfloat16_is_nearly_the_same(models, monkeypatch):
    monkeypatch.setattr(speed, "bfloat16_pays", lambda kind: True)
    w_plus = models.sample(1)
    with torch.no_grad():
        exact = models.generator.synthesis(w_plus)
        with speed.fast(models.device):
            quick = models.generator.synthesis(w_plus)
    error = (quick - exact).abs().mean() / exact.std()
    assert 0 < error < 0.02


@pytest.mark.parametrize("faster, pays", [(1.2, False), (3.0, True)])
def test_whether_it_pays_is_measured(monkeypatch, faster, pays):
    monkeypatch.setattr(speed, "_product", lambda dtype: dtype)
    monkeypatch.setattr(speed, "seconds_of", lambda work: faster if work == torch.float32 else 1.0)
    assert speed.bfloat16_pays.__wrapped__("cpu") == pays
    assert not speed.bfloat16_pays.__wrapped__("mps")


def test_seconds_are_those_of_the_quickest_run(monkeypatch):
    clock = iter([0.0, 5.0, 10.0, 12.0, 20.0, 23.0])
    monkeypatch.setattr(speed.time, "perf_counter", lambda: next(clock))
    calls = []
    assert speed.seconds_of(lambda: calls.append(1), times=3) == 2.0 and len(calls) == 4


def test_without_a_compiler_one_line_says_so(monkeypatch, capsys):
    def broken(function, **settings):
        def call(*arguments):
            raise RuntimeError("No working C++ compiler found\nand a long story")

        return call

    monkeypatch.setattr(torch, "compile", broken)
    assert speed.compiled(abs, -1) is abs
    message = capsys.readouterr().out
    assert message.count("\n") == 1 and "No working C++ compiler found" in message and "story" not in message


def test_compiled_is_compiled_once_for_the_example(monkeypatch, capsys):
    seen = []
    monkeypatch.setattr(torch, "compile", lambda function, dynamic: lambda *arguments: seen.append(arguments) or function(*arguments))
    quick = speed.compiled(abs, -1)
    assert seen == [(-1,)] and quick is not abs and quick(-2) == 2 and capsys.readouterr().out == ""
