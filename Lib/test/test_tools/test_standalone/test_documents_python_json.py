"""Test documents.python_json: facts asked of a real interpreter and make."""

import copy
import json
import shutil
import sys
import sysconfig
import tempfile
import unittest
from pathlib import Path

import jsonschema

from standalone.core.errors import BuildError, UsageError
from standalone.core.layout import TOOLS
from standalone.core.model import Pin
from standalone.documents import python_json
from standalone.documents.build_info import Link
from standalone.documents.python_json import Compiler

from . import children

SCHEMA = json.loads(
    (TOOLS / "documents" / "python-json.schema.json").read_text())
ZLIB = {"name": "z", "path_static": "build/lib/libz.a"}
LIBM = {"name": "m", "system": True}

MAKEFILE = """\
VERSION=\t3.13
PARSER_OBJS=\tParser/token.o \\
\t\tParser/pegen.o
MODOBJS= Modules/zlibmodule.o Modules/posixmodule.o
LIBRARY_OBJS=\tModules/getpath.o $(PARSER_OBJS) Modules/config.o $(MODOBJS)
LIBS=-ldl -L/build/lib -Wl,-rpath,/build/lib
LIBM=-lm
SYSLIBS=$(LIBM)
PY_CORE_CFLAGS=-Wall -std=c11 -DNDEBUG -ffile-prefix-map=/build=. -I. \\
\t-fvisibility=hidden -DPy_BUILD_CORE
MODULE_ZLIB_LDFLAGS=/build/deps/zlib/lib/libz.a
MODULE_MATH_LDFLAGS=$(LIBM)
LIBEXPAT_OBJS=Modules/expat/xmltok.o
EXPAT_A=Modules/expat/libexpat.a
EXPAT_LDFLAGS=-lm $(EXPAT_A)
all: ; exit 1
Makefile: missing; exit 1
"""

