"""Sets the course up and opens the first lesson: python setup_course.py

It makes a virtual environment in .venv and installs the kit into it, once; later it only opens the lesson. After an interruption the
same command resumes. `make lab` does the same; this works without make, on Windows too.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
EXTRAS = {
    "lab": "lab",
    "grade": "lab,grade",
    "test": "lab,train,serve,grade,export,test",
    "dev": "lab,train,serve,grade,export,test,dev",
}
"""What is installed for whom. Each has all of those before it."""

WITH_CUDA, WITHOUT_CUDA = (3.0, 6.5), (0.6, 2.5)
"""Gigabytes to download and on disk, for the lessons."""


LARGEST_MESSAGE = 500_000_000
"""Bytes. A photograph comes to the studio as one message, and above 10 MB Jupyter would close the connection without a word."""


class SetupError(Exception):
    """Why the set-up stops, and what to do, in one line."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torch", choices=["default", "cpu"], default="default",
                        help="cpu: PyTorch without CUDA, which on Linux is a much smaller download")
    parser.add_argument("--for", choices=list(EXTRAS), default="lab", dest="purpose", help="what is installed besides the library")
    parser.add_argument("--venv", default=".venv", help="the folder of the virtual environment")
    parser.add_argument("--no-start", action="store_true", help="only set up")
    settings = parser.parse_args()
    os.chdir(ROOT)
    folder = Path(settings.venv)
    try:
        check_machine()
        if not is_installed(folder, settings.purpose):
            install(folder, settings.purpose, settings.torch == "cpu")
        return 0 if settings.no_start else start(folder)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nInterrupted. The same command resumes.", file=sys.stderr)
        return 130


def check_machine():
    if platform.system() == "Darwin" and platform.machine() == "x86_64":
        raise SetupError("PyTorch has no packages any more for Macs with Intel processors: use Colab (README.md, Conda and Colab). "
                         "On a Mac with Apple's processor, use a Python for arm64.")
    if not (3, 10) <= sys.version_info < (3, 14):
        raise SetupError(f"Python 3.10 to 3.13 is needed, and this is {platform.python_version()}: use another one, such as "
                         "python3.12 setup_course.py or make lab PYTHON=python3.12.")


def is_installed(folder, purpose):
    """Whether everything has been installed, and the list of what to install has not changed since."""
    mark, sources = mark_of(folder, purpose), [ROOT / "pyproject.toml", ROOT / "setup.py"]
    return python_of(folder).exists() and mark.exists() and mark.stat().st_mtime >= max(path.stat().st_mtime for path in sources)


def install(folder, purpose, cpu):
    cuda = platform.system() == "Linux" and not cpu  # elsewhere there is no PyTorch with CUDA's libraries
    if not python_works(folder):
        announce(folder, cuda)
        make_venv(folder)
    python, quiet = str(python_of(folder)), [] if sys.stdout.isatty() else ["--quiet"]
    if platform.system() == "Linux" and cpu:
        run(python, "-m", "pip", "install", *quiet, "uv")  # it knows where PyTorch keeps its wheels for CPUs
        run(python, "-m", "uv", "pip", "install", *quiet, "--python", python, "--torch-backend", "cpu", "torch", "torchvision")
    run(python, "-m", "pip", "install", *quiet, "--editable", f".[{EXTRAS[purpose]}]")
    for name in list(EXTRAS)[:list(EXTRAS).index(purpose) + 1]:
        mark_of(folder, name).touch()


def announce(folder, cuda):
    """Says how much will be downloaded. Raises SetupError if the disk has no room for it."""
    download, disk = WITH_CUDA if cuda else WITHOUT_CUDA
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < disk:
        raise SetupError(f"{free:.1f} GB are free here, and the installation needs about {disk:g} GB: make room"
                         + (", or take PyTorch for CPUs (--torch cpu, make lab TORCH=cpu)." if cuda else "."))
    print(f"This downloads about {download:g} GB (PyTorch, JupyterLab and the rest) and takes {disk:g} GB in {folder}, once.")
    if cuda:
        print(f"Without an NVIDIA GPU, {WITHOUT_CUDA[0]:g} GB are enough: python3 setup_course.py --torch cpu, or make lab TORCH=cpu.")
    print("Ctrl-C stops it; the same command resumes later.", flush=True)


def make_venv(folder):
    """A new virtual environment, in place of one that was left half made."""
    if folder.is_file() or (folder.exists() and any(folder.iterdir()) and not (folder / "pyvenv.cfg").exists()):
        raise SetupError(f"'{folder}' is something other than a virtual environment: move it away, or name another folder with --venv.")
    try:
        venv.EnvBuilder(clear=True, with_pip=True, symlinks=os.name != "nt").create(folder)
    except (subprocess.CalledProcessError, OSError, ImportError) as error:
        raise SetupError(f"A virtual environment cannot be made in '{folder}' ({error}). On Debian and Ubuntu install the package "
                         "python3-venv first; elsewhere check that the folder can be written.") from None


def python_works(folder):
    """Whether the environment is complete and was made at this place: in a folder that was copied or moved it was not."""
    python = python_of(folder)
    if not python.exists():
        return False
    done = subprocess.run([str(python), "-c", "import pip, sys; print(sys.prefix)"], capture_output=True, text=True)
    return done.returncode == 0 and Path(done.stdout.strip()).resolve() == folder.resolve()


def run(*command):
    if subprocess.run(command).returncode:
        raise SetupError("The installation failed; the reason is printed above. Check the network and the free disk space, then give "
                         "the same command again: it resumes where this one stopped.")


def start(folder):
    """Opens the first lesson."""
    command = [str(python_of(folder)), "-m", "jupyter", "lab", str(Path("notebooks", "00_start_here.ipynb")),
               f"--ServerApp.tornado_settings={{'websocket_max_message_size':{LARGEST_MESSAGE}}}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        print("You are root, as in a container: Jupyter starts with --allow-root and opens no browser. "
              "Open the address that it prints.", flush=True)
        command += ["--allow-root", "--no-browser"]
    environment = {**os.environ, "OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "passive")}
    return subprocess.run(command, env=environment).returncode


def python_of(folder):
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def mark_of(folder, purpose):
    return folder / f"installed-{purpose}"


if __name__ == "__main__":
    sys.exit(main())
