"""How a build came to be: an in-toto statement with SLSA's provenance.

https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md and
https://slsa.dev/spec/v1.0/provenance.  Nothing of the machine and no time
is in it: the same inputs make the same statement.
"""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from standalone.core import stamp
from standalone.core.errors import BuildError
from standalone.core.layout import ROOT
from standalone.core.process import output
from standalone.documents.components import NOWHERE, Component
from standalone.sources.host import REQUIREMENTS, wheels

#: What the names of a build's archives begin with is followed by this.
SUFFIX = ".provenance.json"

#: Who vouches for the statement, a URI; from the environment.
BUILDER = "STANDALONE_BUILDER_ID"

_LOCAL = "urn:make-standalone:local"
_BUILD_TYPE = "urn:make-standalone:v1"


def builder() -> str:
    """The identity that the statement names as the builder's."""
    return os.environ.get(BUILDER) or _LOCAL


def statement(subjects: Mapping[str, str], *, asked: Mapping[str, str],
              epoch: int, compiler: str, trees: Iterable[Mapping[str, Any]],
              sources: Iterable[Component], host: Path) -> dict[str, Any]:
    """Return what made *subjects*, archives by name with their SHA-256.

    *asked* is the request, *epoch* is SOURCE_DATE_EPOCH, *compiler* is
    what the compiler says of itself, *trees* are from `trees`, and *host*
    is the directory of the host's Python packages.
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
                    # Not where it is installed.
                    "compiler": compiler.splitlines()[0].partition(
                        " (http")[0],
                },
                "resolvedDependencies": [
                    *trees, *map(_resource, sources), *_packages(host)],
            },
            "runDetails": {"builder": {"id": builder()}},
        },
    }


def request(path: Path) -> dict[str, str]:
    """Return what the statement *path* says was asked for, "toolchain"
    among it; nothing if it cannot be read."""
    try:
        statement = json.loads(path.read_text("utf-8"))
        found = statement["predicate"]["buildDefinition"]
        return {**found["externalParameters"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def trees(cpython: Path | None) -> list[dict[str, Any]]:
    """Return the commits of the overlay and of *cpython*, if that is a
    tree of the user's."""
    found = [_commit("overlay", ROOT)]
    if cpython:
        found.append(_commit("cpython", cpython))
    return [entry for entry in found if entry]


def _commit(name: str, tree: Path) -> dict[str, Any]:
    """The commit that *tree* is at; nothing if git does not know."""
    if not (tree / ".git").exists():
        return {}
    try:
        commit = output(["git", "-C", str(tree), "rev-parse", "HEAD"])
        changes = output(["git", "-C", str(tree), "status", "--porcelain"])
    except BuildError:               # no git, or not of this user
        return {}
    entry: dict[str, Any] = {"name": name,
                             "digest": {"gitCommit": commit.strip()}}
    if changes:
        entry["annotations"] = {"dirty": True}
    return entry


def _resource(item: Component) -> dict[str, Any]:
    uri = item.origin or item.download
    if uri == NOWHERE or uri.startswith("package:"):
        uri = item.purl
    return {"name": item.name, "uri": uri,
            "digest": {"sha256": item.sha256}}


def _packages(directory: Path) -> Iterable[dict[str, Any]]:
    """The Python packages of the host, the compiler among them.

    Which wheel of a package is used can depend on the Python that runs
    this.  Those are left to the hash of requirements.txt, which pins all.
    """
    yield {"name": REQUIREMENTS.name,
           "digest": {"sha256": stamp.file_sha256(REQUIREMENTS)}}
    for wheel, sha256 in wheels(directory).items():
        name, version, *tags = wheel.split("-")
        if tags[0].startswith("py"):
            yield {"name": name, "uri": f"pkg:pypi/{name}@{version}",
                   "digest": {"sha256": sha256}}
