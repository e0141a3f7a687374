"""``styleclip download``: lists, fetches, and says when there is nothing to fetch."""

from __future__ import annotations

import json

import pytest

from styleclip_lib.cli.main import main
from styleclip_lib.weights.domain import find_domain
from styleclip_lib.weights.downloads.registry import domain_cache
from tests.file_server import serving
from tests.official import write_domain


@pytest.fixture
def folder(official_files, tmp_path, monkeypatch):
    """A domain like ffhq at a server, and an empty cache."""
    monkeypatch.setenv("STYLECLIP_CACHE", str(tmp_path / "cache"))
    with serving() as server:
        server.files |= {name: path.read_bytes() for name, path in official_files.items()}
        yield write_domain(tmp_path / "small", official_files, server.address, "small")


def run(capsys, *arguments: str) -> str:
    assert main(["download", *arguments]) == 0
    return capsys.readouterr().out


def test_the_list_of_ffhq(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("STYLECLIP_CACHE", str(tmp_path))
    message = run(capsys, "--list")
    assert message.startswith(f"ffhq, kept in {domain_cache(find_domain('ffhq'))}:\n")
    for part in ("1201.6 MB  encoder4editing", "Nvidia Source Code License-NC", "2923.1 MB", "https://dlib.net/files/",
                 "vgg16-397923af.pth (missing)"):  # fmt: skip
        assert part in message
    assert not list(tmp_path.iterdir())


def test_everything_is_fetched_and_then_there(folder, capsys, official_files):
    message = run(capsys, str(folder))
    assert "To download, once" in message and message.endswith(f"Everything that small needs is in {domain_cache(folder)}.\n")
    assert {path.name for path in domain_cache(folder).iterdir() if path.suffix != ".lock"} == set(official_files)
    assert run(capsys, str(folder)) == f"Everything that small needs is in {domain_cache(folder)}.\n"
    assert run(capsys, str(folder), "--list").count("(downloaded)") == len(official_files)


def test_a_domain_that_borrows(folder, tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "domain.json").write_text(json.dumps({"name": "mine", "like": str(folder), "files": {}}))
    message = run(capsys, str(tmp_path / "mine"))
    assert "model_ir_se50.pth" in message and "e4e_ffhq_encode.pt" not in message, "the encoder fits one generator only"


def test_nothing_to_fetch(capsys):
    assert "nothing to download" in run(capsys, "portraits")


@pytest.mark.parametrize(("arguments", "message"), [
    (["nowhere"], "There is no domain 'nowhere'"), (["--all"], "Unrecognized options: --all")])
def test_a_mistake_is_one_line(arguments, message, capsys):
    assert main(["download", *arguments]) == 2
    shown = capsys.readouterr()
    assert message in shown.err and shown.err.count("\n") == 1 and shown.out == ""
