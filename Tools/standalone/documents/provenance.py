"""Make a build's provenance, an in-toto statement in SLSA's format.

https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md and
https://slsa.dev/spec/v1.0/provenance.  It contains no time and nothing
about the machine: the same inputs give the same statement.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from standalone.core import stamp
from standalone.core.errors import BuildError
from standalone.core.layout import ROOT, TOOLS
from standalone.core.process import output
from standalone.documents.components import NOWHERE, Component
from standalone.sources.host import wheels

#: Appended to the name of the build to make the file name.
SUFFIX = ".provenance.json"

#: The environment variable with the builder's identity, a URI.
BUILDER = "STANDALONE_BUILDER_ID"

_LOCAL = "urn:make-standalone:local"
_BUILD_TYPE = "urn:make-standalone:v1"


def builder() -> str:
    """Return the identity of the builder for the statement, a URI."""
    return os.environ.get(BUILDER) or _LOCAL


def statement(subjects: Mapping[str, str], *, asked: Mapping[str, str],
              epoch: int, compiler: str, trees: Iterable[Mapping[str, Any]],
              sources: Iterable[Component], packages: Mapping[Path, Path],
              profiles: Iterable[Mapping[str, Any]] = (),
              ) -> dict[str, Any]:
    """Return the statement about *subjects*, archive name → SHA-256.

    *asked* is the request, *epoch* is SOURCE_DATE_EPOCH, *compiler* is
    the output of the compiler's --version, *trees* are from `trees`, and
    *packages* maps directories of Python packages to the requirements
    files that pin them, and *profiles* are entries for the profiles that
    the compiler used.
    """
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {"sha256": sha256}}
                    for name, sha256 in sorted(subjects.items())],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": _BUILD_TYPE,
                "externalParameters": {**asked},
                "internalParameters": {
                    "SOURCE_DATE_EPOCH": epoch,
                    # Leave out where it is installed.
                    "compiler": compiler.splitlines()[0].partition(
                        " (http")[0],
                },
                "resolvedDependencies": [
                    *trees, *(entry for item in sources
                                for entry in _resources(item)),
                    *profiles, *(entry for item in packages.items()
                                 for entry in _packages(*item))],
            },
            "runDetails": {"builder": {"id": builder()}},
        },
    }


def request(path: Path) -> dict[str, str]:
    """Return the request in the statement *path*, such as "toolchain".

    Return an empty dict if the statement cannot be read.
    """
    try:
        statement = json.loads(path.read_text("utf-8"))
        found = statement["predicate"]["buildDefinition"]
        return {**found["externalParameters"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def trees(cpython: Path | None) -> list[dict[str, Any]]:
    """Return the commits of the overlay and of the user's tree *cpython*.

    Directories that are not git checkouts are left out.
    """
    found = [_commit("overlay", ROOT)]
    if cpython:
        found.append(_commit("cpython", cpython))
    return [entry for entry in found if entry]


def _commit(name: str, tree: Path) -> dict[str, Any]:
    """Return the commit of *tree*; an empty dict if git has none."""
    if not (tree / ".git").exists():
        return {}
    try:
        commit = output(["git", "-C", str(tree), "rev-parse", "HEAD"])
        changes = output(["git", "-C", str(tree), "status", "--porcelain"])
    except BuildError:               # no git, or owned by another user
        return {}
    entry: dict[str, Any] = {"name": name,
                             "digest": {"gitCommit": commit.strip()}}
    if changes:
        entry["annotations"] = {"dirty": True}
    return entry


def _resources(item: Component) -> Iterator[dict[str, Any]]:
    """Yield the source of a component, and its patches in their order."""
    uri = item.origin or item.download
    if uri == NOWHERE or uri.startswith("package:"):
        uri = item.purl
    yield {"name": item.name, "uri": uri, "digest": {"sha256": item.sha256}}
    for patch in item.patches:
        # A file of ours has no URI; the commit of the overlay contains it.
        where = {"uri": patch.origin} if "#" in patch.origin else {}
        yield {"name": f"{item.name}/{patch.name}", **where,
               "digest": {"sha256": patch.sha256}}


def _packages(directory: Path, requirements: Path
              ) -> Iterable[dict[str, Any]]:
    """Yield Python packages of the build, such as the compiler.

    Leave out wheels that depend on the Python that runs this.  The hash
    of *requirements*, which pins all packages, covers them.
    """
    yield {"name": requirements.relative_to(TOOLS).as_posix(),
           "digest": {"sha256": stamp.file_sha256(requirements)}}
    for wheel, sha256 in wheels(directory).items():
        name, version, *tags = wheel.split("-")
        if tags[0].startswith("py"):
            yield {"name": name, "uri": f"pkg:pypi/{name}@{version}",
                   "digest": {"sha256": sha256}}
