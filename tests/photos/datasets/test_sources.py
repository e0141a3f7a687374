"""The layouts that are read, and lists that disagree with themselves or with the pictures."""

import json
import os
import sys

import pytest

from styleclip_lib.errors import StyleclipError
from styleclip_lib.photos.datasets import celeba as celeba_layout
from styleclip_lib.photos.datasets import ffhq as ffhq_layout
from styleclip_lib.photos.datasets.sources import find_source
from tests.photos.datasets.celeba_like import COLUMNS, FIVE, make_celeba, picture, write_list


@pytest.fixture
def celeba(tmp_path):
    return make_celeba(tmp_path / "celeba", count=3)


def test_aligned_pictures_have_landmarks_of_their_own(celeba):
    (celeba / "img_celeba").rename(celeba / "img_align_celeba")
    entries = find_source(celeba).entries
    assert all(entry.landmarks is None for entry in entries), "the list is of the other pictures"
    write_list(celeba / "list_landmarks_align_celeba.txt", COLUMNS, [f"{k:06d}.jpg " + "50 " * 10 for k in (1, 2, 3)])
    assert find_source(celeba).entries[0].landmarks == ((50, 50),) * 5


def test_lists_may_be_csv(celeba):
    for name in ("list_attr_celeba", "list_eval_partition", "list_landmarks_celeba"):
        lines = [line.split() for line in (celeba / f"{name}.txt").read_text().splitlines()]
        lines = [["image_id", "partition"], *lines] if name == "list_eval_partition" else [["image_id", *lines[1]], *lines[2:]]
        (celeba / f"{name}.csv").write_text("\r\n".join(",".join(words) for words in lines) + "\r\n")
    with_text = find_source(celeba)
    for path in celeba.glob("*.txt"):
        path.unlink()
    with_csv = find_source(celeba)
    assert with_csv.entries == with_text.entries and with_csv.attributes == with_text.attributes


def test_celeba_hq(tmp_path):
    (tmp_path / "CelebA-HQ-img").mkdir()
    for number in range(2):
        picture(number).save(tmp_path / "CelebA-HQ-img" / f"{number}.jpg")
    write_list(tmp_path / "CelebAMask-HQ-attribute-anno.txt", "Male Young", ["0.jpg 1 -1", "1.jpg -1 1"])
    source = find_source(tmp_path)
    assert [entry.aligned for entry in source.entries] == [True, True] and source.entries[0].attributes == (1, -1)


LISTS = "list_attr_celeba.txt"


@pytest.mark.parametrize("content, message", [
    ("3\nMale Smiling\n000001.jpg 1 -1\n000002.jpg 1 -1\n", "says that it has 3 rows, and has 2"),
    ("2\nMale Smiling\n000001.jpg 1 -1\n000002.jpg 1\n", "Line 4 of .* is not a picture's name and 2 of its values"),
    ("1\nMale Smiling\n000001.jpg 1 7\n", "Line 3 of"), ("1\nMale Smiling\n000001.jpg 1 yes\n", "Line 3 of"),
    ("2\nMale Smiling\n000001.jpg 1 1\n000001.jpg 1 -1\n", "says something else of '000001.jpg'"),
    ("1\nMale Male\n000001.jpg 1 1\n", "two columns of one name"), ("1\nMale Smiling\n9.png 1 1\n", "None of the 1 rows"),
    ("9" * 5000 + "\nMale Smiling\n000001.jpg 1 1\n", "says that it has 9"),
    ("1\nMale Smiling\n" + "0" * 300 + ".jpg 1 1\n", "Line 3 of"), ("1\nMale " + "S" * 300 + "\n000001.jpg 1 1\n", "too long"),
    ("1\n" + "a " * 2000 + "\n000001.jpg 1 1\n", "more rows or columns than any of CelebA's"),
])  # fmt: skip
def test_a_list_that_cannot_be_right_is_refused(celeba, content, message):
    (celeba / LISTS).write_text(content)
    with pytest.raises(StyleclipError, match=message):
        find_source(celeba)


