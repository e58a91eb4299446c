"""Test archives.stage: the archives of a small build, and its parts."""

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
import unittest
import zipfile
from dataclasses import replace
from pathlib import Path
from unittest import mock

import zstandard

from standalone import recipes
from standalone.archives import stage as archives, writer as archive
from standalone.archives.mounts import Mount, members
from standalone.documents import components
from standalone.documents.components import Component
from standalone.formats import checksums
from standalone.sources import host, pins
from standalone.toolchain.compilers import Toolchain

from . import children
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

    options = "noopt"

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
        for name in ("Objects/object.o", "Modules/config.o",
                     "Modules/posixmodule.o", "Modules/zlibmodule.o",
                     "Programs/python.o", "Programs/_freeze_module.o",
                     "Modules/expat/xmltok.o"):
            write(build / name, f"{name}\n")
        write(build / "Modules/config.c", CONFIG_C)
        write(build / "Modules/Setup.local", "zlib zlibmodule.c\n")
        write(build / "Modules/Setup.stdlib", "*disabled*\nzlib other.c\n")
        write(build / "Modules/Setup.bootstrap", "posix posixmodule.c\n")
        write(layout.stage("source") / "Modules/Setup", "# none\n")

    def spec(self, *mounts):
        return archive.Spec(f"{NAME}-sample", mounts, {"gz": 6})


class ListedTest(SmallBuild):

    def setUp(self):
        super().setUp()
        self.files = self.top / "files"
        write(self.files / "bin/x", "x\n", 0o755)

    def listed(self, kind, *mounts):
        spec = archives._listed(self.spec(*mounts), kind, self.stage)
        self.assertEqual((spec.name, spec.compressions),
                         (f"{NAME}-sample", {"gz": 6}))
        found = members(spec.mounts)
        [place] = [path for path in found if path.endswith(".sha256")]
        return found, place, found[place].read_text(encoding="utf-8")

    def test_kind(self):
        found, place, text = self.listed("tests", Mount(self.files))
        self.assertEqual(place, "share/manifests/tests.sha256")
        self.assertIn("bin/x", found)
        digest = hashlib.sha256(b"x\n").hexdigest()
        self.assertEqual(text.splitlines()[:-1],
                         ["# 755 bin/x", f"{digest}  bin/x"])

    def test_full(self):
        """Its list is of the tree in it, where others look for theirs."""
        write(self.files / "more", "y\n")
        found, place, text = self.listed(
            "full", Mount(self.files, "install"), Mount(self.files, "build"))
        self.assertEqual(place, "install/share/manifests/full.sha256")
        names = [line.split()[1] for line in text.splitlines()
                 if not line.startswith("#")]
        self.assertEqual(names, ["bin/x", "more"])
        self.assertIn("build/more", found)


class PybiTest(SmallBuild):

    def pybi(self, **mount):
        return archives._pybi(
            self.config, self.spec(Mount(self.tree, **mount)), self.stage)

    def test_without_pip(self):
        [(name, (mounts, writer))] = self.pybi(without=("lib/*.so*",)).items()
        self.assertEqual(name, "cpython-3.13.15-manylinux_2_17_x86_64.pybi")
        writer(self.top / name)
        with zipfile.ZipFile(self.top / name) as made:
            names = set(made.namelist())
            self.assertIn("py3-none-any",
                          made.read("pybi-info/METADATA").decode())
            self.assertEqual(made.getinfo("bin/python3.13").date_time[:3],
                             (2023, 11, 14))
        self.assertIn("share/manifests/pybi.sha256", names)
        self.assertIn("lib/python3.13/os.py", names)
        self.assertNotIn("bin/pip3", names)
        self.assertNotIn("lib/python3.13/site-packages/pip/__init__.py",
                         names)
        # Nor what the archive is without.
        self.assertNotIn("lib/libpython3.13.so.1.0", names)
        self.assertEqual({path for path, file in members(mounts).items()
                          if file},
                         {path for path in names if not path.endswith("/")
                          and not path.startswith("pybi-info/")})

    def test_only_of_plain_builds(self):
        for other in ({"options": "debug"}, {"options": "noopt+gpl"},
                      {"target": "x86_64_v3-unknown-linux-gnu"}):
            with mock.patch.object(self, "config",
                                   replace(self.config, **other)):
                self.assertEqual(self.pybi(), {}, other)


