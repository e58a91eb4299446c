"""`make check`: test the tools, then the archives that they made.

The tools are tested with ruff, mypy and unit tests, and with pinned
packages.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
import venv
from collections.abc import Sequence
from pathlib import Path

from standalone.core import stamp
from standalone.core.layout import ROOT, TOOLS, downloads
from standalone.core.process import environment
from standalone.formats import checksums
from standalone.pipeline import driver
from standalone.request import Config
from standalone.sources import host
from standalone.testing import bench, children, reproduce, testbed
from standalone.testing.product import RUNTIME, distribution
from standalone.testing.results import Counts, unittest_counts

REQUIREMENTS = TOOLS / "requirements-dev.txt"

#: Maximum seconds without output; no test may take longer.
SILENCE = 1800
_GRACE = 30                      # seconds, for tests to end

_TESTS = ROOT / "Lib" / "test" / "test_tools"


def check(what: str, config: Config) -> Counts:
    """Run the tests named by *what*; print and return the counts.

    *what* is "tools", "distribution", "chroots" (the part of
    "distribution" that runs in chroots), "frozen" (tests of frozen
    programs), or "all": the tools' tests, a build, the distribution's
    tests and a second build.
    """
    counts = Counts()
    if what in ("all", "tools"):
        counts += tools(config)
    if what == "all":
        driver.build(config)
    if what == "frozen":
        counts += archives(config, "test_frozen.py", nuitka=True)
    elif what != "tools":
        counts += distribution(config, here=what != "chroots")
    if what in ("all", "distribution"):
        counts += archives(config)
        counts += _startup(config)
    if what == "all":
        counts += reproduce.reproduce(config)
    print(f"\n{counts}", flush=True)
    return counts


def tools(config: Config) -> Counts:
    """Run ruff, mypy and the unit tests with this Python."""
    with driver.lock(config):
        driver.prepare(config)
        python = _python(config)
    runtime = ROOT / "Lib" / "_standalone_runtime"
    ours = [path for path in (
        TOOLS, runtime, ROOT / "Lib" / "test" / RUNTIME,
        _TESTS / "test_standalone", _TESTS / "test_standalone_archives")
        if path.exists()]
    typed = ["-p", "standalone"]
    if runtime.exists():
        typed += ["-p", runtime.name]
    env = environment(extra={
        "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(TOOLS.parent),
        # A real CPython for the tests that need one.
        "STANDALONE_TEST_TREE": str(config.pristine)})
    linted = _command(
        [str(_packages(config) / "bin" / "ruff"), "check", "--no-cache",
         "--config", str(TOOLS / "ruff.toml"), *map(str, ours)], env)
    checked = _command(
        [python, "-m", "mypy", "--config-file", str(TOOLS / "mypy.ini"),
         "--cache-dir", str(config.layout.work / "check" / "mypy"), *typed],
        env)
    return linted + checked + _unit_tests(
        python, _TESTS / "test_standalone", env)


def archives(config: Config, pattern: str = "test_*.py", *,
             nuitka: bool = False) -> Counts:
    """Test the archives in OUT, also with uv and other programs.

    The tests with *nuitka* take minutes.
    """
    layout = config.layout
    with driver.lock(config):
        driver.prepare(config)
        python = _python(config)
        wheels = host.download_wheels(
            config.pristine, downloads(), config.source_dir, REQUIREMENTS)
    names = checksums.read(layout.stage("archive") / checksums.FILE)
    ending = "-install_only_stripped.tar.gz"
    [name] = (name.removesuffix(ending) for name in names
              if name.endswith(ending))
    return _unit_tests(
        python, _TESTS / "test_standalone_archives", environment(
            # pyoxidizer, if it supports this machine.
            [_packages(config) / "bin"], extra={
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTHONPATH": str(TOOLS.parent),
                "STANDALONE_OUT": str(layout.out), "STANDALONE_NAME": name,
                "STANDALONE_WHEELS": str(wheels),
                **({"STANDALONE_NUITKA": "1"} if nuitka else {})}),
        pattern)


def _packages(config: Config) -> Path:
    return config.layout.work / "check" / "packages"


def _python(config: Config) -> str:
    """Return this Python in a virtual environment with our packages.

    It has the host's packages and those of requirements-dev.txt.  Programs
    that a test starts with it have them, too.
    """
    packages = _packages(config)
    if not stamp.is_fresh(packages, host.key(REQUIREMENTS)):
        host.download_wheels(config.pristine, downloads(),
                             config.source_dir, REQUIREMENTS)
        host.install(config.pristine, downloads(), packages, REQUIREMENTS)
    env = packages.with_name("env")
    wanted = stamp.key(sys.executable, sys.version)
    if not stamp.is_fresh(env, wanted):
        with stamp.output_dir(env, wanted) as scratch:
            venv.create(scratch, symlinks=True)
            [site] = scratch.glob("lib/python3*/site-packages")
            (site / "standalone.pth").write_text(
                f"{packages}\n{config.layout.host}\n")
    return str(env / "bin" / "python")


def _command(argv: Sequence[str], env: dict[str, str]) -> Counts:
    print(f"\n{Path(argv[0]).name} {' '.join(argv[1:3])}", flush=True)
    done = subprocess.run(argv, env=env, cwd=ROOT, stdin=subprocess.DEVNULL)
    return Counts(failed=1) if done.returncode else Counts(passed=1)


def _unit_tests(python: str, package: Path, env: dict[str, str],
                pattern: str = "test_*.py") -> Counts:
    """Run unit tests, show the output, and return the counts."""
    print(f"\nunit tests: {package.name}", flush=True)
    with testbed.terminable(), children.watched() as left:
        end, code = _shown([
            python, "-m", "unittest", "discover", "-s", str(package),
            "-t", str(package.parent), "-p", pattern], env)
    return unittest_counts(end, code) + children.failures(left)


def _shown(argv: Sequence[str], env: dict[str, str]) -> tuple[str, int]:
    """Show the output of a command; return its end and the exit code.

    The command is killed if it prints nothing for SILENCE seconds.
    """
    with children.interruptible():
        child = subprocess.Popen(
            argv, env=env, cwd=ROOT, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            process_group=0)
    assert child.stdout is not None
    end, until = b"", time.monotonic() + SILENCE
    try:
        while (seconds := until - time.monotonic()) > 0:
            ended = child.poll() is not None
            if select.select([child.stdout], [], [], min(1, seconds))[0]:
                data = os.read(child.stdout.fileno(), 1 << 16)
                if data:
                    sys.stdout.buffer.write(data)
                    sys.stdout.flush()
                    end = (end + data)[-2000:]
                    # Output after its end is from other processes.
                    if not ended:
                        until = time.monotonic() + SILENCE
                    continue
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(max(0, until - time.monotonic()))
                ended = child.poll() is not None
            # Processes that it left running may keep the pipe open.
            if ended:
                return end.decode(errors="replace"), child.returncode
        print(f"\nfailed: no test has ended for {SILENCE} seconds",
              flush=True)
        return "", 1
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGINT)
            children.end(child, _GRACE)
        child.stdout.close()


def _startup(config: Config) -> Counts:
    """Run the start-up benchmark; count it as one test."""
    reason = bench.unavailable()
    if reason:
        print(f"\nskipped: bench-startup: {reason}", flush=True)
        return Counts(skipped=1)
    counted = bench.startup(config)
    print(f"\n{counted}", flush=True)
    if counted.growth > bench.LIMIT:
        return Counts(failed=1)
    return Counts(passed=1)
