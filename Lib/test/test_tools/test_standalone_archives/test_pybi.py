"""The pybi, read as PEP 711 tells a tool to, and then used."""

import base64
import csv
import hashlib
import json
import os
import shutil
import stat
import unittest
import zipfile
from email.parser import Parser
from pathlib import PurePosixPath

from standalone.formats.names import BuildName
from test_standalone_archives.finished import (
    NAME,
    OUT,
    ArchiveTestCase,
    packages,
    run,
)

# https://packaging.python.org/en/latest/specifications/dependency-specifiers/
MARKERS = """\
import json, os, platform, sys
version = sys.implementation.version
kind = ("" if version.releaselevel == "final"
        else version.releaselevel[0] + str(version.serial))
json.dump({
    "os_name": os.name, "sys_platform": sys.platform,
    "platform_machine": platform.machine(),
    "platform_system": platform.system(),
    "platform_python_implementation": platform.python_implementation(),
    "python_version": ".".join(platform.python_version_tuple()[:2]),
    "python_full_version": platform.python_version(),
    "implementation_name": sys.implementation.name,
    "implementation_version": ".".join(map(str, version[:3])) + kind,
}, sys.stdout)
"""
TAGS = """\
import json
from pip._internal.utils.compatibility_tags import get_supported
print(json.dumps([[tag.interpreter, tag.abi, tag.platform]
                  for tag in get_supported()]))
"""


class PybiTests(ArchiveTestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        name = BuildName.parse(NAME)
        machine = name.triple.partition("-")[0]
        found = not name.marks and [*OUT.glob(
            f"cpython-{name.release}-manylinux_*_{machine}.pybi")]
        if not found:
            raise unittest.SkipTest("there is no pybi of such a build")
        [cls.path] = found
        cls.tree = cls.top / "a tree"
        with zipfile.ZipFile(cls.path) as archive:
            cls.members = {info.filename: info for info in archive.infolist()}
            cls.contents = {name: archive.read(name) for name in cls.members}
        cls.lay()
        cls.metadata = Parser().parsestr(
            cls.contents["pybi-info/METADATA"].decode())
        cls.paths = json.loads(cls.metadata["Pybi-Paths"])

    @classmethod
    def lay(cls):
        for name, info in cls.members.items():
            path = cls.tree / name
            mode = info.external_attr >> 16
            path.parent.mkdir(parents=True, exist_ok=True)
            if stat.S_ISLNK(mode):
                path.symlink_to(cls.contents[name].decode())
            elif info.is_dir():
                path.mkdir(exist_ok=True)
            else:
                path.write_bytes(cls.contents[name])
                path.chmod(stat.S_IMODE(mode))

    def links(self):
        return {name: self.contents[name].decode()
                for name, info in self.members.items()
                if stat.S_ISLNK(info.external_attr >> 16)}

    def test_record(self):
        rows = csv.reader(
            self.contents["pybi-info/RECORD"].decode().splitlines())
        listed = {name: (digest, size) for name, digest, size in rows}
        self.assertEqual([*listed], [
            name for name in self.members if not name.endswith("/")])
        self.assertEqual(listed.pop("pybi-info/RECORD"), ("", ""))
        links = self.links()
        for name, (digest, size) in listed.items():
            content = self.contents[name]
            if name in links:
                self.assertEqual((digest, size),
                                 (f"symlink={links[name]}", ""))
                continue
            self.assertEqual(int(size), len(content))
            self.assertEqual(digest, "sha256=" + base64.urlsafe_b64encode(
                hashlib.sha256(content).digest()).decode().rstrip("="))

    def test_links(self):
        """They stay inside, are not in pybi-info, nothing is below one."""
        links = self.links()
        self.assertIn("bin/python", links)
        parents = {str(parent) for name in self.members
                   for parent in PurePosixPath(name).parents}
        for name, target in links.items():
            self.assertFalse(target.startswith("/"))
            where = os.path.normpath(PurePosixPath(name).parent / target)
            self.assertFalse(where.startswith(".."), name)
            self.assertFalse(name.startswith("pybi-info/"))
            self.assertNotIn(name, parents)

    def test_pybi(self):
        info = Parser().parsestr(self.contents["pybi-info/PYBI"].decode())
        self.assertEqual(info["Pybi-Version"], "1.0")
        self.assertTrue(info["Generator"])
        distribution, version, platform = self.path.stem.split("-")
        self.assertEqual(info.get_all("Tag"), platform.split("."))
        self.assertEqual(self.metadata["Name"], distribution)
        self.assertEqual(self.metadata["Version"], version)
        for forbidden in ("Requires-Dist", "Provides-Extra",
                          "Requires-Python"):
            self.assertNotIn(forbidden, self.metadata)

    def test_contents(self):
        site = f"{self.paths['purelib']}/"
        self.assertEqual([name for name in self.members
                          if name.startswith(site)], [site])
        stdlib = self.paths["stdlib"]
        self.assertNotIn(f"{stdlib}/test/", self.members)
        self.assertIn(f"{stdlib}/os.py", self.members)
        self.assertIn("licenses/cpython/LICENSE", self.members)
        for name in self.members:
            if name.startswith("bin/"):
                self.assertNotRegex(self.contents[name], rb"^#! ?/(?!usr/bin"
                                                         rb"/env|bin/sh)")

    def test_it_runs(self):
        python = self.tree / self.paths["scripts"] / "python"
        self.assertEqual(json.loads(run(python, "-B", "-c", MARKERS)),
                         json.loads(self.metadata[
                             "Pybi-Environment-Marker-Variables"]))
        told = json.loads(run(python, "-B", "-c", (
            "import json, os, sys, sysconfig\n"
            "print(json.dumps({key: os.path.relpath(path, sys.prefix)\n"
            "    for key, path in sysconfig.get_paths().items()}))")))
        self.assertEqual(told, self.paths)
        self.assertTrue(self.verify(self.tree)["ok"])

    def test_installing(self):
        """A tool puts a wheel where Pybi-Paths says; pip comes by itself,
        and thinks of tags what Pybi-Wheel-Tag says."""
        copied = self.top / "installed"
        shutil.copytree(self.tree, copied, symlinks=True)
        with zipfile.ZipFile(packages().write_wheel(self.top)) as wheel:
            wheel.extractall(copied / self.paths["purelib"])
        said = run(copied / "bin/python", "-c",
                   "import greeting; greeting.main()")
        self.assertEqual(said, f"greetings from {copied}\n")
        run(copied / "bin/python", "-m", "ensurepip")
        tags = json.loads(run(copied / "bin/python", "-c", TAGS))
        short = dict.fromkeys(
            f"{interpreter}-{abi}-" + (
                "any" if platform == "any" else "PLATFORM")
            for interpreter, abi, platform in tags)
        self.assertEqual([*short], self.metadata.get_all("Pybi-Wheel-Tag"))
        self.assertTrue(self.verify(copied)["ok"])

    @unittest.skipUnless(shutil.which("unzip"), "no unzip on PATH")
    def test_unzip(self):
        directory = self.top / "unzipped"
        run("unzip", "-q", self.path, "-d", directory)
        self.assertTrue(self.verify(directory)["ok"])