def probe():
    """What the interpreter that runs the tests says of itself."""
    # Not a virtual environment's: its paths are outside base_prefix.
    done = children.run([sys._base_executable, "-I", "-c", python_json.PROBE],
                        capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


class Make(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def facts(self):
        done = children.run(["make", *python_json.MAKE_FACTS], cwd=self.dir,
                            capture_output=True, text=True, check=True)
        return python_json.make_facts(done.stdout)

    def test_small_makefile(self):
        (self.dir / "Makefile").write_text(MAKEFILE)
        facts = self.facts()
        self.assertEqual(facts["LIBRARY_OBJS"].split(), [
            "Modules/getpath.o", "Parser/token.o", "Parser/pegen.o",
            "Modules/config.o", "Modules/zlibmodule.o",
            "Modules/posixmodule.o"])
        self.assertEqual(facts["SYSLIBS"], "-lm")
        self.assertEqual(facts["EXPAT_LDFLAGS"],
                         "-lm Modules/expat/libexpat.a")
        self.assertEqual(facts["LIBEXPAT_OBJS"], "Modules/expat/xmltok.o")

    def test_makefile_of_this_python(self):
        source = Path(sysconfig.get_makefile_filename())
        if not source.exists():
            self.skipTest("no Makefile installed")
        shutil.copy(source, self.dir / "Makefile")
        facts = self.facts()
        self.assertIn("Objects/object.o", facts["LIBRARY_OBJS"].split())
        self.assertIn("-DPy_BUILD_CORE", facts["PY_CORE_CFLAGS"])


class Document(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.probe = probe()

    def setUp(self):
        probe = self.probe
        table = [(name, f"PyInit_{name}") for name in
                 probe["builtin_modules"] if name != "sys"]
        self.facts = python_json.Build(
            triple="x86_64-unknown-linux-gnu", options="noopt",
            crt_features=["glibc-dynamic",
                          "glibc-max-symbol-version:2.17"],
            licences=("Python-2.0",),
            licence_path="licenses/cpython.txt",
            data={Pin("zones", "2026.6", "Apache-2.0", ()):
                  ["share/zoneinfo"],
                  Pin("tcl", "8.6", "TCL", ()): ["lib/tcl8", "lib/tcl8.6"],
                  Pin("tk", "8.6", "TCL", ()): ["lib/tk8.6"]},
            compiler=Compiler("zig", "clang version 22.1.8",
                              "x86_64-linux-gnu.2.17", "ziglang==0.17.1",
                              ("-fstack-clash-protection",), ("-pie",)),
            linked=Link(
                make={"LIBRARY_OBJS": "Objects/object.o Modules/config.o "
                                      "Modules/posixmodule.o",
                      "LIBS": "-ldl", "SYSLIBS": "-lm",
                      "PY_CORE_CFLAGS": "-std=c11 -I. -DPy_BUILD_CORE",
                      "MODULE__X_LDFLAGS": "/b/zlib/lib/libz.a"},
                config_c="\n".join(
                    f'    {{"{name}", {init}}},'
                    for name, init in [*table, ("sys", "NULL")]),
                setups={"Setup.local": "*shared*\n_x _x.c",
                        "Setup.bootstrap": "posix posixmodule.c"},
                libraries={"build/lib/libz.a":
                           [Pin("zlib", "1.3.1", "Zlib", ())]}))
        paths = probe["python_paths"]
        self.stdlib = f"install/{paths['stdlib']}"
        suffix = probe["python_suffixes"]["extension"][0]
        libdir = probe["python_stdlib_platform_config"]
        library = probe["python_config_vars"]["LIBRARY"]
        self.static = f"install/{libdir}/{library}"
        self.x = f"install/{paths['platstdlib']}/lib-dynload/_x{suffix}"
        self.contents = {
            *(f"install/{path}" for path in paths.values()),
            f"install/{probe['python_exe']}", f"install/{libdir}",
            self.static, f"{self.stdlib}/test",
            f"{self.stdlib}/test/regrtest.py", "licenses/cpython.txt",
            "build/Objects/object.o", "build/Modules/config.o",
            "build/Modules/config.c", "build/Modules/posixmodule.o",
            "build/Modules/_x.o", "build/lib/libz.a", self.x,
            "build/Programs/python.o", "build/Programs/loader.o",
            "build/exports.map",
            "licenses/zlib", "licenses/zlib/LICENSE",
            "install/share/zoneinfo", "install/lib", "install/lib/tcl8",
            "install/lib/tcl8.6", "install/lib/tk8.6"}

    def document(self):
        return python_json.python_json(self.probe, self.facts, self.contents)

    def test_core(self):
        info = self.document()["build_info"]
        core = info["core"]
        self.assertEqual(core["objs"], ["build/Objects/object.o",
                                        "build/Modules/config.o"])
        self.assertEqual(core["links"], [{"name": "dl", "system": True},
                                         LIBM])
        self.assertEqual(core["static_lib"], self.static)
        self.assertNotIn("shared_lib", core)
        self.contents.add("build/lib/libcompat.a")
        self.assertEqual(
            self.document()["build_info"]["core"]["links"][-1],
            {"name": "compat", "path_static": "build/lib/libcompat.a"})
        for part in core, info:
            self.assertEqual(part["inittab_object"],
                             "build/Modules/config.o")
            self.assertEqual(part["inittab_cflags"],
                             ["-std=c11", "-DPy_BUILD_CORE"])

    def test_extensions(self):
        found = self.document()["build_info"]["extensions"]
        self.assertEqual(found["_x"], [{
            "in_core": False, "init_fn": "PyInit__x", "links": [ZLIB],
            "licenses": ["Zlib"], "license_public_domain": False,
            "license_paths": ["licenses/zlib/LICENSE"],
            "objs": ["build/Modules/_x.o"], "required": False,
            "shared_lib": self.x, "variant": "default"}])
        self.assertEqual(found["posix"], [{
            "in_core": False, "init_fn": "PyInit_posix", "links": [],
            "objs": ["build/Modules/posixmodule.o"], "required": True,
            "variant": "default"}])
        self.assertEqual(found["sys"], [{
            "in_core": True, "init_fn": "NULL", "links": [], "objs": [],
            "required": True, "variant": "default"}])

    def test_of_the_interpreter(self):
        document = self.document()
        version = sys.version_info
        expected = {
            "version": "8",
            "python_tag": f"cp{version[0]}{version[1]}",
            "python_abi_tag": f"cp{version[0]}{version[1]}{sys.abiflags}",
            "python_platform_tag": sysconfig.get_platform(),
            "python_implementation_hex_version": sys.hexversion,
            "python_implementation_version":
                [str(part) for part in sys.implementation.version],
            "python_stdlib_test_packages": ["test"],
            "crt_features": ["glibc-dynamic",
                             "glibc-max-symbol-version:2.17"],
            "python_paths_abstract": sysconfig.get_paths(expand=False),
        }
        self.assertEqual({key: document[key] for key in expected}, expected)
        self.assertEqual(document["python_paths"]["data"], "install")
        self.assertEqual(document["python_paths"]["stdlib"], self.stdlib)
        self.assertNotIn("builtin_modules", document)
        variables = document["python_config_vars"]
        self.assertEqual(
            {type(value) for value in variables.values()}, {str})
        self.assertEqual(variables["installed_base"], "/install")
        self.assertNotIn("userbase", variables)
        json.dumps(document)

    def test_data_and_how_old_it_is(self):
        self.assertEqual(self.document()["bundled_data"][:1], [{
            "name": "zones", "version": "2026.6", "license": "Apache-2.0",
            "paths": ["install/share/zoneinfo"]}])

    def test_tcl(self):
        document = self.document()
        self.assertEqual(document["tcl_library_path"], "install/lib")
        self.assertEqual(document["tcl_library_paths"],
                         ["tcl8", "tcl8.6", "tk8.6"])
        del self.facts.data[next(pin for pin in self.facts.data
                                 if pin.name == "tk")]
        self.assertEqual(self.document()["tcl_library_paths"],
                         ["tcl8", "tcl8.6"])

    def test_toolchain(self):
        compiler = self.document()["toolchain"]
        self.assertEqual(compiler["package"], "ziglang==0.17.1")
        self.assertEqual(compiler["compile_flags"][-1],
                         "-fstack-clash-protection")
        self.assertIn("-Wall", compiler["compile_flags"])

    def test_versions(self):
        document = self.document()
        older = python_json.as_version(document, "7")
        self.assertEqual(older | {"version": "8"}, document)
        self.assertEqual(json.loads(python_json.text(older)), older)
        with self.assertRaisesRegex(UsageError, "unknown version '9'"):
            python_json.as_version(document, "9")

    def test_object_that_nobody_names(self):
        self.contents.add("build/Modules/_forgotten.o")
        with self.assertRaisesRegex(BuildError, "not name .*_forgotten.o$"):
            self.document()

    def test_path_not_in_the_archive(self):
        for path in ("build/lib/libz.a", "build/Modules/config.o", self.x,
                     f"{self.stdlib}/test/regrtest.py",
                     "install/share/zoneinfo", "install/lib/tcl8",
                     "build/exports.map"):
            with self.subTest(path):
                self.contents.remove(path)
                with self.assertRaisesRegex(BuildError, path):
                    self.document()
                self.contents.add(path)

    def test_table_of_another_interpreter(self):
        self.probe = copy.deepcopy(self.probe)
        self.probe["builtin_modules"].append("_surprise")
        with self.assertRaisesRegex(BuildError, "_surprise$"):
            self.document()


class Schema(Document):
    """Of every document that those tests make, and of wrong ones."""

    def document(self):
        document = super().document()
        self.check(document)
        return document

    def check(self, document):
        jsonschema.Draft202012Validator(SCHEMA).validate(
            json.loads(python_json.text(document)))

    def test_schema(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_other_documents(self):
        document = self.document()
        self.check(python_json.as_version(document, "7"))
        for path, value in (
                ("version", 8), ("version", "6"), ("surprise", ""),
                ("optimizations", "fast"), ("build_options", None),
                ("python_exe", "/install/bin/python3"),
                ("python_exe", "install/../../bin/python3"),
                ("python_implementation_hex_version", "51187696"),
                ("python_implementation_version", ["3", "13"]),
                ("python_config_vars/PYTHON", 1),
                ("crt_features", ["glibc-max-symbol-version:%s"]),
                ("tcl_library_path", None), ("toolchain/name", "tcc"),
                ("toolchain/link_flags", None),
                ("build_info/object_file_format", "llvm-bitcode:%"),
                ("build_info/extensions/_x", []),
                ("build_info/extensions/_x/0/init_fn", None),
                ("build_info/extensions/_x/0/required", "no"),
                ("build_info/extensions/_x/0/links/0", {"name": "z"}),
                ("build_info/core/objs", []),
                ("build_info/core/objs", ["/tmp/object.o"])):
            with (self.subTest(path, value=value),
                  self.assertRaises(jsonschema.ValidationError)):
                self.check(changed(document, path.split("/"), value))


def changed(document, path, value):
    """A copy of *document* with another value there, or with none."""
    result = copy.deepcopy(document)
    place = result
    for key in path[:-1]:
        place = place[int(key) if key.isdigit() else key]
    last = int(path[-1]) if path[-1].isdigit() else path[-1]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return result


if __name__ == "__main__":
    unittest.main()
