"""Test archives.stage: the archives of a small build."""

import hashlib
import io
import json
import shutil
import tarfile
import unittest

import zstandard

from standalone import recipes
from standalone.archives import stage as archives, writer as archive
from standalone.formats import checksums
from standalone.sources import pins

from .small_build import NAME, SmallBuild, write


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
        self.assertEqual(document["build_options"], "pgo+lto")
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

    options = "pgo+lto+gpl"

    def test_licences(self):
        used = {pins.load()[name].licence for name, recipe
                in recipes.load().items() if recipe.gpl}
        self.assertTrue(used)
        self.assertLessEqual(used, set(self.python_json()["licenses"]))
        self.assertEqual([*self.out.glob("*.pybi")], [])
        self.assertTrue([*self.out.glob(f"{NAME}-gpl-full.tar.zst")])


if __name__ == "__main__":
    unittest.main()
