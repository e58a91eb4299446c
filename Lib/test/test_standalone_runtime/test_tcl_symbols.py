"""What packages and programs find in _tkinter and the libraries of Tcl."""

import _tkinter
import ctypes
import os
import unittest

from test.test_standalone_runtime.tree import PREFIX, PYTHON, run
from test.test_standalone_runtime.windows import (
    LIBTCL,
    LIBTK,
    NO_VARIABLES,
    TCL,
)


class SymbolTests(unittest.TestCase):

    shared = ctypes.CDLL(_tkinter.__file__)

    def test_what_packages_look_for_is_there(self):
        """Pillow and matplotlib open the file and look for these, which
        are in what it is linked with."""
        for name in ("Tcl_CreateCommand", "Tcl_AppendResult", "Tcl_SetVar2",
                     "Tk_FindPhoto", "Tk_PhotoGetImage", "Tk_PhotoPutBlock"):
            self.assertTrue(hasattr(self.shared, name), name)

    def test_nothing_else_is(self):
        for name in ("XOpenDisplay", "XftFontOpen", "XRenderFindFormat",
                     "xcb_connect", "XauReadAuth", "FT_Init_FreeType",
                     "FcInit", "XML_ParserCreate", "inflate", "TclpOpenFile",
                     "TkBindInit", "tclStubsPtr"):
            self.assertFalse(hasattr(self.shared, name), name)

    @unittest.skipIf(LIBTCL == "libtcl8.6.so", "new in Tcl 9.0")
    def test_zip_files(self):
        """PyInstaller's splash screen does not start without them."""
        tcl = ctypes.CDLL(str(PREFIX / "lib" / LIBTCL))
        for name in ("TclZipfs_AppHook", "TclZipfs_Mount",
                     "TclZipfs_MountBuffer", "TclZipfs_TclLibrary",
                     "TclZipfs_Unmount"):
            self.assertTrue(hasattr(tcl, name), name)

    def test_the_libraries_alone(self):
        """As PyInstaller's splash screen and other languages use them."""
        said = run(PYTHON, "-c", (
            "import ctypes, sys\n"
            "tcl, tk = map(ctypes.CDLL, sys.argv[1:])\n"
            "def call(name, *arguments):\n"
            "    function = getattr(tcl, name)\n"
            "    function.restype = ctypes.c_void_p\n"
            "    return ctypes.c_void_p(function(*arguments))\n"
            "interp = call('Tcl_CreateInterp')\n"
            "def result():\n"
            "    value = call('Tcl_GetObjResult', interp)\n"
            "    text = call('Tcl_GetString', value)\n"
            "    return ctypes.string_at(text).decode()\n"
            "assert tcl.Tcl_Init(interp) == 0, result()\n"
            "end = ctypes.c_ssize_t(-1)\n"
            "tcl.Tcl_EvalEx(interp, b'info library', end, 0)\n"
            "print(result())\n"
            "assert tk.Tk_Init(interp) == 1\n"
            "print(result())\n"),
            *(PREFIX / "lib" / name for name in (LIBTCL, LIBTK)),
            env=NO_VARIABLES)
        self.assertIn(f"/lib/{TCL}\n", said)
        self.assertIn("no display name and no $DISPLAY", said)

    @unittest.skipUnless(os.path.exists("/proc/self/maps"), "needs /proc")
    def test_one_copy(self):
        """In a venv, too."""
        for name in LIBTCL, LIBTK:
            found = [path for path in PREFIX.rglob(f"{name}*")
                     if ".debug" not in path.parts]
            self.assertEqual(found, [PREFIX / "lib" / name])
        said = run(PYTHON, "-c", (
            "import tkinter, os\n"
            "for line in open('/proc/self/maps'):\n"
            "    if 'libt' in line: print(os.path.realpath(\n"
            "        line.split(maxsplit=5)[5].strip()))\n"))
        self.assertLessEqual(set(said.splitlines()), {
            os.path.realpath(PREFIX / "lib" / name)
            for name in (LIBTCL, LIBTK)})

    def test_the_process_sees_none(self):
        everything = ctypes.CDLL(None)
        for name in ("Tcl_CreateInterp", "Tk_MainWindow", "XOpenDisplay"):
            self.assertFalse(hasattr(everything, name), name)


if __name__ == "__main__":
    unittest.main()
