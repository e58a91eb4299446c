"""How well does a profile fit the tree that it is used for?

clang warns of each function that has no counts.  There are always some:
the linker drops functions that nothing calls, so that the interpreter that
was trained does not have them.
https://github.com/llvm/llvm-project/blob/main/llvm/lib/Transforms/Instrumentation/PGOInstrumentation.cpp
"""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from standalone.core.errors import BuildError
from standalone.profile.store import Profile

#: The file in CPython's build directory that save() writes.
FILE = "profile-fit.json"

#: The smallest share with which a profile is used.
LIMIT = 0.5

_WARNING = re.compile(
    r"^warning: (?P<file>.+?): (?P<kind>no profile data available for|"
    r"function control flow change detected \(hash mismatch\)) "
    r"(?:function )?(?P<name>\S+) Hash = ", re.MULTILINE)


@dataclass(frozen=True)
class Fit:
    """Numbers of functions: in the profile, and of the tree without counts.

    The code of *changed* ones is not what was trained; *missing* ones are
    not in the profile.
    """

    functions: int
    changed: int
    missing: int

    @property
    def share(self) -> float:
        """The share of functions with counts, 0 to 1.

        The tree is taken to have as many functions as the profile.
        """
        without = self.changed + self.missing
        return max(0.0, 1 - without / max(self.functions, 1))


def of_log(log: str, functions: int) -> Fit:
    """Return what the compiler's warnings say.

    *log* is of a build of all files, *functions* the number of functions in
    the profile.
    """
    found = {(match["file"], match["name"]): match["kind"].startswith("no ")
             for match in _WARNING.finditer(log)}
    missing = sum(found.values())
    return Fit(functions, len(found) - missing, missing)


def check(fit: Fit, profile: Profile, version: str) -> None:
    """Raise BuildError if the profile does not fit CPython *version*."""
    if fit.share < LIMIT:
        raise BuildError(
            f"the profile of CPython {profile.facts.cpython} has counts for "
            f"only {fit.share:.0%} of the functions of {version}",
            hint="make standalone-train writes a profile of this tree; "
                 "OPTIONS=lto needs none")


def save(fit: Fit, path: Path) -> None:
    """Write the numbers for the provenance."""
    path.write_text(json.dumps(asdict(fit)), encoding="utf-8")


def load(path: Path) -> Fit:
    """Return the numbers that save() wrote."""
    return Fit(**json.loads(path.read_text(encoding="utf-8")))
