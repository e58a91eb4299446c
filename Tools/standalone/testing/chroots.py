"""Run the tests in other systems: Debian releases, and a bare C library.

Each is a file system in memory in its own mount namespace:
https://man7.org/linux/man-pages/man7/mount_namespaces.7.html.  Its
processes have their own PID namespace and end with it.  However a run ends,
nothing stays mounted, and the only files on disk are the cache's archives,
one per release.
"""

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import IO

from standalone.core.layout import cache_dir
from standalone.core.process import environment
from standalone.platforms import targets
from standalone.testing import children, testbed

_TOOLS = ("chroot", "debootstrap", "mount", "setpriv", "tar", "unshare")
_MAX_AGE = 30 * 24 * 60 * 60     # seconds until a release is made again
_GRACE = 20                      # seconds, for programs to end
_PLACE = PurePosixPath("/", testbed.NAME)

# libresolv is loaded by the C library itself, to look up host names.
_HOST = targets.host()
_LIBRARIES = sorted({"libresolv.so.*", *(
    f"{soname.partition('.')[0]}.so.*" for soname in _HOST.libc.sonames)})


@dataclass(frozen=True)
class Chroot:
    """A root, made of a Debian release or of some files of it.

    *files* are patterns of tar's; none means all.  *packages* are what
    it has beyond the smallest release.  Either all of it is the user's to
    change, or nothing outside of the place, as for *ordinary* users.
    *python* is what runs the tests, if not the tree of the place.
    """

    name: str
    suite: str
    files: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    ordinary: bool = False
    python: str = ""


CHROOTS = (
    Chroot("Debian trixie", "trixie"),
    Chroot("Debian bullseye", "bullseye"),
    # No shell, no /usr/share, no /etc, no /proc.
    Chroot("bare C library", "trixie", (
        "./dev", "./lib", "./lib64", "*/lib64/ld-*",
        *(f"*{_HOST.autoconf}*/{name}" for name in _LIBRARIES))),
)

# $1 an empty directory, $2 the release, $3 the mirror, $4 the archive,
# $5 packages.  All releases are made as sid is; one that is newer than
# debootstrap would have no script of its own.  The signature is verified,
# unless the machine has no key of Debian's.
_MAKE = """
mount -t tmpfs -o mode=755 none "$1"
if ! debootstrap --variant=minbase ${5:+"--include=$5"} \
        "$2" "$1" "$3" sid; then
    cat "$1/debootstrap/debootstrap.log" || :
    exit 1
fi
tar -C "$1" --one-file-system --exclude=./var/cache/apt \
    --exclude=./var/lib/apt/lists -czf "$4" .
"""

# $1 an empty directory, $2 the archive, $3 the place, $4 its name inside,
# then the command.  The tree is there as it is outside; what the user may
# change of the rest is gone afterwards.  An X server's sockets are those of
# this machine.
_ENTER = """
root=$1 archive=$2 place=$3 inside=$1$4
shift 4
mount -t tmpfs -o mode=755 none "$root"
tar -C "$root" -xf "$archive" --wildcards {files}
mkdir -p "$inside/home" "$inside/tmp" "$inside/python" "$root/tmp/.X11-unix"
chown -hR {nobody}:{nobody} "{owned}"
mount -t devpts -o newinstance,ptmxmode=666 none "$root/dev/pts"
mount -t tmpfs -o mode=1777 none "$root/dev/shm"
[ ! -d "$root/proc" ] || mount -t proc none "$root/proc"
mount --bind "$place/python" "$inside/python"
mount -o remount,bind,{mode} "$inside/python"
[ ! -d /tmp/.X11-unix ] || mount --bind /tmp/.X11-unix "$root/tmp/.X11-unix"
cd "$root"
code=0
"$@" || code=$?
cp "$inside/{report}" "$place/{report}" || :
exit $code
"""


def unavailable() -> str | None:
    """Return why this machine cannot run chroots, or None."""
    if os.geteuid():
        return "needs root"
    missing = [name for name in _TOOLS if _which(name) is None]
    if missing:
        return f"needs {', '.join(missing)}"
    with (tempfile.TemporaryDirectory() as empty,
          _namespace('mount -t tmpfs none "$1"', [empty], environment(),
                     subprocess.DEVNULL) as child):
        if child.wait():
            return "nothing can be mounted here"
    return None


