"""Where terminfo entries come from: the user's, the system's, ours."""

import os
import shutil
import sys
import sysconfig
import unittest
from pathlib import Path

from _standalone_runtime import terminfo
from _standalone_runtime.terminals import COMPILED_IN, DATABASES
from test.support import os_helper
from test.test_standalone_runtime import tree
from test.test_standalone_runtime.entries import (
    CLEAN,
    OWN,
    RARE,
    WHO,
    Questions,
    entry_file,
    hide_databases,
    known,
    requires_chroot,
)

OTHERS = ("wy50", "att610", "vt52", "tvi925", "adm3a")


def write(database, term, data):
    path = entry_file(database, term)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def disguise(database, term, other):
    """An entry *term* in *database* that is another terminal's."""
    return write(database, term, entry_file(OWN, other).read_bytes())


IN_ANOTHER_INTERPRETER = f"""\
import _interpreters as i
other = i.create('legacy')
raised = i.exec(other, {WHO!r})
i.destroy(other)
assert not raised, raised
""" if sys.version_info >= (3, 13) else f"""\
import _xxsubinterpreters as i
other = i.create(isolated=False)
i.run_string(other, {WHO!r})
i.destroy(other)
"""


class EntryTests(Questions):

    def test_they_differ(self):
        """Else the tests below could not fail."""
        self.assertEqual(len({known(term) for term in (
            RARE, "xterm-256color", *OTHERS)}), len(OTHERS) + 2)

    def test_database(self):
        files = [Path(parent, name) for parent, _, names in os.walk(OWN)
                 for name in names]
        self.assertGreater(len(files), 1500)
        # Eterm would be the same file as eterm where case does not count.
        for term in ({*COMPILED_IN, *OTHERS, RARE} - {"Eterm"}):
            self.assertIn(entry_file(OWN, term), files)
        folded = {str(file).casefold() for file in files}
        self.assertEqual(len(folded), len(files))
        for file in files:
            self.assertTrue(terminfo._is_whole(file.read_bytes()), file)

    def test_every_kind_of_interpreter(self):
        """One that only the whole database has, wherever it is asked."""
        scratch = Path(self.enterContext(os_helper.temp_dir()))
        pythons = [tree.PYTHON, scratch / "link"]
        pythons[1].symlink_to(tree.PYTHON)
        for name, options in (("v", ()), ("w", ("--copies",)),
                              ("x", ("--symlinks",))):
            tree.run(tree.PYTHON, "-m", "venv", "--without-pip", *options,
                     scratch / name)
            pythons.append(scratch / name / "bin" / "python")
        for python in pythons:
            for options in (), ("-S",), ("-I",), ("-E", "-s", "-S"):
                with self.subTest(python=python, options=options):
                    self.python = python
                    self.assertTakenFor(RARE, RARE, *options)

    def test_every_user(self):
        """Without `curses`, beside readline, in a thread, and in another
        interpreter."""
        programs = [
            WHO.replace("curses", "_curses"), f"import readline\n{WHO}",
            "import threading\nthreading.Thread("
            f"target=exec, args=({WHO!r}, {{}})).start()"]
        # Without the GIL, 3.15 does not allow _curses in subinterpreters.
        if not sysconfig.get_config_var("Py_GIL_DISABLED"):
            programs.append(IN_ANOTHER_INTERPRETER)
        for program in programs:
            with self.subTest(program):
                self.assertEqual(tree.run(
                    tree.PYTHON, "-c", program,
                    env={**CLEAN, "TERM": RARE}), known(RARE))

    def test_names_do_not_lead_out(self):
        for term in ("", ".", "..", "../share/terminfo/h/hp2648", "h/hp2648",
                     "/etc/passwd", str(entry_file(OWN, RARE)), "no-such",
                     "h" * 511, "h" * 5000, "h:p", "\u017e", "\udcff"):
            with (self.subTest(term), self.assertRaisesRegex(
                    AssertionError, r"ended with 1:\n(.*\n)*_curses.error")):
                self.who(term)


