"""Make an archive's SBOM: SPDX 2.3 as JSON, like those of python.org.

https://spdx.github.io/spdx-spec/v2.3/, and sbom.py in
https://github.com/python/release-tools.  The SBOM depends only on the
archive and its components, so the same archive always has the same SBOM.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from standalone.documents.components import NOWHERE, AppliedPatch, Component

#: Appended to the name of the archive to make the file name.
SUFFIX = ".spdx.json"

_ARCHIVE = "SPDXRef-FILE-archive"
_PACKAGE = "SPDXRef-PACKAGE-"
_PATCH = "SPDXRef-PATCH-"
#: The relationship of a patch to the package whose source it changes.
APPLIED = "PATCH_APPLIED"


def document(name: str, hashes: Mapping[str, str],
             found: Iterable[Component], epoch: int) -> dict[str, Any]:
    """Return the SBOM of the archive *name*.

    *hashes* are the archive's hashes by SPDX's names: SHA1, which SPDX
    requires for files, and SHA256.  *epoch* is the time of creation, in
    seconds since 1970.  Components without a version are left out: they
    are parts of the source of others.
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
        "packages": [*map(_package, versioned), *(
            _patch(item, patch) for item in versioned
            for patch in item.patches)],
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


def _patch(item: Component, patch: AppliedPatch) -> dict[str, Any]:
    """Return the package of a patch.

    It is not a file, because SPDX's files have no references, and need a
    SHA-1.  "advisory" is for the pages about what it fixes:
    https://spdx.github.io/spdx-spec/v2.3/external-repository-identifiers/
    """
    location = patch.origin.partition("#")[0]
    package = {
        "SPDXID": _patch_id(item, patch),
        "name": patch.name,
        "downloadLocation":
            patch.origin if location.startswith("https:") else NOWHERE,
        "filesAnalyzed": False,
        "primaryPackagePurpose": "FILE",
        "checksums": _checksums({"SHA256": patch.sha256}),
        "sourceInfo": patch.origin,
        # A change to a file is under the licence of that file.
        "licenseConcluded": item.licence,
        "licenseDeclared": NOWHERE,
        "copyrightText": NOWHERE,
    }
    if patch.fixes:
        package["comment"] = f"fixes {', '.join(patch.fixes)}"
        package["externalRefs"] = [{
            "referenceCategory": "SECURITY", "referenceType": "advisory",
            "referenceLocator": f"https://nvd.nist.gov/vuln/detail/{cve}"}
            for cve in patch.fixes]
    return package


def _references(item: Component) -> Iterator[dict[str, str]]:
    for category, kind, locator in (
            ("SECURITY", "cpe23Type", item.cpe),
            ("PACKAGE_MANAGER", "purl", item.purl)):
        if locator:
            yield {"referenceCategory": category, "referenceType": kind,
                   "referenceLocator": locator}


def _relationships(found: Sequence[Component]) -> Iterator[dict[str, str]]:
    """Yield the relationships of the archive and its components.

    The archive contains all components.  CPython depends on libraries and
    pip; pip depends on the packages that it bundles.  Patches were applied
    to the components.
    """
    [cpython] = [item for item in found if item.name == "cpython"]
    yield _relationship("SPDXRef-DOCUMENT", "DESCRIBES", _ARCHIVE)
    yield _relationship("SPDXRef-DOCUMENT", "DESCRIBES", _id(cpython))
    owners = {item.name: item for item in found}
    for item in found:
        yield _relationship(_ARCHIVE, "CONTAINS", _id(item))
        owner = owners.get(item.name.rpartition("/")[0], cpython)
        if item is not owner:
            yield _relationship(_id(owner), "DEPENDS_ON", _id(item))
        for patch in item.patches:
            yield _relationship(_patch_id(item, patch), APPLIED, _id(item))


def _relationship(element: str, kind: str, related: str) -> dict[str, str]:
    return {"spdxElementId": element, "relationshipType": kind,
            "relatedSpdxElement": related}


def _checksums(hashes: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"algorithm": algorithm, "checksumValue": value}
            for algorithm, value in sorted(hashes.items())]


def _id(item: Component) -> str:
    return _PACKAGE + _word(item.name)


def _patch_id(item: Component, patch: AppliedPatch) -> str:
    return f"{_PATCH}{_word(item.name)}-{_word(patch.name)}"


def _word(name: str) -> str:
    return re.sub(r"[^a-zA-Z0-9.]", "-", name)