class PartsTest(SmallBuild):

    def test_details(self):
        mount = archives._details(self.tree, self.stage)
        place = "lib/python3.13/build-details.json"
        self.assertEqual([*members([mount])][-1], f"install/{place}")
        self.assertEqual(
            json.loads(mount.source.read_text()),
            {"libpython": {"dynamic": "lib/x.so",
                           "static": f"{CONFIG_DIR}/libpython3.13.a"}})
        # The other archives do not have the library.
        self.assertNotIn("static", (self.tree / place).read_text())

    def test_libraries(self):
        found = archives._libraries(
            self.config.recipes, self.config.archives)
        owners = {path: [pin.name for pin in
                         (pin if isinstance(pin, list) else [pin])]
                  for path, pin in found.items()}
        for name, recipe in self.config.recipes.items():
            for file in recipe.archives:
                if f"build/lib/{file}" in found:
                    self.assertEqual(owners[f"build/lib/{file}"], [name])
        self.assertEqual(owners["build/lib/libz.a"], ["zlib"])
        # CPython's own copies lie where its makefile puts them.
        self.assertEqual(owners["build/Modules/expat/libexpat.a"],
                         ["expat"])
        self.assertEqual(
            owners["build/Modules/_decimal/libmpdec/libmpdec.a"],
            ["mpdecimal"])

    def test_compiler(self):
        if not shutil.which("cc"):
            self.skipTest("no C compiler")
        said = archives._compiler(
            self.config.chain, self.config.platform, self.config.flavour)
        version, *_ = children.run(
            ["cc", "--version"], capture_output=True, text=True, check=True,
            env=os.environ | {"LC_ALL": "C"}).stdout.splitlines()
        self.assertEqual((said.name, said.version), ("gcc", version))
        self.assertEqual(said.target, self.config.platform.versioned)
        self.assertRegex(said.package, r"^ziglang==[\d.]+$")
        self.assertEqual(said.link_flags[0], "-pthread")


class RunTest(SmallBuild):

    def setUp(self):
        super().setUp()
        if not (shutil.which("cc") and shutil.which("make")):
            self.skipTest("no C compiler, or no make")
        write(self.out / "python-3.12.0-x86_64-unknown-linux-gnu-full"
              ".tar.zst", "an older build's\n")
        archives.run(self.config, "a key")
        [made] = self.out.glob("python-3.13*-full.tar.zst")
        self.name = made.name.removesuffix("-full.tar.zst")

    def contents(self, kind):
        """Name below python/ → text of an archive's files."""
        data = (self.out / f"{self.name}-{kind}.tar.zst").read_bytes()
        with zstandard.ZstdDecompressor().stream_reader(
                io.BytesIO(data)) as stream, \
                tarfile.open(fileobj=io.BytesIO(stream.read())) as tar:
            return {member.name.removeprefix("python/"):
                    tar.extractfile(member).read().decode()
                    for member in tar if member.isfile()}

    def python_json(self):
        return json.loads(self.contents("full")["PYTHON.json"])


