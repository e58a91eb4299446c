"""Test documents.provenance, with real git."""

import json
import os
import shutil
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path
from unittest import mock

from standalone.archives import stage as archives
from standalone.core import stamp
from standalone.core.model import PatchSeries
from standalone.documents import components, provenance
from standalone.sources import host, pins
from standalone.toolchain import jit
from standalone.toolchain.compilers import Toolchain

from . import children
from .trees import request, small_tree

SUBJECTS = {"python-b.tar.gz": "b" * 64, "python-a.tar.gz": "a" * 64}
WHEELS = {"ziglang-0.17.1-py3-none-manylinux_2_12_x86_64.whl": "1" * 64,
          "markupsafe-3.0.4-cp311-cp311-manylinux_2_17_x86_64.whl": "2" * 64}


class ProvenanceTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.config = request(small_tree(self.dir / "tree"),
                              self.dir / "out")
        # No compiler is installed for tests; Config has it by this name.
        vars(self.config)["chain"] = Toolchain(
            "gcc", ("gcc",), {}, version="gcc 12.2.0\nCopyright\n")
        self.config.layout.host.mkdir(parents=True)
        (self.config.layout.host / host.WHEELS).write_text(
            str(WHEELS).replace("'", '"'))
        self.enterContext(mock.patch.dict(
            os.environ, {"SOURCE_DATE_EPOCH": "1700000000"}))

    def statement(self, config=None):
        return archives.statement(SUBJECTS, config or self.config)

    def dependencies(self, config=None):
        found = self.statement(config)["predicate"]["buildDefinition"][
            "resolvedDependencies"]
        return {entry["name"]: entry for entry in found}

    def test_statement(self):
        statement = self.statement()
        self.assertEqual(statement["_type"],
                         "https://in-toto.io/Statement/v1")
        self.assertEqual(statement["predicateType"],
                         "https://slsa.dev/provenance/v1")
        self.assertEqual(statement["subject"], [
            {"name": "python-a.tar.gz", "digest": {"sha256": "a" * 64}},
            {"name": "python-b.tar.gz", "digest": {"sha256": "b" * 64}}])
        definition = statement["predicate"]["buildDefinition"]
        self.assertEqual(definition["externalParameters"], {
            "cpython": "3.13.15", "target": "x86_64-unknown-linux-gnu",
            "toolchain": "zig", "options": "noopt"})
        self.assertEqual(definition["internalParameters"], {
            "SOURCE_DATE_EPOCH": 1700000000, "compiler": "gcc 12.2.0"})
        self.assertNotIn(str(self.dir), str(statement))

    def test_sources(self):
        found = self.dependencies()
        zlib = pins.load()["zlib"].files[0]
        self.assertEqual(found["zlib"], {
            "name": "zlib", "uri": zlib.locations[0],
            "digest": {"sha256": zlib.sha256}})
        # What only helps to build is an input as well.
        self.assertIn("xcbgen", found)
        self.assertNotIn("zstd", found)

    def test_patches(self):
        """Those of OpenSSL, in their order, and their archive."""
        pin = pins.load()["openssl"]
        [series] = pin.patches
        found = self.dependencies()
        archive = series.archive
        self.assertEqual(found["openssl-patches-1"], {
            "name": "openssl-patches-1", "uri": archive.locations[0],
            "digest": {"sha256": archive.sha256}})
        names = [f"openssl/{patch.name}" for patch in series.patches]
        self.assertEqual(
            [name for name in found if name.startswith("openssl/")], names)
        patch = series.patches[0]
        self.assertEqual(found[names[0]], {
            "name": names[0], "digest": {"sha256": patch.sha256},
            "uri": f"{archive.locations[0]}#debian/patches/{patch.name}"})
        # A file of ours is in the commit of the overlay.
        ours = replace(pin, patches=(PatchSeries(series.patches[:1]),))
        described = components.described(ours, ours.files[0])
        self.assertEqual(list(provenance._resources(described))[1], {
            "name": names[0], "digest": {"sha256": patch.sha256}})

    def test_packages(self):
        found = self.dependencies()
        self.assertEqual(found["ziglang"], {
            "name": "ziglang", "uri": "pkg:pypi/ziglang@0.17.1",
            "digest": {"sha256": "1" * 64}})
        # It depends on the Python that runs this.
        self.assertNotIn("markupsafe", found)
        self.assertEqual(
            found["requirements.txt"]["digest"]["sha256"],
            stamp.file_sha256(host.REQUIREMENTS))

    def test_packages_of_a_jit(self):
        tree = small_tree(self.dir / "newer", "3.15.0")
        path = tree / "Tools/jit/_llvm.py"
        path.parent.mkdir(parents=True)
        path.write_text('_LLVM_VERSION = "21"\n')
        config = request(tree, self.dir / "out", options="noopt+jit")
        vars(config)["chain"] = self.config.chain
        directory = config.layout.llvm("21")
        directory.mkdir()
        (directory / host.WHEELS).write_text(
            '{"ziglang-0.16.0-py3-none-any.whl": "3"}')
        definition = self.statement(config)["predicate"]["buildDefinition"]
        found = definition["resolvedDependencies"]
        self.assertEqual(
            [entry["uri"] for entry in found if entry["name"] == "ziglang"],
            ["pkg:pypi/ziglang@0.17.1", "pkg:pypi/ziglang@0.16.0"])
        self.assertIn({"name": "toolchain/jit/requirements/21.txt", "digest": {
            "sha256": stamp.file_sha256(jit.requirements("21"))}}, found)

    def test_pinned_cpython(self):
        config = replace(self.config, cpython="3.13.15")
        vars(config)["chain"] = self.config.chain
        shutil.move(self.dir / "tree", config.pristine)
        [file] = pins.cpython_pin("3.13.15").files
        self.assertEqual(self.dependencies(config)["cpython"], {
            "name": "cpython", "uri": file.locations[0],
            "digest": {"sha256": file.sha256}})

    @unittest.skipUnless(shutil.which("git"), "no git on this machine")
    def test_commits(self):
        self.assertNotIn("cpython", self.dependencies())

        def git(*words):
            return children.run(
                ["git", "-C", self.dir / "tree", "-c", "user.name=x",
                 "-c", "user.email=x@example.org", *words], check=True,
                capture_output=True, text=True).stdout.strip()
        git("init", "--quiet")
        git("add", ".")
        git("commit", "--quiet", "--message", "x")
        commit = git("rev-parse", "HEAD")
        expected = {"name": "cpython", "digest": {"gitCommit": commit}}
        self.assertEqual(self.dependencies()["cpython"], expected)
        (self.dir / "tree" / "new").touch()
        self.assertEqual(self.dependencies()["cpython"], {
            **expected, "annotations": {"dirty": True}})

    def test_request(self):
        path = self.dir / "statement"
        self.assertEqual(provenance.request(path), {})
        path.write_text(json.dumps(self.statement()))
        self.assertEqual(provenance.request(path), {
            "cpython": self.config.version, "target": self.config.target,
            "toolchain": self.config.toolchain,
            "options": self.config.options})

    def test_builder(self):
        def builder():
            return self.statement()["predicate"]["runDetails"]["builder"]
        self.assertEqual(builder(), {"id": "urn:make-standalone:local"})
        with mock.patch.dict(os.environ, {
                provenance.BUILDER: "https://ci.example.org/1"}):
            self.assertEqual(builder(), {"id": "https://ci.example.org/1"})


if __name__ == "__main__":
    unittest.main()
