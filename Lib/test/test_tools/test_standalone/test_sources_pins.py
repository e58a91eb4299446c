"""Test sources.pins.toml: well-formed, distinct, complete."""

import re
import unittest
from unittest import mock

from standalone.core.errors import UsageError
from standalone.core.model import Patch, PatchSeries, SourceFile
from standalone.sources import pins


def every_pin():
    yield from pins.load().values()
    for version in pins.cpython_versions():
        yield pins.cpython_pin(version)


class PinsTest(unittest.TestCase):

    def test_every_pin_is_filled_in(self):
        for pin in every_pin():
            with self.subTest(pin=pin.name, version=pin.version):
                self.assertTrue(pin.licence)
                self.assertTrue(pin.licence_files)
                self.assertTrue(pin.files)
                self.assertNotIn("{", repr(pin))
                for file in pin.files:
                    self.assertRegex(file.sha256, r"\A[0-9a-f]{64}\Z")
                    for location in file.locations:
                        self.assertRegex(
                            location, r"\A(https://|debian:pool/main/|"
                            r"package:[\w.]+-[\w.]+-[\w.-]+\.whl\Z)\S*\Z")

    def test_some_location_is_upstream_and_some_is_debian(self):
        # A host that is down, and a file that a project has taken away,
        # must stop nobody.  An index of packages has mirrors of its own.
        for pin in every_pin():
            kinds = {location.partition(":")[0]
                     for file in pin.files for location in file.locations}
            self.assertIn(kinds, ({"https", "debian"}, {"package"}),
                          pin.name)

    def test_no_two_pins_share_bytes(self):
        hashes = [file.sha256 for pin in every_pin() for part in pin.parts()
                  for file in part.files]
        hashes += [patch.sha256 for pin in every_pin()
                   for series in pin.patches for patch in series.patches]
        self.assertEqual(len(hashes), len(set(hashes)))

    def test_cpe_is_2_3_with_all_its_parts(self):
        for pin in every_pin():
            if pin.cpe is not None:
                self.assertEqual(len(pin.cpe.split(":")), 13, pin.cpe)
                self.assertRegex(pin.cpe, r"\Acpe:2\.3:a:[\w.]+:[\w-]+:")
                self.assertIn(re.match(r"[\d.]+", pin.version)[0], pin.cpe)

    def test_cpython_by_version(self):
        for version in pins.cpython_versions():
            self.assertEqual(pins.cpython_pin(version).version, version)
        newest = pins.cpython_versions()[0]
        self.assertIn(f"/{newest}/Python-{newest}.tar.xz",
                      pins.cpython_pin(newest).files[0].locations[0])

    def test_default_cpython(self):
        versions = pins.default_versions()
        self.assertLessEqual(set(versions), set(pins.cpython_versions()))
        self.assertEqual(len(set(versions)), len(versions))

    def test_unknown_cpython_is_refused_with_the_known_ones(self):
        with self.assertRaises(UsageError) as caught:
            pins.cpython_pin("3.13.99")
        self.assertIn("3.13.99", caught.exception.message)
        for version in pins.cpython_versions():
            self.assertIn(version, caught.exception.hint)

    def test_no_patches_of_cpython(self):
        version = pins.cpython_versions()[0]
        table = {"cpython": {"licence": "x", "licence_files": [],
                             "patches": [{"file": "x"}],
                             "releases": [{"version": version}]}}
        with (mock.patch.object(pins, "_table", lambda: table),
              self.assertRaisesRegex(UsageError, "patches for CPython")):
            pins.cpython_pin(version)

    def test_no_name_of_a_package_registry(self):
        text = pins.PINS.read_text(encoding="utf-8")
        self.assertNotRegex(text, r"//[\w.]*debian|//[\w.]*pypi")


class PatchesTest(unittest.TestCase):

    def test_every_patch_is_filled_in(self):
        for pin in every_pin():
            for series in pin.patches:
                names = [patch.name for patch in series.patches]
                self.assertTrue(names)
                names += series.omitted
                self.assertEqual(len(set(names)), len(names))
                for name in names:
                    self.assertNotIn("..", name)
                    self.assertFalse(name.startswith("/"))
                for patch in series.patches:
                    self.assertRegex(patch.sha256, r"\A[0-9a-f]{64}\Z")
                    for cve in patch.fixes:
                        self.assertRegex(cve, r"\ACVE-\d{4}-\d{4,}\Z")
                for location in (series.archive.locations
                                 if series.archive else ()):
                    self.assertRegex(location, r"\A(https://|"
                                     r"debian:pool/(updates/)?main/)\S+\Z")

    def test_both_kinds(self):
        pin = pins._pin("dep", {
            "version": "1.0", "licence": "MIT", "files": [],
            "licence_files": [], "patches": [
                {"file": "dep/a.patch", "sha256": "a" * 64},
                {"sha256": "b" * 64, "locations": ["debian:p/{version}.xz"],
                 "series": "debian/patches/series", "omit": ["man.patch"],
                 "members": [{"name": "c.patch", "sha256": "c" * 64,
                              "fixes": ["CVE-2026-1234"]}]}]})
        archive = SourceFile("b" * 64, ("debian:p/1.0.xz",))
        self.assertEqual(pin.patches, (
            PatchSeries((Patch("dep/a.patch", "a" * 64),)),
            PatchSeries((Patch("c.patch", "c" * 64, ("CVE-2026-1234",)),),
                        archive, "debian/patches/series", ("man.patch",))))
        self.assertEqual(pin.patches[1].path("c.patch"),
                         "debian/patches/c.patch")
        # What is fetched: the file of ours is not.
        source, patches = pin.parts()
        self.assertEqual((source.name, source.patches), ("dep", ()))
        self.assertEqual((patches.name, patches.files),
                         (pin.patches_name(1), (archive,)))
        self.assertEqual(source.parts(), (source,))


if __name__ == "__main__":
    unittest.main()
