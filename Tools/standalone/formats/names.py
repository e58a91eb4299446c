"""The names of archives, and of the files that describe a build.

    python-3.13.15-2-x86_64-unknown-linux-gnu-lto-gpl-full.tar.zst
           version build     triple            marks  kind  compression

The build's number has the place that a wheel's has:
https://packaging.python.org/specifications/binary-distribution-format/
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from standalone.core.options import MARKS

#: The kinds of archive.
KINDS = ("install_only", "install_only_stripped", "debuginfo", "tests",
         "full")
COMPRESSIONS = ("gz", "zst")
#: The document in which a respin lists what it changed has a kind, too.
CHANGES = "changes"

_FILE = re.compile(
    r"python-(?P<version>\d+\.\d+\.[^-/]+)(?:-(?P<build>[2-9]|[1-9]\d+))?"
    r"-(?P<words>[a-z]\w*(?:-\w+)+)(?P<ending>(?:\.\w+)*)", re.ASCII)


@dataclass(frozen=True)
class BuildName:
    """What the names of a build's archives begin with.

    The marks are the words of OPTIONS, except for the default flavour: so
    archives of different builds of the same CPython can lie side by side.
    """

    version: str                 # 3.13.15
    build: int                   # 1 is not in the name
    triple: str                  # x86_64-unknown-linux-gnu
    marks: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take a name apart.  Raises ValueError for any other text."""
        name, kind, ending = _parts(text)
        if kind or ending:
            raise ValueError(f"not the name of a build: {text!r}")
        return cls(name.version, name.build, name.triple, name.marks)

    def __str__(self) -> str:
        return "-".join(["python", self.release, self.triple, *self.marks])

    @property
    def release(self) -> str:
        """The version with the number of the build: 3.13.15-2."""
        return self.version + (f"-{self.build}" if self.build > 1 else "")

    def stem(self, kind: str) -> str:
        """Return the name of a file of that kind, without its suffixes."""
        return f"{self}-{kind}"


@dataclass(frozen=True)
class ArchiveName:
    """The name of one archive."""

    of: BuildName
    kind: str
    compression: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take a name apart.  Raises ValueError for any other text."""
        of, kind, ending = _parts(text)
        compression = ending.removeprefix(".tar.")
        name = cls(of, kind, compression)
        if (kind not in KINDS or compression not in COMPRESSIONS
                or str(name) != text):
            raise ValueError(f"not the name of an archive: {text!r}")
        return name

    def __str__(self) -> str:
        return f"{self.of.stem(self.kind)}.tar.{self.compression}"


def archives(files: Iterable[str]) -> list[ArchiveName]:
    """Return the archives among *files*, in their order."""
    found = []
    for file in files:
        try:
            found.append(ArchiveName.parse(file))
        except ValueError:
            continue             # its SBOM, index.json, a pybi
    return found


def build_of(file: str) -> BuildName | None:
    """Return the build that *file* belongs to, as an archive, an SBOM or
    the provenance do; None if its name does not begin with a build's."""
    try:
        return _parts(file)[0]
    except ValueError:
        return None


def is_of_one_build(file: str) -> bool:
    """Tell a file of some build, a pybi for example, from those that cover
    all builds in a directory: index.json and SHA256SUMS."""
    return file.startswith(("python-", "cpython-"))


def _parts(text: str) -> tuple[BuildName, str, str]:
    """The build, the kind if there is one, and the suffixes."""
    found = _FILE.fullmatch(text)
    words = found["words"].split("-") if found else []
    kind = words.pop() if words and words[-1] in {*KINDS, CHANGES} else ""
    # A triple has three words, or four with the C library.
    end = len(words)
    while end and words[end - 1] in MARKS:
        end -= 1
    marks = tuple(words[end:])
    if (not found or end not in (3, 4)
            or marks != tuple(word for word in MARKS if word in marks)):
        raise ValueError(f"not the name of a build's file: {text!r}")
    return (BuildName(found["version"], int(found["build"] or 1),
                      "-".join(words[:end]), marks), kind, found["ending"])
