"""Remove this machine's paths from what CPython records about its build.

`_sysconfigdata_*.py`, the installed Makefile and other files contain our
directories and private flags.  Only the placeholder prefix, which readers
of these files expect, is kept.
"""

import ast
import pprint
import re
from collections.abc import Mapping
from pathlib import Path

from standalone.toolchain import flags, optimisation

Value = str | int

_PRIVATE = frozenset((*flags.PRIVATE, *optimisation.PRIVATE))

# CPython's Lib/sysconfig writes this line, and uv expects it:
# https://github.com/astral-sh/uv/blob/main/crates/uv-python/src/sysconfig
_HEADER = ("# system configuration generated and used by"
           " the sysconfig module\n")

# Variables of `make profile-opt`.  configure sets them even if no profile is
# used, to the path of the build machine's llvm-profdata, for example.
_PROFILE = re.compile(r"(?m)^((?:LLVM|PGO)_PROF_\w+)(\s*=).*$")

# With quotes anywhere: 'A=one two', A="one two", "A='one' two".
_WORD = re.compile(r"""(?:'[^'\n]*'|"[^"\n]*"|[^\s'"])+""")


def read(path: Path) -> dict[str, Value]:
    """Return the dict in a _sysconfigdata module.

    Raises ValueError if the module has no assignment of a literal.
    """
    module = ast.parse(path.read_text(encoding="utf-8"))
    for node in module.body:
        if isinstance(node, ast.Assign):
            data: dict[str, Value] = ast.literal_eval(node.value)
            return data
    raise ValueError(f"{path} has no dict literal")


def write(path: Path, data: Mapping[str, Value]) -> None:
    """Write *data* as the dict literal of a _sysconfigdata module."""
    literal = pprint.pformat(dict(data), sort_dicts=True)
    path.write_text(f"{_HEADER}build_time_vars = {literal}\n",
                    encoding="utf-8")


def clean(text: str, work: Path) -> str:
    """Return *text* without the words that contain the path *work*.

    In a makefile, variables for a profile become empty.  Words are those
    of the shell: an option and the path joined to it, quoted or not, are
    one word.
    """
    return _WORD.sub(
        lambda word: "" if str(work) in word[0] else word[0],
        _PROFILE.sub(r"\1\2", text))


def cleaned(data: Mapping[str, Value], work: Path) -> dict[str, Value]:
    """Return *data* without paths below *work* and our private flags."""
    return {name: "" if _PROFILE.match(f"{name}=")
            else _cleaned(value, work) if isinstance(value, str) else value
            for name, value in data.items()}


def variables(recorded: Mapping[str, Value],
              data: Mapping[str, Value]) -> dict[str, Value]:
    """Return what _sysconfig_vars_*.json, of CPython 3.14 on, should have.

    *recorded* is what CPython wrote there, the answer of
    sysconfig.get_config_vars(); *data* is our _sysconfigdata.
    """
    return {name: data.get(name, value) for name, value in recorded.items()
            # The home directory of whoever ran the build.
            if name != "userbase"}


def _cleaned(value: str, work: Path) -> str:
    words = clean(value, work).split()
    kept = [word for word in words if word not in _PRIVATE]
    # Normalise spaces only where a word was removed.
    return " ".join(kept) if len(kept) < len(value.split()) else value
