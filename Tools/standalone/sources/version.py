"""Determine the version of a CPython source tree."""

import operator
import re
from pathlib import Path

from standalone.core.errors import UsageError

#: The oldest supported version of CPython.
OLDEST = (3, 12)


def feature_version(version: str) -> tuple[int, int]:
    """Return the feature version, (3, 13), of "3.13.15" or "3.15.0a2+"."""
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


def is_in(version: tuple[int, int], versions: str) -> bool:
    """Return whether *version* is one of *versions*: ">=3.14,<3.15".

    An empty text means every version.
    """
    for bound in filter(None, versions.split(",")):
        sign = ">=" if bound.startswith(">=") else "<"
        compare = operator.ge if sign == ">=" else operator.lt
        if not compare(version, feature_version(bound.removeprefix(sign))):
            return False
    return True


def python_version(tree: Path) -> str:
    """Return the version of a CPython tree: "3.13.15", "3.15.0a2+".

    Raises UsageError if *tree* is not a CPython tree or is too old.
    Source: PY_VERSION in Include/patchlevel.h, which CPython's release
    tools update.
    """
    header = tree / "Include" / "patchlevel.h"
    if not header.is_file():
        raise UsageError(
            f"{tree} is not a CPython tree: no Include/patchlevel.h",
            hint="pass the directory of an unpacked CPython release or of "
                 "a git checkout")
    found = re.search(r'(?m)^#define\s+PY_VERSION\s+"((\d+)\.(\d+)[^"]*)"',
                      header.read_text(encoding="utf-8", errors="replace"))
    if found is None:
        raise UsageError(f"{tree} is not a CPython tree: no PY_VERSION in "
                         "Include/patchlevel.h")
    if (int(found[2]), int(found[3])) < OLDEST:
        raise UsageError(
            f"CPython {found[1]} in {tree} is too old",
            hint="the oldest supported version is "
                 f"{'.'.join(map(str, OLDEST))}")
    return found[1]
