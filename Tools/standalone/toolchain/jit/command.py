"""The command line of the programs that stand in for LLVM's.

CPython's Tools/jit calls them with the same options each time, so there is
nothing to parse: the file is the last argument.
"""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

#: The variable with the version of LLVM that CPython wants, "21".
VERSION = "JIT_LLVM_VERSION"


def run(show: Callable[[Path], Iterator[str]]) -> None:
    """Write what *show* yields for the file that the arguments name.

    With --version, write what CPython looks for: it takes programs of one
    version of LLVM only.
    """
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        print(f"LLVM version {os.environ[VERSION]}.0.0")
    else:
        sys.stdout.writelines(show(Path(arguments[-1])))
