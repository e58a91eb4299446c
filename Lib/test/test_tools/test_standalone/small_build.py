"""The output of a build that is small, for the tests of archives.stage."""

import json
import os
import shutil
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from standalone.archives import writer as archive
from standalone.core import options as words
from standalone.documents import components
from standalone.documents.components import Component
from standalone.profile import fit
from standalone.sources import host
from standalone.toolchain.compilers import Toolchain

from .trees import request, small_tree

NAME = "python-3.13.15-x86_64-unknown-linux-gnu"
CONFIG_DIR = "lib/python3.13/config-3.13-x86_64-linux-gnu"
EPOCH = 1700000000
SUFFIX = ".cpython-313-x86_64-linux-gnu.so"
MAKEFILE = """\
LIBRARY_OBJS= Objects/object.o Modules/config.o Modules/posixmodule.o
LIBS=
SYSLIBS=
PY_CORE_CFLAGS=-std=c11 -I. -DPy_BUILD_CORE
MODULE_ZLIB_LDFLAGS={zlib}
LIBEXPAT_OBJS=Modules/expat/xmltok.o
"""
CONFIG_C = """\
    {"posix", PyInit_posix},
    {"zlib", PyInit_zlib},
    {"sys", NULL},
"""
# What an interpreter would say to one question and to the other.
PROBED = {
    "python_paths": {"stdlib": "lib/python3.13",
                     "platstdlib": "lib/python3.13"},
    "python_exe": "bin/python3.13",
    "python_stdlib_platform_config": CONFIG_DIR,
    "python_suffixes": {"extension": [SUFFIX]},
    "python_config_vars": {
        "CFLAGS": "-O3 -Wall", "LIBRARY": "libpython3.13.a",
        "INSTSONAME": "libpython3.13.so.1.0", "Py_ENABLE_SHARED": "1"},
    "builtin_modules": ["posix", "zlib", "sys"]}
PYBI_PROBED = {"variables": {"os_name": "posix"}, "tags": ["py3-none-any"],
               "paths": {"scripts": "bin"}}
PYTHON = f"""\
#!/bin/sh
[ "$1 $2 $3" = "-I -B -c" ] || exit 1
case $4 in
*cpython_tags*) cat <<'END'
{json.dumps(PYBI_PROBED)}
END
;;
*) cat <<'END'
{json.dumps(PROBED)}
END
esac
"""


def write(path, text="text\n", mode=0o644):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


class SmallBuild(unittest.TestCase):
    """What the stages before this one leave."""

    options = words.DEFAULT

    def setUp(self):
        self.enterContext(mock.patch.dict(
            os.environ, {"SOURCE_DATE_EPOCH": str(EPOCH)}))
        self.top = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.config = request(small_tree(self.top / "cpython"),
                              self.top / "out", options=self.options)
        # This machine's compiler in the place of the build's.
        vars(self.config)["chain"] = Toolchain(
            "gcc", (shutil.which("cc") or "true",), {},
            version="gcc 12.2.0\n")
        layout = self.layout = self.config.layout
        self.out, self.stage = layout.out, self.top / "stage"
        self.stage.mkdir()
        self.tree = layout.stage("tree") / "install"
        self.lay_tree()
        self.lay_build()
        layout.host.mkdir(parents=True)
        (layout.host / host.WHEELS).write_text("{}")
        write(layout.libc, "2.17")
        components.save(layout.stage("tree") / components.FILE, [
            Component("cpython", "3.13.15", "Python-2.0.1", ("lib",)),
            Component("zlib", "1.3", "Zlib", ("build/lib/libz.a",)),
            Component("symbols", "1", "MIT", ("lib/debug",))])

    def lay_tree(self):
        tree = self.tree
        write(tree / "bin/python3.13", PYTHON, 0o755)
        (tree / "bin/python3").symlink_to("python3.13")
        write(tree / "bin/pip3", "#!/bin/sh\n", 0o755)
        write(tree / "lib/libpython3.13.so.1.0", "with debug information\n")
        write(tree / "lib/python3.13/os.py", "# os\n")
        write(tree / "lib/python3.13/site-packages/pip/__init__.py", "")
        write(tree / "lib/python3.13/test/regrtest.py", "# tests\n")
        write(tree / "lib/python3.13/build-details.json",
              json.dumps({"libpython": {"dynamic": "lib/x.so"}}))
        write(tree / CONFIG_DIR / "libpython3.13.a", "archive\n")
        for name, recipe in self.config.recipes.items():
            for place in recipe.data.values():
                write(tree / place / name)
        top = tree.parent
        write(top / "stripped/lib/libpython3.13.so.1.0", "stripped\n")
        write(top / "debug/lib/debug/x.debug")
        write(top / "licenses/cpython/LICENSE")
        write(top / "licenses/zlib/LICENSE")

    def lay_build(self):
        layout = self.layout
        build = layout.stage("build")
        zlib = layout.dep("zlib") / "lib/libz.a"
        for name in self.config.recipes:
            write(layout.dep(name) / "include" / f"{name}.h")
        write(zlib, "z\n")
        write(layout.toolchain / "sysroot/usr/local/lib/libcompat.a")
        write(build / "Makefile", MAKEFILE.format(zlib=zlib))
        write(build / "exports.map")
        fit.save(fit.Fit(4, 3, 1), build / fit.FILE)
        for name in ("Objects/object.o", "Modules/config.o",
                     "Modules/posixmodule.o", "Modules/zlibmodule.o",
                     "Programs/python.o", "Programs/loader.o",
                     "Programs/_freeze_module.o",
                     "Modules/expat/xmltok.o"):
            write(build / name, f"{name}\n")
        write(build / "Modules/config.c", CONFIG_C)
        write(build / "Modules/Setup.local", "zlib zlibmodule.c\n")
        write(build / "Modules/Setup.stdlib", "*disabled*\nzlib other.c\n")
        write(build / "Modules/Setup.bootstrap", "posix posixmodule.c\n")
        write(layout.stage("source") / "Modules/Setup", "# none\n")

    def spec(self, *mounts):
        return archive.Spec(f"{NAME}-sample", mounts, {"gz": 6})
