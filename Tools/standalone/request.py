"""The user's request: checked, and stored for the stages to read."""

import json
import os
import re
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

from standalone import recipes
from standalone.core.errors import UsageError
from standalone.core.layout import ROOT, Layout, downloads, work_dir
from standalone.core.model import Pin, Recipe
from standalone.core.options import Options, Variant
from standalone.core.platform import Platform
from standalone.formats.names import BuildName
from standalone.platforms import targets
from standalone.profile import store
from standalone.sources import default, pins
from standalone.sources.version import feature_version, python_version
from standalone.toolchain import compilers
from standalone.toolchain.compilers import Toolchain

_VERSION = re.compile(r"\d+\.\d+\.\d+\w*")


@dataclass(frozen=True)
class Config:
    """A request to build.

    *cpython* is a pinned version or the directory of a source tree.
    *options* are the words that `Options` writes.
    """

    cpython: str
    target: str
    toolchain: str
    options: str
    sources: str | None
    out: str
    jobs: int
    build: int = 1               # 2 for the first respin of this version

    @property
    def is_pinned(self) -> bool:
        """Whether *cpython* is a version to fetch, not a directory."""
        return (_VERSION.fullmatch(self.cpython) is not None
                and not Path(self.cpython).is_dir())

    @property
    def source_dir(self) -> Path | None:
        """The directory SOURCES, or None."""
        return Path(self.sources) if self.sources else None

    @cached_property
    def platform(self) -> Platform:
        """The platform that TARGET names."""
        return targets.find(self.target)

    @cached_property
    def version(self) -> str:
        """CPython's version, "3.13.15"; read from the tree, if any."""
        if self.is_pinned:
            return self.cpython
        return python_version(Path(self.cpython))

    @property
    def name(self) -> BuildName:
        """The prefix of the archives' names."""
        return BuildName(self.version, self.build, self.target,
                         Options.parse(self.options).marks)

    @property
    def minor(self) -> tuple[int, int]:
        """CPython's feature version, (3, 13)."""
        return feature_version(self.version)

    @cached_property
    def variant(self) -> Variant:
        """The feature version of CPython and the words of OPTIONS."""
        return Variant(self.minor, Options.parse(self.options))

    @property
    def gpl(self) -> bool:
        """Whether dependencies under the GPL may be linked in."""
        return "gpl" in Options.parse(self.options)

    @cached_property
    def recipes(self) -> dict[str, Recipe]:
        """The recipes of all dependencies; requires the CPython tree."""
        return recipes.wanted(self.minor, self.pristine, gpl=self.gpl)

    @cached_property
    def configured(self) -> dict[str, Recipe]:
        """The recipes whose results are passed to CPython's configure."""
        return recipes.configured(self.minor, self.pristine, gpl=self.gpl)

    @property
    def wanted(self) -> list[Pin]:
        """What has to be fetched besides CPython."""
        return [self.pins[name] for name in self.recipes]

    @property
    def pins(self) -> dict[str, Pin]:
        """The pins of all dependencies, by name."""
        return pins.load()

    @cached_property
    def archives(self) -> dict[str, tuple[str, ...]]:
        """Dependency → its archives that CPython is linked with."""
        return recipes.linked(self.minor, self.pristine, gpl=self.gpl)

    @cached_property
    def layout(self) -> Layout:
        """The directories of this build."""
        out = Path(self.out)
        return Layout(out, work_dir(out), self.target, self.toolchain,
                      self.version, self.options)

    @property
    def pristine(self) -> Path:
        """The CPython source tree to build; the build does not change it."""
        if self.is_pinned:
            return self.layout.work / f"cpython-{self.version}"
        return Path(self.cpython)

    @property
    def notices(self) -> Path:
        """CPython's file with the notices of the software that it bundles.

        The copy of the source that is built does not contain Doc/.
        """
        return self.pristine / "Doc/license.rst"

    @cached_property
    def epoch(self) -> int:
        """SOURCE_DATE_EPOCH, in seconds since 1970.

        If the user has not set it, it is the mtime of the header that
        contains CPython's version.

        https://reproducible-builds.org/specs/source-date-epoch/
        """
        given = os.environ.get("SOURCE_DATE_EPOCH", "")
        if given.isdecimal():
            return int(given)
        header = self.pristine / "Include" / "patchlevel.h"
        return int(header.stat().st_mtime)

    @cached_property
    def chain(self) -> Toolchain:
        """The description of the toolchain."""
        return compilers.toolchain(self.toolchain, self.platform, self.layout)

    def save(self) -> None:
        """Write the request to a file for the stages to read."""
        plan = self.layout.plan
        plan.mkdir(parents=True, exist_ok=True)
        (plan / "config.json").write_text(json.dumps(asdict(self)))


