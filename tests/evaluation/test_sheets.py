"""Contact sheets show every edit with its text and its verdict."""

from PIL import Image

from styleclip_lib.evaluation import sheets
from styleclip_lib.evaluation.answers import THUMBNAIL, Answer, Row
from styleclip_lib.evaluation.questions import Question
from styleclip_lib.evaluation.report import EditReport


def answer(color, success=True, true_before=False):
    report = EditReport("t", {"glasses": "glasses"}, {"glasses": success}, true_before, {}, 0.9, 0.2, 0.3)
    return Answer(0, report, None, Image.new("RGB", (2 * THUMBNAIL, THUMBNAIL), color))


def test_a_sheet_for_each_method(tmp_path):
    rows = [Row(method, Question(text), [answer("red"), answer("blue")]) for method in ("one", "other") for text in ("a smile", "a hat")]
    paths = sheets.save_sheets(rows, tmp_path / "new" / "folder")
    assert [path.name for path in paths] == ["one.jpg", "other.jpg"]
    with Image.open(paths[0]) as image:
        assert image.width >= 4 * THUMBNAIL and image.height >= 2 * THUMBNAIL


def test_texts_stand_in_rows_whatever_their_number_of_edits(monkeypatch):
    shown = {}
    monkeypatch.setattr(sheets, "image_grid", lambda pictures, **settings: shown.update(settings, pictures=pictures))
    rows = [Row("m", Question("a smile"), [answer("red"), answer("red", success=False), answer("red", true_before=True)]),
            Row("m", Question("a hat"), [answer("blue")])]
    sheets.sheet(rows)
    assert shown["columns"] == 3 and len(shown["pictures"]) == 6
    assert shown["labels"] == ["a smile: success", "a smile: missed", "a smile: true before", "a hat: success", "", ""]
    assert [picture.getpixel((0, 0)) for picture in shown["pictures"][3:]] == [(0, 0, 255), (255, 255, 255), (255, 255, 255)]
