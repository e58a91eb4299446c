"""Compare the overlay's anchors with the newest releases in Debian's archive.

Its sources of CPython need not be on a mirror yet, but its packages with
Lib/ are.  They are downloaded with apt, in a configuration of their own.
"""

import shutil
import tempfile
import unittest
from pathlib import Path

from standalone.cpython import overlay
from standalone.sources import apt

from . import children

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
VERSIONS = (3, 14), (3, 15)
PACKAGES = "libpython{}-minimal", "libpython{}-stdlib", "python{}-venv"


class LibTests(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        for tool in "apt-get", "dpkg-deb":
            if not shutil.which(tool):
                raise unittest.SkipTest(f"no {tool}")
        if not KEYRING.exists() or not apt.archives():
            raise unittest.SkipTest("no archive of Debian's is configured")
        cls.dir = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        for name in ("etc/apt.conf.d", "etc/preferences.d", "debs",
                     "state/lists/partial", "cache/archives/partial"):
            (cls.dir / name).mkdir(parents=True)
        (cls.dir / "state/status").touch()
        (cls.dir / "etc/sources.list").write_text(
            f"deb [signed-by={KEYRING}] {apt.archives()[0]} sid main\n")
        cls.apt("update")
        cls.apt("download", *(
            package.format(".".join(map(str, version)))
            for version in VERSIONS for package in PACKAGES))
        for path in (cls.dir / "debs").glob("*.deb"):
            children.run(["dpkg-deb", "-x", path, cls.dir / "root"],
                         check=True)

    @classmethod
    def apt(cls, *words):
        """Run apt-get in our configuration; SkipTest if it fails."""
        options = {
            "Dir::Etc": "etc", "Dir::State": "state", "Dir::Cache": "cache",
            "Dir::State::status": "state/status"}
        done = children.run(
            ["apt-get", "-q", *(
                f"-o{name}={cls.dir / path}"
                for name, path in options.items()),
             # A mirror may be old; a stranger's files are refused anyway.
             "-oAcquire::Check-Valid-Until=false", "-oAPT::Sandbox::User=",
             "-oAcquire::Languages=none", *words],
            cwd=cls.dir / "debs", text=True, capture_output=True)
        if done.returncode:
            raise unittest.SkipTest(
                f"apt-get {words[0]}: {done.stderr.strip()[-300:]}")

    def test_anchors(self):
        for version in VERSIONS:
            name = ".".join(map(str, version))
            library = self.dir / "root/usr/lib" / f"python{name}"
            edits = [edit for edit in overlay.edits()
                     if edit.file.startswith("Lib/") and edit.fits(version)]
            self.assertTrue(edits)
            for edit in edits:
                path = library / edit.file.removeprefix("Lib/")
                with self.subTest(version=name, file=edit.file,
                                  anchor=edit.old):
                    text = path.read_text(encoding="utf-8")
                    lines = f"\n{text}".count(f"\n{edit.old}")
                    self.assertEqual(lines, 1)


if __name__ == "__main__":
    unittest.main()
