"""tkinter finds Tcl wherever the tree is, and Tk draws."""

import _tkinter
import ctypes
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from test.test_standalone_runtime import children
from test.test_standalone_runtime.display import Display, requires_xvfb
from test.test_standalone_runtime.tree import PREFIX, PYTHON, copy_to, run

TCL = f"tcl{_tkinter.TCL_VERSION}"
TK = f"tk{_tkinter.TK_VERSION}"
NO_VARIABLES = {"TCL_LIBRARY": None, "TK_LIBRARY": None, "DISPLAY": None}
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


class TemporaryDirectoryTest(unittest.TestCase):

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)


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
        self.assertIn(f"-exact Tk  {patch}\n",
                      (PREFIX / "lib" / TK / "tk.tcl").read_text())
        self.assertIn(f"-exact Tcl {patch}\n",
                      (PREFIX / "lib" / TCL / "init.tcl").read_text())

    def test_packages(self):
        for name in ("http", "msgcat", "opt", "platform", "tcltest", "zlib"):
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


class KeyboardTests(unittest.TestCase):

    def test_locales(self):
        """What libX11 reads where the system has none, so that more than
        ASCII can be typed."""
        directory = PREFIX / "share/X11/locale"
        for index in "locale.dir", "compose.dir":
            found = dict(reversed(line.split(":\t", 1)) for line in (
                directory / index).read_text().splitlines())
            found = {name.strip(): file for name, file in found.items()}
            self.assertIn("de_DE.UTF-8", found)
            for file in set(found.values()):
                self.assertTrue((directory / file).is_file(), file)
        self.assertIn("C.UTF-8:", (directory / "locale.alias").read_text())


class SymbolTests(unittest.TestCase):

    shared = ctypes.CDLL(_tkinter.__file__)

    def test_what_packages_look_for_is_there(self):
        """Pillow and matplotlib open the file and look for these, which
        are in what it is linked with."""
        for name in ("Tcl_CreateCommand", "Tcl_AppendResult", "Tcl_SetVar",
                     "Tk_FindPhoto", "Tk_PhotoGetImage", "Tk_PhotoPutBlock"):
            self.assertTrue(hasattr(self.shared, name), name)

    def test_nothing_else_is(self):
        for name in ("XOpenDisplay", "XftFontOpen", "XRenderFindFormat",
                     "xcb_connect", "XauReadAuth", "FT_Init_FreeType",
                     "FcInit", "XML_ParserCreate", "inflate", "TclpOpenFile",
                     "TkBindInit", "tclStubsPtr"):
            self.assertFalse(hasattr(self.shared, name), name)

    def test_the_libraries_alone(self):
        """As PyInstaller's splash screen and other languages use them."""
        said = run(PYTHON, "-c", (
            "import ctypes, sys\n"
            "tcl, tk = map(ctypes.CDLL, sys.argv[1:])\n"
            "for function in tcl.Tcl_CreateInterp, tcl.Tcl_GetStringResult:\n"
            "    function.restype = ctypes.c_void_p\n"
            "interp = ctypes.c_void_p(tcl.Tcl_CreateInterp())\n"
            "def result(): return ctypes.string_at(\n"
            "    tcl.Tcl_GetStringResult(interp)).decode()\n"
            "assert tcl.Tcl_Init(interp) == 0, result()\n"
            "tcl.Tcl_Eval(interp, b'info library')\n"
            "print(result())\n"
            "assert tk.Tk_Init(interp) == 1\n"
            "print(result())\n"),
            *(PREFIX / "lib" / f"lib{name}.so" for name in (TCL, TK)),
            env=NO_VARIABLES)
        self.assertIn(f"/lib/{TCL}\n", said)
        self.assertIn("no display name and no $DISPLAY", said)

    @unittest.skipUnless(os.path.exists("/proc/self/maps"), "needs /proc")
    def test_one_copy(self):
        """In a venv, too."""
        for name in TCL, TK:
            found = [path for path in PREFIX.rglob(f"lib{name}*")
                     if ".debug" not in path.parts]
            self.assertEqual(found, [PREFIX / f"lib/lib{name}.so"])
        said = run(PYTHON, "-c", (
            "import tkinter, os\n"
            "for line in open('/proc/self/maps'):\n"
            "    if 'libt' in line: print(os.path.realpath(\n"
            "        line.split(maxsplit=5)[5].strip()))\n"))
        self.assertLessEqual(set(said.splitlines()), {
            os.path.realpath(PREFIX / f"lib/lib{name}.so")
            for name in (TCL, TK)})

    def test_the_process_sees_none(self):
        everything = ctypes.CDLL(None)
        for name in ("Tcl_CreateInterp", "Tk_MainWindow", "XOpenDisplay"):
            self.assertFalse(hasattr(everything, name), name)


