"""``styleclip doctor`` on a healthy and on broken installations."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from styleclip_lib.cli.doctor import LESSONS, OPTIONAL, PACKAGES, check_packages, check_place
from styleclip_lib.cli.main import main
from styleclip_lib.cli.train import NETWORKS
from styleclip_lib.paths import data_folder
from styleclip_lib.weights.domain import enter_file
from styleclip_lib.weights.downloads.registry import domain_cache

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def data(tmp_path, monkeypatch) -> Path:
    """A data folder whose portraits domain is complete."""
    folder = tmp_path / "models" / "portraits"
    folder.mkdir(parents=True)
    for name in (*(set(NETWORKS) - {"mappers"}), "mapper_smile"):
        (folder / f"{name}.bin").write_bytes(name.encode() * 100_000)
        enter_file(folder, name, folder / f"{name}.bin", {}, {})
    shutil.copytree(data_folder() / "models" / "ffhq", tmp_path / "models" / "ffhq")
    monkeypatch.setenv("STYLECLIP_DATA", str(tmp_path))
    monkeypatch.setenv("STYLECLIP_CACHE", str(tmp_path / "cache"))
    return tmp_path


def doctor(capsys, code: int) -> str:
    assert main(["doctor"]) == code
    shown = capsys.readouterr()
    assert shown.err == ""
    return shown.out


def test_all_is_well(data, capsys):
    shown = doctor(capsys, 0)
    assert re.search(rf"portraits +\d+\.\d MB in {len(NETWORKS)} files, all as recorded", shown)
    assert f"0 of 7 files are in {domain_cache(data / 'models' / 'ffhq')}; styleclip download ffhq fetches the rest" in shown
    assert "Everything is there." in shown
    assert all(re.search(rf"^  {re.escape(name)} +\d", shown, re.MULTILINE) for name in PACKAGES)


def test_what_is_downloaded(data, capsys):
    cache = domain_cache(data / "models" / "ffhq")
    cache.mkdir(parents=True)
    (cache / "ViT-B-32.pt").touch()
    shown = doctor(capsys, 0)
    assert "ffhq             1 of 7 files are in" in shown
    assert re.search(r"there +354\.0 MB  ViT-B-32\.pt", shown) and re.search(r"not yet +1201\.6 MB  e4e_ffhq_encode\.pt", shown)


def test_a_registry_that_is_not_as_it_should_be(data, capsys):
    path = data / "models" / "ffhq" / "domain.json"
    index = json.loads(path.read_text(encoding="utf-8"))
    del index["sources"]["ViT-B-32.pt"]
    path.write_text(json.dumps(index), encoding="utf-8")
    assert re.search(r"- .*domain\.json does not describe a domain \(clip is read from 'ViT-B-32\.pt'", doctor(capsys, 1))


def test_a_changed_a_missing_and_an_unlisted_file(data, capsys):
    folder = data / "models" / "portraits"
    (folder / "clip.bin").write_bytes(b"other")
    (folder / "encoder.bin").unlink()
    index = json.loads((folder / "domain.json").read_text())
    del index["files"]["landmarks"]
    (folder / "domain.json").write_text(json.dumps(index))
    shown = doctor(capsys, 1)
    assert "3 to fix" in shown
    assert re.search(r"- .*clip\.bin.*SHA-256", shown) and re.search(r"- .*encoder\.bin is missing", shown)
    assert "portraits has no landmarks: styleclip train landmarks" in shown


def test_a_domain_without_mappers(data, capsys):
    folder = data / "models" / "portraits"
    index = json.loads((folder / "domain.json").read_text())
    del index["files"]["mapper_smile"]
    (folder / "domain.json").write_text(json.dumps(index))
    assert "portraits has no mappers: styleclip train mappers" in doctor(capsys, 1)


def test_an_index_that_cannot_be_read(data, capsys):
    (data / "models" / "portraits" / "domain.json").write_text("{")
    assert "cannot be read" in doctor(capsys, 1)


def test_no_data_at_all(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("STYLECLIP_DATA", str(tmp_path))
    assert "git checkout data/models/portraits" in doctor(capsys, 1)
    monkeypatch.setenv("STYLECLIP_DATA", str(tmp_path / "none"))
    assert "STYLECLIP_DATA names" in doctor(capsys, 1)


@pytest.mark.slow
def test_missing_and_broken_packages(data):
    """In a Python of its own, in which dlib and safetensors are missing and clip is broken."""
    code = """
import sys
class Broken:
    def find_spec(self, name, path=None, target=None):
        if name == "clip":
            raise ImportError("cannot import name 'packaging'\\nfrom 'pkg_resources'")
sys.modules |= {"dlib": None, "safetensors": None}
sys.meta_path.insert(0, Broken())
from styleclip_lib.cli.main import main
sys.exit(main(["doctor"]))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert result.returncode == 1 and result.stderr == ""
    assert re.search(r"dlib-bin +missing", result.stdout) and "dlib is not installed: pip install" in result.stdout
    assert re.search(r"clip-anytorch +2\.6\.\d, broken", result.stdout)
    assert "clip-anytorch cannot be imported (cannot import name 'packaging' from 'pkg_resources')" in result.stdout
    assert "cannot be read before the packages are installed" in result.stdout


def test_doctor_asks_for_what_the_project_needs():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = re.search(r"^dependencies = \[(.*?)^\]", text, re.MULTILINE | re.DOTALL)[1]
    assert re.findall(r'^\s*"([\w-]+)', block, re.MULTILINE) == list(PACKAGES)


def test_what_is_optional_comes_with_the_extra_that_is_named():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for name, extra in [*((name, "lab") for name in LESSONS), *((name, extra) for name, (extra, _) in OPTIONAL.items())]:
        assert f'"{name}' in re.search(rf"^{extra} = \[(.*?)^\]", text, re.MULTILINE | re.DOTALL)[1], name


def test_without_a_kernel_the_lessons_cannot_run(monkeypatch):
    import styleclip_lib.cli.doctor as doctor

    missing: list[str] = []
    monkeypatch.setitem(doctor.LESSONS, "no-such-kernel", "to run the lessons")
    assert "no-such-kernel   not installed (to run the lessons)" in list(check_packages(missing))
    assert missing == ["no-such-kernel is not installed, and is needed to run the lessons: "
                       'pip install --editable ".[lab]" (in the repository\'s folder)']


def test_root_is_told_how_jupyter_starts(data, capsys):
    assert ("jupyter lab --allow-root" in doctor(capsys, 0)) == (hasattr(os, "geteuid") and os.geteuid() == 0)


def test_another_python_is_named(monkeypatch):
    missing = []
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))
    list(check_place(missing))
    assert "Python 3.10 to 3.13 is needed" in missing[0]


def test_a_cache_that_cannot_be_written_is_reported(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("STYLECLIP_CACHE", str(tmp_path / "file" / "cache"))
    missing = []
    list(check_place(missing))
    assert any("STYLECLIP_CACHE" in remedy and "Cannot write" in remedy for remedy in missing)
