"""One URL to one verified file: resumed, watched, refused if wrong.

Hosts that cannot be reached are found out once and fail fast after that.
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


class Unavailable(Exception):
    """Why a location does not yield the bytes."""


def partial_of(place: Path) -> Path:
    """What a killed run leaves in place of *place*."""
    return place.with_name(f"{place.name}.partial")


class Progress:
    """Bytes and their rate on a terminal, else a line for each source."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._terminal = sys.stderr.isatty()
        self._bytes = self._old_bytes = 0
        self._shown = self._old_time = time.monotonic()

    def add(self, count: int) -> None:
        """Count *count* bytes more."""
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
        """Tell of a source that is complete."""
        if not self._terminal:
            self.say(text)

    def say(self, text: str) -> None:
        """Print a line that stays."""
        with self._lock:
            clear = "\r\x1b[K" if self._terminal else ""
            sys.stderr.write(f"{clear}fetch: {text}\n")
            sys.stderr.flush()

    def end(self) -> None:
        """Leave the terminal's line empty."""
        if self._terminal:
            sys.stderr.write("\r\x1b[K")


@dataclass
class Downloader:
    """What the downloads of one run share; its methods are thread-safe."""

    progress: Progress = field(default_factory=Progress)
    stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _opener: urllib.request.OpenerDirector = field(
        default_factory=urllib.request.build_opener)
    #: By host: the attempt to connect, and when to give up on it.
    _hosts: dict[str, tuple[Future[None], float]] = field(
        default_factory=dict)

    def get(self, url: str, sha256: str, place: Path) -> int:
        """Put the bytes of *url* at *place* if they are the right ones.

        Carries on from what a killed run left.  Returns the size in
        bytes; raises Unavailable, and OSError if *place* cannot be
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
        if resumed:                # the first part was of other bytes
            return self.get(url, sha256, place)
        reason = f"expected sha256 {sha256}, got {digest.hexdigest()}"
        if total is not None and size != total:
            reason += f" (truncated: got {size} of {total} bytes)"
        self.progress.say(f"warning: {url} refused: {reason}")
        raise Unavailable(reason)

    def _read(self, answer: http.client.HTTPResponse, size: int) -> bytes:
        if self.stop.is_set():
            raise Unavailable("interrupted")
        try:
            chunk = answer.read(_CHUNK)
        except http.client.IncompleteRead as exc:
            chunk = exc.partial    # the hash will tell
        except (OSError, http.client.HTTPException) as exc:
            raise Unavailable(f"broke off after {size} bytes: "
                              f"{_reason(exc)}") from exc
        self.progress.add(len(chunk))
        return chunk

    def _open(self, url: str, start: int) -> http.client.HTTPResponse:
        """The server's answer for the bytes from *start* on."""
        self._reach(url)
        headers = {"User-Agent": "cpython-standalone"}
        if start:
            headers["Range"] = f"bytes={start}-"
        request = urllib.request.Request(url, headers=headers)
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
        """Connect once to a host for all that want something of it.

        In a thread of its own, as neither the resolver nor a host with
        many addresses knows a timeout.
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
    """Try to connect to what *url* is asked of: its host or a proxy."""
    try:
        parts = urlsplit(url)
        proxy = urllib.request.getproxies().get(parts.scheme)
        if proxy and not urllib.request.proxy_bypass(parts.hostname or ""):
            parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        socket.create_connection((parts.hostname, port), _CONNECT).close()
    except (OSError, ValueError) as exc:       # not resolved, not a port
        attempt.set_exception(exc)
    else:
        attempt.set_result(None)


def _reason(exc: BaseException) -> str:
    inner = exc.reason if isinstance(exc, urllib.error.URLError) else exc
    if isinstance(inner, TimeoutError):
        return "no answer in time"
    return getattr(inner, "strerror", None) or str(inner)
