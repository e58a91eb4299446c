"""Write changes to a tree as patches for git and for ``patch -p1``.

The format: https://git-scm.com/docs/git-format-patch
"""

import difflib
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass

_NOTHING = "0" * 40


@dataclass(frozen=True)
class File:
    """The content of a file and its executable bit."""

    data: bytes
    executable: bool = False

    @property
    def mode(self) -> str:
        """Return the mode as git writes it."""
        return "100755" if self.executable else "100644"


# These preserve bytes of any encoding, line ends and form feeds.
def decode(data: bytes) -> str:
    """Return *data* as text, with surrogates for bytes that are not UTF-8."""
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """Return the bytes from which `decode` made *text*."""
    return text.encode("utf-8", "surrogateescape")


def change(name: str, before: File | None, after: File) -> str:
    """Return the change of the file *name*; *before* is None if it is new.

    The hashes of both contents let ``patch -p1`` create an empty file,
    and ``git am -3`` accept a part that the tree already has.
    """
    header = f"diff --git a/{name} b/{name}\n"
    if before is None:
        header += (f"new file mode {after.mode}\n"
                   f"index {_NOTHING}..{_blob(after.data)}\n")
    else:
        header += (f"index {_blob(before.data)}..{_blob(after.data)} "
                   f"{after.mode}\n")
    return "".join([header, *_hunks(name, before, after)])


def mail(title: str, body: str, author: str, date: str,
         notes: str, changes: str) -> str:
    """Return a commit as a message for ``git am``.

    *notes* are for readers; git does not make them part of the commit.
    """
    return (f"From {_NOTHING} Mon Sep 17 00:00:00 2001\n"
            f"From: {author}\nDate: {date}\nSubject: [PATCH] {title}\n"
            "MIME-Version: 1.0\n"
            "Content-Type: text/plain; charset=UTF-8\n"
            "Content-Transfer-Encoding: 8bit\n\n"
            f"{body}\n---\n{notes}\n{changes}-- \nstandalone\n\n")


def _blob(data: bytes) -> str:
    """Return the name that git gives to a file with this content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data,
                        usedforsecurity=False).hexdigest()


def _hunks(name: str, before: File | None, after: File) -> Iterator[str]:
    source = "/dev/null" if before is None else f"a/{name}"
    old = "" if before is None else decode(before.data)
    for line in difflib.unified_diff(_split(old), _split(decode(after.data)),
                                     source, f"b/{name}"):
        yield line
        if not line.endswith("\n"):
            yield "\n\\ No newline at end of file\n"


def _split(text: str) -> list[str]:
    """Split *text* into lines like patch.

    str.splitlines() also splits at form feeds.
    """
    return io.StringIO(text, newline="\n").readlines()