class ArchivesTest(RunTest):

    def test_all(self):
        """All checks in one test: the stage takes seconds to run."""
        for check in (self.check_names, self.check_sums, self.check_lists,
                      self.check_full, self.check_python_json,
                      self.check_statements, self.check_index):
            with self.subTest(check.__name__):
                check()

    def check_names(self):
        names = {path.name for path in self.out.iterdir() if path.is_file()}
        for kind, compressions in archive.KINDS.items():
            for compression in compressions:
                name = f"{NAME}-{kind}.tar.{compression}"
                self.assertLessEqual({name, f"{name}.spdx.json"}, names)
        pybi = "cpython-3.13.15-manylinux_2_17_x86_64.pybi"
        self.assertLessEqual({pybi, f"{pybi}.spdx.json", "index.json",
                              f"{NAME}.provenance.json"}, names)

    def check_sums(self):
        """The sums leave out the index, which covers other builds too."""
        stage = self.layout.stage("archive")
        sums = dict(reversed(line.split("  ")) for line in
                    (stage / checksums.FILE).read_text().splitlines())
        made = {path.name for path in self.out.iterdir()
                if path.is_file() and "3.12.0" not in path.name
                and path.name not in ("index.json", checksums.FILE)}
        self.assertEqual(set(sums), made)
        for name, sha256 in sums.items():
            self.assertEqual(hashlib.sha256(
                (self.out / name).read_bytes()).hexdigest(), sha256)

    def check_lists(self):
        for kind in archive.KINDS:
            found = self.contents(kind)
            place = f"share/manifests/{kind}.sha256"
            if kind == "full":
                place = f"install/{place}"
            self.assertIn(place, found)

    def check_full(self):
        found = self.contents("full")
        for name in ("build/lib/libz.a", "build/lib/libcompat.a",
                     "build/include/zlib.h", "build/Objects/object.o",
                     "build/Modules/config.c", "licenses/zlib/LICENSE",
                     "install/lib/python3.13/os.py"):
            self.assertIn(name, found)
        # In nothing of ours.
        self.assertNotIn("build/Programs/_freeze_module.o", found)
        self.assertNotIn("build/Modules/expat/xmltok.o", found)
        self.assertIn("static", found[
            "install/lib/python3.13/build-details.json"])
        self.assertNotIn("static", self.contents("install_only")[
            "lib/python3.13/build-details.json"])
        for kind, names in {"install_only": {"cpython", "zlib"},
                            "tests": {"cpython"}}.items():
            self.assertEqual({name for name in self.contents(kind)
                              if name.startswith("licenses/")},
                             {f"licenses/{name}/LICENSE" for name in names})
        stripped = self.contents("install_only_stripped")
        self.assertEqual(stripped["lib/libpython3.13.so.1.0"], "stripped\n")

    def check_python_json(self):
        document = self.python_json()
        self.assertEqual(document["target_triple"], self.config.target)
        self.assertEqual(document["build_options"], "noopt")
        self.assertIn("glibc-max-symbol-version:2.17",
                      document["crt_features"])
        self.assertEqual(document["license_path"],
                         "licenses/cpython/LICENSE")
        self.assertEqual(document["licenses"], [
            pins.cpython_pin(pins.cpython_versions()[0]).licence])
        self.assertEqual({entry["name"] for entry
                          in document["bundled_data"]},
                         {name for name, recipe
                          in self.config.recipes.items() if recipe.data})
        [zlib] = document["build_info"]["extensions"]["zlib"]
        self.assertEqual(zlib["links"], [
            {"name": "z", "path_static": "build/lib/libz.a"}])
        self.assertEqual(zlib["licenses"], ["Zlib"])
        self.assertEqual(zlib["objs"], ["build/Modules/zlibmodule.o"])
        self.assertEqual(document["build_info"]["object_file_format"], "elf")
        [posix] = document["build_info"]["extensions"]["posix"]
        self.assertTrue(posix["required"])

    def check_statements(self):
        def packages(kind):
            document = json.loads((
                self.out / f"{NAME}-{kind}.tar.zst.spdx.json").read_text())
            # SOURCE_DATE_EPOCH, as SPDX writes a date.
            self.assertIn("2023-11-14", document["creationInfo"]["created"])
            return {entry["name"] for entry in document["packages"]}
        self.assertLessEqual({"cpython", "zlib"}, packages("full"))
        self.assertNotIn("zlib", packages("install_only"))
        self.assertIn("symbols", packages("debuginfo"))
        document = json.loads((
            self.out / f"{NAME}-full.tar.zst.spdx.json").read_text())
        data = (self.out / f"{NAME}-full.tar.zst").read_bytes()
        for algorithm in "sha1", "sha256":
            self.assertIn(hashlib.new(algorithm, data).hexdigest(),
                          str(document))
        statement = json.loads((
            self.out / f"{NAME}.provenance.json").read_text())
        subjects = {entry["name"]: entry["digest"]["sha256"]
                    for entry in statement["subject"]}
        self.assertEqual(subjects[f"{NAME}-full.tar.zst"],
                         hashlib.sha256(data).hexdigest())
        # For people, too, and for comparisons by line.
        for path in self.out.glob("*.json"):
            if path.name != "index.json":
                text = path.read_text()
                self.assertEqual(text, json.dumps(
                    json.loads(text), indent=1, sort_keys=True) + "\n")

    def check_index(self):
        text = (self.out / "index.json").read_text()
        self.assertIn(f"{NAME}-install_only_stripped.tar", text)


class GplTest(RunTest):

    options = "noopt+gpl"

    def test_licences(self):
        used = {pins.load()[name].licence for name, recipe
                in recipes.load().items() if recipe.gpl}
        self.assertTrue(used)
        self.assertLessEqual(used, set(self.python_json()["licenses"]))
        self.assertEqual([*self.out.glob("*.pybi")], [])
        self.assertTrue([*self.out.glob(f"{NAME}-gpl-full.tar.zst")])


if __name__ == "__main__":
    unittest.main()
