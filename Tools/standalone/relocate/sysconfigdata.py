"""What CPython recorded about its build, without the build.

`_sysconfigdata_*.py`, the Makefile beside it and others name our
directories, our wrappers' work and flags of our own.  They keep the
placeholder prefix that readers know, and nothing else of this machine.
"""

import ast
import pprint
import re
from collections.abc import Mapping
from pathlib import Path

from standalone.toolchain.flags import PRIVATE

Value = str | int

# As CPython's own Lib/sysconfig writes it and as uv expects it:
# https://github.com/astral-sh/uv/blob/main/crates/uv-python/src/sysconfig
_HEADER = ("# system configuration generated and used by"
           " the sysconfig module\n")

# With quotes anywhere: 'A=one two', A="one two", "A='one' two".
_WORD = re.compile(r"""(?:'[^'\n]*'|"[^"\n]*"|[^\s'"])+""")


def read(path: Path) -> dict[str, Value]:
    """The dict literal of a _sysconfigdata module."""
    module = ast.parse(path.read_text(encoding="utf-8"))
    for node in module.body:
        if isinstance(node, ast.Assign):
            data: dict[str, Value] = ast.literal_eval(node.value)
            return data
    raise ValueError(f"{path} has no dict literal")


def write(path: Path, data: Mapping[str, Value]) -> None:
    """The module with that dict, a plain literal."""
    literal = pprint.pformat(dict(data), sort_dicts=True)
    path.write_text(f"{_HEADER}build_time_vars = {literal}\n",
                    encoding="utf-8")


def clean(text: str, work: Path) -> str:
    """*text* without the words that name a path below *work*.

    A word is what a shell would take for one: an option together with
    the path that it is given, quoted or not.
    """
    return _WORD.sub(
        lambda word: "" if str(work) in word[0] else word[0], text)


def cleaned(data: Mapping[str, Value], work: Path) -> dict[str, Value]:
    """*data* without our directories and our private flags."""
    return {name: _cleaned(value, work) if isinstance(value, str) else value
            for name, value in data.items()}


def _cleaned(value: str, work: Path) -> str:
    words = clean(value, work).split()
    kept = [word for word in words if word not in PRIVATE]
    # Spaces are tidied only where something was taken away.
    return " ".join(kept) if len(kept) < len(value.split()) else value
