"""From a folder of pictures to a data set: what is taken, what is left out, and that the same command goes on."""

import json
import os
import shutil
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image

from styleclip_lib.cli.main import main
from styleclip_lib.errors import StyleclipError
from styleclip_lib.framing import face_quad, quad_side
from styleclip_lib.photos.alignment import crop_quad
from styleclip_lib.photos.datasets.making import make_dataset, making_for
from styleclip_lib.photos.datasets.manifest import Dataset
from tests.images.hostile_pictures import REFUSED
from tests.photos.datasets.celeba_like import FIVE, make_celeba, picture


def made(folder, out, **settings):
    return make_dataset(making_for(folder, out, **{"size": 32, "least": 20, **settings}), processes=0, progress=False)


def reasons(dataset):
    return {row.source.rpartition("/")[2]: row.left_out for row in dataset.left_out}


@pytest.fixture(scope="module")
def celeba(tmp_path_factory):
    return make_celeba(tmp_path_factory.mktemp("celeba"))


@pytest.fixture(scope="module")
def whole(celeba, tmp_path_factory):
    return made(celeba, tmp_path_factory.mktemp("sets") / "whole")


@pytest.fixture
def copy(celeba, tmp_path):
    return shutil.copytree(celeba, tmp_path / "celeba")


def test_each_picture_is_cropped_around_its_landmarks_as_ffhq_is(celeba, whole):
    assert len(whole) == 10 and not whole.left_out
    points = np.zeros((68, 2))
    points[36:42], points[42:48], points[48], points[54] = FIVE[0], FIVE[1], FIVE[3], FIVE[4]
    quad = face_quad(points)
    for row in whole.rows:
        expected = crop_quad(Image.open(celeba / row.source).convert("RGB"), quad, 32)
        assert np.array_equal(np.asarray(Image.open(whole.folder / row.file)), np.asarray(expected))
        assert row.side == pytest.approx(quad_side(quad), abs=0.1)


def test_landmarks_are_where_they_are_in_the_crop(whole):
    """Eyes and mouth of an upright face: level, and FFHQ's distance of the eyes is half of the square or less."""
    for row in whole.rows:
        left, right, _, mouth_left, mouth_right = np.array(row.landmarks)
        assert left[1] == pytest.approx(right[1], abs=0.2) and mouth_left[1] == pytest.approx(mouth_right[1], abs=0.2)
        assert right[0] - left[0] == pytest.approx(20 / row.side * 32, abs=0.2)
        assert (left + right)[0] / 2 == pytest.approx(15.5, abs=0.2)


def test_attributes_and_parts_are_those_of_the_lists(whole):
    assert whole.attributes == ("Male", "Smiling")
    assert [row.attributes for row in whole.rows[:2]] == [[-1, -1], [1, -1]]
    assert [row.part for row in whole.rows] == ["train"] * 4 + ["validation"] * 3 + ["test"] * 3
    assert len(whole.part("validation", "test")) == 6


def test_the_manifest_holds_hashes_of_what_is_there(whole):
    assert whole.check() == []
    one = whole.folder / whole.rows[3].file
    content = one.read_bytes()
    one.write_bytes(content[:-1] + b"x")
    assert whole.check() == [whole.rows[3].file]
    one.write_bytes(content)


