"""Labels and readings of the same pictures: the table, the counting, the interval, and what is known of a render."""

import math

import pytest
import torch

from styleclip_lib.errors import StyleclipError
from styleclip_lib.evaluation.agreement import LABELLED, Agreement, agreement, known_values, read_labels, write_labels
from styleclip_lib.portraits.aligned.world.attributes import BY_NAME
from styleclip_lib.portraits.aligned.world.factors import sample


@pytest.fixture
def folder(tmp_path):
    for name in ("a.png", "b.png", "c.png"):
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def written(folder, text):
    (folder / "labels.csv").write_text(text, encoding="utf-8")
    return folder / "labels.csv"


def test_a_table_is_read(folder):
    table = read_labels(written(folder, "picture,expression,age,glasses\na.png,smile,old,?\nb.png, sad ,between,\n"))
    assert table == {folder / "a.png": {"expression": "smile", "age": "old"}, folder / "b.png": {"expression": "sad", "age": None}}


def test_what_is_written_is_read(folder):
    labels = [{"expression": "angry", "age": None}, {}, {"hair_color": "blond", "glasses": "none"}]
    write_labels(folder / "labels.csv", ["a.png", "b.png", "c.png"], labels)
    assert list(read_labels(folder / "labels.csv").values()) == labels
    assert (folder / "labels.csv").read_text().splitlines()[0] == ",".join(["picture", *LABELLED])


@pytest.mark.parametrize("text, says", [
    ("", "no column 'picture'"),
    ("name,expression\na.png,smile\n", "no column 'picture'"),
    ("picture,mood\na.png,smile\n", "column 'mood', which is not an attribute"),
    ("picture,expression\na.png,happy\n", "Line 2 of .* expression = 'happy': choose one of neutral, smile, sad, angry, surprised, \\?"),
    ("picture,glasses\na.png,between\n", "glasses = 'between': choose one of none, glasses, sunglasses"),
    ("picture,age\na.png,42\n", "choose one of child, young, old, between, \\?"),
    ("picture,expression\nz.png,smile\n", "Line 2 of .* names the picture 'z.png', which does not exist"),
    ("picture,expression,age\na.png,smile\n", "Line 2 of .* has a different number of cells"),
    ("picture,expression\na.png,smile,old\n", "Line 2 of .* has a different number of cells"),
    ("picture,expression\n", "name no picture"),
])  # fmt: skip
def test_a_table_with_a_mistake_says_where(text, says, folder):
    with pytest.raises(StyleclipError, match=says) as caught:
        read_labels(written(folder, text))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"picture,expression\na.png,\xff\xfe\n", b"picture,age\na.png,\"" + b"a" * 200_000, b"," * 10_000_001])
def test_a_file_that_is_no_table_is_refused(content, folder):
    (folder / "labels.csv").write_bytes(content)
    with pytest.raises(StyleclipError, match="cannot be read"):
        read_labels(folder / "labels.csv")


def test_a_table_that_is_not_there_is_said(folder):
    with pytest.raises(StyleclipError, match="There is no file"):
        read_labels(folder / "labels.csv")


def test_only_what_both_can_tell_is_counted():
    labels = [{"glasses": "none", "age": None}, {"glasses": "glasses"}, {"expression": "sad"}]
    readings = [{"glasses": "none", "age": None, "expression": "smile"}, {"glasses": "none", "age": "old"}, {"glasses": "none"}]
    assert agreement(labels, readings) == {"glasses": Agreement(1, 2), "age": Agreement(1, 1)}


@pytest.mark.parametrize("agreed, n", [(0, 5), (38, 40), (40, 40)])
def test_the_interval_is_wilsons(agreed, n):
    z, p = 1.959963985, agreed / n
    middle, half = (p + z * z / (2 * n)) / (1 + z * z / n), z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert Agreement(agreed, n).interval() == pytest.approx((middle - half, middle + half), abs=1e-6)
    assert f"n = {n}" in str(Agreement(agreed, n))


def test_what_is_known_of_a_render_is_what_can_be_seen():
    people = sample(300, seed=3)
    for row, known in enumerate(known_values(people)):
        person = people.portrait(row)
        assert known["expression"] == person.expression and known["glasses"] == person.glasses
        under_a_hat = person.headwear != "none" and person.hair_style in ("short", "mohawk")
        assert ("hair_color" in known) == (person.hair_style != "bald" and not under_a_hat)
        assert ("eyes" in known) == (person.glasses != "sunglasses")
        low, high = BY_NAME["age"].intervals[-1]
        assert (known.get("age") == "old") == (low <= person.age <= high)
    middle = known_values(people.replace(age=torch.full((300,), 0.6)))
    assert not any("age" in known for known in middle)