class SearchTests(Questions):
    """The order of the search; and the doctor says the same."""

    def setUp(self):
        self.scratch = Path(os.path.realpath(
            self.enterContext(os_helper.temp_dir())))
        self.home = self.scratch / "home"
        self.first, *self.listed = [
            self.scratch / name for name in ("first", "second", "thi rd")]
        self.variables = {
            "HOME": self.home, "TERMINFO": self.first,
            "TERMINFO_DIRS": ":".join(map(str, self.listed))}

    def test_the_user_wins(self):
        """Each place in turn, for every kind of terminal."""
        places = [self.first, self.home / ".terminfo", *self.listed]
        for term in ("xterm-256color", "ghostty", RARE, "my-own"):
            for place, other in zip(places, OTHERS, strict=False):
                disguise(place, term, other)
            for place, other in zip(places, OTHERS, strict=False):
                with self.subTest(TERM=term, place=place.name):
                    self.assertTakenFor(term, other, **self.variables)
                    told = self.doctor(term, **self.variables)
                    self.assertEqual(told["chosen"], str(place))
                    self.assertEqual(told["places"][str(place)], "used")
                entry_file(place, term).unlink()
            if term == "my-own":
                self.assertNotFound(term, **self.variables)
                told = self.doctor(term, **self.variables)
                self.assertIsNone(told["chosen"])
                self.assertTrue(told["needed"])
            else:
                self.assertNotIn(self.who(term, **self.variables),
                                 map(known, OTHERS))

    def test_the_system_comes_before_ours(self):
        """A member of TERMINFO_DIRS that is empty is the system's."""
        disguise(self.listed[1], RARE, "wy50")
        for value in (f":{self.listed[1]}", f"/nowhere::{self.listed[1]}"):
            self.assertTakenFor(RARE, "wy50", TERMINFO_DIRS=value)
            where = list(self.doctor(RARE, TERMINFO_DIRS=value)["places"])
            self.assertLess(where.index("/usr/share/terminfo"),
                            where.index(str(self.listed[1])))
        where = list(self.doctor(RARE, TERMINFO_DIRS=self.listed[0])[
            "places"])
        self.assertEqual(where[-2 - len(DATABASES):],
                         [*DATABASES, "compiled in", str(OWN)])

    def test_entry_in_the_variable(self):
        """As `infocmp -0 -Q1` writes it."""
        quick = f"hex:{entry_file(OWN, 'wy50').read_bytes().hex()}"
        for term in ("wy50", RARE):
            self.assertTakenFor(term, term, TERMINFO=quick)
            told = self.doctor(term, TERMINFO=quick)
            self.assertEqual(told["chosen"] == quick, term == "wy50")
            self.assertEqual(told["problems"], ())

    def test_damaged(self):
        """A truncated entry is ignored; the next one is used."""
        whole = entry_file(OWN, "wy50").read_bytes()
        for data in (b"", whole[:1], whole[:12], whole[:100], whole[:-1],
                     b"#!/bin/sh\n" * 9, bytes(5000), b"\xff" * 5000):
            with self.subTest(data=data[:12], length=len(data)):
                write(self.first, RARE, data)
                # There may be a line before it, of ncurses' own.
                self.assertIn(known(RARE), self.who(
                    RARE, TERMINFO=self.first))
                told = self.doctor(RARE, TERMINFO=self.first)
                self.assertNotEqual(told["chosen"], str(self.first))
                self.assertEqual(told["problems"],
                                 (f"{self.first}: its entry is damaged",))

    @unittest.skipIf(os.geteuid() == 0, "root reads everything")
    def test_unreadable(self):
        path = disguise(self.first, RARE, "wy50")
        path.chmod(0)
        self.assertTakenFor(RARE, RARE, TERMINFO=self.first)
        self.assertIn("unreadable: Permission denied", "".join(
            self.doctor(RARE, TERMINFO=self.first)["problems"]))

    def test_variables_that_point_nowhere(self):
        file = self.scratch / "file"
        file.touch()
        variables = {"TERMINFO": "/nowhere", "TERMINFO_DIRS": f"{file}:/no"}
        self.assertTakenFor(RARE, RARE, **variables)
        self.assertEqual(self.doctor(RARE, **variables)["problems"], (
            "TERMINFO: /nowhere: not a directory",
            f"TERMINFO_DIRS: {file}: not a directory",
            "TERMINFO_DIRS: /no: not a directory"))

    def test_no_terminal(self):
        for term in (None, ""):
            told = self.doctor(term)
            self.assertIsNone(told["chosen"])
            self.assertFalse(told["needed"])
            self.assertIn("TERM is not set", told["why"])

    def test_directories(self):
        self.assertEqual(terminfo.directories(), [*DATABASES, str(OWN)])


