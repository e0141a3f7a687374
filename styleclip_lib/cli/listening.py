"""Whether a server can listen where it was told to."""

from __future__ import annotations

import socket

from ..errors import StyleclipError


def check_free(host: str, port: int) -> None:
    """Raises StyleclipError for a port that does not exist or that is in use, and for a host that is not this machine's."""
    if not 1 <= port <= 65535:
        raise StyleclipError(f"--port must lie between 1 and 65535, not {port}.")
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise StyleclipError(f"Cannot listen on {host}, port {port} ({error.strerror or error}): choose another --port "
                             "or --host.") from None
