"""What the rules of a finished tree measure with."""

from collections.abc import Mapping
from dataclasses import dataclass
from posixpath import join, normpath

from standalone.core.platform import Platform
from standalone.validate.policy import Policy


@dataclass(frozen=True)
class Expectations:
    """What this one build promised, beside what the policy asks of all."""

    platform: Platform
    python: str                  # "3.13"
    # Paths of the build machine.  Raw bytes are compared, so that short
    # ones hit by chance: "/src/" rather than "/src".
    forbidden: tuple[bytes, ...]
    modules: Mapping[str, str]   # name -> "builtin" or "shared"
    components: frozenset[str]   # those whose licence is shipped
    declared: frozenset[str]     # by CPython's headers, as exported
    stable_abi: frozenset[str]   # that the platform has to export


@dataclass(frozen=True)
class Limits:
    """All that a rule measures with."""

    policy: Policy
    expected: Expectations


def leaves(directory: str, target: str) -> bool:
    """Does *target*, relative to *directory* of the tree, leave it?"""
    return normpath(join(directory, target)).split("/")[0] == ".."
