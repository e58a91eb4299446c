"""Test release.respin and published: bases good and bad, and what changed.

The base is made for the test, by what writes archives.
"""

import hashlib
import json
import shutil
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

from standalone.archives import writer
from standalone.archives.mounts import Mount
from standalone.archives.writer import Spec
from standalone.core.errors import FetchError, UsageError
from standalone.formats import checksums
from standalone.formats.names import BuildName
from standalone.release import published, respin
from standalone.sources import pins

from .command_line import CliTest
from .trees import request, small_tree
from .writing import EPOCH, FILES, lay

NAME = BuildName("3.13.15", 1, "x86_64-unknown-linux-gnu")
OLD = {"name": "xz", "versionInfo": "5.8.0", "licenseConcluded": "0BSD",
       "checksums": [{"algorithm": "SHA256", "checksumValue": "a" * 64}]}
NEW = OLD | {"versionInfo": "5.8.1"}
PYTHON = {"name": "cpython", "versionInfo": "3.13.15", "checksums": [
    {"algorithm": "SHA256", "checksumValue": pins.cpython_pin(
        "3.13.15").files[0].sha256}]}


def sbom(*packages):
    """An SPDX document.  A package's "patches" map names to hashes."""
    listed, applied = [], []
    for package in packages:
        spdx_id = f"SPDXRef-PACKAGE-{package['name']}"
        listed.append({key: value for key, value in package.items()
                       if key != "patches"} | {"SPDXID": spdx_id})
        for name, sha256 in package.get("patches", {}).items():
            patch = f"SPDXRef-PATCH-{package['name']}-{name}"
            listed.append({"SPDXID": patch, "name": name, "checksums": [
                {"algorithm": "SHA256", "checksumValue": sha256}]})
            applied.append({"spdxElementId": patch,
                            "relationshipType": "PATCH_APPLIED",
                            "relatedSpdxElement": spdx_id})
    return json.dumps({"spdxVersion": "SPDX-2.3", "packages": listed,
                       "relationships": applied})


