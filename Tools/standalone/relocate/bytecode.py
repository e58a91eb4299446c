"""Compile a tree's library, as a program of the tree's own interpreter.

    python3.13 -I -B bytecode.py LIBRARY PREFIX/lib/python3.13 SKIPPED...

Not compileall, whose output is not quite the same each time: whether
marshal writes an object once or twice depends on who else holds it, and
that on what the process imported or compiled before.  Written, read and
written again, code is held by itself alone.
https://github.com/python/cpython/issues/78274
"""

import importlib.util
import marshal
import os
import sys

# Valid wherever and whenever the tree is unpacked, also where it cannot be
# written: hash-based and never checked (https://peps.python.org/pep-0552/).
UNCHECKED_HASH = (0b01).to_bytes(4, "little")
# But uv and others rewrite _sysconfigdata, and mean that to be read.
CHECKED_HASH = (0b11).to_bytes(4, "little")
REWRITTEN = "_sysconfigdata_"


def main(library: str, shown: str, *skipped: str) -> None:
    """Write __pycache__ for every module below *library*.

    Tracebacks name files below *shown* until an import corrects that.
    *skipped* are paths relative to *library*.
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
    """Write the bytecode of one module; its name is to be *shown*."""
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
