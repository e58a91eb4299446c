"""Drive `make standalone`: check the host, fetch, plan, and run the graph.

The graph runs in another make, which inherits the lock.
"""

import contextlib
import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from standalone.core import stamp
from standalone.core.errors import BuildError, StageFailed, UsageError
from standalone.core.layout import TOOLS, Layout, downloads
from standalone.core.platform import Libc
from standalone.core.process import jobserver
from standalone.documents import provenance
from standalone.formats import checksums
from standalone.formats.names import BuildName
from standalone.pipeline import hidden_work, plan, record, stages, summary
from standalone.request import Config, with_fetched_default
from standalone.sources import fetch, host, pins, unpack
from standalone.toolchain import compilers, jit


@contextlib.contextmanager
def lock(layout: Layout) -> Iterator[int]:
    """Hold the lock of OUT; print a message if that means to wait.

    The kernel releases the lock when a build is killed.  Raises UsageError
    if OUT is not writable.
    """
    work, out = layout.work, layout.out
    try:
        out.mkdir(parents=True, exist_ok=True)
        place = hidden_work.current(work)
        place.mkdir(parents=True, exist_ok=True)
        _link_work(layout)
        descriptor = os.open(place / "lock", os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as exc:
        raise UsageError(f"cannot write to OUT={out}: {exc.strerror}",
                         hint="choose another directory: OUT=DIR") from exc
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting for another `make standalone` on {out}",
                  file=sys.stderr, flush=True)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        hidden_work.put_back(work)
        yield descriptor
    finally:
        os.close(descriptor)


def _link_work(layout: Layout) -> None:
    """Make OUT/work a link if the work directory is elsewhere.

    `layout.work_dir` says when that is the case.
    """
    link = layout.out / "work"
    if layout.work != link.resolve():
        link.unlink(missing_ok=True)
        link.symlink_to(layout.work)


def fetch_default(config: Config) -> Config:
    """Return *config* with the first default CPython that can be fetched.

    The user has named no CPython.  A tree with the overlay stays.
    """
    host.check(config.toolchain)
    with lock(config.layout):
        return with_fetched_default(config)


def prepare(config: Config) -> None:
    """Fetch CPython, the sources and the host's packages if needed."""
    compilers.check_version(config.chain, config.variant.options)
    cpython(config)
    _sources(config)
    packages(config)


def packages(config: Config) -> None:
    """Make the host's packages importable.

    They are installed if they are missing or outdated.  Only then is CPython
    needed, because its bundled pip installs them.
    """
    for place, required in requirements(config).items():
        if not stamp.is_fresh(place, host.key(required)):
            cpython(config)
            host.download_wheels(config.pristine, downloads(),
                                 config.source_dir, required)
            host.install(config.pristine, downloads(), place, required)
    if str(config.layout.host) not in sys.path:
        sys.path.append(str(config.layout.host))


def requirements(config: Config) -> dict[Path, Path]:
    """Return directory → the requirements that are installed there.

    With a JIT, CPython must have been fetched.
    """
    layout = config.layout
    return {layout.host: host.REQUIREMENTS} | jit.packages(
        layout, config.pristine, config.variant.options)


def cpython(config: Config) -> None:
    """Fetch and unpack CPython, unless the user gave a tree."""
    if config.is_pinned:
        pin = pins.cpython_pin(config.version)
        wanted = stamp.key([file.sha256 for file in pin.files])
        if not stamp.is_fresh(config.pristine, wanted):
            archive = fetch.fetch(
                [pin], downloads(), config.source_dir)[pin.name]
            stamp.remove(config.pristine)
            unpack.unpack(archive, config.pristine)
            (config.pristine / stamp.KEY).write_text(wanted)


def _sources(config: Config) -> None:
    """Fetch the sources, and link to them by name in fetched/."""
    fetched = config.layout.fetched
    missing = [pin for source in config.wanted for pin in source.parts()
               if not _is_fetched(fetched / pin.name,
                                  [file.sha256 for file in pin.files])]
    if not missing:
        return
    fetched.mkdir(exist_ok=True)
    for name, path in fetch.fetch(missing, downloads(), config.source_dir,
                                  tree=config.pristine).items():
        link = fetched / name
        link.unlink(missing_ok=True)
        link.symlink_to(path)


def _is_fetched(link: Path, hashes: list[str]) -> bool:
    """Return whether *link* leads to a cached file with one of *hashes*.

    Only the name is compared; the stage that unpacks it verifies the hash.
    """
    return link.exists() and any(
        sha256[:12] in link.readlink().name for sha256 in hashes)


def download(config: Config) -> None:
    """Run `make standalone-fetch`, so that a build works offline."""
    host.check(config.toolchain)
    with lock(config.layout):
        prepare(config)


