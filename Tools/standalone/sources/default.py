"""Choose the CPython to build if the user names none.

pins.toml lists the versions in order of preference.  A version that has
just been released may not be everywhere yet, so the next one is built
if the first cannot be fetched.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from standalone.core.errors import FetchError
from standalone.sources import fetch, pins


def cached(versions: Sequence[str], downloads: Path) -> str:
    """Return the first of *versions* that is in the cache *downloads*.

    If none is there, return the first.
    """
    return next((version for version in versions
                 if fetch.cached(pins.cpython_pin(version), downloads)),
                versions[0])


def fetched(versions: Sequence[str], downloads: Path,
            sources: Path | None) -> str:
    """Fetch and return the first of *versions* that can be fetched.

    Print one line for each that cannot.  Raises FetchError for the first
    one if none can be fetched.  The other arguments are those of
    `fetch.fetch`.
    """
    errors: list[FetchError] = []
    for version, following in zip(versions, (*versions[1:], ""),
                                  strict=True):
        try:
            fetch.fetch([pins.cpython_pin(version)], downloads, sources)
        except FetchError as exc:
            errors.append(exc)
            if following:
                print(_notice(version, following, exc), file=sys.stderr,
                      flush=True)
        else:
            return version
    raise errors[0]


def _notice(version: str, following: str, error: FetchError) -> str:
    # Below two lines of titles, one line for each location.
    reasons = [line.strip() for line in error.message.splitlines()[2:]]
    return (f"standalone: CPython {version} cannot be fetched, trying "
            f"{following} instead (CPYTHON={version} insists on {version}): "
            + ("; ".join(reasons) or error.message))
