"""Trees to apply overlays to."""

import os
import re
import shutil
import tempfile
import unittest
from pathlib import Path

from standalone.core.errors import UsageError
from standalone.core.layout import ROOT
from standalone.cpython import overlay
from standalone.sources.version import feature_version, python_version

from . import children

REAL_TREE = os.environ.get("STANDALONE_TEST_TREE")
#: At least one of these versions has a given edit.
MADE_UP = ("3.13.15", "3.14.0", "3.12.0")
# What git takes from nobody's configuration.
GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull,
       "GIT_COMMITTER_NAME": "T. Ester", "GIT_COMMITTER_EMAIL": "t@localhost",
       "GIT_AUTHOR_NAME": "T. Ester", "GIT_AUTHOR_EMAIL": "t@localhost"}


def patchlevel(tree, version):
    header = tree / "Include" / "patchlevel.h"
    header.parent.mkdir(parents=True, exist_ok=True)
    header.write_text("/* Version as a string */\n"
                      f'#define PY_VERSION      \t"{version}"\n')


def state(tree):
    """All of a tree: path, bytes and whether it is a program."""
    return {path.relative_to(tree): (path.read_bytes(),
                                     path.stat().st_mode & 0o111 != 0)
            for path in tree.rglob("*") if path.is_file()}


def changes(text):
    """Name → the part of a patch that changes the file."""
    parts = re.split(r"(?m)^(?=diff --git )", text.rpartition("-- \n")[0])
    return {part.partition(" b/")[2].partition("\n")[0]: part
            for part in parts[1:]}


class OverlayTestCase(unittest.TestCase):

    def setUp(self):
        self.scratch = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.scratch)

    def make_tree(self, name="tree", edit=None):
        """Make a tree of the files that the overlay edits.

        They are copies of the real tree's, if there is one.  For an *edit*
        that its version does not have, the tree is of another version.
        """
        tree = self.scratch / name
        real = python_version(Path(REAL_TREE)) if REAL_TREE else "3.13.15"
        version = next(version for version in (real, *MADE_UP)
                       if edit is None or edit.fits(feature_version(version)))
        if REAL_TREE and version == real:
            for file in {"Include/patchlevel.h", "Include/object.h",
                         *(edit.file for edit in overlay.fitting(
                             Path(REAL_TREE)))}:
                (tree / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(Path(REAL_TREE, file), tree / file)
            return tree
        patchlevel(tree, version)
        for edit in overlay.edits():
            (tree / edit.file).parent.mkdir(parents=True, exist_ok=True)
            with (tree / edit.file).open("a", encoding="utf-8") as file:
                file.write(f"\x0cabove\r\n{edit.old}below: \xe9\n")
        (tree / "configure").chmod(0o755)
        return tree

    def refused(self, tree, *words, root=ROOT):
        """apply raises, says *words*, and changes nothing."""
        before = state(tree)
        with self.assertRaises(UsageError) as caught:
            overlay.apply(tree, root)
        for word in words:
            self.assertIn(word, str(caught.exception))
        self.assertEqual(state(tree), before)
        with self.assertRaises(UsageError):
            overlay.check(tree, root)
        return caught.exception

    def patch(self, tree, text):
        children.run(
            ["patch", "-s", "-p1"], cwd=tree, check=True,
            input=text.encode("utf-8", "surrogateescape"))
