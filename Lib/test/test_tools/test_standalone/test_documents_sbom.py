"""Test documents.sbom, with spdx-tools as judge."""

import json
import tempfile
import unittest
from pathlib import Path

from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import (
    validate_full_spdx_document,
)

from standalone.documents import components, sbom
from standalone.documents.components import AppliedPatch, Component
from standalone.release import published

NAME = "python-3.13.15-x86_64-unknown-linux-gnu-install_only.tar.gz"
HASHES = {"SHA1": "1" * 40, "SHA256": "2" * 64}
CPYTHON = Component("cpython", "3.13.15", "Python-2.0.1", ("lib",),
                    "https://www.python.org/ftp/Python-3.13.15.tar.xz",
                    "c" * 64, "cpe:2.3:a:python:python:3.13.15:"
                    "*:*:*:*:*:*:*", "pkg:generic/cpython@3.13.15")
ZLIB = Component("zlib", "1.3.1", "Zlib", ("bin/python3.13",),
                 sha256="a" * 64, purl="pkg:generic/zlib@1.3.1",
                 origin="debian:pool/main/z/zlib.tar.gz",
                 patches=(
                     AppliedPatch("Fix_1.patch", "d" * 64,
                                  "debian:pool/main/z/zlib.debian.tar.xz"
                                  "#debian/patches/Fix_1.patch",
                                  ("CVE-2026-1234", "CVE-2026-1235")),
                     AppliedPatch("zlib/2.patch", "e" * 64,
                                  "recipes/patches/zlib/2.patch")))
EXPAT = Component("cpython/expat", "2.8.2", "MIT", ("bin/python3.13",))
DTOA = Component("cpython/dtoa", "", "dtoa", ("bin/python3.13",))
PIP = Component("pip", "26.0", "MIT", ("site-packages/pip",))
TOMLI_W = Component("pip/tomli_w", "1.2.0", "MIT", ("pip/_vendor/tomli",))
ALL = [CPYTHON, DTOA, EXPAT, PIP, TOMLI_W, ZLIB]


def messages(path):
    """What spdx-tools finds wrong with a file."""
    return [f"{path.name}: {found.validation_message}" for found
            in validate_full_spdx_document(parse_file(str(path)))]


class SbomTest(unittest.TestCase):

    def setUp(self):
        self.document = sbom.document(NAME, HASHES, ALL, 1_700_000_000)
        self.packages = {package["SPDXID"]: package
                         for package in self.document["packages"]}

    def related(self, kind):
        return [(entry["spdxElementId"].rpartition("-")[2],
                 entry["relatedSpdxElement"].removeprefix("SPDXRef-"))
                for entry in self.document["relationships"]
                if entry["relationshipType"] == kind]

    def test_valid(self):
        path = Path(self.enterContext(tempfile.TemporaryDirectory()),
                    NAME + sbom.SUFFIX)
        path.write_text(json.dumps(self.document))
        self.assertEqual(messages(path), [])
        # Not that nothing were looked at.
        self.document["packages"][0]["licenseConcluded"] = "Foo-1.0"
        path.write_text(json.dumps(self.document))
        self.assertNotEqual(messages(path), [])

    def test_archive(self):
        [file] = self.document["files"]
        self.assertEqual(file["fileName"], NAME)
        self.assertEqual(file["checksums"], [
            {"algorithm": "SHA1", "checksumValue": "1" * 40},
            {"algorithm": "SHA256", "checksumValue": "2" * 64}])
        self.assertEqual(self.related("DESCRIBES"), [
            ("DOCUMENT", "FILE-archive"), ("DOCUMENT", "PACKAGE-cpython")])
        self.assertEqual(self.document["creationInfo"]["created"],
                         "2023-11-14T22:13:20Z")
        self.assertIn("2" * 64, self.document["documentNamespace"])

    def test_packages(self):
        self.assertEqual(self.related("CONTAINS"), [
            ("archive", name.removeprefix("SPDXRef-"))
            for name in self.packages if "PATCH" not in name])
        zlib = self.packages["SPDXRef-PACKAGE-zlib"]
        self.assertEqual(zlib["versionInfo"], "1.3.1")
        self.assertEqual(zlib["downloadLocation"], "NOASSERTION")
        self.assertEqual(zlib["sourceInfo"],
                         "debian:pool/main/z/zlib.tar.gz")
        self.assertEqual(zlib["externalRefs"], [{
            "referenceCategory": "PACKAGE_MANAGER",
            "referenceType": "purl",
            "referenceLocator": "pkg:generic/zlib@1.3.1"}])
        cpython = self.packages["SPDXRef-PACKAGE-cpython"]
        self.assertEqual(cpython["downloadLocation"], CPYTHON.download)
        self.assertEqual(
            {entry["referenceType"] for entry in cpython["externalRefs"]},
            {"purl", "cpe23Type"})
        self.assertNotIn("checksums",
                         self.packages["SPDXRef-PACKAGE-cpython-expat"])

    def test_patches(self):
        ids = ["SPDXRef-PATCH-zlib-Fix-1.patch",
               "SPDXRef-PATCH-zlib-zlib-2.patch"]
        self.assertEqual([name for name in self.packages if "PATCH" in name],
                         ids)
        self.assertEqual(
            [(entry["spdxElementId"], entry["relatedSpdxElement"])
             for entry in self.document["relationships"]
             if entry["relationshipType"] == "PATCH_APPLIED"],
            [(name, "SPDXRef-PACKAGE-zlib") for name in ids])
        fix, other = map(self.packages.get, ids)
        self.assertEqual(fix["name"], "Fix_1.patch")
        self.assertEqual(fix["checksums"], [
            {"algorithm": "SHA256", "checksumValue": "d" * 64}])
        self.assertEqual(fix["sourceInfo"], ZLIB.patches[0].origin)
        self.assertEqual(fix["downloadLocation"], "NOASSERTION")
        self.assertEqual(fix["licenseConcluded"], "Zlib")
        self.assertEqual(fix["comment"], "fixes CVE-2026-1234, CVE-2026-1235")
        self.assertEqual(
            [(entry["referenceType"],
              entry["referenceLocator"].rpartition("/")[2])
             for entry in fix["externalRefs"]],
            [("advisory", "CVE-2026-1234"), ("advisory", "CVE-2026-1235")])
        self.assertNotIn("externalRefs", other)
        # In an archive without zlib there are none.
        self.assertNotIn("PATCH", str(sbom.document(
            NAME, HASHES, [CPYTHON], 0)))

    def test_saved(self):
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory, components.FILE)
            components.save(path, ALL)
            self.assertEqual(components.load(path), ALL)

    def test_what_depends_on_what(self):
        self.assertEqual(self.related("DEPENDS_ON"), [
            ("cpython", "PACKAGE-cpython-expat"), ("cpython", "PACKAGE-pip"),
            ("pip", "PACKAGE-pip-tomli-w"), ("cpython", "PACKAGE-zlib")])

    def test_components(self):
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / f"{NAME}.spdx.json"
            path.write_text(json.dumps(self.document))
            found = published.components(path)
        self.assertEqual(
            {name: component.version for name, component in found.items()},
            {"cpython": "3.13.15", "cpython-expat": "2.8.2", "pip": "26.0",
             "pip-tomli-w": "1.2.0", "zlib": "1.3.1"})
        self.assertEqual(found["zlib"].patches, {
            "Fix_1.patch": "d" * 64, "zlib/2.patch": "e" * 64})
        self.assertEqual(found["cpython"].patches, {})


if __name__ == "__main__":
    unittest.main()
