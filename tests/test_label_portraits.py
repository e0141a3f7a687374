"""The tool for labels by eye: sheets and an empty table, and the comparison of two tables."""

import pytest
from PIL import Image

from styleclip_lib.evaluation.agreement import read_labels
from tools.label_portraits import main


@pytest.fixture
def say(monkeypatch):
    """The tool with words on its command line."""

    def run(*words):
        monkeypatch.setattr("sys.argv", ["label_portraits", *map(str, words)])
        main()

    return run


def test_renders_are_drawn_and_their_truth_agrees_with_itself(say, tmp_path, capsys):
    folder = tmp_path / "renders"
    say("sheets", folder, "--renders", 2, "--seed", 5)
    assert all(values == {} for values in read_labels(folder / "labels.csv").values())
    truth = read_labels(folder / "truth.csv")
    assert [path.name for path in truth] == ["render-5-000.png", "render-5-001.png"]
    assert all("expression" in values for values in truth.values())
    say("compare", folder / "truth.csv", folder / "truth.csv")
    assert "expression   1.000 (0.342 to 1.000), n = 2" in capsys.readouterr().out


def test_pictures_that_lie_there_are_shown_at_full_size_and_labels_are_never_written_over(say, tmp_path):
    for k in range(21):
        Image.new("RGB", (32, 32), (10 * k, 0, 0)).save(tmp_path / f"edit-{k:02d}.png")
    say("sheets", tmp_path)
    assert len(read_labels(tmp_path / "labels.csv")) == 21
    with Image.open(tmp_path / "sheet-01.png") as first, Image.open(tmp_path / "sheet-02.png") as second:
        assert first.width == 5 * 34 - 2 and first.height > 4 * 32 and second.width == 32
    with pytest.raises(SystemExit, match="already: move it away"):
        say("sheets", tmp_path)


def test_slips_are_one_line(say, tmp_path):
    with pytest.raises(SystemExit, match="no PNG files"):
        say("sheets", tmp_path / "empty")
    with pytest.raises(SystemExit, match="There is no file"):
        say("compare", tmp_path / "a.csv", tmp_path / "b.csv")
