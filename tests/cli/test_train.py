"""``styleclip train``: what it says before it begins. (The training itself is tested in tests/training.)"""

from __future__ import annotations

import pytest

from styleclip_lib.cli.main import main

pytest.importorskip("accelerate", reason='the extra train is not installed: pip install --editable ".[train]"')

from styleclip_lib.training import generator


@pytest.fixture
def begun(monkeypatch) -> list[generator.Settings]:
    """The settings of every training that would have begun."""
    found: list[generator.Settings] = []
    monkeypatch.setattr(generator, "train", found.append)
    return found


@pytest.mark.parametrize(("words", "said"), [((), False), (("--data", "there"), False), (("--data", "my_sett"), True)])
def test_a_folder_of_pictures_that_is_not_there_is_mentioned_before_hours_of_training(words, said, begun, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    assert main(["train", "generator", *words]) == 0 and len(begun) == 1
    assert ("press Ctrl-C and check its name" in capsys.readouterr().out) == said
