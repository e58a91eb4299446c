"""Test release.outdated and its command: real servers, pip, apt and gpgv."""

import contextlib
import io
import json
import os
import re
import socket
import sys
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path
from unittest import mock

from standalone.__main__ import main
from standalone.core.layout import TOOLS
from standalone.core.model import Patch, PatchSeries
from standalone.release import osv, outdated
from standalone.release.outdated import Entry
from standalone.sources import host, pins
from standalone.sources.source_index import Index

from . import children, osv_service, signed_archive


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


@unittest.skipIf(signed_archive.MISSING,
                 f"not on this machine: {signed_archive.MISSING}")
class CommandTestCase(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        keys = signed_archive.Keys(self)
        keys.make("good")
        self.archive = signed_archive.Archive(self, keys)
        self.archive.trust("good")
        self.archive.configure("sid")
        self.archive.write("sid", {
            "xz-utils": ["99.1-1"],
            "libedit": ["3.1-20991231-1"]})
        self.wheels = self.dir / "wheels"
        self.wheels.mkdir()
        for entry in outdated.pinned():
            if not entry.spelling:
                (self.wheels / f"{entry.package}-9999.1-py3-none-any.whl"
                 ).touch()
        self.server = osv_service.serve(self)
        self.enterContext(mock.patch.dict(os.environ, {
            "XDG_CACHE_HOME": str(self.dir / "cache"),
            "no_proxy": "127.0.0.1", "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels)}))

    def argv(self, *options):
        return ["outdated", "--osv-url", self.server.url,
                "--apt-configuration", str(self.archive.apt), *options]

    def read(self, stderr):
        """Keep what is said, without the progress."""
        self.said = [line for line in stderr.splitlines()
                     if not line.startswith("fetch: ")]


class WholeTest(CommandTestCase):

    def test_everything(self):
        done = children.run(
            [sys.executable, "-m", "standalone", *self.argv()],
            env={**os.environ, "PYTHONPATH": str(TOOLS.parent)},
            capture_output=True, text=True)
        self.read(done.stderr)
        self.assertEqual((done.returncode, self.said), (0, []))
        self.assertIn("fetch: sid: 0.0 MB from ", done.stderr)
        table = [re.split("  +", line) for line in done.stdout.splitlines()]
        self.assertEqual(
            table[0], ["name", "pinned", "newest", "from", "state",
                       "vulnerabilities"])
        self.assertEqual([row[:2] for row in table[1:]], [
            [entry.name, entry.pinned] for entry in outdated.pinned()])
        for entry, row in zip(outdated.pinned(), table[1:], strict=True):
            if not entry.spelling:
                self.assertEqual(row[2:], ["9999.1", "pip", "outdated",
                                           "none known"])
        self.assertEqual(len(self.server.queries), len(
            [entry for entry in outdated.pinned() if entry.query]))


class CommandTest(CommandTestCase):
    """With some of the pins, because a pip for each takes long."""

    def setUp(self):
        super().setUp()
        some = [entry for entry in outdated.pinned() if entry.name in (
            "db", "jinja2", "libedit", "packaging", "xz", "zlib")]
        self.enterContext(mock.patch.object(outdated, "pinned",
                                            lambda: some))

    def run_(self, *options, code=0):
        with (contextlib.redirect_stdout(io.StringIO()) as printed,
              contextlib.redirect_stderr(io.StringIO()) as said):
            try:
                found = main(self.argv(*options))
            except SystemExit as exc:
                found = exc.code
        self.read(said.getvalue())
        self.assertEqual(found, code, self.said)
        return printed.getvalue()

    def pins(self, **options):
        document = json.loads(self.run_("--json", **options))
        self.origins = {origin["name"]: origin
                        for origin in document["origins"]}
        return {entry["name"]: entry for entry in document["pins"]}

    def test_all_is_well(self):
        found = self.pins()
        self.assertEqual(self.said, [])
        version = pins.load()["xz"].version
        self.assertEqual(found["xz"], {
            "name": "xz", "pinned": version, "series": None,
            "package": "xz-utils", "newest": "99.1", "origin": "sid",
            "state": "outdated", "vulnerabilities": []})
        self.assertEqual(found["jinja2"]["newest"], "9999.1")
        self.assertEqual(found["jinja2"]["origin"], "pip")
        self.assertEqual(found["libedit"]["newest"], "20991231-3.1")
        self.assertEqual(found["zlib"]["state"], "unknown")
        # Berkeley DB has no public repository.
        self.assertIsNone(found["db"]["vulnerabilities"])
        self.assertEqual(
            {name: origin["state"] for name, origin in self.origins.items()},
            dict.fromkeys((f"{self.archive.base}/dists/sid", "pip",
                           self.server.url), "used"))

    def test_vulnerable(self):
        entry = pin("jinja2")
        self.server.known = {
            f"pkg:pypi/jinja2@{entry.pinned}": ["GHSA-1"]}
        osv_service.report(self.server, "GHSA-1", "CVE-2099-1")
        table = self.run_(code=1).splitlines()
        [row] = [line.split() for line in table
                 if line.startswith("jinja2 ")]
        self.assertEqual(row, ["jinja2", entry.pinned, "9999.1", "pip",
                               "outdated", "CVE-2099-1"])
        [row] = [line.split() for line in table if line.startswith("db ")]
        self.assertEqual(row[2:], ["-", "-", "unknown", "not", "checked"])
        self.assertEqual(self.pins(code=1)["jinja2"]["vulnerabilities"], [
            {"id": "GHSA-1", "aliases": ["CVE-2099-1"],
             "summary": "about GHSA-1"}])

    def test_osv_fails(self):
        self.server.mode = 500
        found = self.pins()
        self.assertEqual(self.said, [
            f"standalone: warning: {self.server.url}: unavailable: HTTP 500 "
            "Internal Server Error"])
        self.assertIsNone(found["xz"]["vulnerabilities"])
        # The rest is not lost.
        self.assertEqual(found["xz"]["newest"], "99.1")
        self.server.mode = b"<html>"
        self.run_()
        self.assertIn("invalid answer: not JSON", self.said[0])

    def test_osv_answers_in_part(self):
        """What is vulnerable stays so."""
        self.server.known = {
            f"pkg:pypi/jinja2@{pin('jinja2').pinned}": ["GHSA-1"]}
        found = self.pins(code=1)
        self.assertEqual(self.origins[self.server.url]["state"],
                         "incomplete")
        self.assertEqual(found["jinja2"]["vulnerabilities"], [
            {"id": "GHSA-1", "aliases": [], "summary": ""}])
        self.assertEqual(len(self.said), 1)
        self.assertIn("incomplete: no details of GHSA-1: HTTP 404",
                      self.said[0])

    def test_pip_without_an_index(self):
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        with mock.patch.dict(os.environ, {
                "PIP_NO_INDEX": "0", "PIP_FIND_LINKS": "",
                "PIP_INDEX_URL": f"http://127.0.0.1:{port}/"}):
            found = self.pins()
        self.assertEqual(found["jinja2"]["state"], "unknown")
        self.assertEqual(found["xz"]["state"], "outdated")
        self.assertEqual(len(self.said), 1)
        self.assertRegex(self.said[0], r"warning: pip: unavailable: its index "
                         "does not answer: .*refused")

    def test_index_signed_by_an_unknown_key(self):
        self.archive.keys.make("evil")
        self.archive.write("sid", {"xz-utils": ["99.9-1"]},
                           signers=("evil",))
        found = self.pins()
        self.assertEqual(len(self.said), 1)
        self.assertRegex(self.said[0], "dists/sid: unavailable: InRelease is "
                         r"signed by keys that this machine does not trust")
        self.assertEqual(found["xz"]["state"], "unknown")
        self.assertEqual(found["jinja2"]["newest"], "9999.1")

    def test_old_index(self):
        until = "Fri, 06 Nov 2020 08:08:01 UTC"
        self.archive.write("sid", {"xz-utils": ["99.9-1"]},
                           Valid_Until=until)
        self.assertEqual(self.pins()["xz"]["newest"], "99.9")
        url = f"{self.archive.base}/dists/sid"
        self.assertEqual(self.said, [
            f"standalone: warning: {url}: old: valid until {until}"])
        self.assertEqual(self.origins[url], {
            "name": url, "state": "old", "detail": f"valid until {until}"})

    def test_pip_finds_nothing(self):
        for path in self.wheels.glob("jinja2-*"):
            path.unlink()
        found = self.pins()
        self.assertEqual(found["jinja2"]["state"], "unknown")
        self.assertEqual(found["packaging"]["newest"], "9999.1")
        self.assertEqual(len(self.said), 1)
        self.assertIn("pip: jinja2: unavailable: ", self.said[0])

    def test_no_archive(self):
        (self.archive.apt / "sources.list").unlink()
        self.run_()
        self.assertEqual(self.said, ["standalone: warning: Debian archive: "
                                     "unavailable: none in apt's "
                                     "configuration"])

    def test_invalid_url(self):
        self.assertEqual(self.run_("--osv-url", "osv.test", code=2), "")
        self.assertEqual(self.said[0],
                         "standalone: error: invalid --osv-url: osv.test")
        self.assertFalse((self.dir / "cache").exists())

    def test_cache_that_cannot_be_written(self):
        (self.dir / "cache").touch()
        self.run_(code=3)
        self.assertRegex(self.said[0], r"\Astandalone: error: cannot use "
                         ".*cache/cpython-standalone/indices: ")


if __name__ == "__main__":
    unittest.main()
