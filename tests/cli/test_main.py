"""The frame of the command line: help, versions, and every mistake as one line with exit code 2."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from styleclip_lib import __version__
from styleclip_lib.cli import main as frame
from styleclip_lib.cli.main import COMMANDS, main
from styleclip_lib.cli.train import NETWORKS
from styleclip_lib.errors import StyleclipError

ROOT = Path(__file__).parent.parent.parent


def run(*arguments: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess:
    """``styleclip …`` in a process of its own, even where the package is not installed."""
    command = [sys.executable, "-m", "styleclip_lib", *arguments]
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=cwd, env=surroundings)


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"], ["help"]])
def test_help_names_every_command(arguments, capsys):
    assert main(arguments) == 0
    shown = capsys.readouterr()
    assert all(f"  {name} " in shown.out for name in COMMANDS) and shown.err == ""


def test_the_help_of_an_option_is_one_paragraph_and_shows_no_default_that_is_none(capsys):
    with pytest.raises(SystemExit):
        main(["invert", "--help"])
    shown = capsys.readouterr().out
    lines = [line.strip("│ ") for line in shown.splitlines()]
    assert "default: None" not in shown and "(default: 100)" in shown
    assert "StyleGAN2's (w noise, from the mean; use --steps 1000). image2stylegan" in " ".join(lines)
    assert len(lines[lines.index(next(line for line in lines if "from the mean; use" in line)) - 1]) > 40, "no line ends early"


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"styleclip {__version__}\n"


def test_help_imports_nothing_heavy():
    """So that it is there at once, whatever the machine."""
    code = """
import sys
from styleclip_lib.cli.main import COMMANDS, main
for name in COMMANDS:
    try: main([name, "--help"])
    except SystemExit as stop: assert not stop.code
main(["--help"])
assert not {"torch", "clip", "dlib", "PIL", "numpy", "matplotlib"} & set(sys.modules), sorted(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(ROOT)})


