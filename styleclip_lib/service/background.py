"""A service beside a notebook: `styleclip serve` in a process of its own, which ends with the notebook."""

from __future__ import annotations

import atexit
import socket
import subprocess
import sys
import tempfile
import time

import requests

from ..errors import StyleclipError

LONGEST_START = 300.0


class Background:
    """A running service.

        with Background("portraits", workers=1) as service:
            requests.get(f"{service.address}/v1/domains")

    domain   whose faces
    options  those of `styleclip serve`, with underscores: workers=2, queue=4, client_jobs=100

    Raises StyleclipError, with the output of the service, if it does not start.
    """

    def __init__(self, domain: str = "portraits", **options: object):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        words = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        self.address = f"http://127.0.0.1:{port}"
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - open as long as the service runs
        self._process = subprocess.Popen([sys.executable, "-m", "styleclip_lib", "serve", f"--domain={domain}", f"--port={port}", *words],
                                         stdout=self._log, stderr=subprocess.STDOUT)
        atexit.register(self.close)
        self._wait()

    def _wait(self) -> None:
        end = time.monotonic() + LONGEST_START
        while True:
            if self._process.poll() is not None or time.monotonic() > end:
                self.close()
                raise StyleclipError(f"The service did not start. Its output: {self.log or 'none'}")
            try:
                if requests.get(f"{self.address}/readyz", timeout=5).ok:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.2)

    @property
    def log(self) -> str:
        """What the service has printed."""
        self._log.seek(0)
        return self._log.read().strip()

    def close(self) -> None:
        """Ends the service at once."""
        atexit.unregister(self.close)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Background:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
