"""Tcl finds its scripts wherever the tree is, and is complete."""

import os
import re
import shutil
import unittest
from pathlib import Path

from test.test_standalone_runtime.tree import PREFIX, PYTHON, copy_to, run
from test.test_standalone_runtime.windows import (
    NO_VARIABLES,
    TCL,
    TK,
    TemporaryDirectoryTest,
)

ASK = "import tkinter; print(tkinter.Tcl().eval('info library'))"
# As packages do that do without tkinter's Python part.
ASK_DIRECTLY = ("import _tkinter; print(_tkinter.create(None, '', 'Tk', "
                "False, 0, False).eval('info library'))")


def library(*python, script=ASK, **env):
    """The directory that Tcl has its scripts from."""
    return run(*(python or (PYTHON,)), "-c", script,
               env=NO_VARIABLES | env)


def tcl(script):
    return run(PYTHON, "-c", "import sys, tkinter\n"
               "print(tkinter.Tcl().eval(sys.argv[1]))", script,
               env=NO_VARIABLES)


class LibraryTests(TemporaryDirectoryTest):

    own = str(PREFIX / "lib" / TCL)

    def assertOwn(self, path):
        # Without a locale, Tcl takes names of files for Latin-1.
        self.assertIn(path, [
            self.own, os.fsencode(self.own).decode("latin-1")])

    def test_in_the_tree(self):
        self.assertOwn(library())
        self.assertOwn(library(script=ASK_DIRECTLY))
        self.assertOwn(library(PYTHON, "-I", "-S"))

    def test_through_a_link(self):
        link = self.scratch / "bin" / "python"
        link.parent.mkdir()
        link.symlink_to(PYTHON)
        # A Tcl next to the link would have these.
        (self.scratch / "lib" / TCL).mkdir(parents=True)
        (self.scratch / "lib" / TCL / "init.tcl").write_text("error wrong")
        self.assertOwn(library(link))

    def test_in_a_venv(self):
        for option in ("--symlinks", "--copies"):
            with self.subTest(option):
                venv = self.scratch / option
                run(PYTHON, "-m", "venv", "--without-pip", option, venv)
                self.assertOwn(library(venv / "bin/python"))
                self.assertOwn(library(venv / "bin/python",
                                       script=ASK_DIRECTLY))

    def test_moved_to_what_tcl_would_have_to_quote(self):
        parent = self.scratch / "ä {[$x \\"
        parent.mkdir()
        copied = copy_to(parent)
        python = copied / PYTHON.relative_to(PREFIX)
        # Without a locale, Tcl takes names of files for Latin-1.
        self.assertIn(library(python), [
            f"{each}/lib/{TCL}" for each in (
                copied, os.fsencode(copied).decode("latin-1"))])
        # Where packages are searched, and Tk among them.
        self.assertIn(f"{parent.name[1:]}/{copied.name}/lib|", library(
            python, script=(
                "import tkinter; tcl = tkinter.Tcl()\n"
                "found = tcl.splitlist(tcl.eval('set auto_path'))\n"
                "print(*found, '', sep='|')")))

    def test_the_users_choice_wins(self):
        chosen = self.scratch / TCL
        shutil.copytree(self.own, chosen)
        self.assertEqual(library(TCL_LIBRARY=chosen), str(chosen))

    def test_other_versions_are_passed_over(self):
        """As a program of another Tcl leaves them to its children."""
        (self.scratch / "init.tcl").write_text(
            "package require -exact Tcl 8.6.0\n")
        self.assertOwn(library(TCL_LIBRARY=self.scratch))
        self.assertOwn(library(TCL_LIBRARY="/nowhere"))

    def test_without_any_there_is_an_error(self):
        copied = copy_to(self.scratch)
        shutil.rmtree(copied / "lib" / TCL)
        said = run(copied / PYTHON.relative_to(PREFIX), "-c", (
            "import tkinter\n"
            "try: tkinter.Tcl()\n"
            "except tkinter.TclError as exc: print(exc)\n"
            "import _standalone_runtime.tcltk as tcltk\n"
            "assert tcltk.inspect().missing\n"), env=NO_VARIABLES)
        self.assertIn("init.tcl", said)
        self.assertIn(f"{copied}/lib/{TCL}", said)

    def test_nothing_is_left_in_the_environment(self):
        self.assertEqual(run(PYTHON, "-c", (
            "import os, tkinter\n"
            "from test.test_standalone_runtime import features\n"
            "def seen(): return features.child_environment(), {**os.environ}\n"
            "before = seen()\n"
            "tkinter.Tcl()\n"
            "assert seen() == before\n"), env=NO_VARIABLES), "")

    def test_threads(self):
        said = run(PYTHON, "-c", (
            "import tkinter\n"
            "from concurrent.futures import ThreadPoolExecutor\n"
            "with ThreadPoolExecutor(8) as pool:\n"
            "    found = pool.map(lambda _: tkinter.Tcl().eval(\n"
            "        'info library'), range(64))\n"
            "print(*set(found))\n"), env=NO_VARIABLES)
        self.assertOwn(said)


class TclTests(unittest.TestCase):

    def test_one_version(self):
        patch = tcl("info patchlevel")
        for name in (TK, "tk.tcl"), (TCL, "init.tcl"):
            self.assertRegex((PREFIX / "lib").joinpath(*name).read_text(),
                             rf"(?mi)-exact t(k|cl) +{re.escape(patch)}$")

    def test_packages(self):
        zlib = "zlib" if TCL == "tcl8.6" else "tcl::zlib"
        for name in ("http", "msgcat", "opt", "platform", "tcltest", zlib):
            with self.subTest(name):
                self.assertTrue(tcl(f"package require {name}"))

    def test_encodings(self):
        self.assertEqual(
            tcl("binary encode hex [encoding convertto shiftjis \\u65e5]"),
            "93fa")
        self.assertGreater(len(tcl("encoding names").split()), 70)

    def test_clock(self):
        self.assertEqual(
            tcl("clock format 86400 -gmt 1 -format {%Y-%m-%d %H:%M %A} "
                "-locale de"), "1970-01-02 00:00 Freitag")
        self.assertEqual(
            tcl("clock format 0 -timezone CET-1CEST -format %H:%M"), "01:00")

    @unittest.skipUnless(Path("/usr/share/zoneinfo/Asia/Tokyo").exists(),
                         "the system has no time zones")
    def test_zones_of_the_system(self):
        self.assertEqual(
            tcl("clock format 0 -timezone :Asia/Tokyo -format %H:%M"),
            "09:00")

    def test_no_demos(self):
        self.assertFalse((PREFIX / "lib" / TK / "demos").exists())
        self.assertTrue((PREFIX / "lib" / TK / "msgs" / "de.msg").exists())


if __name__ == "__main__":
    unittest.main()
