"""A domain on disk: what is written is read again, and what is wrong with it is said in one sentence."""

import hashlib
import json
import pickle
import re
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from styleclip_lib.errors import StyleclipError
from styleclip_lib.weights.domain import (
    enter_file,
    file_path,
    find_domain,
    load_network,
    load_tensors,
    read_index,
    save_network,
    sha256,
    sources,
)


class Small(nn.Module):
    def __init__(self, width: int = 3, channels: dict | None = None):
        super().__init__()
        self.channels = channels
        self.line = nn.Linear(width, 2)
        self.norm = nn.BatchNorm1d(2)


@pytest.fixture
def folder(tmp_path):
    """A domain with one small network."""
    torch.manual_seed(0)
    folder = tmp_path / "mine"
    save_network(folder, "small", Small(), {"width": 3, "channels": {4: 8, 16: 2}}, {"steps": 7})
    return folder


def one_sentence(error) -> bool:
    text = str(error.value)
    return "\n" not in text and len(text) < 400 and text.endswith((".", "?"))


def change_index(folder, change):
    index = json.loads((folder / "domain.json").read_text(encoding="utf-8"))
    change(index)
    (folder / "domain.json").write_text(json.dumps(index), encoding="utf-8")


def test_a_network_comes_back(folder):
    torch.manual_seed(0)
    original, back = Small(), load_network(folder, "small", Small)
    torch.testing.assert_close(back.line.weight, original.line.weight, rtol=1e-3, atol=1e-3)
    assert torch.equal(back.line.bias, original.line.bias), "vectors keep their precision"
    assert back.channels == {4: 8, 16: 2}, "the keys are numbers again"
    assert back.line.weight.dtype == torch.float32 and back.norm.num_batches_tracked.dtype == torch.int64
    assert not back.training and not any(p.requires_grad for p in back.parameters())


def test_what_is_written(folder):
    stored = load_file(str(folder / "small.safetensors"))
    assert stored["line.weight"].dtype == torch.float16 and stored["line.bias"].dtype == torch.float32
    entry = read_index(folder)["files"]["small"]
    assert entry["sha256"] == hashlib.sha256((folder / "small.safetensors").read_bytes()).hexdigest()
    assert entry["bytes"] == (folder / "small.safetensors").stat().st_size
    assert entry["file"] == "small.safetensors" and entry["training"] == {"steps": 7}
    assert read_index(folder)["name"] == "mine"
    assert sorted(path.name for path in folder.iterdir()) == ["domain.json", "small.safetensors"]


def test_another_network_is_added_and_the_old_one_replaced(folder):
    save_network(folder, "another", Small(5), {"width": 5}, {})
    save_network(folder, "small", Small(4), {"width": 4}, {})
    assert list(read_index(folder)["files"]) == ["another", "small"]
    assert load_network(folder, "small", Small).line.in_features == 4
    assert load_network(folder, "another", Small).line.in_features == 5


def test_any_file_can_be_entered(folder):
    (folder / "points.dat").write_bytes(b"68 points")
    enter_file(folder, "landmarks", folder / "points.dat", {"framing": 1.3}, {})
    assert file_path(folder, "landmarks").read_bytes() == b"68 points"


def test_a_network_in_full_precision(folder):
    original = Small()
    save_network(folder, "exact", original, {}, {}, half=False)
    assert torch.equal(load_network(folder, "exact", Small).line.weight, original.line.weight)


def test_what_a_domain_takes_from_the_one_that_it_is_like(folder, tmp_path):
    for name in ("clip", "identity", "encoder", "generator", "mapper_smile"):
        save_network(folder, name, Small(), {}, {})
    own = tmp_path / "own"
    for name in ("generator", "identity"):
        save_network(own, name, Small(), {}, {})
    assert sources(own) == {"generator": own, "identity": own}
    change_index(own, lambda index: index.update(like=str(folder)))
    assert sources(own) == {"generator": own, "identity": own, "clip": folder}
    change_index(own, lambda index: index.update(like="none"))
    with pytest.raises(StyleclipError, match="no domain 'none'") as error:
        sources(own)
    assert one_sentence(error)