MISTAKES = [
    (["edti"], "did you mean 'edit'?"),
    (["frobnicate"], "choose one of doctor"),
    (["sample"], "Missing: OUTPUT"),
    (["sample", "a\0b.png"], r"'a\x00b.png' cannot be the name of a file"),
    (["sample", "a.xyz"], "extensions .png"),
    (["sample", "none/a.png"], "does not exist, make it first"),
    (["sample", "a.png", "--seeds", "5-1"], "Cannot read the seeds '5-1'"),
    (["sample", "a.png", "--seeds", "0-1000000000"], "too many seeds"),
    (["sample", "a.png", "--seeds", "1 2 3"], "Cannot read the seeds '1 2 3'"),
    (["sample", "a.png", "--psi", "much"], "--psi"),
    (["sample", "a.png", "--psi", "nan"], "--psi must be a finite number"),
    (["sample", "a.png", "--psi", "0,7"], "--psi takes a number with a point, such as 1.5, not '0,7'"),
    (["sample", "a.png", "--psi", "1e300"], "--psi must be a number between"),
    (["sample", "a.png", "--seeds", "4294967296"], "below 2^32"),
    (["sample", "https://example.org/a.png"], "is an address"),
    (["sample", "a.png", "--domain", "https://example.org/a.pkl"], "is an address"),
    (["sample", "~nosuchuser.png"], "begins with '~'"),
    (["sample", "a" * 300 + ".png"], "File name too long"),
    (["align", "~nosuchuser.png", "a.png"], "begins with '~'"),
    (["align", "https://example.org/a.jpg", "a.png"], "'https://example.org/a.jpg' is an address"),
    (["align", "ftp://example.org/a.jpg", "a.png"], "'ftp://example.org/a.jpg' is an address"),
    (["align", "*.jpg", "a.png"], "patterns are not understood here"),
    (["studio", "--port", "80a"], "--port takes a whole number, not '80a'"),
    (["align", "/dev/zero", "a.png"], "a pipe or a device"),
    *((words, "cannot be the name of a file") for words in (["align", "loop", "a.png"], ["dataset", "loop", "set"], ["grade", "loop"],
                                                            ["dataset", ".", "loop/set"], ["sample", "loop/a.png"])),
    (["edit", "portrait.png", "a.png", "--text", "a", "--seed", "99999999999999999999"], "--seed must lie between 0 and 4294967295"),
    (["invert", "portrait.png", "a.png", "--seed", "-1"], "--seed must lie between"),
    (["sample", "a.png", "--columns", "0"], "--columns must be 1 or more"),
    (["sample", "a.png", "--device", "toaster"], "'toaster'"),
    (["align", "none.png", "a.png"], "There is no file 'none.png'"),
    (["align", "text.png", "a.png"], "not a picture"),
    (["align", "portrait.png", "a.png", "--size", "0"], "--size must lie between"),
    (["align", "portrait.png"], "Missing: OUTPUT"),
    (["align", "portrait.png", "portrait.png"], "it is also an input; choose another name"),
    (["invert", "portrait.png", "./portrait.png"], "it is also an input"),
    (["invert", "portrait.png", "a.gif.png", "--gif", "a.gif", "--latent", "a.gif"], "another result goes there"),
    (["edit", "portrait.png", "portrait.png", "--text", "a smile"], "it is also an input"),
    (["interpolate", "3", "portrait.png", "portrait.png"], "it is also an input"),
    (["align", "landscape.png", "a.png"], "No face was found: the picture has only 60 x 40 pixels"),
    (["align", "portrait.png", "text.png", "a.png"], "'a.png' is one argument too many: put a text of several words in quotation marks"),
    (["align", "portrait.png", "a.png", "--face", "biggest"], "--face takes a whole number or largest, not 'biggest'"),
    (["edit", "portrait.png", "a.png", "--text", "a smiling face", "--strength", "1,5"], "--strength takes a number with a point"),
    (["edit", "portrait.png", "a.png", "--text", "a", "smiling", "face"], "'smiling face' is one argument too many"),
    (["edit", "portrait.png", "a.png", "--text", "a"], "The text is empty"),
    (["edit", "portrait.png", "a.png", "--text", "not blond"], "denies 'blond' without saying"),
    (["edit", "portrait.png", "a.png", "--text", "bald with long hair"], "only one of them can be"),
    (["edit", "portrait.png", "a.png", "--text", "is she smiling?"], "asks a question"),
    (["invert", "none.png", "a.png"], "There is no file"),
    (["invert", "portrait.png", "a.png", "--latent", "w.txt"], "extension .npy"),
    (["invert", "portrait.png", "a.png", "--space", "q"], "'q'"),
    (["invert", "portrait.png", "a.png", "--steps", "-1"], "--steps must be 0 or more"),
    (["invert", "portrait.png", "a.png", "--domain", "nowhere"], "There is no domain 'nowhere'"),
    (["interpolate", "1", "2"], "Missing: OUTPUT"),
    (["interpolate", "1", "2", "a.avi"], "extensions .gif"),
    (["interpolate", "1", "2", "none/a.gif"], "does not exist, make it first"),
    (["interpolate", "none.png", "2", "a.gif"], "There is no file 'none.png'"),
    (["interpolate", "1", "-2", "a.gif"], "-2"),
    (["interpolate", "1", "4294967296", "a.gif"], "There is no file '4294967296'"),
    (["interpolate", "1", "text.png", "a.gif"], "not a picture"),
    (["interpolate", "1", "landscape.png", "a.gif"], "No face was found"),
    (["interpolate", "1", "portrait.png", "a.gif", "--space", "z"], "take --space w or w+ for pictures"),
    (["interpolate", "1", "2", "a.gif", "--space", "q"], "'q'"),
    (["interpolate", "1", "2", "a.gif", "--space", "w", "--layers", "fine"], "--layers fine needs --space w+"),
    (["interpolate", "1", "2", "a.gif", "--frames", "1"], "--frames must lie between 2 and"),
    (["interpolate", "1", "2", "a.gif", "--frames", "100000"], "--frames must lie between 2 and"),
    (["interpolate", "1", "2", "a.gif", "--fps", "0"], "--fps must lie between 1 and 50"),
    (["interpolate", "1", "2", "a.gif", "--reach", "1", "1"], "--reach must be two different numbers"),
    (["interpolate", "1", "2", "a.gif", "--reach", "0", "nan"], "--reach must be a finite number"),
    (["interpolate", "1", "2", "a.gif", "--psi", "inf"], "--psi"),
    (["interpolate", "1", "2", "a.gif", "--inversion-steps", "-1"], "--inversion-steps must be 0 or more"),
    (["interpolate", "1", "2", "a.gif", "--domain", "nowhere"], "There is no domain 'nowhere'"),
    (["edit", "portrait.png", "a.png"], "Say what the face should become, such as --text"),
    (["edit", "portrait.png", "a.png", "--text", " "], "The text is empty"),
    (["edit", "portrait.png", "a.png", "--text", "a", "--txet", "b"], "Unrecognized options: --txet"),
    (["edit", "portrait.png", "a.png", "--text", "a", "--methd", "mapper"], "did you mean --method? (see"),
    (["edit", "portrait.png", "a.png", "--text", "a", "--method", "magic"], "directions or mapper or optimization, not 'magic'"),
    (["edit", "portrait.png", "a.png", "--text", "a", "--method", "magic"], "'magic'"),
    (["edit", "portrait.png", "a.png", "--text", "a", "--steps", "0"], "--steps must be a whole number from 1 to 100000, not 0"),
    (["edit", "portrait.png", "a.png", "--text", "a", "--start", "mean"], "--start takes alignment or auto or face, not 'mean'"),
    (["edit", "portrait.png", "a.png", "--text", "a", "--tune-steps", "0"], "--tune-steps must be 1 or more"),
    (["edit", "portrait.png", "a.png", "--text", "a", "--paste-back"], "but this picture was taken whole"),
    (["edit", "none.png", "a.png", "--text", "a", "--paste-back", "--align", "never"], "--align never crops none"),
    (["edit", "portrait.png", "a.png", "--text", "a", "--strength", "inf"], "--strength must be a finite number"),
    (["edit", "portrait.png", "a.png", "--text", "a", "--strength", "much"], "--strength"),
    (["edit", "portrait.png", "a.png", "--text", "a", "--neutral", " "], "The neutral text is empty"),
    (["edit", "portrait.png", "a.png", "--text", "a smile", "--neutral", "xyzzy"], "never seen the word 'xyzzy'"),
    (["edit", "portrait.png", "a.png", "--text", "a", "--alpha", "nan"], "--alpha must be a finite number"),
    (["edit", "portrait.png", "a.png", "--text", "a", "--method", "directions", "--beta", "1.5"], "--beta must be a number from 0 to 1"),
    (["edit", "portrait.png", "a.png", "--text", "a smile", "--method", "directions", "--beta", "0.9"], "take a smaller beta"),
    (["edit", "portrait.png", "a.png", "--text", "a", "--report", "r.txt"], "extension .json"),
    (["edit", "portrait.png", "a.png", "--text", "a", "--report", "none/r.json"], "does not exist"),
    (["edit", "portrait.png", "a.mp3", "--text", "a"], "extensions .png"),
    (["edit", ".", "a.png", "--text", "a"], "is a folder"),
    (["edit", "text.png", "a.png", "--text", "a"], "not a picture"),
    (["edit", "cut.png", "a.png", "--text", "a"], "damaged or cut off"),
    (["edit", "enormous.png", "a.png", "--text", "a"], "too large (9000 x 8000 pixels)"),
    (["edit", "landscape.png", "a.png", "--text", "a"], "No face was found"),
    (["edit", "portrait.png", "a.png", "--text", "xyzzy"], "never seen the word 'xyzzy'"),
    (["edit", "portrait.png", "a.png", "--text", "a", "--domain", "nowhere"], "There is no domain 'nowhere'"),
    (["train", "everything"], "choose one of generator"),
    (["train", "clip", "--data", "~nosuchuser"], "begins with '~'"),
    (["measure", "clip", "--data", "~nosuchuser"], "begins with '~'"),
    (["measure", "clip", "--data", "a" * 300], "File name too long"),
    (["progress", "a" * 300], "File name too long"),
    (["measure", "clip", "--data", "text.png"], "is a file, choose another folder"),
    (["train", "attributes", "--run", "text.png"], "is a file, choose another folder"),
    (["compete", ".", "--out", "a" * 300], "File name too long"),
    (["doctor", "--now"], "Unrecognized options: --now"),
]

