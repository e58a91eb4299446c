"""A tree as `make install` leaves it, for the tests of relocate."""

import base64
import hashlib
import json
import sys
import tempfile
import unittest
from pathlib import Path

from standalone.core.layout import PREFIX

SAMPLES = Path(__file__).parent / "elf_samples"
CONFIG_DIR = "lib/python3.13/config-3.13-x86_64-linux-gnu"
SITE = "lib/python3.13/site-packages"
DATA = {
    "ABIFLAGS": "", "CFLAGS": "-O3 -Wall", "EXT_SUFFIX": ".cpython-313.so",
    "INCLUDEPY": f"{PREFIX}/include/python3.13",
    "INSTSONAME": "libpython3.13.so.1.0", "LDVERSION": "3.13",
    "LIBC": "", "LIBM": "-lm", "LIBS": "-lpthread -ldl  -lutil",
    "LINKFORSHARED": "-pie", "MULTIARCH": "x86_64-linux-gnu",
    "SIZEOF_LONG": 8, "VERSION": "3.13"}
PKG_CONFIG = f"""\
prefix={PREFIX}
exec_prefix=${{prefix}}
libdir=${{exec_prefix}}/lib
includedir=${{prefix}}/include

Name: Python
Description: Embed Python into an application
Version: 3.13
Libs.private: -lpthread -ldl  -lutil
Libs: -L${{libdir}} -lpython3.13
Cflags: -I${{includedir}}/python3.13
"""
PATCHLEVEL = """\
#define PY_MAJOR_VERSION        3
#define PY_MINOR_VERSION        13
#define PY_MICRO_VERSION        15
#define PY_RELEASE_LEVEL        PY_RELEASE_LEVEL_FINAL
#define PY_RELEASE_SERIAL       0
"""
# An interpreter that runs here: the one that runs the tests.
PYTHON = f'#!/bin/sh\nexec "{sys.executable}" "$@"\n'


def write(path, text="text\n", mode=0o644):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


def digest(text):
    """A hash as RECORD has it."""
    sha256 = hashlib.sha256(text.encode()).digest()
    return f"sha256={base64.urlsafe_b64encode(sha256).decode().rstrip('=')}"


def lay(tree, work):
    """What `make install` and pip leave; *work* is where they ran."""
    write(tree / "bin/python3.13", PYTHON, 0o755)
    (tree / "bin/python3").symlink_to("python3.13")
    write(tree / "bin/python3.13-config", "#!/bin/sh\n", 0o755)
    (tree / "bin/python3-config").symlink_to("python3.13-config")
    write(tree / "bin/pip3", f"#!{PREFIX}/bin/python3.13\nimport sys\n\n"
          "print('ü', sys.argv[1:])\n\n", 0o755)
    (tree / "bin/data").write_bytes(b"\xff\xfe")
    library = tree / "lib/python3.13"
    write(library / "os.py", "# os\n")
    write(library / "__pycache__/os.cpython-313.pyc")
    write(library / "_sysconfigdata__linux_x86_64-linux-gnu.py",
          f"build_time_vars = {DATA | {'BUILD': f'-g -I{work}/x -O2'}!r}\n")
    write(library / "_sysconfig_vars__linux_x86_64-linux-gnu.json",
          json.dumps({"BUILD": f"-g -I{work}/x -O2", "SIZEOF_LONG": 8}))
    write(tree / CONFIG_DIR / "Makefile",
          f"SRC={work}/source\nprefix={PREFIX}\n")
    write(tree / CONFIG_DIR / "python-config.py",
          f"#!{PREFIX}/bin/python3.13\nimport sys\n", 0o755)
    (tree / CONFIG_DIR / "python.o").write_bytes(
        (SAMPLES / "object.o").read_bytes())
    write(tree / "include/python3.13/patchlevel.h", PATCHLEVEL)
    write(tree / "lib/pkgconfig/python-3.13-embed.pc", PKG_CONFIG)
    (tree / "lib/pkgconfig/python3-embed.pc").symlink_to(
        "python-3.13-embed.pc")
    info = tree / SITE / "pip-26.0.dist-info"
    write(tree / SITE / "pip/__init__.py", "")
    write(info / "RECORD",
          "pip-26.0.dist-info/RECORD,,\n"
          f'"pip/__init__.py",{digest("")},0\n'
          "../../../bin/pip3,sha256=stale,17\n")


class SmallTree(unittest.TestCase):

    def setUp(self):
        self.top = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.work, self.tree = self.top / "work", self.top / "tree"
        lay(self.tree, self.work)

    def read(self, name):
        return (self.tree / name).read_text(encoding="utf-8")
