"""Where everything lies.

    OUT/                          the archives, and nothing else of use
      work/                       all that is made on the way
        plan/                     keys: what each output must be made of
        logs/                     one log a stage
        host/                     Python packages and zig, unpacked
        cpython-VERSION/          pristine CPython (when fetched)
        TARGET-TOOLCHAIN/
          toolchain/  deps/NAME/
          VERSION-OPTIONS/        source, setup, build, install, tree, ...
    CACHE/downloads/              sources by hash, shared by all builds
"""

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from standalone.core.errors import UsageError

#: The overlay's root, or the root of the CPython tree it was laid over.
ROOT = Path(__file__).resolve().parents[3]
TOOLS = ROOT / "Tools" / "standalone"

#: Where CPython is told that it will lie: a placeholder that sysconfig,
#: pkg-config files and others name, and that readers of those files (uv,
#: crossenv, PyO3) know to replace.
PREFIX = "/install"

# Autoconf refuses source and build directories with other characters:
# https://www.gnu.org/software/autoconf/manual/ ("unsafe srcdir value").
_SAFE = re.compile(r"[A-Za-z0-9_.,/+@-]+")


def cache_dir() -> Path:
    """The per-user cache, by the XDG base directory specification."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "cpython-standalone"


def downloads() -> Path:
    """Where all builds of this user keep what was downloaded, by hash."""
    return cache_dir() / "downloads"


def is_safe(path: Path) -> bool:
    """Can configure scripts and makefiles work below *path*?"""
    return _SAFE.fullmatch(str(path)) is not None


def work_dir(out: Path) -> Path:
    """Where to build for *out*: below it if its path allows that.

    Else a directory of its own in the user's cache or, where that has
    an awkward name too, in the temporary directory; always the same
    one for the same *out*.
    """
    out = out.resolve()
    name = hashlib.sha256(os.fsencode(out)).hexdigest()[:12]
    for work in (out / "work", cache_dir() / "work" / name,
                 Path(tempfile.gettempdir()) / f"standalone-{name}"):
        if is_safe(work):
            return work
    raise UsageError(
        f"no directory to build in: {out} and the cache have characters "
        "in their paths that configure scripts cannot handle",
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
    def plan(self) -> Path:
        """Keys, and the names that graph.mk reads."""
        return self.work / "plan"

    @property
    def logs(self) -> Path:
        """One log file a stage."""
        return self.work / "logs"

    @property
    def host(self) -> Path:
        """Python packages for this host, zig among them."""
        return self.work / "host"

    @property
    def fetched(self) -> Path:
        """Links to the sources in the cache, by the names of their pins."""
        return self.work / "fetched"

    @property
    def shared(self) -> Path:
        """What builds with the same target and toolchain share."""
        return self.work / f"{self.target}-{self.toolchain_name}"

    @property
    def toolchain(self) -> Path:
        """Wrapper scripts and the sysroot."""
        return self.shared / "toolchain"

    def dep(self, name: str) -> Path:
        """The prefix of one dependency."""
        return self.shared / "deps" / name

    @property
    def own(self) -> Path:
        """What belongs to this version and these options alone."""
        return self.shared / f"{self.version}-{self.options}"

    @property
    def libc(self) -> Path:
        """What validate writes: the version of the C library that the
        tree needs."""
        return self.stage("validate") / "libc"

    def stage(self, name: str) -> Path:
        """The output directory of a stage of this build."""
        return self.own / name