def test_sha256(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_changed_file_is_refused(folder):
    path = folder / "small.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(StyleclipError, match="SHA-256 differs") as error:
        load_network(folder, "small", Small)
    assert one_sentence(error)
    assert file_path(folder, "small", verify=False) == path


@pytest.mark.parametrize("keep", [0, 5, 40, 100])
def test_a_truncated_file_is_refused(folder, keep):
    path = folder / "small.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(StyleclipError, match="SHA-256 differs"):
        load_network(folder, "small", Small)
    with pytest.raises(StyleclipError, match=r"not a whole safetensors file|it is empty") as error:
        load_tensors(path)
    assert one_sentence(error)


def test_a_missing_file(folder):
    (folder / "small.safetensors").unlink()
    with pytest.raises(StyleclipError, match=r"missing.*styleclip train small") as error:
        load_network(folder, "small", Small)
    assert one_sentence(error)


def test_a_network_that_the_domain_does_not_have(folder):
    with pytest.raises(StyleclipError, match="has no large") as error:
        file_path(folder, "large")
    assert one_sentence(error)


def test_a_folder_without_an_index(tmp_path):
    with pytest.raises(StyleclipError, match=r"no domain\.json") as error:
        read_index(tmp_path)
    assert one_sentence(error)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"name": "mine"}', '{"name": "mine", "files": []}', '"mine"',
                '{"name": "mine", "files": {}, "like": 5}']
)
def test_a_broken_index(folder, content):
    (folder / "domain.json").write_text(content, encoding="utf-8")
    with pytest.raises(StyleclipError, match=r"domain\.json.*restore it") as error:
        file_path(folder, "small")
    assert one_sentence(error)


def test_an_index_that_is_no_text(folder):
    (folder / "domain.json").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(StyleclipError, match="restore it"):
        read_index(folder)


@pytest.mark.parametrize("config", [{"input_size": 0}, {"input_size": -5}, {"image_size": 99_999}, {"nested": {"img_resolution": 2**40}}])
def test_sides_that_no_network_takes(folder, config):
    save_network(folder, "wide", Small(5), {"width": 5}, {})
    change_index(folder, lambda index: index["files"]["wide"].update(config=config))
    with pytest.raises(StyleclipError, match="which no network has") as error:
        read_index(folder)
    assert one_sentence(error)


@pytest.mark.parametrize("config", [{"width": 7}, {"height": 3}, {}])
def test_settings_that_do_not_fit_the_weights(folder, config):
    save_network(folder, "wide", Small(5), {"width": 5}, {})
    change_index(folder, lambda index: index["files"]["wide"].update(config=config))
    with pytest.raises(StyleclipError, match="does not fit the settings") as error:
        load_network(folder, "wide", Small)
    assert one_sentence(error)


def test_nothing_in_a_file_is_executed(folder, tmp_path):
    """A pickle that would write a file, under the name of a safetensors file, with the right hash."""

    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "executed"), "w"))

    path = folder / "small.safetensors"
    path.write_bytes(pickle.dumps(Trap()))
    change_index(folder, lambda index: index["files"]["small"].update(sha256=sha256(path)))
    with pytest.raises(StyleclipError):
        load_network(folder, "small", Small)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(("given", "message"), [
    ("FFHQ", "did you mean 'ffhq'?"), ("Portraits", "did you mean 'portraits'?"), ("portrait", "did you mean 'portraits'?"),
    ("network.pkl", "styleclip import network.pkl FOLDER"), ("my network.pt", "styleclip import 'my network.pt' FOLDER"),
    ("mine/domain.json", "give the folder of that file, 'mine'"), (".", "give 'mine'"),
    ("other.pkl", "there is no such file either"), ("nowhere", "installed are "), ("mine/inner", "styleclip import"),
    ("~nosuchuser", "begins with '~'"),
])  # fmt: skip
def test_what_else_people_give_as_a_domain(folder, given, message, monkeypatch):
    monkeypatch.chdir(folder.parent)
    folder.rename("mine")
    Path("mine/inner").mkdir()
    for name in ("network.pkl", "my network.pt"):
        Path(name).write_bytes(b"x")
    with pytest.raises(StyleclipError, match=re.escape(message)) as error:
        find_domain(given)
    assert one_sentence(error)


def test_a_domain_can_be_moved(folder, tmp_path):
    shutil.move(folder, tmp_path / "elsewhere")
    assert load_network(tmp_path / "elsewhere", "small", Small).line.in_features == 3


def test_a_failed_save_leaves_the_old_network(folder, monkeypatch):
    before = (folder / "small.safetensors").read_bytes()

    def fail(tensors, path):
        Path(path).write_bytes(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr("styleclip_lib.weights.domain.save_file", fail)
    with pytest.raises(StyleclipError, match="no space left"):
        save_network(folder, "small", Small(4), {"width": 4}, {})
    assert (folder / "small.safetensors").read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == ["domain.json", "small.safetensors"]
