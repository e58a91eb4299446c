"""Terminfo entries: which one an interpreter finds."""

import functools
import os
import sys
import unittest
from pathlib import Path

from _standalone_runtime.terminals import DATABASES
from test.test_standalone_runtime import tree

OWN = tree.PREFIX / "share" / "terminfo"

# Sequences and a size that distinguish the terminals.
WHO = """\
import curses, os, sys
before = dict(os.environb)
curses.setupterm(fd=1)
print(*map(curses.tigetstr, ("cup", "clear", "kcuu1", "rev", "bel")),
      curses.tigetnum("cols"))
assert dict(os.environb) == before
"""
# A terminal with its own keyboard and sequences.  A database that has it has
# nearly always all the others, so its entry shows which one was used.
RARE = "hp2648"
# An environment in which only the system and our tree have databases.
CLEAN = {"TERMINFO": None, "TERMINFO_DIRS": None, "HOME": "/nonexistent"}


def entry_file(database, term):
    return Path(database, term[0], term)


@functools.cache
def known(term):
    """Return our entry, looked up by its path."""
    return tree.run(tree.PYTHON, "-c", WHO,
                    env={**CLEAN, "TERM": term, "TERMINFO": OWN})


class Questions(unittest.TestCase):
    """Questions to an interpreter about the terminal that it finds."""

    python = sys.executable

    def who(self, term, *options, **variables):
        return tree.run(self.python, *options, "-c", WHO,
                        env={**CLEAN, "TERM": term, **variables})

    def assertTakenFor(self, term, other, *options, **variables):
        """Assert that *term* has the entry *other*, which is ours."""
        self.assertEqual(self.who(term, *options, **variables), known(other))

    def assertNotFound(self, term, *options, **variables):
        """Assert that curses raises its own error, without crashing."""
        with self.assertRaisesRegex(
                AssertionError, r"ended with 1:\n(.*\n)*.*"
                r"setupterm: could not find termin(al|fo database)"):
            self.who(term, *options, **variables)

    def doctor(self, term, **variables):
        """What the doctor's resource has, with places as a dict."""
        said = tree.run(
            self.python, "-c", "import dataclasses\n"
            "from _standalone_runtime import terminfo\n"
            "print(ascii(dataclasses.asdict(terminfo.inspect())))",
            env={**CLEAN, "TERM": term, **variables})
        told = eval(said)
        told["places"] = {place["where"]: place["state"]
                          for place in told["places"]}
        return told


requires_chroot = unittest.skipUnless(
    os.environ.get("STANDALONE_TEST_CHROOT"),
    "not in a chroot that may be changed")


def hide_databases(test):
    """Put the system's databases aside while *test* runs."""
    for name in DATABASES:
        path, aside = Path(name), Path(f"{name} aside")
        if path.is_dir():
            try:
                path.rename(aside)
            except OSError as exc:
                test.skipTest(f"{path}: {exc.strerror}")
            test.addCleanup(aside.rename, path)
