"""The compilers that sysconfig names to builders of extensions.

1. What CC, CXX or AR say.
2. Else the first on PATH of cc, gcc, clang and their like.
3. Else that of the package ziglang, where that is installed.
4. Else a command that fails with one sentence when something is built:

    python -m _standalone_runtime.compilers CC

Options that only zig wants are part of the command that names it.
"""

import os
import sys
from importlib.machinery import PathFinder

from _standalone_runtime import bundled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from _standalone_runtime.report import Place, Resource

#: By variable: what it is, and the programs in the order they are tried.
#: The first is the one that _sysconfigdata names.
_PROGRAMS = {
    "CC": ("C compiler", ("cc", "gcc", "clang")),
    "CXX": ("C++ compiler", ("c++", "g++", "clang++")),
    "AR": ("archiver", ("ar", "gcc-ar", "llvm-ar")),
}
#: The variables of sysconfig that begin with such a command.
_BEGIN_WITH = {
    "CC": ("CC", "CPP", "LDSHARED", "BLDSHARED", "LINKCC", "MAINCC"),
    "CXX": ("CXX", "LDCXXSHARED"),
    "AR": ("AR",),
}
# Like other compilers, zig is to make code for any machine of this kind,
# where by itself it takes all that this very one can do, and to need no
# library of its own at run time, as -O0 would for checks at run time.
# https://github.com/ziglang/zig/issues/4911, /issues/4830
_ZIG = {"CC": "cc -mcpu=baseline -fno-sanitize=undefined",
        "CXX": "c++ -mcpu=baseline -fno-sanitize=undefined",
        "AR": "ar"}

# Whatever a shell or shlex.split() gives a meaning to.
_SPECIAL = frozenset(" \t\n\r\f\v'\"\\$`*?[](){}<>|&;#~!")


def commands(build_vars: dict[str, object]) -> dict[str, object]:
    """Those of *build_vars* that name another compiler now.

    A value that does not begin with the program that is shipped with
    _sysconfigdata is somebody's decision, and stays.
    """
    changed: dict[str, object] = {}
    for variable, names in _BEGIN_WITH.items():
        _, programs = _PROGRAMS[variable]
        command = choose(variable)
        for name in names:
            program, blank, rest = str(build_vars.get(name)).partition(" ")
            if program == programs[0] != command:
                changed[name] = command + blank + rest
    return changed


def choose(variable: str) -> str:
    """The command for CC, CXX or AR, as words for a shell."""
    if command := os.environ.get(variable):
        return command
    for program in _PROGRAMS[variable][1]:
        if _on_path(program):
            return program
    if zig := _zig():
        return f"{quoted(zig)} {_ZIG[variable]}"
    # Isolated: whoever builds may have changed PYTHONPATH.
    python = quoted(bundled("bin", "python3"))
    return f"{python} -I -m {__spec__.name} {variable}"


def quoted(text: str) -> str:
    """*text* as part of a word for a shell.

    Left alone as long as possible, for those who split at blanks.
    """
    if _SPECIAL.isdisjoint(text):
        return text
    # As shlex.quote() does it: that module imports three others.
    return "'" + text.replace("'", "'\"'\"'") + "'"


def _on_path(program: str) -> str | None:
    """Where it is.  shutil.which() costs the import of seven modules."""
    for directory in os.get_exec_path():
        path = os.path.join(directory, program)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


def _zig() -> str | None:
    """ziglang's program, which ``python -m ziglang`` would run.

    It is looked for without being imported, and also where packages are
    installed: pip takes those off sys.path while it builds one.
    """
    spec = PathFinder.find_spec("ziglang")
    directories = list((spec and spec.submodule_search_locations) or ())
    library = os.path.basename(os.path.dirname(os.__file__))
    for prefix in (sys.prefix, sys.base_prefix):
        directories.append(os.path.join(
            prefix, sys.platlibdir, library, "site-packages", "ziglang"))
    for directory in directories:
        zig = os.path.join(directory, "zig")
        if os.access(zig, os.X_OK):
            return zig
    return None


def main() -> int:
    """Stand in for the compiler that there is none of."""
    variable = sys.argv[1]
    what, programs = _PROGRAMS[variable]
    print(f"standalone: error: no {what}: install one of "
          f"{', '.join(programs)}, or the package ziglang with pip, or set "
          f"{variable}", file=sys.stderr)
    return 1


def inspect() -> "Resource":
    """What extensions are built with, for the doctor."""
    import sysconfig

    from _standalone_runtime.report import Resource

    named = {variable: str(sysconfig.get_config_var(variable))
             for variable in _PROGRAMS}
    none = [what for variable, (what, _) in _PROGRAMS.items()
            if __name__ in named[variable]]
    found = [f"{variable}: {command}" for variable, command in named.items()
             if __name__ not in command]
    return Resource(
        "compilers", "building extension modules",
        tuple(_places()), ", ".join(found) or None,
        "the first of each that was found" if found else
        "none is set, on PATH or installed",
        f"{', '.join(_PROGRAMS)} in the environment", needed=False,
        problems=tuple(f"no {what}" for what in none if found))


def _places() -> "Iterator[Place]":
    """What is looked for, in that order, each variable by itself."""
    from _standalone_runtime.report import Place

    zig = _zig()
    for variable, (_, programs) in _PROGRAMS.items():
        value = os.environ.get(variable)
        done = bool(value)
        yield Place(f"{variable}={value}" if value else variable,
                    "used" if value else "not set")
        for place, path in (*((program, _on_path(program))
                              for program in programs), ("ziglang", zig)):
            state = "not there" if path is None else (
                f"not used: {path}" if done else f"used: {path}")
            yield Place(place, state)
            done = done or path is not None


if __name__ == "__main__":
    sys.exit(main())
