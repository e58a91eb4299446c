"""Test the parts of archives.stage: lists of files, the pybi, PYTHON.json."""

import hashlib
import json
import os
import shutil
import unittest
import zipfile
from dataclasses import replace
from unittest import mock

from standalone.archives import stage as archives
from standalone.archives.mounts import Mount, members

from . import children
from .small_build import CONFIG_DIR, NAME, SmallBuild, write


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
        said = archives._compiler(self.config.chain, self.config.platform)
        version, *_ = children.run(
            ["cc", "--version"], capture_output=True, text=True, check=True,
            env=os.environ | {"LC_ALL": "C"}).stdout.splitlines()
        self.assertEqual((said.name, said.version), ("gcc", version))
        self.assertEqual(said.target, self.config.platform.versioned)
        self.assertRegex(said.package, r"^ziglang==[\d.]+$")
        self.assertEqual(said.link_flags[0], "-pthread")


if __name__ == "__main__":
    unittest.main()
