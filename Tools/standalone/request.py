"""What the user asked for, checked, and written down for every stage."""

import json
import os
import re
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

from standalone import recipes
from standalone.core.errors import UsageError
from standalone.core.layout import ROOT, Layout, work_dir
from standalone.core.model import Pin, Recipe
from standalone.core.platform import Platform
from standalone.platforms import targets
from standalone.sources import pins
from standalone.sources.version import python_version
from standalone.toolchain import compilers
from standalone.toolchain.compilers import Toolchain

#: The flavours of a build, as words of PYTHON.json's build_options.
FLAVOURS = ("noopt", "lto", "debug")
#: The words of OPTIONS: a flavour, and what may be joined to it by "+".
OPTIONS = (*FLAVOURS, "gpl")

_VERSION = re.compile(r"\d+\.\d+\.\d+\w*")


@dataclass(frozen=True)
class Config:
    """One request.  *cpython* is a pinned version or a directory,
    *options* are a flavour and perhaps more, as `options` has them."""

    cpython: str
    target: str
    toolchain: str
    options: str
    sources: str | None
    out: str
    jobs: int
    build: int = 1               # of the same CPython: 2 is the first respin

    @property
    def is_pinned(self) -> bool:
        """Is CPython to be fetched, as a version that pins.toml has?"""
        return (_VERSION.fullmatch(self.cpython) is not None
                and not Path(self.cpython).is_dir())

    @property
    def source_dir(self) -> Path | None:
        """SOURCES as a path."""
        return Path(self.sources) if self.sources else None

    @cached_property
    def platform(self) -> Platform:
        """What TARGET names."""
        return targets.find(self.target)

    @cached_property
    def version(self) -> str:
        """CPython's version, "3.13.15"; from the tree if it is given."""
        if self.is_pinned:
            return self.cpython
        return python_version(Path(self.cpython))

    @property
    def release(self) -> str:
        """The version in the names of archives: 3.13.15, or 3.13.15-2."""
        return self.version + (f"-{self.build}" if self.build > 1 else "")

    @property
    def name(self) -> str:
        """What the names of its archives begin with."""
        return archive_name(self.release, self.target, self.options)

    @property
    def minor(self) -> tuple[int, int]:
        """CPython's feature version, (3, 13)."""
        major, minor = self.version.split(".")[:2]
        return int(major), int(minor)

    @property
    def flavour(self) -> str:
        """How it is compiled: one of FLAVOURS."""
        return self.options.partition("+")[0]

    @property
    def gpl(self) -> bool:
        """Is what is under the GPL linked in?"""
        return "gpl" in self.options.split("+")

    @cached_property
    def recipes(self) -> dict[str, Recipe]:
        """The dependencies that it is built with; its tree must be there
        to tell."""
        return recipes.wanted(self.minor, self.pristine, gpl=self.gpl)

    @cached_property
    def configured(self) -> dict[str, Recipe]:
        """Those among them that CPython's configure is told of."""
        return recipes.configured(self.minor, self.pristine, gpl=self.gpl)

    @property
    def pins(self) -> dict[str, Pin]:
        """All sources by name."""
        return pins.load()

    @cached_property
    def archives(self) -> dict[str, tuple[str, ...]]:
        """Dependency → the archives that CPython is linked with."""
        return recipes.linked(self.minor, self.pristine, gpl=self.gpl)

    @cached_property
    def layout(self) -> Layout:
        """Where this build's directories are."""
        out = Path(self.out)
        return Layout(out, work_dir(out), self.target, self.toolchain,
                      self.version, self.options)

    @property
    def pristine(self) -> Path:
        """The CPython tree to build, as its author left it."""
        if self.is_pinned:
            return self.layout.work / f"cpython-{self.version}"
        return Path(self.cpython)

    @cached_property
    def epoch(self) -> int:
        """SOURCE_DATE_EPOCH: the user's, else when the version of the
        CPython tree was last changed.  Seconds since 1970.

        https://reproducible-builds.org/specs/source-date-epoch/
        """
        given = os.environ.get("SOURCE_DATE_EPOCH", "")
        if given.isdecimal():
            return int(given)
        header = self.pristine / "Include" / "patchlevel.h"
        return int(header.stat().st_mtime)

    @cached_property
    def chain(self) -> Toolchain:
        """The toolchain as data."""
        return compilers.toolchain(self.toolchain, self.platform, self.layout)

    def save(self) -> None:
        """Write this down where the stages look for it."""
        plan = self.layout.plan
        plan.mkdir(parents=True, exist_ok=True)
        (plan / "config.json").write_text(json.dumps(asdict(self)))


def load(work: Path) -> Config:
    """Return what save() wrote below *work*.  Raises UsageError if it
    did not, and for what another version of it wrote."""
    try:
        text = (work / "plan" / "config.json").read_text()
        return Config(**json.loads(text))
    except (OSError, ValueError, TypeError) as exc:
        raise UsageError(
            f"no plan of a build in {work}",
            hint="--work names OUT/work, after `make standalone`") from exc


def check(config: Config) -> Config:
    """*config* with absolute paths.  Raises UsageError for what is wrong
    with it, before anything is downloaded or written."""
    config = replace(config, options=options(config.options))
    compilers.check(config.toolchain, config.flavour)
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
    return replace(
        config, out=os.path.abspath(config.out),
        sources=config.sources and os.path.abspath(config.sources))


def options(text: str) -> str:
    """OPTIONS in one order, with the flavour first: "gpl" is "noopt+gpl".

    Raises UsageError for an unknown word, and for two flavours.
    """
    words = set(text.split("+"))
    hint = (f"known: {', '.join(OPTIONS)}; gpl may be joined to one of the "
            "others: lto+gpl")
    if unknown := sorted(words.difference(OPTIONS)):
        raise UsageError(f"unknown OPTIONS {unknown[0]!r}", hint=hint)
    flavours = [word for word in FLAVOURS if word in words] or ["noopt"]
    if len(flavours) > 1:
        raise UsageError(
            f"OPTIONS={text} wants {' and '.join(flavours)} at once",
            hint=hint)
    return "+".join([*flavours, *sorted(words.difference(FLAVOURS))])


def archive_name(release: str, triple: str, options: str) -> str:
    """Return what the names of a build's archives begin with.

    OPTIONS are part of it, noopt excepted, so that builds of the same
    CPython can lie side by side: python-3.13.15-TRIPLE-lto-gpl.
    """
    words = [word for word in options.split("+") if word != "noopt"]
    return "-".join(["python", release, triple, *words])


def default_cpython() -> str:
    """The tree that the overlay was laid over, else the newest pinned."""
    if (ROOT / "Include" / "patchlevel.h").exists():
        return str(ROOT)
    return pins.cpython_versions()[0]


def jobs(text: str) -> int:
    """JOBS as a number; by default as many as this process may use."""
    return number("JOBS", text or str(len(os.sched_getaffinity(0))))


def number(name: str, text: str) -> int:
    """A variable's value that is to be a number."""
    # One of thousands of digits is more than int() takes.
    if not text.isdecimal() or len(text) > 9 or int(text) < 1:
        raise UsageError(f"{name}={text[:30]} is not a number of 1 or more")
    return int(text)
