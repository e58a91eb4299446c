"""Print the names that depend on how a Python was built, as JSON.

debian-3.X.json has the names of Debian's python3.X: 3.13 of forky, 3.14 and
3.15 of sid.  It was made on a system with the packages idle-python3.X,
libpython3.X-testsuite (which has the extension modules of the tests),
python3.X and python3.X-gdbm, -tk, -venv by

    python3.X -I names.py > debian-3.X.json
"""

import importlib.util
import json
import sys
import sysconfig
from pathlib import Path

# Those whose names configure decides about, or a library.
MODULES = """\
_bz2 _ctypes _curses _curses_panel _dbm _decimal _elementtree _gdbm _hashlib
_locale _lzma _multiprocessing _posixshmem _posixsubprocess _remote_debugging
_socket _sqlite3 _ssl _thread _uuid _zstd binascii bz2 compression.zstd crypt
ctypes curses curses.ascii curses.panel curses.textpad dbm dbm.ndbm
dbm.sqlite3 decimal errno faulthandler fcntl grp hashlib locale lzma math mmap
multiprocessing.synchronize os posix pty pwd pyexpat readline resource select
selectors signal socket sqlite3 ssl syslog sys termios threading time tty
unicodedata uuid zlib
""".split()


def names():
    """Group of things → their names, sorted."""
    found = {}
    for module in MODULES:
        try:
            attributes = dir(importlib.import_module(module))
        except ImportError:
            continue
        found[module] = [name for name in attributes
                         if not name.startswith("__")]
    return found | dict(_beside_modules())


def _beside_modules():
    import hashlib
    import os
    import posix
    import sqlite3
    import ssl

    yield "hashlib.algorithms_available", sorted(hashlib.algorithms_available)
    yield "posix._have_functions", sorted(posix._have_functions)
    for name in ("supports_dir_fd", "supports_effective_ids", "supports_fd",
                 "supports_follow_symlinks"):
        yield f"os.{name}", sorted(
            function.__name__ for function in getattr(os, name))
    for name in ("confstr_names", "pathconf_names", "sysconf_names"):
        yield f"os.{name}", sorted(getattr(os, name))
    database = sqlite3.connect(":memory:")
    for name in ("compile_options", "function_list", "module_list"):
        yield f"sqlite3 {name}", sorted(
            {row[0] for row in database.execute(f"PRAGMA {name}")})
    database.close()
    context = ssl.create_default_context()
    yield "ssl default ciphers", _ciphers(context)
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    yield "ssl ciphers", _ciphers(context)
    yield "sys.stdlib_module_names", sorted(sys.stdlib_module_names)
    yield "modules", sorted(filter(_can_be_found, sys.stdlib_module_names))
    yield "extension modules", sorted({*sys.builtin_module_names, *(
        path.name.partition(".")[0] for path in Path(
            sysconfig.get_path("platstdlib"), "lib-dynload").glob("*.so"))})
    yield "library", sorted(_library(Path(sysconfig.get_path("stdlib"))))


def _library(stdlib):
    """All modules in Python, "dbm.gnu", but for the tests."""
    for path in stdlib.rglob("*.py"):
        parts = path.relative_to(stdlib).with_suffix("").parts
        if all(map(str.isidentifier, parts)) and not (
                {*parts} & {"test", "idle_test"}):
            yield ".".join(parts).removesuffix(".__init__")


def _ciphers(context):
    return sorted({cipher["name"] for cipher in context.get_ciphers()})


def _can_be_found(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ValueError:
        return name in sys.modules        # __main__ has no spec


def main():
    """A line a group, so that a change of the file can be read."""
    lines = [f"{json.dumps(group)}: {json.dumps(words)}"
             for group, words in names().items()]
    version = ".".join(map(str, sys.version_info[:3]))
    print(f'{{"version": "{version}",\n"names": {{\n'
          + ",\n".join(lines) + "\n}}")


if __name__ == "__main__":
    main()
