"""Tk draws, with the system's fonts or without any."""

import ctypes
import unittest

from test.test_standalone_runtime.display import Display, requires_xvfb
from test.test_standalone_runtime.tree import PREFIX, PYTHON, run
from test.test_standalone_runtime.windows import (
    NO_VARIABLES,
    TK,
    TemporaryDirectoryTest,
    WindowCase,
)


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


@requires_xvfb
class WindowTests(WindowCase):

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
                "try:\n"
                "    root = tkinter.Tk()\n"
                "    tkinter.Canvas(root).pack()\n"
                "    root.update()\n"
                "    print('shown')\n"
                "    tkinter.Label(root, text='text')\n"
                "except tkinter.TclError as exc: print(exc)\n"),
                env=NO_VARIABLES | {
                    "DISPLAY": display.name, "HOME": self.scratch,
                    "FONTCONFIG_FILE": self.scratch / "fonts.conf"})
        # Tk 9 measures a font when it starts.
        self.assertEqual("shown" in said, TK == "tk8.6", said)
        self.assertIn("failed to allocate font", said)


if __name__ == "__main__":
    unittest.main()
