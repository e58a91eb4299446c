"""`make check`: test the tools, then the archives that they made.

The tools are tested with ruff, mypy and unit tests, and with pinned
packages.
"""

import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from standalone.core import stamp
from standalone.core.layout import ROOT, TOOLS, Layout, downloads
from standalone.core.options import DEFAULT, PLAIN
from standalone.core.process import environment
from standalone.formats import checksums, names
from standalone.formats.tree import InstalledTree
from standalone.pipeline import driver
from standalone.request import Config
from standalone.sources import host
from standalone.testing import reproduce, startup, units
from standalone.testing.product import RUNTIME, distribution
from standalone.testing.results import Counts

REQUIREMENTS = TOOLS / "requirements-dev.txt"
#: The tests of `make bench` find these packages in the cache.
BENCHMARKS = TOOLS / "requirements-bench.txt"

_TESTS = ROOT / "Lib" / "test" / "test_tools"


def check(what: str, config: Config) -> Counts:
    """Run the tests that *what* names and print the counts as last line.

    "tools", "distribution" and the part of it that runs in "chroots";
    "all" runs both, builds between them and builds again at the end.
    "frozen" and "killed" run one module, with the parts that take minutes.
    """
    counts = Counts()
    if what in ("all", "tools"):
        counts += tools(config)
    if what == "all":
        driver.build(config)
    if what == "frozen":
        counts += archives(config, "test_frozen.py",
                           {"STANDALONE_NUITKA": "1"})
    elif what == "killed":
        counts += archives(config, "test_killed.py",
                           {"STANDALONE_KILLED": "all"})
    elif what != "tools":
        counts += distribution(config, here=what != "chroots")
    if what in ("all", "distribution"):
        counts += archives(config)
        counts += _startup(config)
    if what == "all":
        counts += reproduce.reproduce(_quick(config))
    print(f"\n{counts}", flush=True)
    return counts


def tools(config: Config) -> Counts:
    """Run ruff, mypy and the unit tests with this Python."""
    with driver.lock(config.layout):
        driver.prepare(config)
        python = _python(config)
        host.download_wheels(config.pristine, downloads(), config.source_dir,
                             BENCHMARKS)
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
        [str(_packages(config.layout) / "bin" / "ruff"), "check", "--no-cache",
         "--config", str(TOOLS / "ruff.toml"), *map(str, ours)], env)
    checked = _command(
        [python, "-m", "mypy", "--config-file", str(TOOLS / "mypy.ini"),
         "--cache-dir", str(config.layout.work / "check" / "mypy"), *typed],
        env)
    return linted + checked + units.run(
        python, _TESTS / "test_standalone", env, jobs=config.jobs)


def archives(config: Config, pattern: str = "test_*.py",
             variables: Mapping[str, str] = MappingProxyType({})) -> Counts:
    """Test what was written to OUT, also as uv and others read it.

    *variables* of the environment ask for tests that take minutes.
    """
    layout = config.layout
    with driver.lock(config.layout):
        driver.prepare(config)
        python = _python(config)
        wheels = host.download_wheels(
            config.pristine, downloads(), config.source_dir, REQUIREMENTS)
    made = checksums.read(layout.stage("archive") / checksums.FILE)
    [name] = {archive.of for archive in names.archives(made)}
    return units.run(
        python, _TESTS / "test_standalone_archives", environment(
            # pyoxidizer, if it supports this machine.
            [_packages(config.layout) / "bin"], extra={
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTHONPATH": str(TOOLS.parent),
                "STANDALONE_OUT": str(layout.out),
                "STANDALONE_NAME": str(name),
                "STANDALONE_WHEELS": str(wheels), **variables}),
        pattern, jobs=config.jobs)


def _packages(layout: Layout) -> Path:
    return layout.work / "check" / "packages"


def _python(config: Config) -> str:
    """Return this Python in a virtual environment with our packages.

    It has the host's packages and those of requirements-dev.txt.  Programs
    that a test starts with it have them, too.
    """
    packages = _packages(config.layout)
    if not stamp.is_fresh(packages, host.key(REQUIREMENTS)):
        host.download_wheels(config.pristine, downloads(),
                             config.source_dir, REQUIREMENTS)
        host.install(config.pristine, downloads(), packages, REQUIREMENTS)
    env = packages.with_name("env")
    wanted = stamp.key(sys.executable, sys.version)
    if not stamp.is_fresh(env, wanted):
        with stamp.output_dir(env, wanted) as scratch:
            venv.create(scratch, symlinks=True)
            site = InstalledTree(scratch).site_packages
            (site / "standalone.pth").write_text(
                f"{packages}\n{config.layout.host}\n")
    return str(env / "bin" / "python")


def _quick(config: Config) -> Config:
    """Return the request for two builds that are compared.

    Two default builds would take half an hour: `make standalone-reproduce`
    makes them.  Here, noopt is built instead, in a directory of its own.
    """
    words = config.variant.options
    if words.flavour != DEFAULT:
        return config
    return replace(config, options=str(words.with_flavour(PLAIN)),
                   out=str(config.layout.work / "check" / PLAIN))


def _command(argv: Sequence[str], env: dict[str, str]) -> Counts:
    print(f"\n{Path(argv[0]).name} {' '.join(argv[1:3])}", flush=True)
    done = subprocess.run(argv, env=env, cwd=ROOT, stdin=subprocess.DEVNULL)
    return Counts(failed=1) if done.returncode else Counts(passed=1)


def _startup(config: Config) -> Counts:
    """Run the start-up benchmark; count it as one test."""
    reason = startup.unavailable()
    if reason:
        print(f"\nskipped: bench-startup: {reason}", flush=True)
        return Counts(skipped=1)
    counted = startup.startup(config)
    print(f"\n{counted}", flush=True)
    if counted.growth > startup.LIMIT:
        return Counts(failed=1)
    return Counts(passed=1)