class CopyTests(Questions):
    """Test a tree that is damaged, or was moved."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = Path(os.path.realpath(
            cls.enterClassContext(os_helper.temp_dir())))
        cls.copied = tree.copy_to(cls.scratch)
        cls.python = cls.copied / "bin" / tree.PYTHON.name

    def setUp(self):
        self.database = self.copied / "share" / "terminfo"

    def put_aside(self, path):
        aside = path.with_name(f"{path.name} aside")
        path.rename(aside)
        self.addCleanup(aside.rename, path)

    def test_without_ours(self):
        self.put_aside(self.database)
        for term in COMPILED_IN:
            self.assertTrue(self.who(term))
        self.assertNotFound(RARE)
        told = self.doctor(RARE)
        self.assertIsNone(told["chosen"])
        self.assertEqual(told["problems"], (
            f"{self.database}, which comes with this Python: "
            "not a directory",))
        self.assertIsNotNone(self.doctor("ghostty")["chosen"])

    def test_damaged(self):
        path = entry_file(self.database, RARE)
        whole = path.read_bytes()
        self.put_aside(path)
        for data in (*(whole[:end] for end in range(0, len(whole), 97)),
                     b"#!/bin/sh\n" * 9, bytes(5000), b"\xff" * 5000):
            with self.subTest(length=len(data)):
                path.write_bytes(data)
                self.assertNotFound(RARE)
                self.assertEqual(self.doctor(RARE)["problems"], (
                    f"{self.database}: its entry is damaged",))
        path.unlink()
        path.mkdir()
        self.addCleanup(path.rmdir)
        self.assertNotFound(RARE)

    def test_names_do_not_lead_out(self):
        outside = disguise(self.copied / "share", RARE, RARE)
        self.addCleanup(os_helper.rmtree, outside.parent)
        below = disguise(self.database / "h", RARE, RARE)
        self.addCleanup(os_helper.rmtree, below.parent)
        hidden = disguise(self.database, ".hp", RARE)
        self.addCleanup(hidden.unlink)
        for term in ("../h/hp2648", "h/hp2648", ".hp"):
            self.assertNotFound(term)
            self.assertIsNone(self.doctor(term)["chosen"])

    def test_moved(self):
        """To names that are hard to encode, in several locales."""
        for name in ("\u00e4\u017e \u6f22", os.fsdecode(b"\xff\xfe"),
                     "a\nb:c", "l" * 250):
            moved = self.scratch / name
            self.copied.rename(moved)
            self.python = moved / "bin" / tree.PYTHON.name
            try:
                for variables in ({"LC_ALL": "C"}, {"LC_ALL": "C.UTF-8"},
                                  {"LC_ALL": "C", "PYTHONUTF8": "0",
                                   "PYTHONCOERCECLOCALE": "0"}):
                    with self.subTest(name, variables=variables):
                        self.assertTakenFor(RARE, RARE, **variables)
            finally:
                moved.rename(self.copied)

    def test_as_python_home(self):
        """The running library finds the terminals of its own tree."""
        self.put_aside(self.database)
        self.assertTakenFor(RARE, RARE, PYTHONHOME=tree.PREFIX)

    @tree.requires_tool("cc")
    def test_embedded(self):
        """In a program with libpython."""
        source, program = self.scratch / "e.c", self.scratch / "embed"
        source.write_text(
            "#include <Python.h>\n"
            "int main(int argc, char **argv)\n"
            "{ return Py_BytesMain(argc, argv); }\n")
        include = next(tree.PREFIX.glob("include/python3*"))
        library = next(tree.PREFIX.glob("lib/libpython3.*.so.1.0"))
        tree.run("cc", f"-I{include}", source, "-o", program, library,
                 f"-Wl,-rpath,{library.parent}",
                 env={"PATH": os.environ.get("PATH", os.defpath)})
        self.python = program
        self.assertTakenFor(RARE, RARE, PYTHONHOME=tree.PREFIX)


@requires_chroot
class LayoutTests(Questions):

    def setUp(self):
        hide_databases(self)

    def test_without_database(self):
        for term in COMPILED_IN:
            self.assertTrue(self.who(term))
            self.assertEqual(self.doctor(term)["chosen"], "compiled in")
        self.assertTakenFor(RARE, RARE)
        self.assertEqual(self.doctor(RARE)["chosen"], str(OWN))
        self.assertNotFound("no-such")

    def test_each_database_alone(self):
        for name in DATABASES:
            with self.subTest(name):
                path = Path(name)
                try:
                    path.mkdir(parents=True)
                except OSError as exc:
                    self.skipTest(f"{path}: {exc.strerror}")
                self.addCleanup(shutil.rmtree, path, ignore_errors=True)
                try:
                    self.check_database(path)
                finally:
                    shutil.rmtree(path)

    def check_database(self, path):
        for term in ("xterm-256color", RARE, "my-own"):
            disguise(path, term, "wy50")
            self.assertTakenFor(term, "wy50")
            # /lib may be another name of /usr/lib.
            self.assertTrue(path.samefile(self.doctor(term)["chosen"]))
        for term in ("ghostty", "hp2621"):
            self.assertTakenFor(term, term)


if __name__ == "__main__":
    unittest.main()
