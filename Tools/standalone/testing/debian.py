"""Debian's own builds of CPython, to compare ours with."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from standalone.core.errors import UsageError
from standalone.sources.version import feature_version
from standalone.testing.chroots import Chroot

#: A feature version of CPython → the Debian release whose build to take;
#: `rmadison python3.14` lists which releases have it.
RELEASES: Mapping[str, str] = MappingProxyType({
    "3.13": "forky",
    "3.14": "sid",
    "3.15": "sid",
})


def chroot(name: str, version: str) -> Chroot:
    """Return a chroot that tests Debian's build of a feature version.

    It has everything that Debian makes of the standard library.  *version*
    is "3.14.7", of which only the feature version counts.  Raises
    UsageError if no release has a build of it.
    """
    feature = _feature(version)
    if feature not in RELEASES:
        raise UsageError(
            f"Debian has no CPython {feature} to compare with",
            hint=f"Debian's builds: {', '.join(RELEASES)}")
    python = f"python{feature}"
    return Chroot(
        name, RELEASES[feature], ordinary=True, python=f"/usr/bin/{python}",
        packages=(python, f"{python}-gdbm", f"{python}-tk", f"{python}-venv",
                  f"idle-{python}", f"lib{python}-testsuite"))


def note(log: str, version: str) -> str:
    """Return what to know about a run if Debian's build is not *version*.

    Debian rarely has the same patch version as ours; then a test may fail
    in one of them only because CPython changed.  *log* is regrtest's.
    """
    tested = re.findall(r"(?m)^== CPython (\S+) ", log)
    if version in tested:
        return ""
    return f"CPython {', '.join(tested) or '?'}, not {version}, was tested"


def _feature(version: str) -> str:
    """Return "3.14" of "3.14.7"."""
    return ".".join(map(str, feature_version(version)))
