"""Test standalone outdated with real servers, pip, apt and gpgv."""

import contextlib
import io
import json
import os
import re
import socket
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from standalone.__main__ import main
from standalone.core.layout import TOOLS
from standalone.release import outdated
from standalone.sources import pins

from . import children, osv_service, signed_archive


def pin(name):
    return next(entry for entry in outdated.pinned() if entry.name == name)


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