IN_A_DOMAIN = ("sample", "invert", "interpolate", "edit")


@pytest.fixture
def folder(tmp_path, portrait, monkeypatch):
    from PIL import Image

    Image.new("1", (9000, 8000)).save(tmp_path / "enormous.png")
    Image.new("RGB", (60, 40)).save(tmp_path / "landscape.png")
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "cut.png").write_bytes(portrait.read_bytes()[:60])
    (tmp_path / "loop").symlink_to("loop")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("arguments", "message"), MISTAKES)
def test_a_mistake_is_one_line_and_exit_code_2_and_leaves_nothing(arguments, message, tiny_domain, folder, capsys):
    before = sorted(folder.iterdir())
    if arguments[0] in IN_A_DOMAIN and "--domain" not in arguments:
        arguments = [*arguments, "--domain", str(tiny_domain), *(["--inversion-steps", "0"] if arguments[0] == "edit" else [])]
    capsys.readouterr()
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert message in shown.err and shown.err.startswith(f"styleclip {arguments[0]}: ")
    assert shown.err.count("\n") == 1 and shown.err.endswith("\n") and "Traceback" not in shown.err
    assert "Saved" not in shown.out and sorted(folder.iterdir()) == before


@pytest.mark.slow
def test_the_same_from_outside(tmp_path):
    result = run("edit", "none.png", "a.png", "--text", "a smile", cwd=tmp_path)
    assert result.returncode == 2 and result.stdout == ""
    assert result.stderr == "styleclip edit: There is no file 'none.png': check the path.\n"


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_mistake_reads_the_same_on_every_terminal(encoding, tmp_path):
    arguments = ["edit", "a.png", "b.png", "--text", "a", "--steps", "x"]
    result = run(*arguments, cwd=tmp_path, PYTHONIOENCODING=encoding, COLUMNS="40")
    assert result.returncode == 2
    assert result.stderr.startswith("styleclip edit: ") and result.stderr.count("\n") == 1
    assert "--steps" in result.stderr and not set(result.stderr) & set("│─╭")


