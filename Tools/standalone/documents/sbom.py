"""An archive's SBOM: SPDX 2.3 as JSON, in the shape of CPython's own.

https://spdx.github.io/spdx-spec/v2.3/ and what python.org publishes beside
each file of a release: https://github.com/python/release-tools (sbom.py).
All of it follows from the archive and its components, so that the same
archive always has the same SBOM.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from standalone.documents.components import NOWHERE, Component

#: What the name of an archive is followed by.
SUFFIX = ".spdx.json"

_ARCHIVE = "SPDXRef-FILE-archive"
_PACKAGE = "SPDXRef-PACKAGE-"


def document(name: str, hashes: Mapping[str, str],
             found: Iterable[Component], epoch: int) -> dict[str, Any]:
    """The SBOM of the archive *name*.

    *hashes* are the archive's, by SPDX's names: SHA1, which SPDX demands
    of a file, and SHA256.  *epoch* is when it was made, in seconds since
    1970.  A component without a version is a part of another's source,
    and left to the licences.
    """
    versioned = [item for item in found if item.version]
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": name,
        "documentNamespace":
            f"https://spdx.org/spdxdocs/{name}-{hashes['SHA256']}",
        "creationInfo": {
            "created": datetime.fromtimestamp(epoch, UTC).strftime(
                "%Y-%m-%dT%H:%M:%SZ"),
            "creators": ["Tool: make-standalone"],
        },
        "files": [{
            "SPDXID": _ARCHIVE,
            "fileName": name,
            "fileTypes": ["ARCHIVE"],
            "checksums": _checksums(hashes),
            "licenseConcluded": NOWHERE,
            "copyrightText": NOWHERE,
        }],
        "packages": [_package(item) for item in versioned],
        "relationships": list(_relationships(versioned)),
    }


def _package(item: Component) -> dict[str, Any]:
    package = {
        "SPDXID": _id(item),
        "name": item.name.rpartition("/")[2],
        "versionInfo": item.version,
        "downloadLocation": item.download,
        "filesAnalyzed": False,
        "primaryPackagePurpose": "LIBRARY",
        "licenseConcluded": item.licence,
        "licenseDeclared": item.licence,
        "copyrightText": NOWHERE,
        "externalRefs": list(_references(item)),
    }
    if item.sha256:
        package["checksums"] = _checksums({"SHA256": item.sha256})
    if item.origin:
        package["sourceInfo"] = item.origin
    if item.name == "cpython":
        package["supplier"] = "Organization: Python Software Foundation"
    return package


def _references(item: Component) -> Iterator[dict[str, str]]:
    for category, kind, locator in (
            ("SECURITY", "cpe23Type", item.cpe),
            ("PACKAGE_MANAGER", "purl", item.purl)):
        if locator:
            yield {"referenceCategory": category, "referenceType": kind,
                   "referenceLocator": locator}


def _relationships(found: Sequence[Component]) -> Iterator[dict[str, str]]:
    """The archive contains all of them; each depends on what it is made
    of: CPython on libraries and pip, pip on what it brings along."""
    [cpython] = [item for item in found if item.name == "cpython"]
    yield _relationship("SPDXRef-DOCUMENT", "DESCRIBES", _ARCHIVE)
    yield _relationship("SPDXRef-DOCUMENT", "DESCRIBES", _id(cpython))
    owners = {item.name: item for item in found}
    for item in found:
        yield _relationship(_ARCHIVE, "CONTAINS", _id(item))
        owner = owners.get(item.name.rpartition("/")[0], cpython)
        if item is not owner:
            yield _relationship(_id(owner), "DEPENDS_ON", _id(item))


def _relationship(element: str, kind: str, related: str) -> dict[str, str]:
    return {"spdxElementId": element, "relationshipType": kind,
            "relatedSpdxElement": related}


def _checksums(hashes: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"algorithm": algorithm, "checksumValue": value}
            for algorithm, value in sorted(hashes.items())]


def _id(item: Component) -> str:
    return _PACKAGE + re.sub(r"[^a-zA-Z0-9.]", "-", item.name)
