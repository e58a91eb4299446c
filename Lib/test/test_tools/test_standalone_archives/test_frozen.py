"""PyInstaller and Nuitka make programs that take our data along.

With STANDALONE_NUITKA=1, as `make standalone-check-frozen` has it, Nuitka
as well, which pip fetches and which compiles for minutes.
"""

import contextlib
import json
import os
import select
import shutil
import struct
import subprocess
import unittest
import zlib

from standalone.core.layout import TOOLS
from test_standalone_archives.finished import (
    WHEELS,
    ArchiveTestCase,
    children,
    run,
)

# A terminal that is not compiled in, and zones.
PROGRAM = """\
import curses, json, ssl, tkinter
from zoneinfo import ZoneInfo
try:
    import pyi_splash
except ImportError:
    splash = None
else:
    splash = pyi_splash.is_alive()
    pyi_splash.close()
curses.setupterm("wyse60", 1)
window = tkinter.Tk()
window.update()
print(json.dumps({
    "certificates": ssl.get_default_verify_paths().cafile,
    "loaded": len(ssl.create_default_context().get_ca_certs()),
    "zone": ZoneInfo("Europe/Berlin").key,
    "columns": curses.tigetnum("cols"),
    "window": window.winfo_width() > 1,
    "splash": splash,
}))
"""

# What systems have of it, hidden from one process and its children.
HIDDEN = ("/etc/ssl", "/etc/pki", "/usr/share/zoneinfo", "/etc/terminfo",
          "/lib/terminfo", "/usr/share/terminfo", "/usr/share/X11/locale",
          "/usr/share/tcltk")
HIDE = ('for path in {}; do [ ! -d "$path" ] || '
        'mount -t tmpfs none "$path"; done; exec "$@"').format(
            " ".join(HIDDEN))
ALONE = ("unshare", "--mount", "--map-root-user", "sh", "-euc", HIDE, "sh")


def can_hide():
    return shutil.which("unshare") and not children.run(
        [*ALONE, "true"], capture_output=True).returncode


def png(path, size=64):
    """A picture, all red: https://www.w3.org/TR/png-3/"""
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))

    rows = (b"\0" + b"\xff\0\0" * size) * size
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(
            ">IIBBBBB", size, size, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


@contextlib.contextmanager
def display():
    """The name of an X server of our own, which ends with the body."""
    with children.Child(
            # A reset, when the last client leaves, may refuse the next one.
            ["Xvfb", "-displayfd", "1", "-nolisten", "tcp", "-noreset"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True) as server:
        ready, _, _ = select.select([server.stdout], [], [],
                                    children.DEADLINE)
        number = server.stdout.readline().strip() if ready else ""
        if not number:
            raise unittest.SkipTest("Xvfb does not start here")
        yield f":{number}"
        # When it is killed, it leaves its lock and its socket.
        server.terminate()
        server.wait(children.DEADLINE)


@unittest.skipUnless(shutil.which("Xvfb"), "no Xvfb on PATH")
@unittest.skipUnless(can_hide(), "nothing can be mounted here")
class FrozenTestCase(ArchiveTestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tree = cls.unpack("install_only_stripped", cls.top)
        cls.python(cls.tree, "-m", "venv", cls.top / "venv")
        (cls.top / "program.py").write_text(PROGRAM)

    @classmethod
    def pip(cls, *argv, **env):
        cls.call(cls.top / "venv/bin/python", "-m", "pip", "install",
                "--quiet", *argv, **env)

    @classmethod
    def call(cls, *argv, **env):
        return run(*argv, cwd=cls.top, env={"HOME": str(cls.top), **env})

    def check(self, program, *, inside, splash):
        """Does it find all it needs without the system's, and not in
        the tree that it was made with?"""
        self.addCleanup(self.tree.with_name("away").rename, self.tree)
        self.tree.rename(self.tree.with_name("away"))
        with display() as name:
            # In the C locale, Tcl does not find the path of the splash
            # screen's script, which is not ASCII.
            said = json.loads(self.call(
                *ALONE, program, DISPLAY=name,
                LC_ALL="C.UTF-8").splitlines()[-1])
        path = said.pop("certificates")
        self.assertTrue(path.startswith(str(inside)), path)
        self.assertTrue(path.endswith("/share/certs/cacert.pem"), path)
        self.assertGreater(said.pop("loaded"), 100)
        self.assertEqual(said, {
            "zone": "Europe/Berlin", "columns": 80, "window": True,
            "splash": splash})


class PyInstallerTests(FrozenTestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pip("--no-index", f"--find-links={WHEELS}", "pyinstaller")
        png(cls.top / "splash.png")

    def freeze(self, *options):
        # Nothing says where our hooks are.
        self.call(self.top / "venv/bin/pyinstaller", "--noconfirm",
                 "--splash", "splash.png", *options, "program.py")

    def test_directory(self):
        self.freeze()
        made = self.top / "dist/program"
        self.check(made / "program", inside=made, splash=True)

    def test_one_file(self):
        self.freeze("--onefile")
        self.check(self.top / "dist/program", inside="/tmp/_MEI",
                   splash=True)

    def test_pip_knows_nothing_of_the_entry_point(self):
        python = self.top / "venv/bin/python"
        listed = json.loads(self.call(python, "-m", "pip", "list",
                                     "--format=json"))
        self.assertNotIn("python", [each["name"] for each in listed])
        self.call(python, "-m", "pip", "check")


@unittest.skipUnless(os.environ.get("STANDALONE_NUITKA"),
                     "make standalone-check-frozen")
@unittest.skipUnless(shutil.which("patchelf") and shutil.which("gcc"),
                     "Nuitka wants patchelf and gcc")
class NuitkaTests(FrozenTestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pip("--no-index", f"--find-links={WHEELS}", "setuptools")
        # From where the user's pip has its packages.
        cls.pip("--no-build-isolation", "--no-deps", "--require-hashes",
                "--requirement", TOOLS / "requirements-nuitka.txt",
                **{name: value for name, value in os.environ.items()
                   if name.startswith("PIP_")})

    def test_standalone(self):
        python = self.top / "venv/bin/python"
        plugin = self.call(python, "-m", "_standalone_runtime.freezing")
        self.call(python, "-m", "nuitka", "--standalone",
                 "--enable-plugin=tk-inter",
                 f"--user-plugin={plugin.strip()}", "program.py")
        made = self.top / "program.dist"
        self.check(made / "program.bin", inside=made, splash=None)


if __name__ == "__main__":
    unittest.main()