def archive(suite: str, mirrors: Sequence[str], log: Path,
            packages: Sequence[str] = ()) -> Path | None:
    """Return a Debian release as an archive in the cache.

    Make it from the first of *mirrors* that has the release, if it is
    missing or old.  Return None if that fails; *log* says why.
    """
    name = "+".join((suite, *packages))
    cached = cache_dir() / "chroots" / f"{name}-{os.uname().machine}.tar.gz"
    if (not cached.exists()
            or time.time() - cached.stat().st_mtime > _MAX_AGE):
        _make(suite, mirrors, cached, log, packages)
    return cached if cached.exists() else None


def _make(suite: str, mirrors: Sequence[str], target: Path,
          log: Path, packages: Sequence[str]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    # With the user's proxies, for debootstrap's wget.
    env = environment([Path("/usr/sbin"), Path("/sbin")], extra={
        f"{scheme}_proxy": url
        for scheme, url in urllib.request.getproxies().items()})
    partial = target.with_name(f"{target.name}.partial")
    with (log.open("wb") as output,
          tempfile.TemporaryDirectory(prefix="standalone-") as empty):
        if not mirrors:
            output.write(b"apt's configuration names no mirror\n")
        try:
            for mirror in mirrors:
                with _namespace(
                        _MAKE, [empty, suite, mirror, str(partial),
                                ",".join(packages)], env, output) as child:
                    failed = child.wait()
                if not failed:
                    partial.replace(target)
                    break
        finally:
            partial.unlink(missing_ok=True)


@contextlib.contextmanager
def started(chroot: Chroot, release: Path, place: Path,
            arguments: Sequence[str], output: IO[bytes] | None = None,
            variables: Mapping[str, str] = MappingProxyType({}),
            ) -> Iterator[subprocess.Popen[bytes]]:
    """Start regrtest as nobody in *chroot*; yield the process to wait for.

    The chroot is made from the archive *release* and contains the tree of
    *place*.  When the process has ended, the results are in *place*, as
    those of `testbed.run` are.  At the end of the body it is ended.
    """
    (place / testbed.REPORT).unlink(missing_ok=True)
    # CPython's own tests know directories that may not be written to, but
    # not file systems: test.support.os_helper.unlink.
    owned, mode = ("$inside", "rw") if chroot.ordinary else ("$root", "ro")
    script = _ENTER.format(
        files=shlex.join(chroot.files), nobody=testbed.NOBODY, owned=owned,
        mode=mode, report=testbed.REPORT)
    variables = {**testbed.environment(_PLACE), **variables}
    if not chroot.ordinary:
        variables["STANDALONE_TEST_CHROOT"] = "1"
    command = [
        "env", "-i", *(f"{name}={value}" for name, value in variables.items()),
        _which("chroot") or "chroot",
        f"--userspec={testbed.NOBODY}:{testbed.NOBODY}", "--groups=", ".",
        # One at a time: the tests change the system.
        *testbed.regrtest(_PLACE, ["-j1", *arguments], chroot.python)]
    with (tempfile.TemporaryDirectory(prefix="standalone-") as empty,
          _namespace(script, [empty, str(release), str(place), str(_PLACE),
                              *command], environment(), output) as child):
        yield child


def _which(name: str) -> str | None:
    """Find a program in PATH, /usr/sbin and /sbin."""
    return shutil.which(name, path=os.pathsep.join([
        os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"]))


@contextlib.contextmanager
def _namespace(script: str, arguments: Sequence[str], env: Mapping[str, str],
               output: IO[bytes] | int | None,
               ) -> Iterator[subprocess.Popen[bytes]]:
    """Start a shell script in its own namespaces; end it after the body.

    The shell is process 1 of the namespace: when it ends, the kernel kills
    all other processes.  It is killed when this process ends.
    """
    child = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL",
         "unshare", "--mount", "--pid", "--fork", "--kill-child",
         "sh", "-euc", script, "sh", *arguments],
        env=env, stdin=subprocess.DEVNULL, stdout=output,
        stderr=output and subprocess.STDOUT, process_group=0)
    try:
        yield child
    finally:
        if child.poll() is None:
            # unshare itself does not listen: it waits for the shell, which
            # ends with the program that it runs, or is killed with unshare.
            os.killpg(child.pid, signal.SIGTERM)
            children.end(child, _GRACE)
