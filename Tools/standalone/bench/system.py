"""Where both Pythons run: here, or in the root directory of the peer.

A root directory is entered with the directory of our tree mounted in it,
so that both use the same C library.  The mounts are in a namespace of this
process and end with it:
https://man7.org/linux/man-pages/man7/mount_namespaces.7.html
"""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from standalone.core.errors import BuildError, UsageError
from standalone.core.process import environment, output

#: Seconds that a program may take.
DEADLINE = 600

_NEW_NAMESPACE = 0x20000         # CLONE_NEWNS
# The place has this name in another root.  The directory is for mounts,
# and exists: https://refspecs.linuxfoundation.org/FHS_3.0/fhs/ch03s12.html
_PLACE = PurePath("/mnt")
# $1 is the root, $2 the place.
_MOUNT = """
mount --make-rprivate /
mount --bind "$2" "$1/mnt"
[ ! -d "$1/proc" ] || mount -t proc none "$1/proc"
[ ! -d "$1/dev" ] || mount --rbind /dev "$1/dev"
"""


class Failed(Exception):
    """A program that failed, crashed, or took too long.

    The text is one line, usually the last that it printed.
    """


@dataclass(frozen=True)
class System:
    """Where programs run.

    *place* is a directory, as seen from here, with everything that both
    Pythons read.  *root* is their root directory, None for the usual one.
    """

    place: Path
    root: Path | None = None

    def inside(self, path: Path) -> str:
        """Return the name that *path* has for the programs."""
        if self.root is None:
            return str(path)
        if path.is_relative_to(self.place):
            return str(_PLACE / path.relative_to(self.place))
        return f"/{path.relative_to(self.root)}"

    def outside(self, name: str) -> Path:
        """Return the path, as seen from here, that programs call *name*."""
        if self.root is None:
            return Path(name)
        if PurePath(name).is_relative_to(_PLACE):
            return self.place / PurePath(name).relative_to(_PLACE)
        return self.root / name.lstrip("/")

    def environment(self, path: Sequence[Path] = ()) -> dict[str, str]:
        """Return the variables of programs; *path* is Python's.

        Neither Python writes bytecode, and pip, which one of the
        benchmarks calls, installs nothing.
        """
        return {"HOME": self.inside(self.place / "home"),
                "TMPDIR": self.inside(self.place / "tmp"),
                "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8",
                "PYTHONPATH": os.pathsep.join(map(self.inside, path)),
                "PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1",
                "PIP_NO_INDEX": "1", "PIP_REQUIRE_VIRTUALENV": "1"}

    def run(self, argv: Sequence[str], env: Mapping[str, str], *,
            deadline: float = DEADLINE, pipe: int | None = None) -> str:
        """Return what a program prints, without what it left running.

        *pipe* is a file descriptor that it inherits.  Raises Failed.
        """
        words = [*self._enter(), *argv]
        with (tempfile.TemporaryFile() as printed,
              tempfile.TemporaryFile() as said):
            try:
                child = subprocess.Popen(
                    words, env=env, cwd=self.place / "tmp",
                    stdin=subprocess.DEVNULL, stdout=printed, stderr=said,
                    pass_fds=() if pipe is None else (pipe,),
                    process_group=0)
            except OSError as exc:
                raise Failed(exc.strerror) from exc
            try:
                code = child.wait(deadline)
            except subprocess.TimeoutExpired:
                raise Failed(f"no end after {deadline:.0f} s") from None
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                child.wait()
            printed.seek(0)
            text = printed.read().decode(errors="replace")
            if code:
                said.seek(0)
                raise Failed(_reason(
                    code, said.read().decode(errors="replace") or text))
            return text

    def _enter(self) -> list[str]:
        return [] if self.root is None else [_chroot(), str(self.root)]


def _reason(code: int, text: str) -> str:
    lines = text.strip().splitlines()
    if code < 0:
        return f"{signal.Signals(-code).name}"
    return lines[-1][:200] if lines else f"exit code {code}"


def _chroot() -> str:
    found = shutil.which("chroot", path=os.pathsep.join(
        [os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"]))
    if found is None:
        raise UsageError("not on this machine: chroot")
    return found


def root_of(program: Path) -> Path | None:
    """Return the root directory of another system that has *program*.

    It is recognised by its os-release:
    https://www.freedesktop.org/software/systemd/man/os-release.html
    """
    for parent in list(program.parents)[:-1]:
        if any(os.path.lexists(parent / name) for name in (
                "usr/lib/os-release", "etc/os-release")):
            return parent
    return None


def enter(system: System) -> None:
    """Mount the place in the root, for this process and its children.

    Raises UsageError if this user may not.
    """
    if system.root is None:
        return
    if os.geteuid():
        raise UsageError(
            f"{system.root} is the root directory of another system: "
            "Python there can only be run by root")
    _chroot()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_NAMESPACE):
        raise UsageError("nothing can be mounted here: "
                         f"{os.strerror(ctypes.get_errno())}")
    try:
        output(["sh", "-euc", _MOUNT, "sh", str(system.root),
                str(system.place)], environment())
    except BuildError as exc:
        raise UsageError(f"cannot enter {system.root}: {exc.message}"
                         ) from exc


@contextlib.contextmanager
def pinned() -> Iterator[int]:
    """Run this process and its children on one processor; yield its number.

    It is one that the kernel keeps free, if there is one, else the last.
    https://docs.kernel.org/admin-guide/kernel-parameters.html (isolcpus)
    """
    before = os.sched_getaffinity(0)
    cpu = max(_isolated() & before or before)
    os.sched_setaffinity(0, {cpu})
    try:
        yield cpu
    finally:
        os.sched_setaffinity(0, before)


def _isolated() -> set[int]:
    try:
        text = Path("/sys/devices/system/cpu/isolated").read_text().strip()
    except OSError:
        return set()
    found: set[int] = set()
    for words in filter(None, text.split(",")):
        first, _, last = words.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found
