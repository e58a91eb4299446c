"""Small trees and what reads archives, for the tests of archives."""

import gzip
import os
import tarfile
import tempfile
import unittest
from pathlib import Path

import zstandard

from standalone.archives import writer
from standalone.archives.mounts import members
from standalone.archives.writer import Spec

EPOCH = 1_700_000_000
LONG = "lib/" + "/".join(["long" * 10] * 4) + "/module.py"
UMLAUT = "lib/Größe.py"
NAME = "python-3.13.15-x86_64-unknown-linux-gnu"
FILES = {
    "bin/python3.13": "x" * 5000, "bin/python3": Path("python3.13"),
    "lib/a.py": "a", "lib/a/b.py": "b", "lib-x/c.py": "c",
    LONG: "long", UMLAUT: "umlaut",
}


def lay(root, files, *, umask=0o022):
    """Make *files*: path → text, or path → Path for a symlink."""
    before = os.umask(umask)
    try:
        for path, content in files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Path):
                target.symlink_to(content)
            else:
                target.write_text(content)
                if path.startswith("bin/"):
                    target.chmod(0o777 & ~umask)
    finally:
        os.umask(before)
    return root


def contents(path):
    """The tar inside an archive."""
    with path.open("rb") as file:
        if path.suffix == ".gz":
            return gzip.decompress(file.read())
        return zstandard.ZstdDecompressor().stream_reader(file).read()


class ArchiveTestCase(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.out = self.dir / "dist ä"

    def write(self, *mounts, name="python-a", epoch=EPOCH):
        return writer.archive([Spec(name, mounts, {"gz": 1, "zst": 3})],
                               self.out, epoch)

    def read(self, *mounts):
        """Archive *mounts*; the members by name, without ``python/``."""
        written = self.write(*mounts)[0].path
        with tarfile.open(written) as tar:
            names = [info.name for info in tar]
            self.assertEqual([n[:7] for n in names],
                             ["python/"] * len(names))
            return {info.name[7:]: info for info in tar}

    def names(self, *mounts):
        return list(members(mounts))
