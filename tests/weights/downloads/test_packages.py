"""Installed packages that carry official files are as good as downloads, and nothing of them runs."""

import bz2
import hashlib
import json

import pytest

from styleclip_lib.errors import StyleclipError
from styleclip_lib.paths import data_folder
from styleclip_lib.weights.downloads.download import fetch
from styleclip_lib.weights.downloads.registry import Source, downloads_of
from styleclip_lib.weights.schema import PackageEntry

CONTENT = b"landmarks" * 1000
NOWHERE = ("http://127.0.0.1:9/file",)


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package "carrier" that would end everything if it were imported."""
    (tmp_path / "site" / "carrier").mkdir(parents=True)
    (tmp_path / "site" / "carrier" / "__init__.py").write_text("raise SystemExit('imported')")
    (tmp_path / "site" / "carrier" / "model.dat").write_bytes(CONTENT)
    (tmp_path / "site" / "carrier-1.0.dist-info").mkdir()
    (tmp_path / "site" / "carrier-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    return tmp_path


def source(content: bytes, name: str = "carrier", file: str = "carrier/model.dat", bzip2: bool = False) -> Source:
    return Source("model", "Somebody", NOWHERE, len(content), hashlib.sha256(content).hexdigest(), "MIT", "any use",
                  PackageEntry(name=name, file=file, bzip2=bzip2))


def test_a_file_is_taken_from_the_package(installed):
    path = fetch(source(CONTENT), installed / "cache")
    assert path.read_bytes() == CONTENT


def test_a_download_that_is_packed_is_packed_again(installed):
    packed = bz2.compress(CONTENT)
    assert fetch(source(packed, bzip2=True), installed / "cache").read_bytes() == packed


def test_another_content_is_refused(installed):
    with pytest.raises(StyleclipError, match="the package carrier: its SHA-256 is wrong"):
        fetch(source(b"something else"), installed / "cache")


@pytest.mark.parametrize(("name", "file"), [("missing", "carrier/model.dat"), ("carrier", "carrier/none.dat")])
def test_without_the_package_the_message_names_it(installed, name, file):
    with pytest.raises(StyleclipError, match=f"or install the package {name}"):
        fetch(source(CONTENT, name, file), installed / "cache")


@pytest.mark.parametrize("file", ["../secret", "carrier/../../secret", "/etc/passwd"])
def test_a_path_that_leads_out_of_the_package(file, tmp_path):
    from styleclip_lib.weights.domain import read_index

    entry = {"origin": "", "urls": ["http://a/b"], "bytes": 1, "sha256": None, "licence": "", "permits": ""}
    entry["package"] = {"name": "carrier", "file": file}
    (tmp_path / "domain.json").write_text(json.dumps({"name": "x", "files": {}, "sources": {"model": entry}}))
    with pytest.raises(StyleclipError):
        read_index(tmp_path)


def test_two_files_of_ffhq_have_such_packages():
    sources = downloads_of(data_folder() / "models" / "ffhq", ["landmarks", "perceptual"])
    assert {s.package.name for s in sources if s.package} == {"face_recognition_models", "lpips"}
