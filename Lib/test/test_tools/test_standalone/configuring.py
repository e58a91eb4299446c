"""A small project that is configured like CPython."""

import os
import shutil
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

from standalone.core import stamp

from .trees import request, small_tree

# Writes what CPython's writes and we read: module states, and rules.
CONFIGURE = """\
#!/bin/sh
echo "$@" > configured
env >> configured
test -f Modules/Setup.local || exit 1
cp ../source/Makefile.pre.in Makefile
touch config.status
"""
# make writes each target with its variables on a line of its own.
MAKEFILE = """\
MODULE_ZLIB_STATE=yes
MODULE__DBM_STATE=yes
MODULE__GDBM_STATE=disabled
MODULE__TESTCAPI_STATE=yes
MODULE_TIME_STATE=yes
config.status: ../source/configure
	exit 1
all: config.status Modules/config.c told-all
_bootstrap_python Programs/_freeze_module:
Programs/python.o:
\tmkdir -p $(@D)
\ttouch $@
libpython3.13.a:
libpython3.so: exports.map told-libpython3.so
libpython3.13.so: exports.map told-libpython3.13.so
\techo '#!/bin/sh' > $@
\techo 'exec {python} "$$@"' >> $@
\tchmod +x $@
Modules/config.c:
\tcp ../source/config.c $@
told-%:
\t@echo '$(LDFLAGS_NODIST)' > $@; env > env-$*
install: told-install
\tmkdir -p $(DESTDIR)/install/lib/python3.13/lib-dynload
\ttouch $(DESTDIR)/install/lib/python3.13/lib-dynload/_testcapi.cpython.so
\techo $(TESTSUBDIRS) > $(DESTDIR)/tests
"""
CONFIG_C = """\
extern PyObject* PyInit_posix(void);
struct _inittab _PyImport_Inittab[] = {
    {"posix", PyInit_posix},
    {"time", PyInit_time},
    {"zlib", PyInit_zlib},
    {"_dbm", PyInit__dbm},
    {"sys", NULL},
    {0, 0}
};
"""
# In the place of pip: writes down what it was told.
PIP = """\
import json, os, sys
[root] = [word.removeprefix("--root=") for word in sys.argv
          if word.startswith("--root=")]
with open(os.path.join(root, "pip.json"), "w") as file:
    json.dump([sys.argv, dict(os.environ), sys.dont_write_bytecode], file)
"""
HEADER = """\
#define PyAPI_FUNC(type) type
PyAPI_FUNC(int) Py_IsInitialized(void);
"""


def write(path, text="text\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


class CPythonTest(unittest.TestCase):

    def setUp(self):
        self.top = Path(self.enterContext(tempfile.TemporaryDirectory()))
        pristine = small_tree(self.top / "cpython")
        os.utime(pristine / "Include/patchlevel.h", (1234567890,) * 2)
        self.config = request(pristine, self.top / "out")
        layout = self.layout = self.config.layout
        self.build = layout.stage("build")
        self.source = small_tree(layout.stage("source"))
        write(self.source / "configure", CONFIGURE)
        write(self.source / "Makefile.pre.in",
              MAKEFILE.format(python=sys.executable))
        write(self.source / "config.c", CONFIG_C)
        write(self.source / "Include/Python.h", HEADER)
        write(self.source / "Misc/stable_abi.toml", "")
        write(self.source / "pyconfig.h.in")
        [wheel] = self.source.glob("Lib/ensurepip/_bundled/pip-*.whl")
        with zipfile.ZipFile(wheel, "w") as file:
            file.writestr("pip/__main__.py", PIP)
        write(layout.stage("setup") / "Setup.local", "# modules\n")
        write(layout.toolchain / stamp.KEY, "key of the compiler")
        # A compiler to ask, by the name that the build knows.
        (layout.toolchain / "bin").mkdir()
        (layout.toolchain / "bin/cc").symlink_to(
            shutil.which("cc") or "/no/compiler")
        for name in self.config.recipes:
            write(layout.dep(name) / stamp.KEY, f"key of {name}")
