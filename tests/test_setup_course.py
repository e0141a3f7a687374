"""setup_course.py, with a small script in place of the environment's Python, so that nothing is downloaded."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PYTHON = """#!/bin/sh
if [ "$1" = -c ]; then echo "{prefix}"; else echo "ran: $*"; fi
test "$3" != install || test ! -e offline
"""
pytestmark = pytest.mark.skipif(os.name == "nt", reason="the script in Python's place is one for sh")


@pytest.fixture
def course(tmp_path):
    """The course in a folder with spaces in its name, with an environment that only says what it is asked to do."""
    folder = tmp_path / "my course"
    (folder / ".venv" / "bin").mkdir(parents=True)
    for name in ("setup_course.py", "setup.py", "pyproject.toml", "Makefile"):
        shutil.copy(ROOT / name, folder / name)
    python = folder / ".venv" / "bin" / "python"
    python.write_text(PYTHON.format(prefix=folder / ".venv"), encoding="utf-8")
    python.chmod(0o755)
    return folder


def called(folder, *arguments):
    done = subprocess.run([sys.executable, "setup_course.py", *arguments], cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def test_it_installs_once_and_then_only_opens_the_lesson(course):
    code, out, _ = called(course)
    assert code == 0 and "install --quiet --editable .[lab]" in out and "jupyter lab notebooks/00_start_here.ipynb" in out
    code, out, _ = called(course)
    assert code == 0 and "install" not in out and "jupyter lab" in out


def test_what_is_to_be_installed_has_changed(course):
    called(course, "--no-start")
    mark = course / ".venv" / "installed-lab"
    os.utime(mark, (1, 1))
    assert "--editable" in called(course, "--no-start")[1]


def test_who_has_more_has_less(course):
    called(course, "--for", "test", "--no-start")
    assert "install" not in called(course, "--no-start")[1]
    assert "--editable .[lab,train,serve,grade,export,test,dev]" in called(course, "--for", "dev", "--no-start")[1]


def test_an_installation_that_broke_off_goes_on(course):
    (course / "offline").touch()
    code, _, err = called(course)
    assert code == 2 and "resumes where this one stopped" in err and err.count("\n") == 1
    assert not (course / ".venv" / "installed-lab").exists()
    (course / "offline").unlink()
    assert called(course)[0] == 0


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere PyTorch is the one for CPUs anyhow")
def test_pytorch_for_cpus(course):
    out = called(course, "--torch", "cpu", "--no-start")[1]
    assert out.index("--torch-backend cpu torch torchvision") < out.index("--editable")


def test_a_mac_for_which_there_is_no_pytorch(course):
    code = "import platform, runpy; platform.system, platform.machine = lambda: 'Darwin', lambda: 'x86_64'; " \
           "runpy.run_path('setup_course.py', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], cwd=course, capture_output=True, text=True)
    assert done.returncode == 2 and "Intel" in done.stderr and done.stderr.count("\n") == 1 and "install" not in done.stdout


def test_a_folder_of_somebody_elses_is_left_alone(course):
    (course / "notes").mkdir()
    (course / "notes" / "mine.txt").write_text("x", encoding="utf-8")
    for place in ("notes", "notes/mine.txt"):
        code, _, err = called(course, "--venv", place)
        assert code == 2 and "something other than a virtual environment" in err and err.count("\n") == 1
    assert (course / "notes" / "mine.txt").read_text(encoding="utf-8") == "x"


@pytest.mark.full
def test_an_environment_that_was_left_half_made_is_made_again(course):
    """Or that was moved: its programs would run another place's Python."""
    shutil.rmtree(course / ".venv")
    (course / ".venv" / "bin").mkdir(parents=True)
    (course / ".venv" / "pyvenv.cfg").touch()
    (course / "pyproject.toml").write_text("[project]\nname = 'nothing'\nversion = '1'\nrequires-python = '>=99'\n", encoding="utf-8")
    code, out, err = called(course)
    assert "This downloads about" in out  # and then pip refuses this project
    assert code == 2 and "installation failed" in err
    assert subprocess.run([course / ".venv" / "bin" / "python", "-c", "import pip"]).returncode == 0


def test_jupyter_takes_photographs_of_more_than_ten_megabytes(course):
    from jupyter_server.serverapp import ServerApp
    from traitlets.config import Config

    option = re.search(r"--ServerApp.tornado_settings=\S+", called(course)[1])[0]
    server = ServerApp(config=Config())
    server.parse_command_line([option])
    assert server.tornado_settings["websocket_max_message_size"] > 100_000_000


def test_root_gets_a_jupyter_that_starts(course):
    out = called(course)[1]
    assert ("--allow-root --no-browser" in out and "You are root" in out) == (os.geteuid() == 0)


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
def test_make_lab_is_the_same(course):
    done = subprocess.run(["make", "lab", f"PYTHON={sys.executable}"], cwd=course, capture_output=True, text=True)
    assert done.returncode == 0 and "--editable .[lab]" in done.stdout and "jupyter lab" in done.stdout