@requires_xvfb
class WindowTests(TemporaryDirectoryTest):

    def setUp(self):
        super().setUp()
        self.display = self.enterContext(Display())
        self.env = NO_VARIABLES | {
            "DISPLAY": self.display.name, "HOME": self.scratch}

    def start(self, *argv):
        """A process that is ended with the test."""
        return children.start(
            self, [PYTHON, *argv],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=dict(os.environ) | {
                name: str(value) for name, value in self.env.items()
                if value is not None})

    def test_a_window(self):
        """Text, a button and a canvas; the text is smooth."""
        self.start("-c", (
            "import tkinter\n"
            "from tkinter import ttk\n"
            "root = tkinter.Tk()\n"
            "root.geometry('400x300+0+0')\n"
            "tkinter.Label(root, text='Fließtext äöü', fg='#000000',\n"
            "              bg='#ffffff', font=('sans', 40)).pack()\n"
            "ttk.Button(root, text='Knopf').pack()\n"
            "canvas = tkinter.Canvas(root, bg='#00ff00')\n"
            "canvas.create_oval(20, 20, 90, 90, fill='#ff0000')\n"
            "canvas.pack()\n"
            "root.mainloop()\n"))
        colours = self.display.wait_for(
            lambda colours: {0x00FF00, 0xFF0000, 0xFFFFFF} <= colours)
        if not self.has_fonts():
            self.skipTest("the system has no fonts that scale")
        # Edges that are neither text nor background.
        greys = {value for value in colours
                 if value == (value & 0xFF) * 0x010101}
        self.assertGreater(len(greys), 20)

    def has_fonts(self):
        """Does fontconfig find any that X itself does not have?"""
        families = run(PYTHON, "-c", (
            "import tkinter, tkinter.font\n"
            "root = tkinter.Tk()\n"
            "print('\\n'.join(tkinter.font.families()))\n"), env=self.env)
        return len(families.splitlines()) > 0

    def test_turtle(self):
        self.start("-c", (
            "import turtle\n"
            "turtle.setup(300, 300, 0, 0)\n"
            "turtle.bgcolor('#0000ff')\n"
            "turtle.pencolor('#ff0000'); turtle.pensize(9)\n"
            "turtle.circle(50)\n"
            "turtle.done()\n"))
        self.display.wait_for(
            lambda colours: {0x0000FF, 0xFF0000} <= colours)

    def test_python_m_tkinter(self):
        process = self.start("-m", "tkinter")
        self.display.wait_for(lambda colours: len(colours) > 2)
        self.assertIsNone(process.poll())

    def test_idle(self):
        """Run its shell in a separate process, and in the same one."""
        for options in (), ("-n",):
            with self.subTest(options):
                done = self.scratch / f"done{len(options)}"
                self.start("-m", "idlelib", *options, "-c",
                           f"print('x', file=open({str(done)!r}, 'w'))")
                self.display.wait_for(lambda _, done=done: done.exists())

    def test_beside_the_systems_libx11(self):
        """As PyQt, pygame and wx bring or load one: both have a display,
        and each its own."""
        try:
            ctypes.CDLL("libX11.so.6")
        except OSError:
            self.skipTest("the system has no libX11")
        said = run(PYTHON, "-c", (
            "import ctypes, sys, tkinter\n"
            "x11 = ctypes.CDLL('libX11.so.6', ctypes.RTLD_GLOBAL)\n"
            "x11.XOpenDisplay.restype = ctypes.c_void_p\n"
            "root = tkinter.Tk()\n"
            "display = x11.XOpenDisplay(None)\n"
            "assert display\n"
            "x11.XDefaultRootWindow.argtypes = [ctypes.c_void_p]\n"
            "x11.XDefaultRootWindow.restype = ctypes.c_ulong\n"
            "assert x11.XDefaultRootWindow(display)\n"
            "x11.XSync(ctypes.c_void_p(display), 0)\n"
            "tkinter.Button(root, text='x').pack()\n"
            "root.update()\n"
            "print(root.winfo_server())\n"
            "x11.XCloseDisplay(ctypes.c_void_p(display))\n"
            "root.update(); root.destroy()\n"
            "root = tkinter.Tk(); root.update(); root.destroy()\n"
            "print('both')\n"), env=self.env)
        self.assertIn("both", said)


@requires_xvfb
class NoFontsTests(TemporaryDirectoryTest):
    """Where there are neither fonts nor a configuration of them."""

    def test_a_window(self):
        (self.scratch / "fonts.conf").write_text(
            "<?xml version='1.0'?><fontconfig/>")
        with Display() as display:
            said = run(PYTHON, "-c", (
                "import tkinter\n"
                "root = tkinter.Tk()\n"
                "tkinter.Canvas(root).pack()\n"
                "root.update()\n"
                "print('shown')\n"
                "try: tkinter.Label(root, text='text')\n"
                "except tkinter.TclError as exc: print(exc)\n"),
                env=NO_VARIABLES | {
                    "DISPLAY": display.name, "HOME": self.scratch,
                    "FONTCONFIG_FILE": self.scratch / "fonts.conf"})
        self.assertIn("shown\nfailed to allocate font", said)


if __name__ == "__main__":
    unittest.main()