@pytest.mark.parametrize("name, content", [
    ("list_eval_partition.txt", "000001.jpg -1\n"), ("list_eval_partition.txt", "000001.jpg inf\n"),
    ("list_eval_partition.csv", "image_id,partition\n000001.jpg," + "1" * 400 + "\n"),
    ("list_landmarks_align_celeba.txt", "1\na b c d e f g h i j\n000001.jpg inf 1 1 1 1 1 1 1 1 1\n"),
])  # fmt: skip
def test_numbers_that_cannot_be_are_refused(celeba, name, content):
    for path in celeba.rglob(f"{name.rpartition('.')[0]}.*"):
        path.unlink()
    (celeba / name).write_text(content)
    with pytest.raises(StyleclipError, match="is not a picture's name"):
        find_source(celeba)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such names")
def test_a_name_that_is_no_text_is_left_out_and_that_is_said(tmp_path):
    picture(0).save(tmp_path / "a.png")
    with open(os.path.join(os.fsencode(tmp_path), b"\xff.png"), "wb") as file:
        file.write((tmp_path / "a.png").read_bytes())
    source = find_source(tmp_path)
    assert [entry.path for entry in source.entries] == ["a.png"] and any("\\udcff.png" in note for note in source.notes)


def test_a_list_of_more_rows_than_any(celeba, monkeypatch):
    monkeypatch.setattr(celeba_layout, "MOST_ROWS", 2)
    with pytest.raises(StyleclipError, match="more rows or columns than any of CelebA's"):
        find_source(celeba)


def test_a_list_that_is_no_text(celeba):
    (celeba / LISTS).write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(StyleclipError, match="is not text"):
        find_source(celeba)


def make_ffhq(root, index=True):
    for number in range(3):
        path = root / "in-the-wild-images" / "00000" / f"{number:05d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture(number).save(path)
    points = [list(FIVE[0])] * 42 + [list(FIVE[1])] * 6 + [list(FIVE[3])] * 6 + [list(FIVE[4])] * 14
    items = {str(k): {"category": "validation" if k else "training", "in_the_wild": {"face_landmarks": points}, "metadata": {}}
             for k in range(2)}
    if index:
        (root / "ffhq-dataset-v2.json").write_text(json.dumps(items))
    return root


def test_ffhq_in_the_wild(tmp_path):
    source = find_source(make_ffhq(tmp_path))
    assert source.layout == "ffhq" and [entry.part for entry in source.entries] == ["train", "validation", None]
    assert len(source.entries[0].landmarks) == 68 and source.entries[2].refused[0] == "unlisted"


def test_ffhq_aligned(tmp_path):
    make_ffhq(tmp_path)
    (tmp_path / "images1024x1024").mkdir()
    picture(5).save(tmp_path / "images1024x1024" / "00001.png")
    source = find_source(tmp_path)
    assert [(entry.path, entry.aligned, entry.part) for entry in source.entries] == [("images1024x1024/00001.png", True, "validation")]
    assert any("3 other files" in note for note in source.notes)


@pytest.mark.parametrize("content", ["{", "[]", '{"0": {"in_the_wild": {"face_landmarks": [["a", 1]]}}}', "[" * 100_000])
def test_an_index_of_ffhq_that_is_none(tmp_path, content):
    (make_ffhq(tmp_path, index=False) / "ffhq-dataset-v2.json").write_text(content)
    with pytest.raises(StyleclipError, match="not FFHQ's index"):
        find_source(tmp_path)


def test_an_index_of_ffhq_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch):
    index = make_ffhq(tmp_path) / "ffhq-dataset-v2.json"
    index.write_text('{"0": {"in_the_wild": {"face_landmarks": [' + "[1,1]," * 5000 + "[1,1]]}}}")
    with pytest.raises(StyleclipError, match="the landmarks of a picture are too many"):
        find_source(tmp_path)
    monkeypatch.setattr(ffhq_layout, "MOST_OBJECTS", 3)
    index.write_text('{"0":{},"1":{},"2":{}}')
    with pytest.raises(StyleclipError, match="it is too large"):
        find_source(tmp_path)


def test_without_an_index_it_is_a_folder_of_pictures(tmp_path):
    assert find_source(make_ffhq(tmp_path, index=False)).layout == "folder"


def test_links_to_folders_and_hidden_files_are_reported(tmp_path):
    picture(0).save(tmp_path / "a.png")
    (tmp_path / ".DS_Store").write_bytes(b"x")
    (tmp_path / "loop").symlink_to(tmp_path)
    source = find_source(tmp_path)
    assert [entry.path for entry in source.entries] == ["a.png"]
    assert "'loop' is a link to a folder and was not followed." in source.notes and any("1 hidden" in note for note in source.notes)
