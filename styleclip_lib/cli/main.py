"""``styleclip COMMAND …``: finds the command and turns every user error into one line.

Nothing heavy is imported here, so that the help appears at once.
"""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module

from .. import __version__
from ..errors import StyleclipError, plain
from ..threads import share_the_machine
from .terminal import escaped

DEBUG = "--debug"
"""Shows the traceback of whatever goes wrong. It may stand anywhere on the command line."""

COMMANDS = {
    "doctor": "check the installation; its output belongs in every bug report",
    "sample": "invent faces",
    "align": "find the face in a photograph and crop it for the models",
    "invert": "find the latent code of a given face",
    "interpolate": "morph one face into another",
    "edit": "edit a face with a sentence",
    "stylize": "restyle a picture or a video with a sentence",
    "evaluate": "measure how well each method does what a text asks for",
    "progress": "show which exercises have been solved",
    "grade": "grade submitted assignments",
    "compete": "rank editing methods on a leaderboard",
    "benchmark": "measure how fast this machine is, and what makes it faster",
    "studio": "open the studio in the browser, without a notebook",
    "serve": "serve the library over HTTP, with a page for phones",
    "work": "run a worker that computes a service's jobs, through Redis",
    "dataset": "make a data set of aligned faces from a folder of pictures",
    "train": "train a network again, or a new one on your own pictures",
    "measure": "measure a network again, as its model card does",
    "import": "make a domain from a StyleGAN2 file",
    "export": "write a domain as ONNX files, for small devices and browsers",
    "download": "download a domain's official weights in advance, or list them",
}

MODULES = {"import": "import_network"}
"""Commands whose module has another name, because the command's name is a keyword of Python."""

HELP = "\n".join(
    [
        "usage: styleclip COMMAND ...",
        "",
        "Edit faces with sentences, offline.",
        "",
        *(f"  {name:11} {what}" for name, what in COMMANDS.items()),
        "",
        "styleclip COMMAND --help    the options of a command",
        "styleclip COMMAND --debug   with the traceback of whatever goes wrong",
        "styleclip --version         the version",
        "",
        'example: styleclip edit face.png out.png --text "a smiling face with glasses"',
    ]
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code: 0 done, 1 something is missing (doctor), 2 bad input, 130 interrupted."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = DEBUG in words
    words = [word for word in words if word != DEBUG]
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a name that the terminal's encoding cannot represent is escaped
            stream.reconfigure(errors="backslashreplace")
    if not words or words[0] in ("-h", "--help", "help"):
        print(HELP)
        return 0
    if words[0] == "--version":
        print(f"styleclip {__version__}")
        return 0
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # other packages' notes to programmers
    # For PyTorch, which is not loaded yet.
    share_the_machine()
    # Linux then backs large pictures with huge pages, which saves a fifth of the time.
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    name = f"styleclip {words[0]}"
    try:
        with contextlib.redirect_stdout(escaped(sys.stdout)):
            return _command(words[0]).main(words[1:])
    except KeyboardInterrupt:
        return _fail(name, "interrupted, nothing was written.", 130)
    except BrokenPipeError:  # the reader of our output has gone (styleclip ... | head), which is no error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if debug:
            traceback.print_exc()
        return _fail(name, _message(error), 2)


def _message(error: Exception) -> str:
    """What went wrong, and what to do about it, for whatever a command may raise."""
    again = f"try again with {DEBUG}, which shows where, and report it."
    match error:
        case StyleclipError():
            return str(error)
        case ModuleNotFoundError() if not (error.name or "").startswith("styleclip_lib"):
            return f"The package '{error.name}' is missing: install the kit again, or run styleclip doctor."
        case MemoryError():
            return "There is not enough memory for this: take a smaller picture or network, or close other programs."
        case OSError():
            return f"{': '.join(str(part) for part in (error.strerror, error.filename) if part) or type(error).__name__}; {again}"
    return f"An unexpected error occurred ({type(error).__name__}: {error}): {again}"


def _command(name: str):
    """The module of a command. Raises StyleclipError if there is no such command."""
    if name not in COMMANDS:
        near = get_close_matches(name, COMMANDS, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"choose one of {', '.join(COMMANDS)}."
        raise StyleclipError(f"There is no command '{name}': {hint}")
    return import_module(f"styleclip_lib.cli.{MODULES.get(name, name)}")


def _fail(name: str, message: str, code: int) -> int:
    print(plain(f"{name}: {message}"), file=sys.stderr)
    return code
