"""Another interpreter, linked from a full archive and from nothing else.

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
from standalone.core.model import Command, Commands, WriteFile
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
class Request:
    """What the command line asks for: a full archive or the directory of
    one, modules to leave out, modules to add, the program to write."""

    archive: Path
    without: frozenset[str]
    additions: tuple[Path, ...]          # NAME.c defines the module NAME
    program: Path


def relink(request: Request, config: Config) -> list[str]:
    """Link and try it; the names of all modules that it has built in.

    The compiler is installed below the work directory of *config*, if it
    is not there.  Raises UsageError for what cannot be done, BuildError
    if the compiler fails or the result does not run.
    """
    added = _added(request.additions)
    with (_scratch(request.program) as scratch,
          full_archive.opened(request.archive) as distribution):
        document = distribution.document
        config = _config(config, document, request.archive)
        modules = selected(document["build_info"]["extensions"],
                           request.without, added)
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
        (scratch / "python").replace(request.program)
    return sorted(modules)


def selected(extensions: Mapping[str, Any], without: Collection[str],
             added: Collection[str]) -> dict[str, str]:
    """Module → init function, of all that are to be built in.

    *extensions* is that of a build_info.  Raises UsageError if *without*
    and *added* cannot be had.
    """
    builtin = {name: variants[0] for name, variants in extensions.items()
               if "shared_lib" not in variants[0]}
    for name in sorted(without):
        if name in added:
            raise UsageError(f"{name} is to be added and left out")
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
            raise UsageError(f"there is a module {name} in the archive",
                             hint="give yours another name")
    kept = {name: variant["init_fn"] for name, variant in builtin.items()
            if name not in without}
    return dict(sorted((kept | {
        name: f"PyInit_{name}" for name in added}).items()))


def table(modules: Mapping[str, str]) -> str:
    """C code of the table of built-in modules."""
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
        """config.o, as CPython's makefile compiles it."""
        info = self.distribution.document["build_info"]
        yield WriteFile(self.scratch / "config.c", table(modules))
        yield self._compile(self.scratch / "config.c",
                            info["inittab_cflags"])

    def compile(self, source: Path) -> Commands:
        """A module that uses the public interface, and perhaps libraries
        that are in the archive.  Its object is no bitcode, so that one
        can see what it defines."""
        yield self._compile(source, (
            "-fPIC", "-fvisibility=hidden", "-fno-lto",
            f"-I{self.distribution.path / 'build/include'}"))

    def _compile(self, source: Path, flags: Iterable[str]) -> Command:
        document = self.distribution.document
        include = document["python_paths"]["include"]
        return Command((
            "cc", *document["toolchain"]["compile_flags"], *flags,
            f"-I{self.distribution.path / include}",
            # Where it is compiled is nobody's business.
            f"-ffile-prefix-map={source.parent}={compilers.BUILD_PREFIX}",
            "-c", str(source), "-o", f"{source.stem}.o"), self.scratch)

    def link(self, modules: Mapping[str, str],
             added: Iterable[str]) -> Commands:
        """The program, from the objects as they are in the archive."""
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
            # GNU's linker looks into each but once.
            "-Wl,--start-group",
            *_once(link["path_static"] for link in links
                   if "path_static" in link),
            "-Wl,--end-group",
            *_once(f"-l{link['name']}" for link in links
                   if link.get("system"))), self.distribution.path)


def _once(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))


def _added(sources: Sequence[Path]) -> dict[str, Path]:
    """Module → its C file."""
    added: dict[str, Path] = {}
    for source in sources:
        name = source.stem
        if source.suffix != ".c" or not name.isidentifier():
            raise UsageError(f"{source} is no NAME.c, where NAME is that of "
                             "the module")
        if not source.is_file():
            raise UsageError(f"no such file: {source}")
        if name in added:
            raise UsageError(f"two modules {name}: {added[name]}, {source}")
        added[name] = source.resolve()
    return added


@contextlib.contextmanager
def _scratch(program: Path) -> Iterator[Path]:
    """A directory beside *program*, to be renamed out of it."""
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
    """*config* for the target and the toolchain of the archive."""
    if ("toolchain" not in document
            or "interpreter" not in document["build_info"]):
        raise UsageError(f"PYTHON.json of {archive} does not say how it was "
                         "linked: it is not of `make standalone`")
    targets.check_runs_here(targets.find(document["target_triple"]))
    named = document["toolchain"]["name"]
    compilers.check(named, "")
    return replace(config, target=document["target_triple"],
                   toolchain=named)


def _bring_toolchain(config: Config, document: Mapping[str, Any]) -> None:
    """Have the compiler and the sysroot at hand, if they are right."""
    layout, wanted = config.layout, document["toolchain"]
    format_ = document["build_info"]["object_file_format"]
    if format_ != "elf":
        # What gcc writes for itself is another format, with no name here.
        ours = config.chain.object_format(
            "noopt" if config.toolchain == "gcc" else "lto")
        if format_ != ours:
            raise UsageError(
                f"the archive's objects are {format_}, and {wanted['name']} "
                f"here reads {ours}", hint=f"it was made with "
                f"{wanted['version']} and {wanted['package']}")
    key = plan.toolchain(config)
    if not stamp.is_fresh(layout.toolchain, key):
        compilers.run(config, key)


def _check_init(obj: Path, source: Path) -> None:
    facts = elf.read(obj)
    if not facts or f"PyInit_{source.stem}" not in facts.inits:
        raise UsageError(f"{source} does not define PyInit_{source.stem}",
                         hint="a module has the name of its file")


def _try(program: Path, home: Path, modules: Mapping[str, str]) -> None:
    """Does it start, and has it the modules that it ought to have?"""
    names = interpreter.native(program).prints(
        "-S", "-B", "-c", "import sys; print(*sys.builtin_module_names)",
        env={"PYTHONHOME": str(home)}).split()
    if {*names} != {*modules}:
        raise BuildError("the new interpreter has other modules built in: "
                         + " ".join(sorted({*names} ^ {*modules})))
