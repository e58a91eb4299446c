"""What `make standalone` does before the graph: check, fetch, plan.

Then it becomes the make that runs the graph, still holding the lock.
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
from standalone.pipeline import hidden_work, plan, summary
from standalone.request import Config
from standalone.sources import fetch, host, pins, unpack


@contextlib.contextmanager
def lock(layout: Layout) -> Iterator[int]:
    """Hold the lock of OUT; wait, and say so, while another has it.

    The lock is on an open file, so a killed build does not keep it.
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
    """OUT/work leads to the work directory where that had to be put
    elsewhere, see `layout.work_dir`."""
    link = layout.out / "work"
    if layout.work != link.resolve():
        link.unlink(missing_ok=True)
        link.symlink_to(layout.work)


def prepare(config: Config) -> None:
    """Have CPython, the sources and the host's packages at hand."""
    _cpython(config)
    _sources(config)
    packages(config)


def packages(config: Config) -> None:
    """Have the host's packages at hand; of CPython its pip alone is
    needed for that, and nothing if they are there."""
    if not stamp.is_fresh(config.layout.host, host.key()):
        _cpython(config)
        host.download_wheels(config.pristine, downloads(), config.source_dir)
        host.install(config.pristine, downloads(), config.layout.host)


def _cpython(config: Config) -> None:
    """The pristine tree, if its version was asked for."""
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
    """Links to the verified sources, by name, below fetched/."""
    fetched = config.layout.fetched
    missing = [pin for pin in config.wanted
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
    """Is there a link to a file that the cache keeps under its hash?

    The stage that unpacks it looks at the bytes themselves.
    """
    return link.exists() and any(
        sha256[:12] in link.readlink().name for sha256 in hashes)


def download(config: Config) -> None:
    """`make standalone-fetch`: afterwards nothing is downloaded."""
    host.check(config.toolchain)
    with lock(config.layout):
        prepare(config)


def build(config: Config) -> None:
    """`make standalone`: everything up to the archives in OUT."""
    host.check(config.toolchain)
    with lock(config.layout) as descriptor:
        _refuse_to_replace(config.layout.out, config.name, {
            "toolchain": config.toolchain, "options": config.options})
        prepare(config)
        plan.write(config)
        _forget_removed_archives(config.layout)
        _graph(config.layout.work, config.jobs, descriptor)
        _show_table(config.layout, config.platform.libc)


def clean(layout: Layout) -> None:
    """Remove OUT/work; the archives in OUT stay, and so does the cache."""
    with lock(layout):
        for entry in layout.work.iterdir():
            if entry.name == "lock":
                continue         # held by us, perhaps awaited by others
            if entry.is_dir() and not entry.is_symlink():
                stamp.remove(entry)
            else:
                entry.unlink()


def _refuse_to_replace(out: Path, build: BuildName,
                       asked: Mapping[str, str]) -> None:
    """Raise UsageError if *out* has archives of this *build* that were
    made of another request: what is *asked* is not in their names."""
    made = provenance.request(out / f"{build}{provenance.SUFFIX}")
    for name, wanted in asked.items():
        if made.get(name, wanted) != wanted:
            variable = name.upper()
            raise UsageError(
                f"{out} has {build} as made with {variable}={made[name]}: "
                f"{variable}={wanted} would replace it",
                hint="choose another directory, OUT=DIR, or remove those "
                     "archives")


def _forget_removed_archives(layout: Layout) -> None:
    """Have archives made again that were taken away from OUT, or that
    another build replaced by its own."""
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


def _graph(work: Path, slots_wanted: int, lock_descriptor: int) -> None:
    """Run the graph; the lock is inherited, so that a build whose driver
    was killed still keeps others out.

    Raises StageFailed if a stage did.
    """
    env = os.environ | {"PYTHONPATH": str(TOOLS.parent),
                        "PYTHONDONTWRITEBYTECODE": "1"}
    # A make above us offers its job slots; else this one has JOBS.
    slots = jobserver() if "--jobserver" in jobserver() else ""
    jobs = [] if slots else [f"-j{slots_wanted}"]
    env["MAKEFLAGS"] = slots
    for name in ("MAKEOVERRIDES", "MFLAGS"):
        env.pop(name, None)
    failed = work / "failed"
    failed.unlink(missing_ok=True)
    stamp.remove(work / "durations")
    os.set_inheritable(lock_descriptor, True)
    done = subprocess.run(
        ["make", *jobs, "--no-print-directory", "-s",
         "-C", str(work),
         "-f", str(TOOLS / "graph.mk"),
         f"STANDALONE_PYTHON={sys.executable}"],
        env=env, close_fds=False)
    if done.returncode:
        # The stage that failed has said why, and left its exit code:
        # make has one for all.
        raise StageFailed(int(failed.read_text()) if failed.exists()
                          else BuildError.exit_code)


def _show_table(layout: Layout, libc: Libc) -> None:
    names = checksums.read(layout.stage("archive") / checksums.FILE)
    sys.stdout.write("\n" + summary.summary(
        [layout.out / name for name in names if not name.endswith(".json")],
        layout.work / "durations",
        f"{libc.title} {layout.libc.read_text()}"))
