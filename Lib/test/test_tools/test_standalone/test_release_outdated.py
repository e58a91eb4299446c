"""Test release.outdated."""

import os
import re
import unittest
from dataclasses import replace
from unittest import mock

from standalone.core.model import Patch, PatchSeries
from standalone.release import osv, outdated
from standalone.release.outdated import Entry
from standalone.sources import host, pins
from standalone.sources.source_index import Index

from . import osv_service


def pin(name):
    return next(entry for entry in outdated.pinned() if entry.name == name)


def index(suite="sid", **versions):
    return Index("http://a.test", suite, {
        name.replace("_", "-"): listed for name, listed in versions.items()})


class PinnedTest(unittest.TestCase):

    def test_everything_is_asked_for(self):
        names = [entry.name for entry in outdated.pinned()]
        required = re.findall(r"(?m)^([\w-]+)==",
                              host.REQUIREMENTS.read_text())
        self.assertIn("ziglang", required)
        self.assertEqual(sorted(names), sorted([
            *["cpython"] * len(pins.cpython_versions()), *pins.load(),
            *required]))

    def test_names_and_spellings(self):
        for name, package, spelling in (
                ("libuuid", "util-linux", "2.41.5"),
                ("ncurses", "ncurses", "6.5+20250216"),
                ("libedit", "libedit", "3.1-20250104"),
                ("db", "db5.3", "5.3.28"),
                ("zlib", "zlib", "1.3.1"),
                ("x11proto", "xorgproto", "2024.1"),
                ("tcl", "tcl8.6", "8.6.18"),
                ("certifi", "certifi", "")):
            entry = pin(name)
            self.assertEqual(entry.package, package)
            # Another version may be pinned by now.
            self.assertEqual(re.sub(r"\d+", "0", entry.spelling),
                             re.sub(r"\d+", "0", spelling))

    def test_all_have_a_spelling_of_the_same_numbers(self):
        for entry in outdated.pinned():
            if entry.spelling:
                self.assertEqual(
                    outdated.respelled(entry.spelling, entry.spelling,
                                       entry.pinned), entry.pinned)
            else:
                self.assertIn("purl", entry.query["package"])

    def test_data(self):
        for name in pins.load():
            url = pins.repository(name)
            if url is not None:
                self.assertRegex(url, r"\Ahttps://[^/]+/.+[^/]\Z")
        for entry in outdated.pinned():
            self.assertTrue(outdated._is_in_series(entry.pinned,
                                                   entry.series))
        self.assertEqual(pins.series("cpython", "3.13.15"), "3.13")
        self.assertEqual(pins.series("zlib", "1.3.1"), "")

    def test_what_patches_fix(self):
        xz = replace(pins.load()["xz"], patches=(
            PatchSeries((Patch("a", "0", ("CVE-1",)), Patch("b", "1"))),
            PatchSeries((Patch("c", "2", ("CVE-2", "CVE-3")),))))
        self.assertEqual(outdated._of_pin(xz).patched,
                         {"CVE-1", "CVE-2", "CVE-3"})


class DebianTest(unittest.TestCase):

    def newest(self, *indices, pinned="1.3", spelling="", series=""):
        entry = outdated._in_debian(
            Entry("a", pinned, "a", None, spelling or pinned, series),
            indices)
        return entry.newest, entry.origin, entry.state

    def test_newest_of_all_suites(self):
        self.assertEqual(
            self.newest(index("trixie", a=["1.2-1", "1:1.4-1"]),
                        index("sid", a=["1.10-1~exp1", "1.9-3"])),
            ("1.10", "sid", "outdated"))

    def test_not_outdated(self):
        self.assertEqual(self.newest(index(a=["1.3-1"])),
                         ("1.3", "sid", "current"))
        self.assertEqual(self.newest(index(a=["1.2-1"])),
                         ("1.2", "sid", "current"))
        self.assertEqual(self.newest(index(a=["1.3+dfsg3-1~deb13u1"])),
                         ("1.3", "sid", "current"))

    def test_unknown(self):
        self.assertEqual(self.newest(index(b=["1.3-1"])),
                         (None, None, "unknown"))
        self.assertEqual(self.newest(), (None, None, "unknown"))

    def test_series(self):
        found = index(a=["3.5.7-1~deb13u2", "3.6.2-1", "3.50-1", "3.5.10-1"])
        self.assertEqual(
            self.newest(found, pinned="3.5.9", series="3.5"),
            ("3.5.10", "sid", "outdated"))
        self.assertEqual(self.newest(found, pinned="3.5.9")[0], "3.50")
        self.assertEqual(self.newest(found, pinned="4.1", series="4")[0],
                         None)

    def test_before_a_release(self):
        found = index(a=["3.15.0~rc1-1"])
        self.assertEqual(self.newest(found, pinned="3.14.9"),
                         ("3.15.0rc1", "sid", "outdated"))
        self.assertEqual(self.newest(found, pinned="3.15.0")[2], "current")

    def test_respelled(self):
        for new, spelling, pinned, expected in (
                ("6.6+20260608", "6.5+20250216", "6.5-20250216",
                 "6.6-20260608"),
                ("3.1-20260512", "3.1-20250104", "20250104-3.1",
                 "20260512-3.1"),
                ("5.8.4", "5.8.1", "5.8.1", "5.8.4"),
                ("6.7", "6.5+20250216", "6.5-20250216", "6.7"),
                ("1.4+git1", "1.3", "1.3", "1.4+git1")):
            self.assertEqual(
                outdated.respelled(new, spelling, pinned), expected)


class PatchedTest(unittest.TestCase):

    def test_what_patches_fix_is_no_vulnerability(self):
        self.enterContext(mock.patch.dict(os.environ, {
            "no_proxy": "127.0.0.1"}))
        server = osv_service.serve(self)
        server.known = {"https://a.test 1": ["OSV-1", "OSV-2"]}
        osv_service.report(server, "OSV-1", "CVE-1")
        osv_service.report(server, "OSV-2", "CVE-2")
        entry = Entry("a", "1", "a", osv.repository("https://a.test", "1"),
                      patched=frozenset({"CVE-2", "CVE-3"}))
        [found], origin = outdated._ask_osv([entry], server.url)
        self.assertEqual([str(one) for one in found.vulnerabilities],
                         ["CVE-1"])
        self.assertEqual(origin.state, "used")


if __name__ == "__main__":
    unittest.main()
