"""Link another interpreter from a full archive and from nothing else.

    full archive - modules + C files  →  a program for its install/bin

Objects, libraries, flags and the compiler are those that PYTHON.json names;
only the table of built-in modules and what is added are compiled.
"""

import contextlib
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from standalone.archives import full_archive
from standalone.core import interpreter, stamp
from standalone.core.errors import BuildError, UsageError
from standalone.core.layout import BUILD_PREFIX
from standalone.core.model import Command, Commands, WriteFile
from standalone.core.options import PLAIN, Options
from standalone.core.process import Runner, environment
from standalone.formats import elf
from standalone.pipeline import plan
from standalone.platforms import targets
from standalone.request import Config
from standalone.toolchain import compilers

_TABLE = """\
#include "Python.h"

{declarations}
struct _inittab _PyImport_Inittab[] = {{
{entries}
    {{0, 0}}
}};
"""


@dataclass(frozen=True)
class Change:
    """The arguments of the command line.

    *archive* is a full archive or its unpacked directory, *without* are
    modules to leave out, *additions* are C files of modules to add, and
    *program* is the file to write.
    """

    archive: Path
    without: frozenset[str]
    additions: tuple[Path, ...]          # NAME.c defines the module NAME
    program: Path


def relink(change: Change, config: Config) -> list[str]:
    """Link and test the program; return the names of built-in modules.

    Install the compiler below the work directory of *config* if it is
    missing.  Raises UsageError if the change is impossible, and BuildError
    if the compiler fails or the program does not run.
    """
    added = _added(change.additions)
    with (_scratch(change.program) as scratch,
          full_archive.opened(change.archive) as distribution):
        document = distribution.document
        config = _config(config, document, change.archive)
        modules = selected(document["build_info"]["extensions"],
                           change.without, added)
        _bring_toolchain(config, document)
        runner = Runner(config.layout.logs / "relink.log", environment(
            [config.layout.toolchain / "bin"]))
        runner.start()
        work = Work(distribution, scratch)
        runner.steps(work.compile_table(modules), "relink")
        for name, source in added.items():
            runner.steps(work.compile(source), "relink")
            _check_init(scratch / f"{name}.o", source)
        runner.steps(work.link(modules, added), "relink")
        _try(scratch / "python", distribution.path / "install", modules)
        (scratch / "python").replace(change.program)
    return sorted(modules)


def selected(extensions: Mapping[str, Any], without: Collection[str],
             added: Collection[str]) -> dict[str, str]:
    """Map the modules to build in to their init functions.

    *extensions* is from a build_info.  Raises UsageError if a module
    cannot be left out or added.
    """
    builtin = {name: variants[0] for name, variants in extensions.items()
               if "shared_lib" not in variants[0]}
    for name in sorted(without):
        if name in added:
            raise UsageError(f"cannot both add and leave out {name}")
        if name not in extensions:
            raise UsageError(f"no module {name!r} in the archive",
                             hint=f"built in are: {' '.join(builtin)}")
        if name not in builtin:
            raise UsageError(
                f"{name} is not built in",
                hint=f"remove {extensions[name][0]['shared_lib']}")
        if builtin[name]["required"]:
            raise UsageError(f"{name} is required: no interpreter starts "
                             "without it")
    for name in sorted(added):
        if name in extensions:
            raise UsageError(f"the archive already has a module {name}",
                             hint="rename the module to add")
    kept = {name: variant["init_fn"] for name, variant in builtin.items()
            if name not in without}
    return dict(sorted((kept | {
        name: f"PyInit_{name}" for name in added}).items()))


def table(modules: Mapping[str, str]) -> str:
    """Return the C code of the table of built-in modules."""
    functions = sorted({*modules.values()} - {"NULL"})
    return _TABLE.format(
        declarations="".join(f"extern PyObject *{function}(void);\n"
                             for function in functions),
        entries="\n".join(f'    {{"{name}", {function}}},'
                          for name, function in modules.items()))


