"""Downloading one file over HTTP from one address: resumes a broken download, and recognises a web page sent in place of the file."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from itertools import chain
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from tqdm.auto import tqdm

CHUNK = 1 << 16
PAGE = 1 << 18
"""Bytes of a web page that are examined at most."""

TIMEOUT = (15, 60)
"""Seconds within which a server must be reached, and within which it must send something more."""

ANSWER = 120
"""Seconds within which the file must begin, redirections included; this stops a server that sends its headers byte by byte."""

WINDOW, LEAST = 60, 60_000
"""Seconds, and the bytes that must arrive within them: a thousand bytes a second."""

MOST_UNKNOWN = 3_000_000_000
"""The most bytes of a file of unknown size; the largest official one has 1.2 billion."""

PATIENCE = 3
"""How often in a row a connection may break off without delivering a new chunk."""

PAUSE = 2.0
"""Seconds between two attempts."""


class TransferError(Exception):
    """Why an address did not deliver the file, in a few words that fit into a sentence."""


def transfer(url: str, part: Path, size: int | None = None, progress: bool = True) -> None:
    """Downloads the file at an address into `part`, starting where `part` ends.

    size: the number of bytes in the file, if known

    A connection that breaks off is resumed; a server that cannot resume sends everything again.
    Proxies are taken from the environment (HTTPS_PROXY, HTTP_PROXY, NO_PROXY).
    Raises TransferError, and OSError if `part` cannot be written; what has arrived stays in `part` for the next attempt.
    """
    fruitless = 0
    while True:
        before = _length(part)
        if size is not None and before > size:
            part.unlink()
        if before == size or _attempt(url, part, size, progress):
            return
        fruitless = 0 if _length(part) >= before + CHUNK else fruitless + 1
        if fruitless == PATIENCE:
            raise TransferError(f"the connection broke off again and again, with {_length(part):,} bytes here")
        time.sleep(PAUSE)


def _attempt(url: str, part: Path, size: int | None, progress: bool) -> bool:
    """One request. True if `part` is complete afterwards, False if the connection broke off."""
    have = _length(part)
    with _ask(url, have) as response:
        begin = have if response.status_code == requests.codes.partial_content else 0
        whole = _announced(response, begin)
        chunks = _chunks(response)
        try:
            first = next(chunks, b"")
            _check_offer(first, begin, whole, size)
            with (
                open(part, "ab" if begin else "wb") as file,
                tqdm(total=whole or size, initial=begin, desc=part.stem, unit="B", unit_scale=True, disable=not progress) as shown,
            ):
                for chunk in chain([first], chunks):
                    if file.tell() + len(chunk) > (MOST_UNKNOWN if size is None else size):
                        raise TransferError(f"the server sends more than {MOST_UNKNOWN if size is None else size:,} bytes")
                    file.write(chunk)
                    shown.update(len(chunk))
        except (requests.RequestException, urllib3.exceptions.HTTPError):
            return False
    return _length(part) == (size or whole or _length(part))


def _chunks(response: requests.Response) -> Iterator[bytes]:
    """What a server sends, as it arrives. Raises TransferError if it sends too slowly."""
    since, came = time.monotonic(), 0
    while chunk := response.raw.read1(CHUNK):
        came += len(chunk)
        if time.monotonic() - since > WINDOW:
            if came < LEAST:
                raise TransferError(f"the server sends too slowly, {came:,} bytes in {time.monotonic() - since:.0f} seconds")
            since, came = time.monotonic(), 0
        yield chunk


def _ask(url: str, have: int) -> requests.Response:
    """The answer to a request for the file from byte `have` on. A page that only asks to confirm the download is confirmed."""
    response = _get(url, have)
    page = _page(response)
    confirmed = page.confirmation(response.url) if page else None
    if confirmed:
        response = _get(confirmed, have)
        page = _page(response)
    if page and page.tells_of_quota():
        raise TransferError(page.reason())
    if response.status_code == requests.codes.requested_range_not_satisfiable:  # `part` is longer than the file
        response = _get(url, 0)
    if response.status_code >= 400:
        raise TransferError(f"the server answers {response.status_code} {response.reason or ''}".strip())
    if page:
        raise TransferError(page.reason())
    return response


def _get(url: str, have: int) -> requests.Response:
    headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={have}-"} if have else {})}
    try:
        return _in_time(lambda: requests.get(url, headers=headers, stream=True, timeout=TIMEOUT))
    except requests.exceptions.ProxyError as error:
        raise TransferError("the proxy does not let the request through (look at HTTPS_PROXY and HTTP_PROXY)") from error
    except requests.exceptions.SSLError as error:
        raise TransferError("its certificate is not trusted here") from error
    except (requests.Timeout, TimeoutError) as error:
        raise TransferError(f"no answer within {ANSWER if isinstance(error, TimeoutError) else TIMEOUT[0]} seconds") from error
    except requests.TooManyRedirects as error:
        raise TransferError("it redirects in a circle") from error
    except requests.ConnectionError as error:
        raise TransferError("no connection") from error
    except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
        raise TransferError(f"the address cannot be asked ({type(error).__name__})") from error


def _in_time(ask: Callable[[], requests.Response]) -> requests.Response:
    """What `ask` returns or raises. Raises TimeoutError after `ANSWER` seconds, since the timeouts of `requests` restart with every
    byte; the waiting thread is then abandoned."""
    answers: list[requests.Response | Exception] = []

    def work() -> None:
        try:
            answers.append(ask())
        except Exception as error:
            answers.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(ANSWER)
    if not answers:
        raise TimeoutError
    if isinstance(answers[0], Exception):
        raise answers[0]
    return answers[0]


def _announced(response: requests.Response, begin: int) -> int | None:
    """The size of the whole file in bytes according to the server; None if it does not say."""
    if begin:
        match = re.fullmatch(r"bytes ([0-9]{1,15})-[0-9]+/([0-9]{1,15}|\*)", response.headers.get("Content-Range", ""))
        if match is None or int(match[1]) != begin:
            raise TransferError("the server sends another part of the file than it was asked for")
        return None if match[2] == "*" else int(match[2])
    length = response.headers.get("Content-Length", "")
    return int(length) if re.fullmatch("[0-9]{1,15}", length) else None


def _check_offer(first: bytes, begin: int, whole: int | None, size: int | None) -> None:
    """Checks the first bytes and the announced length before anything is written. Raises TransferError."""
    if begin == 0 and re.match(rb"\s*(<!doctype html|<html)", first[:1024], re.IGNORECASE):
        raise TransferError(Page(first[:PAGE]).reason())
    if None not in (whole, size) and whole != size:
        raise TransferError(f"the server offers {whole:,} bytes, but the file has {size:,}")


def _page(response: requests.Response) -> Page | None:
    """The web page in an answer, or None if the answer is not a web page."""
    if "html" not in response.headers.get("Content-Type", "").lower():
        return None
    content = b""
    try:
        for chunk in _chunks(response):
            content += chunk
            if len(content) >= PAGE:
                break
    except (TransferError, urllib3.exceptions.HTTPError):
        pass  # what has arrived may be enough
    return Page(content)


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


class Page(HTMLParser):
    """A web page that came instead of a file."""

    def __init__(self, content: bytes):
        super().__init__()
        self.title, self.text, self.action, self.fields = "", "", None, {}
        self._tag = ""
        self.feed(content.decode("utf-8", "replace"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag, attributes = tag, dict(attrs)
        if tag == "form" and attributes.get("id") == "download-form":
            self.action = attributes.get("action")
        elif tag == "input" and attributes.get("type") == "hidden" and attributes.get("name"):
            self.fields[attributes["name"]] = attributes.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        self._tag = ""

    def handle_data(self, data: str) -> None:
        if self._tag == "title":
            self.title += data
        elif self._tag not in ("script", "style"):
            self.text += f"{data} "

    def confirmation(self, address: str) -> str | None:
        """The address behind Google Drive's button for downloading a file that is too large for its virus scan.

        None for every other page. The button must lead to the host of `address`, the page's own.
        """
        if not self.action:
            return None
        target = urljoin(address, self.action)
        if urlsplit(target).hostname != urlsplit(address).hostname:
            return None
        return requests.Request("GET", target, params=self.fields).prepare().url

    def tells_of_quota(self) -> bool:
        words = f"{self.title} {self.text}".lower()
        return "quota" in words or "too many users" in words

    def reason(self) -> str:
        """Why there is a page instead of the file, as far as the page says."""
        if self.tells_of_quota():
            return "its download quota is used up for now (for Google Drive that passes within a day)"
        title = " ".join(self.title.split())[:80]
        return "a web page came instead of the file" + (f' ("{title}")' if title else "")