def build(config: Config) -> None:
    """Run `make standalone`, which writes the archives to OUT."""
    host.check(config.toolchain)
    with lock(config.layout) as descriptor:
        _refuse_to_replace(config.layout.out, config.name, {
            "toolchain": config.toolchain, "options": config.options})
        _make(config, descriptor, "graph")
        _show_table(config.layout, config.platform.libc)


def _make(config: Config, lock_descriptor: int, goal: str) -> None:
    """Fetch, plan and run the graph up to a *goal*; record when."""
    kept = record.place(config.layout)
    with record.build(kept, str(config.name)):
        with record.run(kept, "fetch"):
            prepare(config)
        with record.run(kept, "plan"):
            plan.write(config)
            if goal == "graph":
                _forget_removed_archives(config.layout)
            _record_plan(config, kept)
        _graph(config.layout.work, config.jobs, lock_descriptor, kept, goal)


def _record_plan(config: Config, kept: Path) -> None:
    """Record what each stage waits for, and which are up to date."""
    tasks = list(stages.tasks(config.recipes))
    first, last = record.PHASES
    record.planned(kept, {first: (), last: (first,)} | {
        task.title: task.needs or (last,) for task in tasks}, [
        task.title for task in tasks if stamp.is_fresh(
            task.stage.output(config.layout, task.dependency),
            plan.read(config.layout, task.stage.name, task.dependency))])


def tree(config: Config) -> Path:
    """Build the relocatable tree, without validation and archives.

    Return its directory, which belongs to the build: copy what you change.
    """
    host.check(config.toolchain)
    with lock(config.layout) as descriptor:
        _make(config, descriptor, "tree")
    return config.layout.stage("tree") / "install"


def clean(layout: Layout) -> None:
    """Remove the contents of OUT/work; keep the archives and the cache."""
    with lock(layout):
        for entry in layout.work.iterdir():
            if entry.name == "lock":
                continue         # we hold it, and others may wait for it
            if entry.is_dir() and not entry.is_symlink():
                stamp.remove(entry)
            else:
                entry.unlink()


def _refuse_to_replace(out: Path, build: BuildName,
                       asked: Mapping[str, str]) -> None:
    """Raise UsageError if *out* has archives of another request.

    *build* is their name, which does not include the values *asked* for.
    """
    made = provenance.request(out / f"{build}{provenance.SUFFIX}")
    for name, wanted in asked.items():
        if made.get(name, wanted) != wanted:
            variable = name.upper()
            raise UsageError(
                f"{out} has {build} built with {variable}={made[name]}; "
                f"{variable}={wanted} would replace it",
                hint="choose another directory, OUT=DIR, or remove those "
                     "archives")


def _forget_removed_archives(layout: Layout) -> None:
    """Make the archive stage run again if its archives are gone from OUT.

    They were removed, or replaced by those of another build.
    """
    out, made = layout.out, layout.stage("archive")
    try:
        ours = checksums.read(made / checksums.FILE)
        there = checksums.read(out / checksums.FILE)
    except (OSError, ValueError):
        ours, there = {}, {}
    if not ours or any(there.get(name) != sha256
                       or not (out / name).exists()
                       for name, sha256 in ours.items()):
        (made / stamp.KEY).unlink(missing_ok=True)


def _graph(work: Path, slots_wanted: int, lock_descriptor: int,
           kept: Path, goal: str) -> None:
    """Run the graph up to a *goal*.  Raises StageFailed if a stage fails.

    make inherits the lock, so that no other build can start while the
    graph runs, even if the driver was killed.  The stages add to the
    record *kept*.
    """
    env = os.environ | {"PYTHONPATH": str(TOOLS.parent),
                        "PYTHONDONTWRITEBYTECODE": "1",
                        record.VARIABLE: str(kept)}
    # Share the job slots of a parent make; without one, use JOBS.
    slots = jobserver() if "--jobserver" in jobserver() else ""
    jobs = [] if slots else [f"-j{slots_wanted}"]
    env["MAKEFLAGS"] = slots
    for name in ("MAKEOVERRIDES", "MFLAGS"):
        env.pop(name, None)
    failed = work / "failed"
    failed.unlink(missing_ok=True)
    os.set_inheritable(lock_descriptor, True)
    done = subprocess.run(
        ["make", *jobs, "--no-print-directory", "-s",
         "-C", str(work),
         "-f", str(TOOLS / "graph.mk"),
         f"STANDALONE_PYTHON={sys.executable}", goal],
        env=env, close_fds=False)
    if done.returncode:
        # The stage that failed has reported the error and written its
        # exit code to a file, because make always exits with 2.
        raise StageFailed(int(failed.read_text()) if failed.exists()
                          else BuildError.exit_code)


def _show_table(layout: Layout, libc: Libc) -> None:
    names = checksums.read(layout.stage("archive") / checksums.FILE)
    sys.stdout.write("\n" + summary.summary(
        [layout.out / name for name in names if not name.endswith(".json")],
        record.read(record.place(layout)).runs,
        f"{libc.title} {layout.libc.read_text()}"))