def fail_with(error, monkeypatch, *options):
    class Command:
        @staticmethod
        def main(arguments):
            raise error

    monkeypatch.setattr(frame, "_command", lambda name: Command)
    return main(["edit", *options])


def test_control_c_and_missing_packages_are_one_line_each(monkeypatch, capsys):
    assert fail_with(KeyboardInterrupt(), monkeypatch) == 130
    assert fail_with(StyleclipError("two\nlines"), monkeypatch) == 2
    assert fail_with(ModuleNotFoundError("No module named 'dlib'", name="dlib"), monkeypatch) == 2
    first, second, third = capsys.readouterr().err.splitlines()
    assert "interrupted" in first and "two lines" in second and "'dlib' is missing" in third


@pytest.mark.parametrize(("error", "message"), [
    (ValueError("a bug\n\x1b[31m"), r"ValueError: a bug \x1b[31m"),
    (ModuleNotFoundError("No module named 'styleclip_lib.nothing'", name="styleclip_lib.nothing"), "styleclip_lib.nothing"),
    (RecursionError("too deep"), "RecursionError"),
    (OSError(28, "No space left on device", "a.png"), "No space left on device: a.png"),
    (UnicodeEncodeError("ascii", "ü", 0, 1, "no"), "UnicodeEncodeError"),
])  # fmt: skip
def test_an_unexpected_error_is_one_line_too_and_debug_shows_where(error, message, monkeypatch, capsys):
    assert fail_with(error, monkeypatch) == 2
    shown = capsys.readouterr().err
    assert message in shown and "--debug" in shown and shown.count("\n") == 1
    assert fail_with(error, monkeypatch, "--debug") == 2
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_foreign_text_commands_no_terminal(monkeypatch, capsys):
    class Command:
        @staticmethod
        def main(arguments):
            print("a\nb \x1b[31m\u202e", flush=True)
            return 0

    monkeypatch.setattr(frame, "_command", lambda name: Command)
    assert main(["edit"]) == 0 and capsys.readouterr().out == "a\nb \\x1b[31m\\u202e\n"


def test_too_little_memory_is_reported(monkeypatch, capsys):
    assert fail_with(MemoryError(), monkeypatch) == 2
    assert "not enough memory" in capsys.readouterr().err


@pytest.mark.slow
def test_a_name_that_the_terminal_cannot_write_is_spelt_out(tmp_path):
    result = run("sample", "顔.png", cwd=tmp_path, PYTHONIOENCODING="cp1252")
    assert result.returncode == 0 and (tmp_path / "顔.png").is_file()
    assert r"Saved \u9854.png" in result.stdout and result.stderr == ""


def test_a_reader_that_goes_away_is_no_mistake():
    command = f"'{sys.executable}' -m styleclip_lib doctor | head -1"
    result = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert result.stdout.startswith("styleclip") and "Traceback" not in result.stderr


def test_train_lists_the_networks(capsys):
    assert main(["train"]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in NETWORKS)


@pytest.mark.slow
def test_training_without_its_packages_says_what_to_install(tmp_path):
    """In a Python of its own, in which accelerate is missing."""
    code = "import sys; sys.modules['accelerate'] = None; from styleclip_lib.cli.main import main; sys.exit(main(['train', 'attributes']))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path,
                            env={**os.environ, "PYTHONPATH": str(ROOT)})  # fmt: skip
    assert result.returncode == 2 and result.stderr.count("\n") == 1 and not list(tmp_path.iterdir())
    assert "needs the package 'accelerate': pip install" in result.stderr


def test_train_hands_the_options_over_to_the_network(tiny_domain, tmp_path, capsys):
    folder = shutil.copytree(tiny_domain, tmp_path / "tiny")
    options = ["--domain", str(folder), "--names", "hat", "--steps", "2", "--people", "4", "--batch-size", "2", "--faces", "2"]
    assert main(["train", "mappers", *options]) == 0
    making = json.loads((folder / "domain.json").read_text())["files"]["mapper_hat"]["training"]
    assert (making["settings"]["steps"], making["settings"]["people"]) == (2, 4)
    assert main(["train", "mappers", *options, "--steps", "x"]) == 2