class RespinTestCase(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.base = self.dir / "published"

    def publish(self, *packages, out=None, build=1, files=FILES, marks=()):
        """A build in *out*: two archives, an SBOM of each, SHA256SUMS."""
        name = replace(NAME, build=build, marks=marks)
        tree = lay(Path(tempfile.mkdtemp(dir=self.dir)), files)
        writer.archive(
            [Spec(name.stem("full"), (Mount(tree),), {"gz": 1, "zst": 1})],
            out or self.base, EPOCH, lambda made, _: {
                **{f"{one.path.name}.spdx.json": sbom(*packages)
                   for one in made},
                f"{name}.provenance.json": "{}"})

    def sign(self, name):
        """List a file as it is now."""
        path = self.base / checksums.FILE
        digest = hashlib.sha256((self.base / name).read_bytes()).hexdigest()
        lines = [line for line in path.read_text().splitlines()
                 if not line.endswith(f"  {name}")]
        path.write_text("\n".join([*lines, f"{digest}  {name}\n"]))


class ReleaseTest(RespinTestCase):

    def refused(self, *words, error=UsageError, name=NAME):
        with self.assertRaises(error) as caught:
            published.release(self.base, name).components()
        for word in words:
            self.assertIn(word, caught.exception.message)

    def test_the_newest_build_of_the_same_name(self):
        self.publish(OLD)
        self.publish(OLD, NEW, build=2)
        self.publish(OLD, build=3, marks=("debug",))
        self.publish(OLD, build=4, marks=("lto", "gpl"))
        found = published.release(self.base, NAME)
        self.assertEqual(found.name, replace(NAME, build=2))
        self.assertEqual({*found.components()}, {"xz"})
        self.assertEqual({*found.archives()}, {"full"})
        for number, marks in (1, ()), (3, ("debug",)), (4, ("lto", "gpl")):
            name = replace(NAME, build=number, marks=marks)
            # The number that is asked for is not the one of the name.
            found = published.release(
                self.base, replace(name, build=9), number)
            self.assertEqual(found.name, name)
            self.assertEqual(len(found.sums), 5)

    def test_files_are_those_of_one_build(self):
        """The provenance, which has no kind, is the build's, too."""
        self.publish(OLD)
        before = published.release(self.base, NAME).sums
        self.assertIn(f"{NAME}.provenance.json", before)
        self.publish(OLD, marks=("lto",))
        self.assertEqual(published.release(self.base, NAME).sums, before)

    def test_archives_need_not_be_there(self):
        self.publish(OLD)
        for path in self.base.glob("*.tar.*z*"):
            if not path.name.endswith(".json"):
                path.unlink()
        self.assertEqual(
            published.release(self.base, NAME).components()["xz"].version,
            "5.8.0")

    def test_nothing_published(self):
        self.refused("cannot read", checksums.FILE)
        self.base.mkdir()
        self.refused("cannot read", checksums.FILE)
        (self.base / checksums.FILE).write_text("")
        self.refused("no archive")
        (self.base / checksums.FILE).write_text("nonsense\n")
        self.refused("not what sha256sum writes")
        (self.base / checksums.FILE).write_bytes(b"\xff\xfe\n")
        self.refused("not what sha256sum writes")

    def test_another_python_target_or_flavour(self):
        self.publish(OLD)
        for name in (replace(NAME, version="3.13.5"),
                     replace(NAME, marks=("debug",)),
                     replace(NAME, triple="aarch64-unknown-linux-gnu")):
            self.refused(f"no {name}, but {NAME}", name=name)

    def test_without_an_sbom(self):
        self.publish(OLD)
        names = [path.name for path in self.base.glob("*.spdx.json")]
        (self.base / names[0]).unlink()
        self.refused(names[0], "missing")
        text = "".join(f"{sha256}  {name}\n" for name, sha256 in
                       published.sums(self.base).items() if name not in names)
        (self.base / checksums.FILE).write_text(text)
        self.refused("no SBOM")

    def test_damaged(self):
        self.publish(OLD)
        for path in sorted(self.base.glob("python-*")):
            whole = path.read_bytes()
            for data in whole[:-9], whole[:-1] + b"?", b"":
                path.write_bytes(data)
                self.refused(path.name, hashlib.sha256(data).hexdigest(),
                             error=FetchError)
            path.write_bytes(whole)

    def test_no_spdx(self):
        for text in "", "[]", "{}", '{"packages": [{}]}', '{"packages": 1}':
            self.publish(OLD)
            for path in self.base.glob("*.spdx.json"):
                path.write_text(text)
                self.sign(path.name)
            self.refused("not an SPDX document")


class ChangesTest(RespinTestCase):

    def changes(self, before, after, files=FILES):
        self.publish(*before)
        out = self.dir / "out"
        self.publish(*after, out=out, build=2, files=files)
        self.after = published.release(out, NAME)
        return respin._changes(published.release(self.base, NAME), self.after)

    def test_changes(self):
        files = FILES | {"lib/a.py": "b", "new": ""}
        del files["bin/python3"]
        other = {"name": "new", "versionInfo": "1"}
        changes = self.changes([PYTHON, OLD], [other, NEW, PYTHON], files)
        name = "python-3.13.15-2-x86_64-unknown-linux-gnu"
        self.assertEqual(changes["base"], {"name": str(NAME), "build": 1})
        self.assertEqual(changes["name"], name)
        self.assertEqual(changes["build"], 2)
        xz = {"version": "5.8.0", "sha256": "a" * 64, "licence": "0BSD",
              "patches": {}}
        self.assertEqual(changes["components"], [
            {"name": "new", "from": None, "to": {
                "version": "1", "sha256": "", "licence": "",
                "patches": {}}},
            {"name": "xz", "from": xz, "to": xz | {"version": "5.8.1"}}])
        self.assertEqual(
            [entry["name"] for entry in changes["archives"]],
            [f"{name}-full.tar.gz", f"{name}-full.tar.zst"])
        self.assertEqual(changes["files"], {"full": {
            "changed": ["python/lib/a.py"], "added": ["python/new"],
            "removed": ["python/bin/python3"]}})
        self.assertEqual(
            respin.describe(changes | {"cves": ["CVE-2025-31115"]}),
            f"{name} instead of {NAME}\n  new: 1, new\n"
            "  xz: 5.8.0 -> 5.8.1\n  for CVE-2025-31115\n"
            "  full: 1 added, 1 changed, 1 removed")

    def test_patches(self):
        """They are a change, without a new version."""
        old = {"a": "1" * 64, "b": "2" * 64, "c": "3" * 64}
        new = {"b": "2" * 64, "c": "4" * 64, "d": "5" * 64}
        changes = self.changes([PYTHON, OLD | {"patches": old}],
                               [PYTHON, OLD | {"patches": new}])
        [entry] = changes["components"]
        self.assertEqual(entry["from"]["patches"], old)
        self.assertEqual(entry["to"]["patches"], new)
        self.assertIn("\n  xz: 5.8.0 -> 5.8.0\n    c: changed\n"
                      "    d: applied\n    a: no longer applied\n",
                      respin.describe(changes | {"cves": []}))

    def test_written_and_listed(self):
        changes = self.changes([OLD], [NEW])
        before = published.sums(self.after.directory)
        path = respin._write(self.after, changes)
        self.assertTrue(path.name.endswith("-gnu-changes.json"))
        self.assertEqual(json.loads(path.read_text()), changes)
        after = published.sums(self.after.directory)
        self.assertEqual({*after} - {*before}, {path.name})
        self.assertEqual(after[path.name], hashlib.sha256(
            path.read_bytes()).hexdigest())
        self.assertEqual([*after], sorted(after))

    def test_of_what_is_not_there_no_files_are_told_of(self):
        self.publish(OLD)
        for path in self.base.glob("*full.tar.*z*"):
            if not path.name.endswith(".json"):
                path.unlink()
        self.publish(NEW, out=self.dir / "out", build=2)
        changes = respin._changes(published.release(self.base, NAME),
                                  published.release(self.dir / "out", NAME))
        self.assertEqual(changes["files"], {})

    def test_nothing_changed(self):
        with self.assertRaisesRegex(UsageError, "nothing to respin"):
            self.changes([PYTHON, OLD], [OLD, PYTHON])

    def test_cpython_changed(self):
        with self.assertRaisesRegex(UsageError, "CPython is not the one"):
            self.changes([PYTHON, OLD],
                         [PYTHON | {"checksums": []}, NEW])


class RefuseTest(RespinTestCase):
    """What is refused before anything is built."""

    def refuse(self, *packages, build=1):
        self.publish(*packages)
        before = published.release(self.base, NAME)
        tree = small_tree(self.dir / "tree")
        wanted = request(tree, self.dir / "out")
        respin._number(replace(wanted, build=build), before)
        wanted = replace(wanted, cpython="3.13.15")
        shutil.copytree(tree, wanted.pristine)
        respin._refuse(wanted, before)

    def packages(self):
        """What the pins have, as components."""
        tree = small_tree(self.dir / "pinned")
        return [{"name": pin.name, "versionInfo": pin.version, "checksums": [
            {"algorithm": "SHA256", "checksumValue": pin.files[-1].sha256}],
            "patches": {patch.name: patch.sha256 for series in pin.patches
                        for patch in series.patches}}
            for pin in request(tree, self.dir / "out").wanted]

    def test_a_new_version(self):
        self.refuse(PYTHON, *self.packages()[1:], OLD)

    def test_nothing_changed(self):
        with self.assertRaisesRegex(UsageError, f"nothing to .* {NAME}"):
            self.refuse(PYTHON, *self.packages())

    def test_a_new_patch(self):
        before = self.packages()
        [openssl] = [each for each in before if each["name"] == "openssl"]
        openssl["patches"].popitem()
        self.refuse(PYTHON, *before)

    def test_another_cpython(self):
        with self.assertRaisesRegex(UsageError, "CPython 3.13.15 differs"):
            self.refuse(PYTHON | {"checksums": OLD["checksums"]}, OLD)

    def test_number(self):
        self.publish(OLD, build=2)
        before = published.release(self.base, NAME)
        wanted = request(small_tree(self.dir / "tree"), self.dir / "out")
        for build, number in ((1, 3), (3, 3), (7, 7)):
            self.assertEqual(respin._number(
                replace(wanted, build=build), before), number)
        with self.assertRaisesRegex(UsageError, "BUILD=2, but"):
            respin._number(replace(wanted, build=2), before)


class CommandTest(CliTest):

    def test_bad_requests(self):
        empty = self.dir / "empty"
        empty.mkdir()
        for argv, words in (
                ([], ["BASE is required", "BASE=DIR"]),
                ([f"--base={empty}"], ["cannot read", checksums.FILE]),
                ([f"--base={empty}", "--cves=CVE-25-1"], ["CVE-25-1"]),
                (["--build=two"], ["BUILD=two"]),
                (["--build=0"], ["BUILD=0"])):
            self.assertFails(self.build(*argv, command="respin"), 2, *words)
            self.assertUntouched()

    def test_through_make(self):
        done = self.make("standalone-respin", f"BASE={self.dir}",
                         "CVES=CVE-2025-31115 none", f"OUT={self.out}")
        self.assertFails(done, 2, "CVES: none is not a CVE id")
        self.assertUntouched()


if __name__ == "__main__":
    unittest.main()
