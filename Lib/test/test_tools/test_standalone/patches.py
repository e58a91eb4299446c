"""Sources to patch, and patches of them by diff's rules."""

import difflib
import hashlib
import io
import tarfile
import tempfile
import unittest
from pathlib import Path

from standalone.core.errors import BuildError
from standalone.core.model import Patch, PatchSeries, Pin, SourceFile
from standalone.sources import patching

LINES = [f"line {number}\n" for number in range(1, 41)]
SERIES = "debian/patches/series"


def diff(old, new, name="doc/text"):
    """A patch of one file; None stands for no file."""
    return "".join(difflib.unified_diff(
        old or [], new or [],
        "/dev/null" if old is None else f"a/{name}",
        "/dev/null" if new is None else f"b/{name}"))


def edited(lines, number, text):
    """*lines* with another line *number*, which starts at 1."""
    return [*lines[:number - 1], text, *lines[number:]]


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


class PatchingTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.source, self.fetched, self.ours = (
            self.dir / name for name in ("source", "fetched", "ours"))
        for path in self.source, self.fetched, self.ours:
            path.mkdir()
        self.write("doc/text", "".join(LINES))

    def write(self, name, text):
        path = self.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())

    def contents(self):
        return {str(path.relative_to(self.source)): path.read_bytes().decode()
                for path in self.source.rglob("*") if path.is_file()}

    def pin(self, *series):
        return Pin("dep", "1.0", "MIT", (), patches=series)

    def files(self, **texts):
        """A series for each file of ours."""
        for name, text in texts.items():
            (self.ours / f"{name}.patch").write_bytes(text.encode())
        return [PatchSeries((Patch(f"{name}.patch", sha256(text)),))
                for name, text in texts.items()]

    def archive(self, members, *applied, omitted=(), listed=None, number=1):
        """A series of an archive that is like Debian's."""
        path = self.fetched / f"dep-patches-{number}"
        texts = {f"debian/patches/{name}": text
                 for name, text in members.items()}
        if listed is not None:
            texts[SERIES] = listed
        with tarfile.open(path, "w:xz") as tar:
            for name, text in texts.items():
                info = tarfile.TarInfo(name)
                info.size = len(text.encode())
                tar.addfile(info, io.BytesIO(text.encode()))
        top = "" if listed is not None else "debian/patches/"
        return PatchSeries(
            tuple(Patch(f"{top}{name}", sha256(members.get(name, "")))
                  for name in applied),
            SourceFile(hashlib.sha256(path.read_bytes()).hexdigest(),
                       ("debian:pool/main/d/dep_1.debian.tar.xz",)),
            SERIES if listed is not None else "", omitted)

    def apply(self, *series):
        patching.apply(self.pin(*series), self.fetched, self.source,
                       self.ours)

    def fails(self, *series, words, error=BuildError):
        """It is one error, and nothing is changed."""
        before = self.contents()
        with self.assertRaises(error) as caught:
            self.apply(*series)
        for word in words:
            self.assertIn(word, caught.exception.message)
        self.assertNotIn("\n", caught.exception.message)
        self.assertEqual(self.contents(), before)
        self.assertEqual({path.name for path in self.dir.iterdir()},
                         {"source", "fetched", "ours"})
        return caught.exception
