"""A web server on this machine that hands out files, and misbehaves as it is told."""

from __future__ import annotations

import contextlib
import itertools
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

CONFIRM = """<!DOCTYPE html><html><head><title>Google Drive - Virus scan warning</title></head><body>
<p>Google Drive can't scan this file for viruses.</p><form id="download-form" action="/confirmed" method="get">
<input type="hidden" name="id" value="{name}"><input type="hidden" name="confirm" value="t">
<input type="submit" value="Download anyway"></form></body></html>"""
QUOTA = """<!DOCTYPE html><html><head><title>Google Drive - Quota exceeded</title></head><body>
<p>Sorry, you can't view or download this file at this time.</p><p>Too many users have viewed or downloaded this file recently.</p>
</body></html>"""
LOGIN = "<!doctype html><html><head><title>Sign in</title><style>p { quota: 1 }</style></head><body><p>Who are you?</p></body></html>"


@dataclass
class FileServer:
    """What the server has, how it behaves, and what it was asked.

    files      {name: content}
    mischief   {name: behaviour}; a name without one is handed out properly. See `Answer`.
    requests   (name, the first byte that was asked for, or None) of every request
    """

    address: str
    files: dict[str, bytes] = field(default_factory=dict)
    mischief: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[str, int | None]] = field(default_factory=list)

    def url(self, name: str) -> str:
        return f"{self.address}/{name}"


@contextmanager
def serving() -> Iterator[FileServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.daemon_threads = True
    server.files = FileServer(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server.files
    finally:
        server.shutdown()
        server.server_close()


class Answer(BaseHTTPRequestHandler):
    """One answer; what `mischief` says of a name:

    break N         stops after N bytes            no ranges       sends everything, whatever part was asked for
    break N always  the same, without ranges       other range     sends another part than was asked for
    short           announces fewer bytes          long            announces more bytes than it sends
    more            sends a byte more              stall           stops sending after half, and keeps the connection
    slow            sends drop by drop             redirect        to the same name under /moved/
    circle          redirects to itself            confirm         asks first, as Google Drive does with large files
    drip            a byte now and then            drip head       the same, of the lines before the file
    crumbs          breaks off after each byte     endless         never ends, and does not say how long it is
    quota           Google Drive's notice, 200     quota 403       the same, refused
    login           a page that asks for a login   hidden page     that page, called a file
    NUMBER          this status
    """

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        name = parts.path.lstrip("/").removeprefix("moved/")
        name = parse_qs(parts.query)["id"][0] if name == "confirmed" else name
        state: FileServer = self.server.files
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        first = int(asked[1]) if asked else None
        state.requests.append((name, first))
        mischief = state.mischief.get(name, "")
        if mischief == "confirm" and parts.path != "/confirmed":
            return self.page(CONFIRM.format(name=name))
        if mischief == "redirect" and not parts.path.startswith("/moved/"):
            return self.elsewhere(f"/moved/{name}")
        if mischief == "circle":
            return self.elsewhere(self.path)
        if mischief in ("quota", "quota 403", "login"):
            return self.page(LOGIN if mischief == "login" else QUOTA, 403 if mischief == "quota 403" else 200)
        if mischief.isdigit() or name not in state.files:
            return self.page("<html><title>Error</title></html>", int(mischief or 404))
        content = LOGIN.encode() if mischief == "hidden page" else state.files[name]
        return self.content(content, first, mischief)

    def content(self, content: bytes, first: int | None, mischief: str) -> None:
        if first is not None and first >= len(content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        if mischief == "no ranges" or mischief.endswith("always"):
            first = None
        begin = 0 if first is None else first
        self.send_response(200 if first is None else 206)
        if first is not None:
            told = begin + 1 if mischief == "other range" else begin
            self.send_header("Content-Range", f"bytes {told}-{len(content) - 1}/{len(content)}")
        if mischief == "drip head":
            self.flush_headers()
            return self.drip(b"X-Wait: a\r\n" * 1000)
        body = content[begin:]
        announced = len(body) + {"short": -10, "long": 10, "more": 1}.get(mischief, 0)
        self.send_header("Content-Type", "application/octet-stream")
        if mischief != "endless":
            self.send_header("Content-Length", str(announced))
        self.end_headers()
        if mischief in ("drip", "endless"):
            return self.drip(body, 0.02 if mischief == "drip" else 0)
        if mischief.startswith("break"):
            body = body[: int(mischief.split()[1])]
        if mischief == "crumbs":
            body = body[:1]
        if mischief == "more":
            body += b"!"
        if mischief == "stall":
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            return time.sleep(1.5)
        step = len(body) // 5 + 1 if mischief == "slow" else len(body) or 1
        for start in range(0, len(body), step):
            self.wfile.write(body[start : start + step])
            self.wfile.flush()
            time.sleep(0.1 if mischief == "slow" else 0)

    def drip(self, content: bytes, pause: float = 0.02) -> None:
        """Sends a byte, and waits, for as long as somebody listens; without a pause everything, again and again."""
        with contextlib.suppress(OSError):
            for number in itertools.count():
                self.wfile.write(content[number % len(content) :][: 1 if pause else None])
                self.wfile.flush()
                time.sleep(pause)

    def page(self, text: str, status: int = 200) -> None:
        """In pieces and without its length, as pages come that are made for the occasion."""
        self.protocol_version = "HTTP/1.1"
        self.send_response(status)
        for name, value in (("Content-Type", "text/html; charset=utf-8"), ("Transfer-Encoding", "chunked"), ("Connection", "close")):
            self.send_header(name, value)
        self.end_headers()
        for piece in (*re.findall(r"(?s).{1,90}", text), ""):
            self.wfile.write(f"{len(piece):x}\r\n{piece}\r\n".encode())

    def elsewhere(self, target: str) -> None:
        self.send_response(302)
        self.send_header("Location", target)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments) -> None:
        pass
