"""Test sources.source_index, with apt, gpgv and an archive on loopback."""

import contextlib
import io
import os
import shutil
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from standalone.sources import download, source_index

from . import signed_archive

VERSIONS = {"xz-utils": ["5.8.1-1", "5.8.4-1"], "zlib": ["1:1.3.1-2"]}
PAST = "Fri, 06 Nov 2020 08:08:01 UTC"
FUTURE = "Fri, 06 Nov 2099 08:08:01 UTC"


@unittest.skipIf(signed_archive.MISSING,
                 f"not on this machine: {signed_archive.MISSING}")
class IndexTest(unittest.TestCase):

    def setUp(self):
        self.keys = signed_archive.Keys(self)
        self.keys.make("good")
        self.archive = signed_archive.Archive(self, self.keys)
        self.archive.trust("good")
        self.archive.configure("sid")
        self.cache = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(mock.patch.dict(os.environ, {
            "no_proxy": "127.0.0.1"}))

    def read(self):
        self.archive.server.asked.clear()
        with contextlib.redirect_stderr(io.StringIO()) as said:
            found = source_index.read(self.cache, self.archive.apt)
        self.said = said.getvalue()
        return found

    def sources_asked(self):
        return [path for path in self.archive.server.asked
                if "main/source" in path]

    def assertRead(self, versions=VERSIONS):
        [index] = self.read()
        self.assertIsNone(index.problem)
        self.assertEqual(index.versions, versions)
        return index

    def assertProblem(self, expected):
        [index] = self.read()
        self.assertRegex(index.problem, expected)
        self.assertNotIn("\n", index.problem)
        self.assertEqual((index.versions, list(self.cache.iterdir())),
                         ({}, []))

    def test_read_and_kept(self):
        self.archive.write("sid", VERSIONS)
        index = self.assertRead()
        self.assertEqual(index.url, f"{self.archive.base}/dists/sid")
        self.assertIsNone(index.old)
        self.assertEqual(self.sources_asked(),
                         ["/debian/dists/sid/main/source/Sources.xz"])
        self.assertRegex(self.said, r"\Afetch: sid: 0\.0 MB from http\S+\n\Z")
        # Nothing has changed: only InRelease is asked for.
        self.assertRead()
        self.assertEqual(self.sources_asked(), [])
        self.archive.write("sid", {"xz-utils": ["5.8.5-1"]})
        self.assertRead({"xz-utils": ["5.8.5-1"]})
        self.assertEqual(len(self.sources_asked()), 1)

    def test_damaged_cache(self):
        self.archive.write("sid", VERSIONS)
        self.assertRead()
        [kept] = self.cache.iterdir()
        kept.write_text("{")
        self.assertRead()

    def test_unused_files_of_the_cache_go(self):
        self.archive.write("sid", VERSIONS)
        (self.cache / "old.json").write_text("{}")
        os.utime(self.cache / "old.json", (0, 0))
        (self.cache / "killed").mkdir()
        os.utime(self.cache / "killed", (0, 0))
        (self.cache / "new.json").write_text("{}")
        self.assertRead()
        self.assertEqual(len(list(self.cache.iterdir())), 2)
        self.assertTrue((self.cache / "new.json").exists())

    def test_by_hash(self):
        self.archive.write("sid", VERSIONS, Acquire_By_Hash="yes")
        (self.archive.folder("sid") / "main/source/Sources.xz").unlink()
        self.assertRead()

    def test_tampered_sources(self):
        self.archive.write("sid", VERSIONS)
        path = self.archive.folder("sid") / "main/source/Sources.xz"
        path.write_bytes(path.read_bytes()[:-1] + b"?")
        self.assertProblem(r"\Aexpected sha256 \w{64}, got \w{64}\Z")

    def test_truncated_sources(self):
        self.archive.write("sid", VERSIONS)
        self.archive.server.modes["Sources.xz"] = "truncated"
        self.assertProblem(r"truncated: got \d+ of \d+ bytes")
        self.archive.server.modes["Sources.xz"] = "half"
        self.assertProblem("expected sha256")

    def test_sources_that_are_no_xz(self):
        self.archive.write("sid", VERSIONS)
        with mock.patch.object(signed_archive.lzma, "compress",
                               return_value=b"\xfd7zXZ\0?"):
            self.archive.write("sid", VERSIONS)
        self.assertProblem(r"\Ainvalid main/source/Sources\.xz: ")

    def test_truncated_release(self):
        self.archive.write("sid", VERSIONS)
        self.archive.server.modes["InRelease"] = "truncated"
        self.assertProblem(r"\Atruncated: got \d+ of \d+ bytes")
        self.archive.server.modes["InRelease"] = "half"
        self.assertProblem("no valid signature")

    def test_release_changed_after_it_was_signed(self):
        self.archive.write("sid", VERSIONS)
        path = self.archive.folder("sid") / "InRelease"
        path.write_text(path.read_text().replace("Origin: Test",
                                                 "Origin: Evil"))
        self.assertProblem("changed after it was signed")

    def test_text_around_what_is_signed(self):
        """It is not part of the message, and must not count as one."""
        self.archive.write("sid", VERSIONS)
        path = self.archive.folder("sid") / "InRelease"
        evil = f"SHA256:\n {'1' * 64} 1 main/source/Sources.xz\n\n"
        path.write_text(evil + path.read_text() + evil)
        for index in self.read():
            self.assertIn(index.versions, ({}, VERSIONS))
        self.assertNotIn("1" * 64, self.said)

    def test_unknown_key(self):
        self.keys.make("evil")
        self.archive.write("sid", VERSIONS, signers=("evil",))
        self.assertProblem(r"keys that this machine does not trust: \w{16}\Z")

    def test_not_signed(self):
        self.archive.write("sid", VERSIONS, signers=())
        self.assertProblem("no valid signature")

    def test_one_known_key_is_enough(self):
        self.keys.make("future")
        self.archive.write("sid", VERSIONS, signers=("future", "good"))
        self.assertRead()

    def test_only_the_keys_of_this_archive(self):
        """A third party's key is no key for Debian's archive."""
        self.keys.make("other")
        keyring = self.archive.apt / "other.gpg"
        keyring.write_bytes(self.keys.public("other"))
        self.archive.configure("sid", signed_by=keyring)
        self.archive.write("sid", VERSIONS)
        self.assertProblem("does not trust")
        self.archive.write("sid", VERSIONS, signers=("other",))
        self.assertRead()

    def test_keys_as_text(self):
        self.archive.write("sid", VERSIONS)
        trusted = self.archive.apt / "trusted.gpg.d"
        shutil.rmtree(trusted)
        trusted.mkdir()
        text = self.keys.public("good", "--armor").decode()
        (trusted / "good.asc").write_text(text)
        self.assertRead()
        (trusted / "good.asc").unlink()
        [index] = self.read()
        self.assertIn("does not trust", index.problem)
        (self.archive.apt / "sources.list").unlink()
        block = "".join(f" {line or '.'}\n" for line in text.splitlines())
        (self.archive.apt / "sources.list.d/debian.sources").write_text(
            f"Types: deb\nURIs: {self.archive.base}\nSuites: sid\n"
            f"Components: main\nSigned-By:\n{block}")
        self.assertRead()

    def test_invalid_keys(self):
        self.archive.write("sid", VERSIONS)
        trusted = self.archive.apt / "trusted.gpg.d"
        (trusted / "bad.asc").write_text(
            "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabcde\n"
            "-----END PGP PUBLIC KEY BLOCK-----\n")
        self.assertProblem("apt's configuration has an invalid key")
        (trusted / "bad.asc").write_text("no key")
        self.assertRead()

    def test_no_gpgv(self):
        self.archive.write("sid", VERSIONS)
        folder = self.archive.dir / "bin"
        folder.mkdir()
        for tool in "apt-get", "apt-config", "dpkg":
            if path := shutil.which(tool):
                (folder / tool).symlink_to(path)
        with mock.patch.dict(os.environ, PATH=str(folder)):
            self.assertProblem("no gpgv on this machine")

    def test_old_index_is_used(self):
        self.archive.write("sid", VERSIONS, Valid_Until=PAST)
        self.assertEqual(self.assertRead().old, PAST)
        self.archive.write("sid", VERSIONS, Valid_Until=FUTURE)
        self.assertIsNone(self.assertRead().old)

    def test_index_of_another_suite(self):
        self.archive.write("sid", VERSIONS, Suite="oldstable",
                           Codename="bookworm")
        self.assertProblem("for another suite: oldstable bookworm")

    def test_without_codename(self):
        self.archive.write("sid", VERSIONS, Codename="")
        self.assertRead()
        self.assertFalse([path for path in self.archive.server.asked
                          if "dists//" in path])

    def test_no_sources(self):
        self.archive.write("sid", VERSIONS)
        path = self.archive.folder("sid") / "InRelease"
        path.write_bytes(self.keys.sign("Suite: sid\nSHA256:\n", "good"))
        self.assertProblem("does not list main/source/Sources.xz")

    def test_hanging_server(self):
        self.archive.write("sid", VERSIONS)
        with mock.patch.object(download, "_SILENCE", 0.5):
            for name in "Sources.xz", "sid/InRelease":
                self.archive.server.modes = {name: "stalled"}
                [index, *_] = self.read()
                self.assertIn("no answer in time", index.problem)

    def test_slow_server(self):
        """Each byte comes in time, but the end does not."""
        self.archive.write("sid", VERSIONS)
        self.archive.server.modes = {"Sources.xz": "slow"}
        with mock.patch.object(source_index, "_DEADLINE", 1.0):
            self.assertProblem(r"\Anot complete after 1 s\Z")

    def test_more_suites_of_debian(self):
        self.archive.configure("trixie")
        self.archive.write("trixie", VERSIONS, Suite="stable")
        [index] = self.read()
        self.assertEqual(index.suite, "trixie")
        # The same, under the name that apt does not use.
        shutil.copytree(self.archive.folder("trixie"),
                        self.archive.folder("stable"))
        self.archive.write("sid", {"zlib": ["1:1.3.2-1"]}, Suite="unstable")
        found = self.read()
        self.assertEqual([index.suite for index in found],
                         ["trixie", "sid"])
        self.assertEqual(found[1].versions, {"zlib": ["1:1.3.2-1"]})

    def test_one_index_with_two_names(self):
        self.archive.configure("trixie")
        self.archive.write("trixie", VERSIONS, Suite="stable")
        shutil.copytree(self.archive.folder("trixie"),
                        self.archive.folder("stable"))
        self.assertEqual(self.assertRead().suite, "trixie")
        self.assertEqual(len(self.sources_asked()), 1)

    def test_older_index_under_another_name(self):
        """As on a mirror that has not yet fetched all that changed."""
        old = "Sat, 12 Sep 2026 07:55:41 UTC"
        new = "Sat, 21 Nov 2026 09:15:44 UTC"
        names = {"Suite": "stable", "Codename": "trixie"}
        for configured in "sid", "stable", "trixie":
            for dates in (old, new), (new, old):
                self.archive.configure(configured)
                self.archive.write("sid", {"a": ["1"]})
                for suite, date in zip(("stable", "trixie"), dates,
                                       strict=True):
                    self.archive.write(suite, {"a": [date]}, Date=date,
                                       **names)
                found = self.read()
                self.assertEqual(
                    {*map(str, (index.versions["a"] for index in found))},
                    {"['1']", f"['{new}']"})
                self.assertEqual(len(found), 2)

    def test_missing_sources_of_a_suite_that_apt_does_not_use(self):
        """Only a missing suite is nothing to report."""
        self.archive.configure("trixie")
        self.archive.write("trixie", VERSIONS)
        self.archive.write("sid", {"a": ["1"]})
        shutil.rmtree(self.archive.folder("sid") / "main")
        [_, index] = self.read()
        self.assertEqual((index.suite, index.problem[:8]),
                         ("sid", "HTTP 404"))

    def test_missing_suite_that_apt_uses(self):
        self.archive.configure("trixie")
        self.assertProblem(r"\AHTTP 404")

    def test_security_archive(self):
        self.archive.configure("trixie-security")
        self.archive.write("trixie-security", VERSIONS,
                           Suite="stable-security")
        self.assertEqual(self.assertRead().suite, "trixie-security")
        self.assertEqual(
            sorted(path for path in self.archive.server.asked
                   if path.endswith("InRelease")),
            ["/debian/dists/stable-security/InRelease",
             "/debian/dists/trixie-security/InRelease"])


class NoAptTest(unittest.TestCase):

    def test_without_apt(self):
        cache = Path(self.enterContext(tempfile.TemporaryDirectory()))
        with mock.patch.dict(os.environ, PATH=os.devnull):
            self.assertEqual(source_index.read(cache), [])


if __name__ == "__main__":
    unittest.main()
