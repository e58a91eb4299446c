"""Where an installed CPython keeps what: the one place that knows.

    InstalledTree(root).library  →  root/lib/python3.13
    UNIX.library                 →  lib/python3.*, for every version

A layout is data, so that another system's (Windows has no bin/, and its
library is Lib/) can be added.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

from standalone.core.errors import BuildError


@dataclass(frozen=True)
class TreeLayout:
    """Patterns of glob and fnmatch, relative to the root of a tree."""

    python: str                  # the program, under a name without version
    programs: str                # the program itself
    libpython: str               # the shared library
    include: str                 # the directory that has Python.h
    library: str                 # the standard library
    dynload: str                 # its extension modules
    site_packages: str
    sysconfigdata: str           # what sysconfig loads its variables from
    config_dir: str              # for programs that embed the library
    makefile: str
    static_library: str

    def patterns(self) -> dict[str, str]:
        """Return the patterns by the names of the fields."""
        return asdict(self)


def unix(version: str = "3.") -> TreeLayout:
    """Return the layout that `make install` has on all systems but
    Windows, for the versions that start with *version*."""
    library = f"lib/python{version}*"
    config_dir = f"{library}/config-*"
    return TreeLayout(
        python="bin/python3",
        programs=f"bin/python{version}*",
        libpython=f"lib/libpython{version}*.so.1.0",
        include=f"include/python{version}*",
        library=library,
        dynload=f"{library}/lib-dynload",
        site_packages=f"{library}/site-packages",
        sysconfigdata=f"{library}/_sysconfigdata_*.py",
        config_dir=config_dir,
        makefile=f"{config_dir}/Makefile",
        static_library=f"{config_dir}/libpython*.a")


UNIX = unix()


@dataclass(frozen=True)
class InstalledTree:
    """The tree below *root*, which is only looked at when asked.

    Each path raises BuildError if the tree has none of that kind.
    """

    root: Path
    layout: TreeLayout = UNIX

    @property
    def python(self) -> Path:
        """bin/python3, as users call it."""
        return self.root / self.layout.python

    @property
    def interpreter(self) -> Path:
        """bin/python3.13, or python3.13d of a debug build."""
        return self.python.resolve()

    @property
    def include(self) -> Path:
        """include/python3.13."""
        return self._directory(self.layout.include)

    @property
    def library(self) -> Path:
        """lib/python3.13, the standard library."""
        return self._directory(self.layout.library)

    @property
    def dynload(self) -> Path:
        """lib/python3.13/lib-dynload."""
        return self._directory(self.layout.dynload)

    @property
    def site_packages(self) -> Path:
        """lib/python3.13/site-packages."""
        return self._directory(self.layout.site_packages)

    @property
    def config_dir(self) -> Path:
        """lib/python3.13/config-3.13-x86_64-linux-gnu."""
        return self._directory(self.layout.config_dir)

    @property
    def makefile(self) -> Path:
        """The makefile in config_dir."""
        return self._file(self.layout.makefile)

    @property
    def static_library(self) -> Path:
        """libpython's archive in config_dir."""
        return self._file(self.layout.static_library)

    @property
    def sysconfigdata(self) -> Path:
        """The module that sysconfig loads its variables from."""
        return self._file(self.layout.sysconfigdata)

    def relative(self, path: Path) -> str:
        """Return *path* as archives and policy.toml name it."""
        return path.relative_to(self.root).as_posix()

    def _directory(self, pattern: str) -> Path:
        return self._first(pattern, [
            path for path in self.root.glob(pattern) if path.is_dir()])

    def _file(self, pattern: str) -> Path:
        return self._first(pattern, [
            path for path in self.root.glob(pattern) if path.is_file()])

    def _first(self, pattern: str, found: list[Path]) -> Path:
        if not found:
            raise BuildError(f"{self.root} has no {pattern}")
        return min(found)