def load(work: Path) -> Config:
    """Return the request that save() wrote below *work*.

    Raises UsageError if the file is missing or invalid, for example
    because another version of the tools wrote it.
    """
    try:
        text = (work / "plan" / "config.json").read_text()
        return Config(**json.loads(text))
    except (OSError, ValueError, TypeError) as exc:
        raise UsageError(
            f"{work} does not contain a planned build",
            hint="run `make standalone`, then pass OUT/work as --work"
            ) from exc


def check(config: Config) -> Config:
    """Return *config* with absolute paths and OPTIONS in order.

    Raises UsageError if anything in it is invalid, before any file is
    downloaded or written.
    """
    words = Options.parse(
        config.options, compilers.default_flavour(config.toolchain))
    config = replace(config, options=str(words))
    compilers.check(config.toolchain, words)
    targets.check_runs_here(targets.find(config.target))
    if config.is_pinned:
        pins.cpython_pin(config.cpython)
    elif not Path(config.cpython).is_dir():
        raise UsageError(
            f"CPYTHON={config.cpython} is neither a directory nor a version",
            hint=f"pinned versions: {', '.join(pins.cpython_versions())}")
    else:
        config = replace(config, cpython=os.path.abspath(config.cpython))
        python_version(Path(config.cpython))
    if config.source_dir and not config.source_dir.is_dir():
        raise UsageError(f"SOURCES={config.sources} is not a directory")
    words.check(config.minor)
    profile = store.wanted(config.variant)
    if profile:
        profile.check()
    return replace(
        config, out=os.path.abspath(config.out),
        sources=config.sources and os.path.abspath(config.sources))


def default_cpython(options: str = "") -> str:
    """Return what is built if the user names no CPython.

    That is the tree that contains the overlay or, outside of a tree, the
    first default version that is in the cache, else the first.
    """
    if (ROOT / "Include" / "patchlevel.h").exists():
        return str(ROOT)
    return default.cached(_defaults(options), downloads())


def with_fetched_default(config: Config) -> Config:
    """Return *config* with the first default version that can be fetched.

    A tree stays.  Raises FetchError if none can be fetched.
    """
    if not config.is_pinned:
        return config
    return replace(config, cpython=default.fetched(
        _defaults(config.options), downloads(), config.source_dir))


def _defaults(options: str) -> list[str]:
    """Return the default versions that can have *options*."""
    words, versions = Options.parse(options), pins.default_versions()
    return [version for version in versions
            if not words.unsupported(feature_version(version))
            ] or [versions[0]]


def jobs(text: str) -> int:
    """Return JOBS as a number, by default the CPUs that we may use.

    Raises UsageError if it is not a positive number.
    """
    return number("JOBS", text or str(len(os.sched_getaffinity(0))))


def number(name: str, text: str) -> int:
    """Return the value *text* of the variable *name* as a number.

    Raises UsageError if it is not a number from 1 to 999999999.
    """
    # int() rejects a number with thousands of digits.
    if not text.isdecimal() or len(text) > 9 or int(text) < 1:
        raise UsageError(f"{name}={text[:30]} is not a number of 1 or more")
    return int(text)
