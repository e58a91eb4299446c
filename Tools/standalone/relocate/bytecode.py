"""Compile a tree's standard library; run by the tree's own interpreter.

    python3.13 -I -B bytecode.py LIBRARY PREFIX/lib/python3.13 SKIPPED...

The output of compileall is not reproducible: whether marshal writes an
object once or twice depends on its reference count, which depends on what
the process imported or compiled before.  This module therefore writes and
reads the code once, so that nothing else refers to the objects, and then
writes the result.  https://github.com/python/cpython/issues/78274
"""

import importlib.util
import marshal
import os
import sys

# Hash-based and unchecked, so that it is valid whatever the modification
# times are, also in a read-only tree (https://peps.python.org/pep-0552/).
UNCHECKED_HASH = (0b01).to_bytes(4, "little")
# uv and other tools rewrite _sysconfigdata, so it has to be checked.
CHECKED_HASH = (0b11).to_bytes(4, "little")
REWRITTEN = "_sysconfigdata_"


def main(library: str, shown: str, *skipped: str) -> None:
    """Write the bytecode of every module below *library*.

    The code objects name files below *shown*; the import system replaces
    that by the real path.  *skipped* are paths relative to *library*.
    """
    for directory, names, files in os.walk(library):
        below = os.path.relpath(directory, library)
        names[:] = [name for name in sorted(names)
                    if os.path.normpath(f"{below}/{name}") not in skipped]
        for name in sorted(files):
            if name.endswith(".py"):
                compile_file(f"{directory}/{name}",
                             os.path.normpath(f"{shown}/{below}/{name}"))


def compile_file(path: str, shown: str) -> None:
    """Write the bytecode of one module, with *shown* as its file name."""
    with open(path, "rb") as file:
        source = file.read()
    code = compile(source, shown, "exec", dont_inherit=True, optimize=0)
    target = importlib.util.cache_from_source(path, optimization="")
    os.makedirs(os.path.dirname(target), exist_ok=True)
    flags = (CHECKED_HASH if os.path.basename(path).startswith(REWRITTEN)
             else UNCHECKED_HASH)
    with open(target, "wb") as file:
        file.write(importlib.util.MAGIC_NUMBER + flags
                   + importlib.util.source_hash(source)
                   + marshal.dumps(marshal.loads(marshal.dumps(code))))


if __name__ == "__main__":
    main(*sys.argv[1:])
