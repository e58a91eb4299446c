"""Test from which places sources.fetch gets files besides URLs."""

import ensurepip
import hashlib
import os
import shutil
import unittest
import zipfile
from dataclasses import replace
from pathlib import Path
from unittest import mock

from standalone.core.errors import UsageError
from standalone.core.model import Patch, PatchSeries, SourceFile

from .fetching import DATA, WRONG, WRONG_SHA256, FetchTestCase

PIPS = sorted((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*"))


class PlacesTest(FetchTestCase):

    def test_archive_of_patches(self):
        """It is fetched with the source, also from the user's directory."""
        def pin(sha256):
            patched = PatchSeries((Patch("a.patch", "0" * 64),), SourceFile(
                sha256, (f"{self.base}/wrong/dep.debian.tar.xz",)))
            ours = PatchSeries((Patch("b.patch", "0" * 64),))
            return replace(self.pin("{}/ok/dep.tar.gz"),
                           patches=(ours, patched))
        found = self.fetch(pin(WRONG_SHA256))
        self.assertEqual({*found}, {"dep", "dep-patches-2"})
        self.assertEqual(found["dep"].read_bytes(), DATA)
        self.assertEqual(found["dep-patches-2"].read_bytes(), WRONG)
        shutil.rmtree(self.downloads)
        directory = self.dir / "mine"
        directory.mkdir()
        for name, data in ("a", DATA), ("b", WRONG):
            (directory / name).write_bytes(data)
        self.server.seen.clear()
        again = self.fetch(pin(WRONG_SHA256), sources=directory)
        self.assertEqual(again, found)
        self.assertEqual(self.server.seen, [])
        # With another hash it is refused like any source.
        error = self.fails(pin("0" * 64))
        self.assertEqual(error.exit_code, 3)
        for word in ("cannot fetch dep-patches-2 1.0", "0" * 64,
                     WRONG_SHA256, "dep.debian.tar.xz"):
            self.assertIn(word, f"{error.message}\n{error.hint}")
        self.assertFalse(any("000000000000" in path.name and
                             not path.name.startswith(".")
                             for path in self.downloads.iterdir()))

    def test_debian_location(self):
        (self.apt / "sources.list").write_text(
            f"deb {self.base}/missing sid main\n"
            f"deb [trusted=yes] {self.base}/ok sid main\n")
        self.assertFetched(self.pin("debian:pool/main/d/d_1+2~3.orig.tar.xz"))
        self.assertEqual(
            [path for path, _ in self.server.seen],
            [f"/{how}/pool/main/d/d_1+2~3.orig.tar.xz"
             for how in ("missing", "ok")])

    @unittest.skipUnless(PIPS, "this Python comes without a bundled pip")
    def test_package_location(self):
        pin, wheel = self.wheel()
        data = wheel.read_bytes()
        path = self.fetch(pin, tree=self.tree)[pin.name]
        self.assertEqual(path.read_bytes(), data)
        wheel.unlink()
        self.assertEqual(self.fetch(pin), {pin.name: path})    # the cache
        self.assertEqual(self.said.getvalue(), "fetch: demo 1.0: 0.0 MB from "
                         "package:demo-1.0-py3-none-any.whl\n")

    @unittest.skipUnless(PIPS, "this Python comes without a bundled pip")
    def test_package_with_other_bytes_or_nowhere(self):
        pin, wheel = self.wheel()
        with zipfile.ZipFile(wheel, "a") as file:
            file.writestr("demo/evil.py", "")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        sha256 = pin.files[0].sha256
        error = self.fails(pin, tree=self.tree)
        self.assertIn(f"package:{wheel.name}: expected sha256 {sha256}, "
                      f"got {digest}", error.message)
        wheel.unlink()
        error = self.fails(pin, tree=self.tree)
        self.assertIn("demo==1.0", error.message)
        self.assertIn(f"{wheel.name}  sha256 {sha256}", error.hint)
        self.assertEqual([path for path in self.downloads.iterdir()
                          if path.suffix != ".lock"], [])

    def test_package_in_sources_needs_no_pip(self):
        pin, wheel = self.wheel()
        path = self.fetch(pin, sources=wheel.parent)[pin.name]
        self.assertEqual(path.read_bytes(), wheel.read_bytes())

    def test_package_without_a_tree(self):
        pin, _ = self.wheel()
        self.assertIn("package:demo-1.0-py3-none-any.whl: needs the pip",
                      self.fails(pin).message)

    def wheel(self):
        """A pinned wheel in the only place where pip is to look for it,
        and self.tree, which has a pip."""
        self.tree = self.dir / "tree"
        bundled = self.tree / "Lib" / "ensurepip" / "_bundled"
        bundled.mkdir(parents=True)
        for pip in PIPS[:1]:
            (bundled / pip.name).symlink_to(pip)
        wheels = self.dir / "wheels"
        wheels.mkdir()
        self.enterContext(mock.patch.dict(os.environ, {
            "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1",
            "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}))
        path = wheels / "demo-1.0-py3-none-any.whl"
        info = "demo-1.0.dist-info"
        with zipfile.ZipFile(path, "w") as file:
            file.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\n"
                          "Name: demo\nVersion: 1.0\n")
            file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\n"
                          "Root-Is-Purelib: true\nTag: py3-none-any\n")
            file.writestr(f"{info}/RECORD", "")
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        return self.pin(f"package:{path.name}", name="demo",
                        sha256=sha256), path

    def test_sources_directory_needs_no_network(self):
        offered = self.dir / "offered" / "deeper"
        offered.mkdir(parents=True)
        (offered / "another name").write_bytes(DATA)
        (offered / "x").write_bytes(WRONG)   # the name alone is nothing
        self.assertFetched(self.pin("{}/ok/x"), sources=offered.parent)
        self.assertEqual(self.server.seen, [])

    def test_sources_directory_without_the_file(self):
        self.assertFetched(self.pin("{}/ok/x"), sources=self.apt)

    def test_sources_is_no_directory(self):
        with self.assertRaises(UsageError):
            self.fetch(self.pin("{}/ok/x"), sources=self.dir / "missing")


if __name__ == "__main__":
    unittest.main()
