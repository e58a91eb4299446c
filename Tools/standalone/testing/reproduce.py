"""`make standalone-reproduce`: build again, elsewhere, and compare.

The first build is the one in OUT.  The second has its inputs, and nothing
else in common with it that can be changed here: tools, sources and home are
new and lie elsewhere, its user is another, and so on.  What the first wrote
to OUT has to come out of it again, bit for bit.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from standalone.core import stamp
from standalone.core.errors import BuildError, ValidationError
from standalone.core.layout import ROOT, Layout, downloads
from standalone.core.model import Pin
from standalone.core.process import output
from standalone.cpython import overlay, source
from standalone.formats import checksums
from standalone.formats.names import is_of_one_build
from standalone.pipeline import driver
from standalone.request import Config
from standalone.sources import fetch, host, pins
from standalone.testing import testbed
from standalone.testing.results import Counts

_UMASK = 0o077
_TIME_ZONE = "<+1345>-13:45"     # POSIX: needs no data
_DIFFOSCOPE = 600                # seconds, at most

_NOBODY = ("setpriv", f"--reuid={testbed.NOBODY}", f"--regid={testbed.NOBODY}",
           "--clear-groups")
#: What differs if a program and a privilege are there, and the words before
#: a command that make it so, in this order.  libfaketime reaches shells,
#: perl, make and Python, but not zig, which is linked statically.
_WRAPPERS = (
    ("host name", ("unshare", "--uts", "sh", "-c", 'echo elsewhere '
                   '>/proc/sys/kernel/hostname && exec "$0" "$@"')),
    ("user", _NOBODY),
    # If our Python is in a home that is closed to others.
    ("user", (*_NOBODY, "--inh-caps=+dac_read_search",
              "--ambient-caps=+dac_read_search")),
    ("date", ("faketime", "-f", "+400d")),
)


@dataclass(frozen=True)
class Second:
    """The second build, all of it below *top*."""

    top: Path
    argv: tuple[str, ...]        # wrappers, and a Python
    changed: tuple[str, ...]     # the wrappers' names
    language: str

    @property
    def out(self) -> Path:
        """Its OUT, at a path of another length."""
        return self.top / "the-second-of-two-builds" / "dist"

    @property
    def env(self) -> dict[str, str]:
        """Of our environment it has PATH alone, and what is for us."""
        ours = {name: value for name, value in os.environ.items()
                if name.startswith("STANDALONE_")}
        return ours | {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": f"{self.top}/home", "TMPDIR": f"{self.top}/tmp",
            "XDG_CACHE_HOME": f"{self.top}/cache", "TZ": _TIME_ZONE,
            "USER": "somebody", "LOGNAME": "somebody",
            "LC_ALL": self.language, "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": f"{self.top}/tools/Tools"}


def reproduce(config: Config) -> Counts:
    """Build OUT, unless it is up to date, and again; print what differs.

    Counts files of OUT.  Raises BuildError if the second build fails.
    """
    driver.build(config)
    with testbed.terminable(), _scratch() as top:
        second = _second(top)
        with driver.lock(config.layout):
            names = _provide(config, second)
        _build(config, second)
        with driver.lock(config.layout):
            return _compare(config, second, names)


def must_reproduce(config: Config) -> None:
    """Raises ValidationError if the two builds differ."""
    counts = reproduce(config)
    if counts.failed:
        raise ValidationError(
            f"{counts.failed} files differ between two builds of the same "
            "inputs", hint=f"the second build's are in {_kept(config.layout)}")


def _kept(layout: Layout) -> Path:
    """Where the second build's files stay if they differ."""
    return layout.work / "second"


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    top = Path(tempfile.mkdtemp(prefix="standalone-"))
    try:
        os.chmod(top, 0o755)
        yield top
    finally:
        stamp.remove(top)


def _second(top: Path) -> Second:
    """All that can be different on this machine."""
    argv: tuple[str, ...] = ()
    changed: list[str] = []
    for name, wrapper in _WRAPPERS:
        if name not in changed and _starts((*argv, *wrapper)):
            argv += wrapper
            changed.append(name)
    return Second(top, (*argv, sys.executable), tuple(changed), _language())


def _starts(wrapper: tuple[str, ...]) -> bool:
    """Does our Python start behind these words, and find its own?"""
    probe = "import sys; print(sys.version, sys.base_prefix)"
    try:
        return subprocess.run(
            (*wrapper, sys.executable, "-c", probe), cwd="/", text=True,
            capture_output=True).stdout == f"{sys.version} {sys.base_prefix}\n"
    except OSError:
        return False


def _language() -> str:
    """A locale that is not ours; one that is not English, if there is."""
    ours = os.environ.get("LC_ALL") or os.environ.get("LANG") or "C"
    listed = output(["locale", "-a"]).split() if shutil.which(
        "locale") else []
    foreign = [name for name in listed
               if not name.startswith(("C", "POSIX", "en_"))]
    return next(name for name in (*foreign, "C.UTF-8", "C") if name != ours)


