"""Choose the compilers in sysconfig's variables, for extension modules.

1. The command in CC, CXX or AR.
2. Otherwise the first on PATH of cc, gcc, clang, or their counterparts.
3. Otherwise the compiler of the package ziglang, if it is installed.
4. Otherwise a command that prints one sentence and fails:

    python -m _standalone_runtime.compilers CC

Options that only zig needs are part of its command.
"""

import os
import sys
from importlib.machinery import PathFinder

from _standalone_runtime import bundled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from _standalone_runtime.report import Place, Resource

#: Variable → description, and the programs in the order of the search.
#: _sysconfigdata contains the first one.
_PROGRAMS = {
    "CC": ("C compiler", ("cc", "gcc", "clang")),
    "CXX": ("C++ compiler", ("c++", "g++", "clang++")),
    "AR": ("archiver", ("ar", "gcc-ar", "llvm-ar")),
}
#: Variable → sysconfig's variables that begin with its command.
_BEGIN_WITH = {
    "CC": ("CC", "CPP", "LDSHARED", "BLDSHARED", "LINKCC", "MAINCC"),
    "CXX": ("CXX", "LDCXXSHARED"),
    "AR": ("AR",),
}
# By default, zig compiles for the processor that it runs on, and with -O0 it
# adds run-time checks, which need a library of its own.  Make it behave like
# other compilers.
# https://github.com/ziglang/zig/issues/4911, /issues/4830
_ZIG = {"CC": "cc -mcpu=baseline -fno-sanitize=undefined",
        "CXX": "c++ -mcpu=baseline -fno-sanitize=undefined",
        "AR": "ar"}

# All characters that are special to a shell or to shlex.split().
_SPECIAL = frozenset(" \t\n\r\f\v'\"\\$`*?[](){}<>|&;#~!")


def commands(build_vars: dict[str, object]) -> dict[str, object]:
    """Return the variables in *build_vars* that need another compiler.

    Keep values that do not begin with the program that _sysconfigdata is
    shipped with: somebody has changed them on purpose.
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
    """Return the command for CC, CXX or AR, as words for a shell."""
    if command := os.environ.get(variable):
        return command
    for program in _PROGRAMS[variable][1]:
        if _on_path(program):
            return program
    if zig := _zig():
        return f"{quoted(zig)} {_ZIG[variable]}"
    # Isolated, because a build may have changed PYTHONPATH.
    python = quoted(bundled("bin", "python3"))
    return f"{python} -I -m {__spec__.name} {variable}"


def quoted(text: str) -> str:
    """Quote *text* as part of a word for a shell.

    Return it unchanged if possible, for programs that split at spaces.
    """
    if _SPECIAL.isdisjoint(text):
        return text
    # Like shlex.quote(), but that module imports three others.
    return "'" + text.replace("'", "'\"'\"'") + "'"


def _on_path(program: str) -> str | None:
    """Find *program* on PATH.  shutil.which() would import seven modules."""
    for directory in os.get_exec_path():
        path = os.path.join(directory, program)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


def _zig() -> str | None:
    """Find the program that ``python -m ziglang`` runs.

    Do not import the package.  Also look in site-packages, which pip removes
    from sys.path while it builds a package.
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
    """Print an error in place of a compiler that was not found."""
    variable = sys.argv[1]
    what, programs = _PROGRAMS[variable]
    print(f"standalone: error: no {what} found: install one of "
          f"{', '.join(programs)}, or the package ziglang with pip, or set "
          f"{variable}", file=sys.stderr)
    return 1


def inspect() -> "Resource":
    """Report the compilers that build extension modules."""
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
        "the first one found for each variable" if found else
        "no variable is set, and no compiler is on PATH or installed",
        f"{', '.join(_PROGRAMS)} in the environment", needed=False,
        problems=tuple(f"no {what}" for what in none if found))


def _places() -> "Iterator[Place]":
    """Yield the places for each variable, in the order of the search."""
    from _standalone_runtime.report import Place

    zig = _zig()
    for variable, (_, programs) in _PROGRAMS.items():
        value = os.environ.get(variable)
        done = bool(value)
        yield Place(f"{variable}={value}" if value else variable,
                    "used" if value else "not set")
        for place, path in (*((program, _on_path(program))
                              for program in programs), ("ziglang", zig)):
            state = "not found" if path is None else (
                f"not used: {path}" if done else f"used: {path}")
            yield Place(place, state)
            done = done or path is not None


if __name__ == "__main__":
    sys.exit(main())