@dataclass(frozen=True)
class Work:
    """The commands that make ``python`` in a directory *scratch*."""

    distribution: full_archive.Distribution
    scratch: Path

    def compile_table(self, modules: Mapping[str, str]) -> Commands:
        """Yield commands to compile config.o as CPython's makefile does."""
        info = self.distribution.document["build_info"]
        yield WriteFile(self.scratch / "config.c", table(modules))
        yield self._compile(self.scratch / "config.c",
                            info["inittab_cflags"])

    def compile(self, source: Path) -> Commands:
        """Yield the command to compile a module.

        It can use the public C API and the libraries in the archive.  The
        object is not bitcode, so that we can read its symbols.
        """
        yield self._compile(source, (
            "-fPIC", "-fvisibility=hidden", "-fno-lto",
            f"-I{self.distribution.path / 'build/include'}"))

    def _compile(self, source: Path, flags: Iterable[str]) -> Command:
        document = self.distribution.document
        include = document["python_paths"]["include"]
        return Command((
            "cc", *document["toolchain"]["compile_flags"], *flags,
            f"-I{self.distribution.path / include}",
            # Keep the directory out of the debug information.
            f"-ffile-prefix-map={source.parent}={BUILD_PREFIX}",
            "-c", str(source), "-o", f"{source.stem}.o"), self.scratch)

    def link(self, modules: Mapping[str, str],
             added: Iterable[str]) -> Commands:
        """Yield the command to link the program from the archive."""
        document = self.distribution.document
        info = document["build_info"]
        parts = [info["core"], *(
            info["extensions"][name][0] for name in modules
            if name in info["extensions"])]
        objects = _once(obj for part in parts for obj in part["objs"]
                        if obj != info["inittab_object"])
        links = [link for part in parts for link in part["links"]]
        yield Command((
            "cc", *document["toolchain"]["link_flags"],
            f"-Wl,--version-script={info['interpreter']['version_script']}",
            "-o", str(self.scratch / "python"),
            info["interpreter"]["main_object"], *objects,
            str(self.scratch / "config.o"),
            *(str(self.scratch / f"{name}.o") for name in added),
            # Outside of a group, GNU ld reads each archive only once.
            "-Wl,--start-group",
            *_once(link["path_static"] for link in links
                   if "path_static" in link),
            "-Wl,--end-group",
            *_once(f"-l{link['name']}" for link in links
                   if link.get("system"))), self.distribution.path)


def _once(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))


def _added(sources: Sequence[Path]) -> dict[str, Path]:
    """Map the modules to add to their C files."""
    added: dict[str, Path] = {}
    for source in sources:
        name = source.stem
        if source.suffix != ".c" or not name.isidentifier():
            raise UsageError(f"cannot add {source}: its name must be NAME.c, "
                             "after the module NAME")
        if not source.is_file():
            raise UsageError(f"no such file: {source}")
        if name in added:
            raise UsageError(f"two modules {name}: {added[name]}, {source}")
        added[name] = source.resolve()
    return added


@contextlib.contextmanager
def _scratch(program: Path) -> Iterator[Path]:
    """Make a temporary directory on the file system of *program*."""
    if program.is_dir():
        raise UsageError(f"{program} is a directory",
                         hint="name the program: -o DIRECTORY/python")
    try:
        scratch = tempfile.TemporaryDirectory(
            prefix=".relink-", dir=program.absolute().parent)
    except OSError as exc:
        raise UsageError(f"cannot write {program}: {exc.strerror}") from exc
    with scratch as name:
        yield Path(name)


def _config(config: Config, document: Mapping[str, Any],
            archive: Path) -> Config:
    """Return *config* with the target and toolchain of the archive."""
    if ("toolchain" not in document
            or "interpreter" not in document["build_info"]):
        raise UsageError(f"PYTHON.json of {archive} does not say how it was "
                         "linked: it is not of `make standalone`")
    targets.check_runs_here(targets.find(document["target_triple"]))
    named = document["toolchain"]["name"]
    compilers.check(named, Options.parse(PLAIN))
    return replace(config, target=document["target_triple"],
                   toolchain=named)


def _bring_toolchain(config: Config, document: Mapping[str, Any]) -> None:
    """Install the compiler and the sysroot if they fit the archive."""
    layout = config.layout
    format_ = document["build_info"]["object_file_format"]
    if format_ != "elf":
        raise UsageError(f"the archive's objects are {format_}, not ELF",
                         hint="it was made by an older version of `make "
                         "standalone`: build it again")
    key = plan.toolchain(config)
    if not stamp.is_fresh(layout.toolchain, key):
        compilers.run(config, key)


def _check_init(obj: Path, source: Path) -> None:
    facts = elf.read(obj)
    if not facts or f"PyInit_{source.stem}" not in facts.inits:
        raise UsageError(f"{source} does not define PyInit_{source.stem}",
                         hint="a module has the name of its file")


def _try(program: Path, home: Path, modules: Mapping[str, str]) -> None:
    """Raise BuildError if *program* does not start with these modules."""
    names = interpreter.native(program).prints(
        "-S", "-B", "-c", "import sys; print(*sys.builtin_module_names)",
        env={"PYTHONHOME": str(home)}).split()
    if {*names} != {*modules}:
        raise BuildError("the new interpreter has other modules built in: "
                         + " ".join(sorted({*names} ^ {*modules})))