def test_nothing_that_is_wrong_passes_in_silence(copy, tmp_path):
    pictures = copy / "img_celeba"
    content = (pictures / "000001.jpg").read_bytes()
    (pictures / "000002.jpg").write_bytes(content[: len(content) // 2])
    (pictures / "000003.jpg").write_bytes(b"<html>404</html>")
    (pictures / "000004.jpg").write_bytes(b"")
    picture(0, 150).resize((100, 100)).save(pictures / "000005.jpg", quality=60)
    (pictures / "000006.jpg").unlink()
    (pictures / "000007.jpg").unlink()
    (pictures / "000007.jpg").symlink_to("nowhere.jpg")
    picture(7, 30).save(pictures / "000008.jpg")
    picture(99).save(pictures / "other.jpg")
    (pictures / "notes.docx").write_bytes(b"x")
    result = made(copy, tmp_path / "out")
    assert reasons(result) == {
        "000002.jpg": "damaged", "000003.jpg": "not a picture", "000004.jpg": "not a picture", "000005.jpg": "duplicate",
        "000006.jpg": "missing", "000007.jpg": "broken link", "000008.jpg": "wrong landmarks", "other.jpg": "unlisted",
        "notes.docx": "not a picture",
    }  # fmt: skip
    assert len(result) == 3 and len(list((tmp_path / "out" / "images").rglob("*.png"))) == 3
    report = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    for name in (*reasons(result), "looks the same as 'img_celeba/000001.jpg'"):
        assert name in report


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_hostile_pictures_are_named_and_hold_nothing_up(copy, tmp_path):
    pictures = copy / "img_celeba"
    for number, (make, _) in enumerate(REFUSED.values()):
        (pictures / f"hostile {number}.jpg").write_bytes(make())
    os.mkfifo(pictures / "pipe.jpg")
    (pictures / "zero.jpg").symlink_to("/dev/zero")
    (pictures / "far.jpg").symlink_to("x/" * 1500)
    (pictures / "name.jpg").symlink_to("x" * 300)
    (pictures / "bytes.jpg").symlink_to("\udcff\x1b[31m")
    for name in ("list_attr_celeba.txt", "list_landmarks_celeba.txt", "list_eval_partition.txt"):
        (copy / name).unlink()
    result = made(copy, tmp_path / "out", align="never")
    why = reasons(result)
    assert len(result) == 10 and len(why) == len(REFUSED) + 5 and set(why.values()) == {
        "not a picture", "too large", "damaged", "unreadable", "broken link"}  # fmt: skip
    assert all(row.why.isprintable() and len(row.why) <= 1000 for row in result.left_out)
    assert len(made(copy, tmp_path / "out", align="never")) == 10, "what was written is read again"


def test_a_name_that_no_disk_takes_is_missing(copy, tmp_path):
    """A manifest of somebody else's may state one."""
    dataset = made(copy, tmp_path / "out")
    dataset.rows[0].file = "images/aa/" + "x" * 280
    assert dataset.check() == [dataset.rows[0].file]


def test_a_link_in_a_data_set_is_not_followed(copy, tmp_path):
    """A set that somebody else has begun may lead to files of ours, which would be overwritten, or taken away as none of the set's."""
    mine, out = tmp_path / "mine", tmp_path / "out"
    made(copy, out)
    mine.mkdir()
    (mine / "letter.txt").write_text("dear")
    for name in ("images", "report.md", "manifest.jsonl"):
        shutil.move(out / name, tmp_path / "away")
        (out / name).symlink_to(mine if name == "images" else mine / "letter.txt")
        with pytest.raises(StyleclipError, match=f"{name}' is a link"):
            made(copy, out)
        (out / name).unlink()
        shutil.move(tmp_path / "away", out / name)
    assert (mine / "letter.txt").read_text() == "dear" and len(made(copy, out)) == 10


def test_small_faces_are_named(celeba, tmp_path):
    with pytest.raises(StyleclipError, match=r"None of the 10 pictures .*\(tiny\)"):
        made(celeba, tmp_path / "out", least=90)
    assert "000010.jpg`: the face is 80 pixels wide" in (tmp_path / "out" / "report.md").read_text(encoding="utf-8")


def test_the_same_command_does_only_what_is_new(copy, tmp_path):
    first = made(copy, tmp_path / "out")
    times = {row.file: os.stat(first.folder / row.file).st_mtime_ns for row in first.rows}
    shutil.copy(copy / "img_celeba" / "000002.jpg", copy / "img_celeba" / "000001.jpg")
    (copy / "img_celeba" / "000010.jpg").unlink()
    again = made(copy, tmp_path / "out")
    assert reasons(again) == {"000010.jpg": "missing", "000002.jpg": "duplicate"}
    untouched = {row.file for row in again.rows} - {again.rows[0].file}
    assert len(untouched) == 7 and all(os.stat(again.folder / file).st_mtime_ns == times[file] for file in untouched)
    assert {path.relative_to(again.folder).as_posix() for path in again.folder.glob("images/*/*")} == {row.file for row in again.rows}


def test_a_duplicate_comes_back_when_what_it_doubled_is_gone(copy, tmp_path):
    shutil.copy(copy / "img_celeba" / "000001.jpg", copy / "img_celeba" / "000010.jpg")
    assert reasons(made(copy, tmp_path / "out")) == {"000010.jpg": "duplicate"}
    picture(50).save(copy / "img_celeba" / "000001.jpg")
    assert len(made(copy, tmp_path / "out")) == 10


def test_it_goes_on_after_it_was_stopped_in_the_middle_of_a_line(celeba, whole, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(whole.folder, out)
    lines = (out / "manifest.jsonl").read_bytes().splitlines(keepends=True)
    (out / "manifest.jsonl").unlink()
    (out / "progress.jsonl").write_bytes(b"".join(lines[:6]) + lines[6][:40])
    facts = json.loads((out / "dataset.json").read_text())
    (out / "dataset.json").write_text(json.dumps({**facts, "finished": False}))
    with pytest.raises(StyleclipError, match="not finished"):
        Dataset(out)
    result = made(celeba, out)
    assert (out / "manifest.jsonl").read_bytes() == b"".join(lines)
    assert result.rows == whole.rows and not (out / "progress.jsonl").exists()


@pytest.mark.slow
def test_several_processes_make_the_same_set(celeba, whole, tmp_path):
    result = make_dataset(making_for(celeba, tmp_path / "out", 32, 20), processes=2, progress=False)
    assert result.rows == whole.rows


def test_other_settings_are_refused_by_name(celeba, whole):
    with pytest.raises(StyleclipError, match=r"was begun with size 32, not 64; least 20, not 32: "):
        made(celeba, whole.folder, size=64, least=32)


def test_a_folder_that_is_no_data_set_is_left_alone(celeba, tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(StyleclipError, match="something at"):
        made(celeba, tmp_path)
    with pytest.raises(StyleclipError, match="a folder of its own"):
        made(celeba, celeba)


def test_the_set_may_lie_among_its_pictures(tmp_path):
    for number in range(3):
        picture(number).save(tmp_path / f"{number}.png")
    for _ in range(2):
        assert len(made(tmp_path, tmp_path / "out", align="never")) == 3


def test_a_changed_manifest_is_refused(celeba, tmp_path):
    made(celeba, tmp_path / "out")
    with open(tmp_path / "out" / "manifest.jsonl", "ab") as file:
        file.write(b'{"source":"x","file":"images/00/x.png"}\n')
    with pytest.raises(StyleclipError, match="has been changed"):
        Dataset(tmp_path / "out")


@contextmanager
def full_disk():
    """No file may become longer than 1500 bytes, which writers notice as they notice a full disk."""
    resource = pytest.importorskip("resource", reason="limits of file sizes are Unix's")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1500, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_one_line_and_the_rest_comes_later(celeba, tmp_path, capsys):
    out = tmp_path / "out"
    with full_disk():
        code = main(["dataset", str(celeba), str(out), "--size", "32", "--least", "20", "--processes", "0"])
    error = capsys.readouterr().err
    assert code == 2 and "Traceback" not in error and "Cannot write" in error.splitlines()[-1]
    assert all(Image.open(path).size == (32, 32) for path in out.rglob("*.png")), "nothing is there by half"
    assert len(made(celeba, out)) == 10


@pytest.mark.slow
def test_faces_are_found_in_photographs(tmp_path):
    """Also as HEIC, turned by 90 degrees, and saved again smaller, which is a duplicate."""
    from skimage import data

    heif = pytest.importorskip("pillow_heif")
    heif.register_heif_opener()
    photo = Image.fromarray(data.astronaut())
    photo.save(tmp_path / "a.heic", quality=95)
    photo.resize((400, 400)).save(tmp_path / "again.jpg", quality=80)
    photo.rotate(90, expand=True).crop((0, 100, 512, 512)).save(tmp_path / "turned.png")
    Image.fromarray(data.coffee()).save(tmp_path / "coffee.png")
    result = made(tmp_path, tmp_path / "out", size=64, least=64)
    assert len(result) >= 1 and {"coffee.png": "no face", "again.jpg": "duplicate"}.items() <= reasons(result).items()
    assert Image.open(result.folder / result.rows[0].file).size == (64, 64)


@pytest.mark.slow
def test_all_faces_of_a_picture(tmp_path):
    from skimage import data

    photo = Image.fromarray(data.astronaut()).crop((110, 10, 340, 240))
    both = Image.new("RGB", (700, 330), (150, 150, 150))
    both.paste(photo, (20, 50))
    both.paste(photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT).resize((300, 300)), (350, 15))
    both.save(tmp_path / "two.png")
    for faces, count in (("largest", 1), ("all", 2)):
        result = made(tmp_path, tmp_path.parent / f"{tmp_path.name} {faces}", faces=faces, size=64, least=64)
        assert [row.face for row in result.rows] == list(range(count))
        assert [row.faces for row in result.rows] == [2] * count, "how many were seen is noted"
    assert result.rows[0].side > result.rows[1].side


def test_the_command_line(celeba, tmp_path, capsys):
    assert main(["dataset", str(celeba), str(tmp_path / "out"), "--size", "32", "--least", "20", "--processes", "0"]) == 0
    assert capsys.readouterr().out.startswith("10 faces of 32 px in ")


@pytest.mark.parametrize("words, message", [
    (["nowhere", "out"], "There is no folder 'nowhere'"), (["file.txt", "out"], "is a file"), (["empty", "out"], "no picture in 'empty'"),
    (["empty", "out", "--size", "4"], "--size must lie"), (["empty", "out", "--domain", "elsewhere"], "no domain 'elsewhere'"),
    (["empty", "out", "--held-out", "2"], "--held-out must lie"),
])  # fmt: skip
def test_bad_input_is_one_line(words, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.txt").write_text("x")
    assert main(["dataset", *words]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1 and not (tmp_path / "out").exists()
