"""The words of this project, as data."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class SourceFile:
    """The same bytes at one or more places.

    A location is an ``https://`` URL; ``debian:pool/main/...``, a path
    under the Debian archive that the machine's apt configuration names;
    or ``package:NAME-VERSION-....whl``, a wheel that pip finds.
    """

    sha256: str
    locations: tuple[str, ...]

    @property
    def name(self) -> str:
        """The file name under which upstream publishes it."""
        return file_name(self.locations[0])


def file_name(location: str) -> str:
    """The last part of a location of any kind."""
    return location.replace(":", "/").rpartition("/")[2]


@dataclass(frozen=True)
class Pin:
    """One source: what version, under which licence, which bytes.

    *files* are alternatives: the first that can be had is used.  There
    is more than one only where a distribution repacked the archive.
    """

    name: str
    version: str
    licence: str
    files: tuple[SourceFile, ...]
    licence_files: tuple[str, ...] = ()
    cpe: str | None = None
    tool: bool = False           # nothing of it is in what is built


@dataclass(frozen=True)
class Target:
    """A platform to build for, in rustup's and in the compiler's words."""

    triple: str                  # x86_64-unknown-linux-gnu
    gnu: str                     # x86_64-linux-gnu, for --host
    zig: str                     # x86_64-linux-gnu.2.17
    openssl: str                 # linux-x86_64
    machine: str                 # as `uname -m` prints it
    elf_machine: str             # pyelftools' e_machine, EM_X86_64
    glibc: tuple[int, int]       # baseline: highest symbol version allowed
    march: str = ""              # -march; the compiler's default if ""
    branches: str = ""           # marks where jumps and returns may lead
    cpu_level: int = 1           # x86-64 psABI level


@dataclass(frozen=True)
class Command:
    """One command of a recipe.  Nothing of it is run by its author."""

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)
    jobserver: bool = False      # a make that shares our job slots


@dataclass(frozen=True)
class WriteFile:
    """A file that a recipe needs beside the sources it builds."""

    path: Path
    text: str


Step = Command | WriteFile
Commands = Iterator[Step]


@dataclass(frozen=True)
class Finding:
    """A rule that a file of the tree breaks."""

    path: str                    # relative to the tree
    rule: str                    # the rule's name in policy.toml
    detail: str

    def __str__(self) -> str:
        return f"{self.path}: {self.rule}: {self.detail}"


@dataclass(frozen=True)
class Build:
    """All that a recipe may know: one dependency, one target."""

    name: str
    version: str
    target: Target
    source: Path                 # unpacked, ours to change
    prefix: Path                 # where to install
    needs: Mapping[str, Path]    # prefixes of what the recipe needs
    cflags: tuple[str, ...]
    ldflags: tuple[str, ...]     # of a shared library
    # For programs that the recipe itself runs: "cc" where this machine
    # runs what is built.
    cc_for_build: str = "cc"

    @property
    def cross(self) -> bool:
        """Whether this machine runs other programs than are built."""
        return self.cc_for_build != "cc"

    def run(self, *argv: str, cwd: Path | None = None,
            **env: str) -> Command:
        """A command in the source directory, or in *cwd*."""
        return Command(argv, cwd or self.source, env)

    def make(self, *argv: str, cwd: Path | None = None,
             **env: str) -> Command:
        """A make that draws its jobs from our jobserver."""
        return Command(("make", *argv), cwd or self.source, env,
                       jobserver=True)

    def write(self, path: str, text: str) -> WriteFile:
        """A file in the source directory."""
        return WriteFile(self.source / path, text)


@dataclass(frozen=True)
class Recipe:
    """How one dependency is built and what CPython must be told of it.

    *configure* maps a variable of CPython's configure to its value,
    *arguments* are options of it, *setup* maps a module to the flags of
    its line in Setup.local where configure has no variable for it.  All
    three may say ``{prefix}`` for the dependency's prefix.  *data* maps
    a directory below the prefix to its place in the finished tree.  What
    is only data has no archives, and CPython is told nothing of it.
    *libraries* are shared ones, which go into the tree's lib directory;
    what they need is linked into them.
    *gpl* is only used by who accepts that licence for the whole, in the
    place of the recipes that it *replaces*.
    """

    commands: Callable[[Build], Commands]
    archives: tuple[str, ...]
    configure: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    setup: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    data: Mapping[str, str] = field(default_factory=dict)
    libraries: tuple[str, ...] = ()
    since: tuple[int, int] = (3, 0)     # first CPython that uses it
    bundled: str | None = None          # CPython's own copy, if it has one
    gpl: bool = False
    replaces: tuple[str, ...] = ()