def _provide(config: Config, second: Second) -> list[str]:
    """Copy all inputs, so that their times are new, and give them to the
    second build's user.  Returns the names of what is to be compared."""
    top, out = second.top, config.layout.out
    for name in "home", "tmp":
        (top / name).mkdir()
    _tools(top / "tools")
    if not config.is_pinned:
        _tree(config.pristine, top / "cpython", _read(config))
    cache = downloads()
    copies = top / "cache" / "cpython-standalone" / "downloads"
    fetched = fetch.fetch(
        _fetched(config), cache, config.source_dir,
        tree=config.pristine)
    _copy(cache, copies, (path.name for path in fetched.values()))
    for required in driver.requirements(config).values():
        host.download_wheels(config.pristine, copies, cache / "wheels",
                             required)
    made = checksums.read(config.layout.stage("archive") / checksums.FILE)
    listed = checksums.read(out / checksums.FILE)
    # Other builds' are listed in files that are of all.
    others = {name for name in listed
              if name not in made and is_of_one_build(name)}
    _copy(out, second.out, others)
    if "user" in second.changed:
        for directory, _, files in os.walk(top):
            for name in (".", *files):
                os.lchown(Path(directory, name),
                          testbed.NOBODY, testbed.NOBODY)
    return [*(name for name in listed if name not in others),
            checksums.FILE]


def _read(config: Config) -> list[str]:
    """Return the paths of what a build reads of a tree."""
    return [*source.files(config.pristine, config.layout.out),
            str(config.notices.relative_to(config.pristine))]


def _fetched(config: Config) -> list[Pin]:
    """Return what the build fetches: also CPython, unless that is a tree."""
    if not config.is_pinned:
        return config.wanted
    return [*config.wanted, pins.cpython_pin(config.version)]


def _tools(target: Path) -> None:
    """Copy what builds; overlay.toml refers to configure.ac, too."""
    _tree(ROOT, target, [*map(str, overlay.files()), "configure.ac"])


def _tree(tree: Path, target: Path, names: Iterable[str]) -> None:
    """Copy the files *names*, or of a git repository all, with a history
    of one commit: what is written beside the archives names that."""
    if (tree / ".git").exists():
        with contextlib.suppress(BuildError):    # no git, or not our own
            output(["git", "clone", "--quiet", "--depth=1", "--no-checkout",
                    tree.as_uri(), str(target)])
            output(["git", "-C", str(target), "reset", "--quiet"])
            listed = output(["git", "-C", str(tree), "ls-files", "-z",
                             "--cached", "--others", "--exclude-standard"])
            names = [name for name in listed.split("\0")
                     if name and os.path.lexists(tree / name)]
    _copy(tree, target, names)


def _copy(source: Path, target: Path, names: Iterable[str]) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / name, target / name, follow_symlinks=False)


def _build(config: Config, second: Second) -> None:
    request = replace(
        config, sources="", out=str(second.out),
        cpython=config.version if config.is_pinned
        else f"{second.top}/cpython", jobs=config.jobs + 1)
    changed = ("directory", "home", "mtimes", f"umask {_UMASK:03o}",
               f"LC_ALL={second.language}", f"TZ={_TIME_ZONE}",
               f"JOBS={request.jobs}", *second.changed)
    print(f"\nthe second build: {', '.join(changed)}", flush=True)
    if same := {name for name, _ in _WRAPPERS} - {*second.changed}:
        print(f"the same as in the first: {', '.join(sorted(same))} (root, "
              "util-linux or faketime is missing)", flush=True)
    done = subprocess.run(
        (*second.argv, "-m", "standalone", "build",
         *(f"--{name}={value}" for name, value in asdict(request).items())),
        env=second.env | {"SOURCE_DATE_EPOCH": str(config.epoch)},
        cwd=second.top, umask=_UMASK, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise BuildError("the second build failed, the first did not")


def _compare(config: Config, second: Second,
             names: Sequence[str]) -> Counts:
    """Print where files differ, and keep the second build's if any does."""
    # Only now: it needs the packages that the build has made importable.
    from standalone.archives import compare
    out, differing = config.layout.out, []
    print()
    for name in names:
        if not (second.out / name).exists():
            found = ["the second build did not make it"]
        else:
            found = compare.differences(out / name, second.out / name)
        print(f"{name}: {'differs' if found else 'the same'}", flush=True)
        sys.stdout.write(textwrap.indent("".join(
            f"{line}\n" for line in found), "  "))
        if found:
            differing.append(name)
    stamp.remove(_kept(config.layout))
    if differing:
        stamp.remove(second.out / "work")
        shutil.move(second.out, _kept(config.layout))
        _diffoscope(out, _kept(config.layout), differing)
    return Counts(len(names) - len(differing), len(differing))


def _diffoscope(first: Path, second: Path, names: Sequence[str]) -> None:
    """What it says of the smallest archive that differs."""
    name = min(names, key=lambda name: (
        ".tar." not in name, (first / name).stat().st_size))
    argv = ["diffoscope", "--max-text-report-size=20000",
            str(first / name), str(second / name)]
    print(f"\n{' '.join(argv)}", flush=True)
    try:
        subprocess.run(argv, stdin=subprocess.DEVNULL, timeout=_DIFFOSCOPE)
    except FileNotFoundError:
        print("diffoscope is not installed: it would tell more", flush=True)
    except subprocess.TimeoutExpired:
        print(f"stopped after {_DIFFOSCOPE} seconds", flush=True)
