"""`make check`: the tools on this machine, then what they have made.

tools: ruff, mypy and the unit tests, with packages of our own choice.
distribution: the finished archive, unpacked far from where it was built
and run by an ordinary user with an empty environment.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from standalone import aside, front, host, metadata, stamp, summary, unpack
from standalone.config import Config
from standalone.counts import (
    Counts,
    junit_counts,
    junit_results,
    unittest_counts,
)
from standalone.errors import UsageError
from standalone.paths import ROOT, TOOLS, cache_dir
from standalone.run import environment

REQUIREMENTS = TOOLS / "requirements-dev.txt"
RUNTIME = "test_standalone_runtime"

#: CPython's own tests of what we link in, relocate or configure.
SELECTION = (
    "test_asyncio.test_ssl", "test_asyncio.test_subprocess",
    "test_build_details", "test_bz2", "test_capi", "test_cmd_line",
    "test_concurrent_futures.test_init", "test_concurrent_futures.test_wait",
    "test_ctypes", "test_curses", "test_dbm", "test_dbm_ndbm", "test_decimal",
    "test_embed", "test_ensurepip", "test_faulthandler", "test_getpath",
    "test_hashlib", "test_hmac", "test_httplib", "test_json", "test_locale",
    "test_lzma", "test_mmap", "test_multiprocessing_forkserver.test_misc",
    "test_multiprocessing_spawn.test_processes", "test_os",
    "test_posix", "test_posixpath", "test_pty", "test_pyexpat", "test_pyrepl",
    "test_readline", "test_repl", "test_runpy", "test_signal", "test_site",
    "test_socket", "test_sqlite3", "test_ssl", "test_subprocess", "test_sys",
    "test_sysconfig", "test_tarfile", "test_time", "test_unicodedata",
    "test_urllib2_localnet", "test_uuid", "test_venv", "test_xml_etree",
    "test_zipfile", "test_zipimport", "test_zlib", "test_zoneinfo",
)
# Whatever else regrtest knows wants the network, a display or much time.
_RESOURCES = "curses,subprocess"
_NOBODY = 65534                  # by convention, on every Linux


def check(what: str, config: Config) -> Counts:
    """Run *what*: "tools", "distribution", or "all" with the build
    between them.  Prints the counts as the last line."""
    counts = Counts()
    if what != "distribution":
        counts += tools(config)
    if what == "all":
        front.build(config)
    if what != "tools":
        counts += distribution(config)
    print(f"\n{counts}", flush=True)
    return counts


def tools(config: Config) -> Counts:
    """ruff, mypy and the unit tests, run by this Python."""
    with front.lock(config):
        front.prepare(config)
        python = _python(config)
    tests = ROOT / "Lib" / "test" / "test_tools"
    runtime = ROOT / "Lib" / "_standalone_runtime"
    ours = [path for path in (
        TOOLS, runtime, ROOT / "Lib" / "test" / RUNTIME,
        tests / "test_standalone") if path.exists()]
    typed = ["-p", "standalone"]
    if runtime.exists():
        typed += ["-p", runtime.name]
    env = environment(extra={
        "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(TOOLS.parent),
        # A real CPython for those tests that want one.
        "STANDALONE_TEST_TREE": str(config.pristine)})
    linted = _command(
        [str(_packages(config) / "bin" / "ruff"), "check", "--no-cache",
         "--config", str(TOOLS / "ruff.toml"), *map(str, ours)], env)
    checked = _command(
        [python, "-m", "mypy", "--config-file", str(TOOLS / "mypy.ini"),
         "--cache-dir", str(config.layout.work / "check" / "mypy"), *typed],
        env)
    return linted + checked + _unit_tests(python, tests, env)


def _packages(config: Config) -> Path:
    return config.layout.work / "check" / "packages"


def _python(config: Config) -> str:
    """This Python, in an environment that has the host's packages and
    those of requirements-dev.txt, and so have those that a test starts."""
    packages, downloads = _packages(config), cache_dir() / "downloads"
    sources = Path(config.sources) if config.sources else None
    if not stamp.is_fresh(packages, host.key(REQUIREMENTS)):
        host.download_wheels(config.pristine, downloads, sources,
                             REQUIREMENTS)
        host.install(config.pristine, downloads, packages, REQUIREMENTS)
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


def _unit_tests(python: str, tests: Path,
                env: dict[str, str]) -> Counts:
    """unittest's output as it comes, and its numbers out of the end."""
    print("\nunit tests of the tools", flush=True)
    child = subprocess.Popen(
        [python, "-m", "unittest", "discover", "-s",
         str(tests / "test_standalone"), "-t", str(tests)],
        env=env, cwd=ROOT, text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert child.stdout is not None
    end = ""
    for line in child.stdout:
        print(line, end="", flush=True)
        end = (end + line)[-2000:]
    return unittest_counts(end, child.wait())


def distribution(config: Config) -> Counts:
    """The archive, after it was moved, tested by itself."""
    if config.machine.machine != os.uname().machine:
        raise UsageError(f"{config.target} does not run on this machine")
    expected = tomllib.loads((TOOLS / "expected_failures.toml").read_text(
        encoding="utf-8"))["failure"]
    with (terminable(), front.lock(config), _scratch() as scratch,
          moved(config, scratch) as tree):
        runtime = [f"{RUNTIME}.{path.stem}" for path in sorted(
            tree.glob(f"lib/python3.*/test/{RUNTIME}/test_*.py"))]
        names = [*runtime, *_present(tree)]
        with aside.aside(config.layout.work):
            code = _regrtest(tree, scratch, [*names, *(
                f"--ignore={entry['test']}" for entry in expected)])
            return junit_counts(_report(scratch), names, code) + sum(
                (_expected_failure(tree, scratch, **entry)
                 for entry in expected), Counts())


def _present(tree: Path) -> list[str]:
    """Those of SELECTION that this version of CPython has."""
    tests = next(tree.glob("lib/python3.*/test"))
    return [name for name in SELECTION
            if list(tests.glob(name.replace(".", "/") + "*"))]


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM and SIGHUP end the body as Ctrl-C does."""
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt
    before = {number: signal.signal(number, interrupt)
              for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    """A directory of whoever runs the tests, with an awkward name."""
    top = Path(tempfile.mkdtemp(prefix="standalone-"))
    try:
        scratch = top / "mövéd elsewhere"
        for directory in (top, scratch, scratch / "home", scratch / "tmp"):
            directory.mkdir(exist_ok=True)
            if os.geteuid() == 0:
                os.chown(directory, _NOBODY, _NOBODY)
        yield scratch
    finally:
        stamp.remove(top)


@contextlib.contextmanager
def moved(config: Config, scratch: Path) -> Iterator[Path]:
    """What is shipped, with the tests added, and read-only."""
    layout = config.layout
    try:
        names = summary.read_sums(layout.stage("archive") / "SHA256SUMS")
    except OSError as exc:
        raise UsageError("nothing to check has been built",
                         hint="make standalone") from exc
    [name] = [name for name in names
              if name.endswith("-install_only_stripped.tar.gz")]
    tree = scratch / "python"
    unpack.unpack(layout.out / name, tree)
    add_tests(layout.stage("tree") / "install", tree)
    for parent, _, _ in os.walk(tree):
        os.chmod(parent, 0o555)
    yield tree


def add_tests(built: Path, tree: Path) -> None:
    """The test packages, which are in the full archive alone."""
    [library] = (path for path in built.glob("lib/python3.*")
                 if path.is_dir())
    target = tree / library.relative_to(built)
    for package in metadata.TEST_PACKAGES:
        place = package.replace(".", "/")
        shutil.copytree(library / place, target / place, symlinks=True)
    for pattern in metadata.TEST_EXTENSIONS:
        for path in library.glob(f"lib-dynload/{pattern}.*so"):
            shutil.copy2(path, target / "lib-dynload")


def _regrtest(tree: Path, scratch: Path, arguments: Sequence[str],
              output: IO[bytes] | None = None) -> int:
    """Run CPython's test runner in the moved tree; its exit code."""
    _report(scratch).unlink(missing_ok=True)
    root = os.geteuid() == 0
    child = subprocess.Popen(
        [str(tree / "bin" / "python3"), "-m", "test",
         f"-j{len(os.sched_getaffinity(0))}", f"-u{_RESOURCES}",
         "--timeout=600", f"--tempdir={scratch / 'tmp'}",
         f"--junit-xml={_report(scratch)}", *arguments],
        env={"HOME": str(scratch / "home"), "PATH": "/usr/bin:/bin",
             "TERM": "xterm-256color"},
        cwd=scratch / "home", stdin=subprocess.DEVNULL, stdout=output,
        stderr=output and subprocess.STDOUT,
        user=_NOBODY if root else None, group=_NOBODY if root else None,
        extra_groups=[] if root else None)
    try:
        return child.wait()
    except BaseException:
        child.send_signal(signal.SIGINT)
        child.wait()
        raise


def _expected_failure(tree: Path, scratch: Path, test: str,
                      reason: str) -> Counts:
    """A test that still fails; else it has no place in the list."""
    name = test.partition("*")[0].removeprefix("test.").rstrip(".")
    with tempfile.TemporaryFile() as output:
        _regrtest(tree, scratch, [name, f"--match={test}"], output)
        results = set(junit_results(_report(scratch)).values())
        if "failed" in results and "passed" not in results:
            print(f"fails as expected: {test}\n  {' '.join(reason.split())}",
                  flush=True)
            return Counts(passed=1)
        output.seek(0)
        print(output.read().decode(errors="replace"))
    print(f"expected_failures.toml: {test} does not fail", flush=True)
    return Counts(failed=1)


def _report(scratch: Path) -> Path:
    return scratch / "home" / "report.xml"
