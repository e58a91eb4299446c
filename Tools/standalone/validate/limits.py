"""The limits that the rules compare a finished tree with."""

from collections.abc import Mapping
from dataclasses import dataclass
from posixpath import join, normpath

from standalone.core.platform import Platform
from standalone.validate.policy import Policy


@dataclass(frozen=True)
class Expectations:
    """The limits that depend on the build, unlike those of the policy."""

    platform: Platform
    python: str                  # "3.13"
    # Paths of the build machine.  Raw bytes are compared, so short paths
    # can match by chance: use "/src/" rather than "/src".
    forbidden: tuple[bytes, ...]
    modules: Mapping[str, str]   # name -> "builtin" or "shared"
    components: frozenset[str]   # components whose licence is shipped
    declared: frozenset[str]     # exported names in CPython's headers
    stable_abi: frozenset[str]   # names that the platform has to export


@dataclass(frozen=True)
class Limits:
    """The policy and the expectations that every rule receives."""

    policy: Policy
    expected: Expectations


def leaves(directory: str, target: str) -> bool:
    """Return whether *target* points outside the tree.

    *target* is relative to *directory*, which is relative to the tree.
    """
    return normpath(join(directory, target)).split("/")[0] == ".."
