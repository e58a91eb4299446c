"""Data types that the other packages share."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from standalone.core.platform import Platform


@dataclass(frozen=True)
class SourceFile:
    """A file that is available, with the same content, at *locations*.

    A location is an ``https://`` URL; ``debian:pool/main/...``, a path
    in the Debian archive that the machine's apt is configured to use;
    or ``package:NAME-VERSION-....whl``, a wheel that pip can download.
    """

    sha256: str
    locations: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name under which upstream publishes the file."""
        return file_name(self.locations[0])


def file_name(location: str) -> str:
    """Return the file name at the end of a location of any kind."""
    return location.replace(":", "/").rpartition("/")[2]


@dataclass(frozen=True)
class Patch:
    """A change to a source, in the form that ``patch -p1`` reads."""

    name: str
    sha256: str
    fixes: tuple[str, ...] = ()  # CVE ids


@dataclass(frozen=True)
class PatchSeries:
    """Patches from one place, in the order in which they are applied.

    They are members of *archive*; without one, they are files of ours,
    below recipes/patches.  *series* is the member that lists all patches
    of the archive in their order, and *omitted* are those of them that
    are not applied.  The names of patches are then relative to *series*.
    """

    patches: tuple[Patch, ...]
    archive: SourceFile | None = None
    series: str = ""
    omitted: tuple[str, ...] = ()

    def path(self, name: str) -> str:
        """Return the path of a patch in the archive."""
        return str(PurePosixPath(self.series).parent / name)


@dataclass(frozen=True)
class Pin:
    """A pinned source: its version, licence and alternative files.

    The first of *files* that can be fetched is used.  There is more than
    one only if a distribution repacked the archive.
    """

    name: str
    version: str
    licence: str
    files: tuple[SourceFile, ...]
    licence_files: tuple[str, ...] = ()
    cpe: str | None = None
    tool: bool = False           # used by the build, not part of the result
    patches: tuple[PatchSeries, ...] = ()

    def parts(self) -> tuple["Pin", ...]:
        """Return what is fetched: the source, and archives of patches.

        Each is a pin without patches, with a name of its own.
        """
        if not self.patches:
            return (self,)
        return replace(self, patches=()), *(
            Pin(self.patches_name(number), self.version, self.licence,
                (series.archive,), tool=self.tool)
            for number, series in enumerate(self.patches)
            if series.archive)

    def patches_name(self, number: int) -> str:
        """Return the name of the part with the archive of a series."""
        return f"{self.name}-patches-{number + 1}"


@dataclass(frozen=True)
class Command:
    """A command for `core.process` to run."""

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)
    jobserver: bool = False      # pass on make's jobserver


@dataclass(frozen=True)
class WriteFile:
    """A file that a recipe adds to the sources of a dependency."""

    path: Path
    text: str


Step = Command | WriteFile
Commands = Iterator[Step]


@dataclass(frozen=True)
class Finding:
    """A violation of a rule by a file of the installed tree."""

    path: str                    # relative to the tree
    rule: str                    # the rule's name in policy.toml
    detail: str

    def __str__(self) -> str:
        return f"{self.path}: {self.rule}: {self.detail}"


@dataclass(frozen=True)
class Build:
    """The input of a recipe: one dependency, built for one platform."""

    name: str
    version: str
    platform: Platform
    source: Path                 # unpacked; the recipe may change it
    prefix: Path                 # where to install
    needs: Mapping[str, Path]    # name → prefix, for each of Recipe.needs
    cflags: tuple[str, ...]
    ldflags: tuple[str, ...]     # for linking a shared library
    # Compiles programs that the recipe itself runs.  It is "cc" where this
    # machine can run what is built.
    cc_for_build: str = "cc"

    @property
    def cross(self) -> bool:
        """Is this machine unable to run what is built?"""
        return self.cc_for_build != "cc"

    def run(self, *argv: str, cwd: Path | None = None,
            **env: str) -> Command:
        """Return a command to run in the source directory or in *cwd*."""
        return Command(argv, cwd or self.source, env)

    def make(self, *argv: str, cwd: Path | None = None,
             **env: str) -> Command:
        """Return a make command that uses our jobserver."""
        return Command(("make", *argv), cwd or self.source, env,
                       jobserver=True)

    def write(self, path: str, text: str) -> WriteFile:
        """Return a step that writes a file in the source directory."""
        return WriteFile(self.source / path, text)


@dataclass(frozen=True)
class Recipe:
    """How to build one dependency and how to configure CPython with it.

    *commands* yields the steps of the build, *archives* are the static
    libraries that it installs in lib/.

    *configure* maps variables of CPython's configure to values, and
    *arguments* are options of configure.  *setup* maps modules for which
    configure has no variable to the flags on their line in Setup.local.
    All three may contain ``{prefix}``, the dependency's prefix, and
    ``{NAME}``, the prefix of a dependency in *needs*.

    *data* maps directories below the prefix to directories of the
    finished tree.  A dependency that consists of data has no archives and
    does not appear in CPython's configuration.  *libraries* are shared
    libraries for the tree's lib directory; the archives that they need
    are linked into them.

    A recipe with *gpl* is used only with OPTIONS=gpl.  Where a recipe is
    used, the recipes that it *replaces* are not.
    """

    commands: Callable[[Build], Commands]
    archives: tuple[str, ...]
    configure: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    setup: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    data: Mapping[str, str] = field(default_factory=dict)
    libraries: tuple[str, ...] = ()
    since: tuple[int, int] = (3, 0)     # oldest CPython that uses it
    bundled: str | None = None          # a file of CPython's bundled copy
    unbundled: tuple[int, int] = (4, 0)  # first CPython that ignores its copy
    gpl: bool = False
    replaces: tuple[str, ...] = ()
