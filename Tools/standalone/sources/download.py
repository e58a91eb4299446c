"""Download a URL to a file and verify its hash.

Interrupted downloads are resumed.  Once a host turns out to be
unreachable, further downloads from it fail at once.
"""

import hashlib
import http.client
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import Future
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

_CONNECT = 3.0         # seconds for each address of a host
_REACH = 7.0           # seconds to resolve a host and connect to it
_SILENCE = 15.0        # seconds without a byte
_CHUNK = 1 << 18       # bytes
_LARGEST_ANSWER = 1 << 24              # bytes


class Unavailable(Exception):
    """The reason why a file cannot be had from a location."""


def partial_of(place: Path) -> Path:
    """Return the path of an incomplete download of *place*."""
    return place.with_name(f"{place.name}.partial")


class Progress:
    """Progress display: a rate on a terminal, else a line per source."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._terminal = sys.stderr.isatty()
        self._bytes = self._old_bytes = 0
        self._shown = self._old_time = time.monotonic()

    def add(self, count: int) -> None:
        """Record that *count* more bytes have arrived."""
        with self._lock:
            self._bytes += count
            now = time.monotonic()
            if not self._terminal or now - self._shown < 0.1:
                return
            rate = (self._bytes - self._old_bytes) / (now - self._old_time)
            sys.stderr.write(f"\r\x1b[Kfetch: {self._bytes / 1e6:.1f} MB, "
                             f"{rate / 1e6:.1f} MB/s")
            sys.stderr.flush()
            self._shown = now
            if now - self._old_time > 2:
                self._old_time, self._old_bytes = now, self._bytes

    def done(self, text: str) -> None:
        """Report that a source is complete."""
        if not self._terminal:
            self.say(text)

    def say(self, text: str) -> None:
        """Print a line that later progress does not overwrite."""
        with self._lock:
            clear = "\r\x1b[K" if self._terminal else ""
            sys.stderr.write(f"{clear}fetch: {text}\n")
            sys.stderr.flush()

    def end(self) -> None:
        """Clear the progress line of the terminal."""
        if self._terminal:
            sys.stderr.write("\r\x1b[K")


@dataclass
class Downloader:
    """State shared by the downloads of one run, with thread-safe methods."""

    progress: Progress = field(default_factory=Progress)
    stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _opener: urllib.request.OpenerDirector = field(
        default_factory=urllib.request.build_opener)
    #: Host → the attempt to connect, and the time to give up on it.
    _hosts: dict[str, tuple[Future[None], float]] = field(
        default_factory=dict)

    def get(self, url: str, sha256: str, place: Path) -> int:
        """Download *url* to *place* and verify its *sha256* (hexadecimal).

        Resumes a download that an earlier run did not finish.  Returns
        the size in bytes.  Raises Unavailable if the file cannot be
        downloaded or has another hash, and OSError if *place* cannot be
        written.
        """
        partial = partial_of(place)
        digest = hashlib.sha256()
        start = partial.stat().st_size if partial.exists() else 0
        with self._open(url, start) as answer:
            # A server without ranges sends everything, with status 200.
            if resumed := answer.status == HTTPStatus.PARTIAL_CONTENT:
                digest.update(partial.read_bytes())
            size = start if resumed else 0
            total = None if answer.length is None else size + answer.length
            with partial.open("ab" if resumed else "wb") as out:
                while chunk := self._read(answer, size):
                    out.write(chunk)
                    digest.update(chunk)
                    size += len(chunk)
        if digest.hexdigest() == sha256:
            partial.replace(place)
            return size
        partial.unlink()
        if resumed:                # the first part may belong to another file
            return self.get(url, sha256, place)
        reason = f"expected sha256 {sha256}, got {digest.hexdigest()}"
        if total is not None and size != total:
            reason += f" (truncated: got {size} of {total} bytes)"
        self.progress.say(f"warning: {url} refused: {reason}")
        raise Unavailable(reason)

    def ask(self, url: str, body: bytes | None = None, *,
            seconds: float = 60.0) -> bytes:
        """Return the answer to a GET, or to a POST of the JSON in *body*.

        Raises Unavailable if it is not complete after *seconds*, or is
        too large.
        """
        end = time.monotonic() + seconds
        data = b""
        with self._open(url, 0, body) as answer:
            expected = answer.length
            while chunk := self._read(answer, len(data)):
                data += chunk
                if time.monotonic() > end:
                    raise Unavailable(f"not complete after {seconds:.0f} s")
                if len(data) > _LARGEST_ANSWER:
                    raise Unavailable(f"more than {_LARGEST_ANSWER} bytes")
        if expected is not None and len(data) != expected:
            raise Unavailable(
                f"truncated: got {len(data)} of {expected} bytes")
        return data

    def _read(self, answer: http.client.HTTPResponse, size: int) -> bytes:
        if self.stop.is_set():
            raise Unavailable("interrupted")
        try:
            # read() would wait for the whole chunk, however slow the server.
            chunk = answer.read1(_CHUNK)
        except http.client.IncompleteRead as exc:
            chunk = exc.partial    # the hash will not match
        except (OSError, http.client.HTTPException) as exc:
            raise Unavailable(f"interrupted after {size} bytes: "
                              f"{_reason(exc)}") from exc
        self.progress.add(len(chunk))
        return chunk

    def _open(self, url: str, start: int, body: bytes | None = None,
              ) -> http.client.HTTPResponse:
        """Return the server's response for the bytes from *start* on."""
        self._reach(url)
        headers = {"User-Agent": "cpython-standalone"}
        if start:
            headers["Range"] = f"bytes={start}-"
        if body is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(url, body, headers)
        try:
            answer: http.client.HTTPResponse = self._opener.open(
                request, timeout=_SILENCE)
        except urllib.error.HTTPError as exc:
            exc.close()
            if start and exc.code == (
                    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE):
                return self._open(url, 0)
            raise Unavailable(f"HTTP {exc.code} {exc.reason}") from exc
        except (OSError, http.client.HTTPException) as exc:
            failed: Future[None] = Future()
            failed.set_exception(exc)
            self._hosts[urlsplit(url).netloc] = failed, 0.0
            raise Unavailable(_reason(exc)) from exc
        return answer

    def _reach(self, url: str) -> None:
        """Raise Unavailable unless a connection to the host succeeds.

        Each host is tried once.  The attempt runs in its own thread
        because resolving a name has no timeout, and because a timeout for
        each of a host's many addresses may add up.
        """
        if self.stop.is_set():
            raise Unavailable("interrupted")
        host = urlsplit(url).netloc
        with self._lock:
            if host not in self._hosts:
                attempt: Future[None] = Future()
                self._hosts[host] = attempt, time.monotonic() + _REACH
                threading.Thread(target=_connect, args=(url, attempt),
                                 daemon=True).start()
            attempt, deadline = self._hosts[host]
        try:
            attempt.result(max(0.0, deadline - time.monotonic()))
        except (OSError, http.client.HTTPException, ValueError) as exc:
            raise Unavailable(f"{host}: {_reason(exc)}") from exc


def _connect(url: str, attempt: Future[None]) -> None:
    """Try to connect to the host of *url* or to the proxy used for it."""
    try:
        parts = urlsplit(url)
        proxy = urllib.request.getproxies().get(parts.scheme)
        if proxy and not urllib.request.proxy_bypass(parts.hostname or ""):
            parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        socket.create_connection((parts.hostname, port), _CONNECT).close()
    except (OSError, ValueError) as exc:       # or an invalid port
        attempt.set_exception(exc)
    else:
        attempt.set_result(None)


def _reason(exc: BaseException) -> str:
    inner = exc.reason if isinstance(exc, urllib.error.URLError) else exc
    if isinstance(inner, TimeoutError):
        return "no answer in time"
    return getattr(inner, "strerror", None) or str(inner)
