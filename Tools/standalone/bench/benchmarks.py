"""The benchmarks of pyperformance, and its pinned packages.

Their scripts need only pyperf, which is put on Python's path: nothing is
installed into either Python, and both run the same files.  A benchmark that
needs more packages runs if they are pinned in requirements-bench.txt.
https://pyperformance.readthedocs.io/custom_benchmarks.html
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from standalone.core.errors import FetchError, UsageError
from standalone.core.layout import TOOLS, downloads
from standalone.request import Config
from standalone.sources import host

REQUIREMENTS = TOOLS / "requirements-bench.txt"

MODES = ("quick", "full")
#: What `MODE=quick` runs: different kinds of programs that take little time.
QUICK = (
    "async_generators", "async_tree", "chaos", "comprehensions", "coroutines",
    "deepcopy", "deltablue", "fannkuch", "float", "generators", "go",
    "hexiom", "json_dumps", "json_loads", "logging", "nbody", "nqueens",
    "pathlib", "pickle", "pickle_pure_python", "pidigits", "pyflate",
    "raytrace", "regex_compile", "regex_v8", "richards", "scimark",
    "spectral_norm", "sqlite_synth", "typing_runtime_protocols", "unpickle",
    "xml_etree")


@dataclass(frozen=True)
class Benchmark:
    """A script and its options; it may measure several things."""

    name: str
    script: Path
    options: tuple[str, ...]
    needs: tuple[str, ...]       # packages besides pyperf, normalized
    since: tuple[int, int]       # the first feature version it runs with

    @property
    def vendored(self) -> tuple[Path, ...]:
        """Directories of modules that come with the script."""
        path = self.script.parent / "vendor" / "src"
        return (path,) if path.is_dir() else ()


def install(config: Config, packages: Path) -> None:
    """Install pyperf and pyperformance in the directory *packages*.

    Raises FetchError if they are neither downloaded nor can be.
    """
    try:
        host.download_wheels(config.pristine, downloads(), config.source_dir,
                             REQUIREMENTS)
        host.install(config.pristine, downloads(), packages, REQUIREMENTS)
    except FetchError as exc:
        _, _, reason = exc.message.partition(": ")
        raise FetchError(f"no pyperf and pyperformance: {reason}", hint=(
            f"or put the wheels that {REQUIREMENTS.name} pins into a "
            "directory and pass it as SOURCES=DIR")) from exc


def load(packages: Path) -> dict[str, Benchmark]:
    """Return the benchmarks of the pyperformance in *packages*, by name."""
    directory = packages / "pyperformance" / "data-files" / "benchmarks"
    manifest = (directory / "MANIFEST").read_text(encoding="utf-8")
    found = re.findall(r"(?m)^(\w+)\t<local(?::(\w+))?>$", manifest)
    return {name: _benchmark(directory, name, parent)
            for name, parent in found}


def _benchmark(directory: Path, name: str, parent: str) -> Benchmark:
    home = directory / f"bm_{parent or name}"
    settings = home / (f"bm_{name}.toml" if parent else "pyproject.toml")
    data = tomllib.loads(settings.read_text(encoding="utf-8"))
    pinned = home / "requirements.txt"
    lines = (pinned.read_text(encoding="utf-8").splitlines()
             if pinned.exists() else [])
    since = re.search(r">=\s*(\d+)\.(\d+)",
                      data.get("project", {}).get("requires-python", ""))
    return Benchmark(
        name, home / "run_benchmark.py",
        tuple(data["tool"]["pyperformance"].get("extra_opts", ())),
        tuple(_normal(found[0]) for line in lines
              if (found := re.match(r"[\w.-]+", line))),
        (int(since[1]), int(since[2])) if since else (3, 0))


def choose(known: dict[str, Benchmark], mode: str, words: str) -> list[str]:
    """Return the names of the benchmarks to run.

    *words* are names, which take precedence over *mode*.  Raises UsageError
    if one is unknown.
    """
    if unknown := [name for name in words.split() if name not in known]:
        raise UsageError(f"unknown BENCHMARKS: {' '.join(unknown)}",
                         hint=f"known: {' '.join(known)}")
    if words.split():
        return list(dict.fromkeys(words.split()))
    return [name for name in known if mode == "full" or name in QUICK]


def check_mode(mode: str) -> str:
    """Return MODE, by default quick.  Raises UsageError."""
    if mode and mode not in MODES:
        raise UsageError(f"unknown MODE: {mode}",
                         hint=f"known: {' '.join(MODES)}")
    return mode or MODES[0]


def unsuitable(benchmark: Benchmark, feature: Sequence[int]) -> str:
    """Return why *benchmark* cannot run with a Python, or ""."""
    pinned = {_normal(name) for name in re.findall(
        r"(?m)^([\w.-]+)==", REQUIREMENTS.read_text(encoding="utf-8"))}
    if missing := [name for name in benchmark.needs if name not in pinned]:
        return f"needs {', '.join(missing)}"
    if tuple(feature) < benchmark.since:
        return "needs Python {}.{}".format(*benchmark.since)
    return ""


def _normal(name: str) -> str:
    """https://packaging.python.org/specifications/name-normalization/"""
    return re.sub(r"[-_.]+", "-", name).lower()
