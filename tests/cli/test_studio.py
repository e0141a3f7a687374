"""``styleclip studio``: the page that it writes and how it starts Voilà; that it works is tests/browser's part."""

from __future__ import annotations

import importlib.util
import json
import socket
import subprocess
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest

from styleclip_lib.cli import studio
from styleclip_lib.cli.main import main


@pytest.fixture
def started(monkeypatch):
    """What was started, with the page as it was then."""
    seen = []

    def run(words, check):
        page = next(word for word in words if word.endswith(".ipynb"))
        seen.append((words, json.loads(Path(page).read_text(encoding="utf-8"))))
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    return seen


def test_it_starts_voila_on_a_page_with_the_studio(started, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["studio", "--port", "9001", "--browser", "none", "--theme", "dark"]) == 0
    (words, page), = started
    assert words[1:3] == ["-m", "voila"] and {"--port=9001", "--no-browser", "--theme=dark", "--Voila.ip=127.0.0.1"} <= set(words)
    source = page["cells"][0]["source"]
    compile(source, "page", "exec")
    assert "load_models('portraits', device='auto')" in source and repr(str(tmp_path)) in source
    assert "http://localhost:9001" in capsys.readouterr().out


def test_the_folder_of_a_domain_is_found_from_wherever_the_page_lies(started, tiny_folder, monkeypatch):
    monkeypatch.chdir(tiny_folder.parent)
    assert main(["studio", "--domain", "tiny", "--browser", "none"]) == 0
    assert repr(str(tiny_folder.resolve())) in started[0][1]["cells"][0]["source"]


@pytest.mark.parametrize(("arguments", "says"), [
    (["--port", "0"], "--port must lie between"), (["--domain", "nowhere"], "no domain 'nowhere'"), (["--theme", "pink"], "pink"),
])  # fmt: skip
def test_mistakes_are_one_line_and_start_nothing(started, capsys, arguments, says):
    assert main(["studio", *arguments]) == 2
    error = capsys.readouterr().err
    assert says in error and len(error.splitlines()) == 1 and started == []


def test_a_port_that_is_in_use_is_reported_before_anything_starts(started, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["studio", "--port", str(taken.getsockname()[1])]) == 2
    shown = capsys.readouterr()
    assert "Cannot listen on 127.0.0.1" in shown.err and shown.out == "" and started == []


def test_control_c_is_how_it_ends(started, monkeypatch, capsys):
    def interrupted(words, check):
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "run", interrupted)
    assert main(["studio"]) == 0
    shown = capsys.readouterr()
    assert "The studio is closed" in shown.out and shown.err == ""


def test_large_photographs_arrive_and_no_kernel_stays(tmp_path):
    """As Voilà itself reads the command line."""
    app = pytest.importorskip("voila.app").Voila()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        app.parse_command_line(studio.command(tmp_path / "a.ipynb", studio.Settings())[3:])
    assert app.tornado_settings["websocket_max_message_size"] >= 200_000_000
    culling = app.config.MappingKernelManager
    assert 0 < int(str(culling.cull_idle_timeout)) <= 600 and 0 < int(str(culling.cull_interval)) <= 60


def test_without_voila_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main(["studio"]) == 2
    assert "pip install voila" in capsys.readouterr().err


def test_words_of_the_command_line(tmp_path):
    words = studio.command(tmp_path / "a.ipynb", studio.Settings())
    assert "--no-browser" not in words and "--port=8866" in words
