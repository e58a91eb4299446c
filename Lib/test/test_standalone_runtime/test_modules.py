"""Every module that belongs to CPython is there and can be imported."""

import importlib
import json
import sys
import unittest

from test.test_standalone_runtime import tree

# Named here as well, so that one that gets lost is missed.
REQUIRED = """
    _asyncio _bz2 _ctypes _curses _curses_panel _dbm _decimal _elementtree
    _hashlib _interpreters _lzma _multiprocessing _posixshmem _sqlite3 _ssl
    _tkinter _uuid _zoneinfo array audioop binascii cmath fcntl grp math
    mmap ossaudiodev pwd pyexpat readline resource select spwd syslog termios
    unicodedata zlib
    asyncio bz2 ctypes curses curses.panel curses.textpad dbm.ndbm
    dbm.sqlite3 decimal ensurepip hashlib idlelib lzma multiprocessing
    sqlite3 ssl tkinter tkinter.ttk tomllib turtle uuid venv
    turtledemo xml.parsers.expat xml.etree.ElementTree zoneinfo
""".split()
NEW = {"_interpreters": (3, 13), "dbm.sqlite3": (3, 13)}
GONE = {"audioop": (3, 13), "ossaudiodev": (3, 13), "spwd": (3, 13)}

# Other systems' modules, some that do more than be imported, and those that
# need libraries which systems no longer have (3.12).
NOT_HERE = """
    _android_support _apple_support _ios_support _msi _overlapped
    _crypt _osx_support _scproxy _winapi _winreg _wmi antigravity crypt
    msilib msvcrt nis nt this winreg winsound
""".split() + ([] if tree.GPL else ["_gdbm"])


class ImportTests(unittest.TestCase):

    def test_required(self):
        for name in REQUIRED:
            if not (NEW.get(name, (3,)) <= sys.version_info
                    < GONE.get(name, (4,))):
                continue
            with self.subTest(name):
                importlib.import_module(name)

    def test_builtin(self):
        self.assertGreater(len(sys.builtin_module_names), 80)
        self._import_each(sys.builtin_module_names)

    def test_shared(self):
        """Modules in lib-dynload can be found and loaded."""
        suffix = tree.build_vars()["EXT_SUFFIX"]
        self._import_each(path.name.removesuffix(suffix) for path in (
            tree.LIBRARY / "lib-dynload").glob(f"*{suffix}"))

    def test_whole_library(self):
        """sys.stdlib_module_names, but for other systems' modules."""
        self._import_each(sys.stdlib_module_names.difference(NOT_HERE))

    def _import_each(self, names):
        """Import all in one process, which names the module if it crashes."""
        names = sorted(names)
        said = tree.run(sys.executable, "-X", "faulthandler", "-c", (
            "import importlib, json, sys\n"
            "failed = {}\n"
            "for name in sys.argv[1:]:\n"
            "    try:\n"
            "        importlib.import_module(name)\n"
            "    except Exception as exc:\n"
            "        failed[name] = repr(exc)\n"
            "print(json.dumps(failed))\n"), *names)
        self.assertEqual(json.loads(said.splitlines()[-1]), {})


class LinkTests(unittest.TestCase):
    """Extension modules are the tree's own, wherever they are."""

    def test_only_test_modules_and_tkinter_are_shared(self):
        for path in (tree.LIBRARY / "lib-dynload").glob("*.so"):
            with self.subTest(path.name):
                self.assertRegex(
                    path.name, r"^(_test|_ctypes_test|xx|_xx|_tkinter\.)")

    def test_library_versions(self):
        """Those that were pinned, not what the system has."""
        import ctypes
        import pyexpat
        import sqlite3
        import ssl
        import zlib
        self.assertEqual(zlib.ZLIB_VERSION, zlib.ZLIB_RUNTIME_VERSION)
        self.assertGreaterEqual(ssl.OPENSSL_VERSION_INFO[:2], (3, 5))
        self.assertGreaterEqual(sqlite3.sqlite_version_info, (3, 46))
        self.assertGreaterEqual(pyexpat.version_info, (2, 6))
        self.assertTrue(ctypes.sizeof(ctypes.c_void_p))

    def test_nothing_aborts_for_a_short_buffer(self):
        """As these do before glibc 2.36, even if the character fits."""
        [library] = tree.LIBRARY.parent.glob("libpython3.*.so.1.0")
        for path in tree.PYTHON, library:
            data = path.read_bytes()
            for name in b"__wcrtomb_chk", b"__wctomb_chk":
                with self.subTest(path.name, name=name):
                    self.assertFalse(b"\0%b\0" % name in data)


if __name__ == "__main__":
    unittest.main()
