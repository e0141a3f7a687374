"""`styleclip serve` in a process of its own, for the tests of its pages."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from styleclip_lib.paths import data_folder

from .conftest import ROOT, answers, free_port


class Server:
    """A service on one port, which can be killed and started again. options: more of them, for the command line"""

    def __init__(self, folder: Path, domain: Path, *options: str):
        self.port, self.folder, self.domain, self.options, self.process = free_port(), folder, domain, options, None
        self.address = f"http://localhost:{self.port}/"

    def start(self) -> None:
        words = [sys.executable, "-m", "styleclip_lib", "serve", f"--port={self.port}", "--domain", str(self.domain), "--device", "cpu",
                 *self.options]
        paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        self.process = subprocess.Popen(words, cwd=self.folder, stdout=subprocess.DEVNULL, start_new_session=True,
                                        env={**os.environ, "STYLECLIP_DATA": str(data_folder()), "PYTHONPATH": paths})
        end = time.monotonic() + 600
        while not answers(f"{self.address}healthz"):
            assert self.process.poll() is None and time.monotonic() < end
            time.sleep(0.3)

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
