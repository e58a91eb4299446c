"""The directories of a build.

    OUT/                          the archives
      work/                       intermediate files
        plan/                     the key that each output must have
        logs/                     one log file per stage
        host/                     Python packages and zig, unpacked
        llvm-VERSION/             zig with the clang that CPython's JIT needs
        cpython-VERSION/          pristine CPython (when fetched)
        TARGET-TOOLCHAIN/
          toolchain/  deps/NAME/
          VERSION-OPTIONS/        source, setup, build, install, tree, ...
    CACHE/downloads/              sources by hash, shared by all builds
    CACHE/deps/NAME-KEY/          built dependencies, shared by all builds
"""

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from standalone.core.errors import UsageError

#: The root of the overlay repository, or of the CPython tree that contains
#: the overlay.
ROOT = Path(__file__).resolve().parents[3]
TOOLS = ROOT / "Tools" / "standalone"

#: The --prefix passed to CPython's configure.  It is a placeholder: it
#: appears in sysconfig, pkg-config files and others, and tools that read
#: those files (uv, crossenv, PyO3) replace it.
PREFIX = "/install"

#: The path that replaces the work directory in debug information.
BUILD_PREFIX = "/usr/src/standalone"

# Autoconf rejects source and build directories with other characters:
# https://www.gnu.org/software/autoconf/manual/ ("unsafe srcdir value").
_SAFE = re.compile(r"[A-Za-z0-9_.,/+@-]+")


def cache_dir() -> Path:
    """Return the per-user cache directory.

    https://specifications.freedesktop.org/basedir-spec/latest/
    """
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "cpython-standalone"


def downloads() -> Path:
    """Return the directory of downloads, shared by all builds of a user."""
    return cache_dir() / "downloads"


def built_dependencies() -> Path:
    """Return the directory of built dependencies, shared like downloads."""
    return cache_dir() / "deps"


def is_safe(path: Path) -> bool:
    """Return whether configure scripts and makefiles can handle *path*."""
    return _SAFE.fullmatch(str(path)) is not None


def work_dir(out: Path) -> Path:
    """Return the directory for intermediate files of builds in *out*.

    This is ``out/work`` if configure scripts can handle its path,
    otherwise a directory in the user's cache or, if they cannot handle
    that either, in the temporary directory.  The same *out* always gives
    the same directory.  Raises UsageError if none of them is usable.
    """
    out = out.resolve()
    name = hashlib.sha256(os.fsencode(out)).hexdigest()[:12]
    for work in (out / "work", cache_dir() / "work" / name,
                 Path(tempfile.gettempdir()) / f"standalone-{name}"):
        if is_safe(work):
            return work
    raise UsageError(
        f"no directory to build in: the paths of {out} and of the cache "
        "contain characters that configure scripts cannot handle",
        hint="set XDG_CACHE_HOME to a path of plain ASCII letters")


@dataclass(frozen=True)
class Layout:
    """The directories of one build."""

    out: Path
    work: Path
    target: str
    toolchain_name: str
    version: str
    options: str

    @property
    def portable(self) -> Self:
        """This layout with a work directory that all builds have in common.

        Use it to describe what does not depend on the work directory.
        """
        return replace(self, work=Path(BUILD_PREFIX))

    @property
    def plan(self) -> Path:
        """The directory of keys and of the names that graph.mk reads."""
        return self.work / "plan"

    @property
    def logs(self) -> Path:
        """The directory of log files, one per stage."""
        return self.work / "logs"

    @property
    def host(self) -> Path:
        """The directory of this host's Python packages, including zig."""
        return self.work / "host"

    def llvm(self, version: str) -> Path:
        """Return the directory of the packages with that LLVM's clang."""
        return self.work / f"llvm-{version}"

    @property
    def fetched(self) -> Path:
        """The directory of links to cached sources, named like the pins."""
        return self.work / "fetched"

    @property
    def shared(self) -> Path:
        """The directory shared by builds with this target and toolchain."""
        return self.work / f"{self.target}-{self.toolchain_name}"

    @property
    def toolchain(self) -> Path:
        """The directory of the compiler wrappers and the sysroot."""
        return self.shared / "toolchain"

    def dep(self, name: str) -> Path:
        """Return the installation prefix of a dependency."""
        return self.shared / "deps" / name

    @property
    def own(self) -> Path:
        """The directory of this version and these options alone."""
        return self.shared / f"{self.version}-{self.options}"

    @property
    def libc(self) -> Path:
        """The file that holds the C library version that the tree needs.

        The validate stage writes it.
        """
        return self.stage("validate") / "libc"

    def stage(self, name: str) -> Path:
        """Return the output directory of a stage of this build."""
        return self.own / name
