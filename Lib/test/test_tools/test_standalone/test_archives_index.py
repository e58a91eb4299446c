"""index.py; uv itself reads an index in test_standalone_archives."""

import contextlib
import io
import json
import tempfile
import unittest
from pathlib import Path

from standalone import __main__
from standalone.archives import index
from standalone.archives.writer import KINDS, file_names
from standalone.formats.names import ArchiveName, BuildName

SHA256 = "0" * 64


def entries(*names, **options):
    return json.loads(index.text(dict.fromkeys(names, SHA256), **options))


class TextTest(unittest.TestCase):

    maxDiff = None

    def test_one_entry_a_build(self):
        name = BuildName("3.13.15", 1, "x86_64-unknown-linux-gnu", ("lto",))
        self.assertIn("install_only_stripped", KINDS)
        self.assertEqual(entries(*file_names(name)), {
            "cpython-3.13.15-linux-x86_64-gnu": {
                "name": "cpython",
                "arch": {"family": "x86_64", "variant": None},
                "os": "linux", "libc": "gnu",
                "major": 3, "minor": 13, "patch": 15, "prerelease": "",
                "url": "https://www.python.org/ftp/python/3.13.15/"
                       f"{name}-install_only_stripped.tar.gz",
                "sha256": SHA256, "variant": None, "build": None}})

    def test_what_tells_builds_apart(self):
        found = entries(*(
            str(ArchiveName(BuildName(version, 1, triple, marks),
                            "install_only_stripped", "gz"))
            for version, triple, *marks in (
                ("3.15.0b2", "aarch64-unknown-linux-gnu"),
                ("3.13.5", "x86_64_v3-unknown-linux-gnu"),
                ("3.13.5", "x86_64-unknown-linux-gnu", "debug"))))
        self.assertEqual([*found], [
            "cpython-3.13.5+debug-linux-x86_64-gnu",
            "cpython-3.13.5-linux-x86_64_v3-gnu",
            "cpython-3.15.0b2-linux-aarch64-gnu"])
        debug, level, beta = found.values()
        self.assertEqual(debug["variant"], "debug")
        self.assertEqual(level["arch"]["variant"], "v3")
        self.assertEqual(beta["prerelease"], "b2")
        self.assertIn("/ftp/python/3.15.0/python-3.15.0b2-", beta["url"])

    def test_last_build(self):
        triple = "x86_64-unknown-linux-gnu-install_only_stripped.tar.gz"
        [entry] = entries(*(f"python-3.13.15{build}-{triple}"
                            for build in ("-10", "", "-9"))).values()
        self.assertEqual(entry["build"], "10")
        self.assertIn("/3.13.15/python-3.13.15-10-", entry["url"])

    def test_with_lto(self):
        def name(build, option):
            return (f"python-3.13.15{build}-x86_64-unknown-linux-gnu{option}"
                    "-install_only_stripped.tar.gz")
        plain, lto, newer = name("", ""), name("", "-lto"), name("-2", "")
        pgo, both = name("", "-pgo"), name("", "-pgo-lto")
        for names, chosen in (([lto, plain], lto), ([plain, lto], lto),
                              ([pgo, lto], pgo), ([both, pgo], both),
                              ([lto, both, plain], both),
                              ([newer, both, plain], newer)):
            [entry] = entries(*names).values()
            self.assertEqual(entry["url"].rpartition("/")[2], chosen)
            self.assertIsNone(entry["variant"])

    def test_left_out(self):
        """uv has no word for other flavours."""
        name = "python-3.13.15-x86_64-unknown-linux-gnu"
        self.assertEqual(entries(
            f"{name}-gpl-install_only_stripped.tar.gz",
            f"{name}-lto-gpl-install_only_stripped.tar.gz",
            f"{name}-install_only.tar.gz",
            f"{name}-install_only_stripped.tar.zst",
            f"{name}-install_only_stripped.tar.gz.spdx.json",
            name.replace("3.13.15", "3.13.15+")
            + "-install_only_stripped.tar.gz",
            name.replace("x86_64", "vax") + "-install_only_stripped.tar.gz",
            "cpython-3.13.15-manylinux_2_17_x86_64.pybi",
            f"{name}.spdx.json", "index.json"), {})


class CommandTest(unittest.TestCase):

    def setUp(self):
        self.out = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.name = ("python-3.13.15-x86_64-unknown-linux-gnu-"
                     "install_only_stripped.tar.gz")

    def lay(self):
        (self.out / "SHA256SUMS").write_text(f"{SHA256}  {self.name}\n")
        (self.out / self.name).touch()

    def command(self, *options):
        out, err = io.StringIO(), io.StringIO()
        with (contextlib.redirect_stdout(out),
              contextlib.redirect_stderr(err)):
            code = __main__.main(["index", str(self.out), *options])
        return code, out.getvalue(), err.getvalue()

    def test_where_they_lie(self):
        self.lay()
        code, out, _ = self.command()
        self.assertEqual(code, 0)
        [entry] = json.loads(out).values()
        self.assertEqual(entry["url"], (
            self.out.resolve() / self.name).as_uri())

    def test_base_url(self):
        self.lay()
        for base in ("https://example.org/{}", "https://example.org/{}/"):
            [entry] = json.loads(
                self.command(f"--base-url={base}")[1]).values()
            self.assertEqual(entry["url"],
                             f"https://example.org/3.13.15/{self.name}")

    def test_nothing_there(self):
        code, out, err = self.command()
        self.assertEqual((code, out), (2, ""))
        self.assertIn("cannot read its SHA256SUMS", err)
        self.assertIn("make standalone", err)
        self.lay()
        (self.out / self.name).unlink()
        code, out, err = self.command()
        self.assertEqual((code, out), (2, ""))
        self.assertIn("that uv can install", err)
        (self.out / "SHA256SUMS").write_text("half")
        self.assertEqual(self.command()[0], 2)


if __name__ == "__main__":
    unittest.main()
