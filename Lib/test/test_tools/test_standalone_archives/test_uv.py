"""uv installs from the index, and works with what it installed."""

import io
import json
import os
import shutil
import sys
import tarfile
import unittest

import uv

from standalone.formats.names import BuildName
from test_standalone_archives.finished import (
    NAME,
    OUT,
    WHEELS,
    ArchiveTestCase,
    packages,
    run,
)

SETUP = """\
from setuptools import Extension, setup
setup(name="compiled", version="1.0",
      ext_modules=[Extension("compiled", ["compiled.c"])])
"""
# What the tree says of itself must be there, and is never the placeholder.
PROBE = """\
import json, os, re, sys, sysconfig
names = "installed_base BINDIR LIBDIR INCLUDEPY LIBPL LIBPC LIBDEST".split()
data = sysconfig.get_config_vars()
json.dump({
    "prefix": sys.base_prefix,
    "missing": [name for name in names if not os.path.isdir(data[name])],
    "outside": [name for name in names
                if not os.path.realpath(data[name]).startswith(
                    os.path.realpath(sys.base_prefix))],
    "placeholder": [name for name, value in data.items()
                    if re.search("(?<![.\\w])/install\\b", str(value))],
    "compiler": data["CC"],
}, sys.stdout)
"""


class UvTests(ArchiveTestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        name = BuildName.parse(NAME)
        # Without a variant, uv installs the default build.
        variant = [mark for mark in name.marks
                   if mark not in ("pgo", "lto")]
        cls.version = "+".join([name.version, *variant])
        cls.debug = "debug" in variant
        cls.index = cls.top / "index.json"
        cls.index.write_text(run(
            sys.executable, "-m", "standalone", "index", OUT,
            env={"PYTHONPATH": ":".join(sys.path)}))
        if f"/{NAME}-install_only" not in cls.index.read_text():
            raise unittest.SkipTest("there is a later build, or uv has no "
                                    "word for this one")
        cls.install()
        [cls.tree] = (cls.top / "installed").glob(
            f"cpython-{cls.version}-linux-*")

    @classmethod
    def uv(cls, *argv, **env):
        return run(uv.find_uv_bin(), *argv, cwd=cls.top, env={
            "HOME": str(cls.top), "UV_NO_CONFIG": "1",
            "UV_CACHE_DIR": str(cls.top / "cache"),
            "UV_PYTHON_INSTALL_DIR": str(cls.top / "installed"),
            "UV_PYTHON_PREFERENCE": "only-managed",
            "UV_PYTHON_DOWNLOADS_JSON_URL": cls.index.as_uri(),
            "UV_OFFLINE": "1", "UV_FIND_LINKS": WHEELS, **env})

    @classmethod
    def install(cls, *options):
        cls.uv("python", "install", "--no-bin", *options, cls.version)

    def tearDown(self):
        # Whatever was done with it.
        report = self.verify(self.tree)
        self.assertTrue(report["ok"], report["differences"])
        [rewritten] = report["tolerated"]
        self.assertRegex(rewritten, r"/_sysconfigdata_\w*[\w-]*\.py$")

    def test_index(self):
        shipped = json.loads((OUT / "index.json").read_text())
        [key] = (key for key, entry in shipped.items() if entry["url"].
                 endswith(f"/{NAME}-install_only_stripped.tar.gz"))
        self.assertEqual(key, self.tree.name)
        self.assertRegex(shipped[key]["url"], r"^https://www\.python\.org/")
        self.assertNotIn(str(OUT), json.dumps(shipped))
        if self.debug:
            return               # uv installs those, but lists none
        # What was not installed is listed as well.
        listed = self.uv("python", "list", "--only-downloads",
                         "--all-versions", "--show-urls",
                         UV_PYTHON_INSTALL_DIR=str(self.top / "nothing"))
        self.assertIn(key, listed)
        self.assertIn((OUT / NAME).as_uri(), listed)

    def test_sysconfig(self):
        for python in (self.tree / "bin/python3", self.venv() / "bin/python"):
            found = json.loads(run(python, "-B", "-c", PROBE))
            # The venv of a prerelease names uv's link cpython-3.15-....
            self.assertEqual(os.path.realpath(found.pop("prefix")),
                             str(self.tree))
            self.assertNotIn("zig", found.pop("compiler"))
            self.assertEqual(found, {"missing": [], "outside": [],
                                     "placeholder": []})

    def venv(self):
        directory = self.top / self.id().rpartition(".")[2]
        self.uv("venv", "--python", self.version, directory)
        return directory

    def test_wheel(self):
        env = self.venv()
        wheel = packages().write_wheel(self.top)
        self.uv("pip", "install", "--python", env, wheel)
        self.assertEqual(run(env / "bin" / "greeting", "to you"),
                         f"greetings from {env} to you\n")

    def test_source_with_extension(self):
        env = self.venv()
        self.uv("pip", "install", "--python", env, self.source())
        self.assertEqual(
            run(env / "bin/python", "-c",
                "import compiled; print(compiled.answer())"), "42\n")

    def source(self):
        """An sdist that needs setuptools and a compiler."""
        requires = ["setuptools"]
        if not shutil.which("cc"):
            requires.append("ziglang")
        path = self.top / "compiled-1.0.tar.gz"
        with tarfile.open(path, "w:gz") as tar:
            for name, text in {
                    "setup.py": SETUP, "compiled.c": packages().EXTENSION,
                    "PKG-INFO": "Metadata-Version: 2.1\n"
                                "Name: compiled\nVersion: 1.0\n",
                    "pyproject.toml": "[build-system]\n"
                    f"requires = {json.dumps(requires)}\n"
                    'build-backend = "setuptools.build_meta"\n'}.items():
                info = tarfile.TarInfo(f"compiled-1.0/{name}")
                info.size = len(text)
                tar.addfile(info, io.BytesIO(text.encode()))
        return path

    def test_run(self):
        wheel = packages().write_wheel(self.top)
        said = self.uv("run", "--no-project", "--python", self.version,
                       "--with", wheel, "greeting", "again")
        self.assertRegex(said, r"^greetings from .* again$")

    def test_bytecode(self):
        """uv replaces ours by bytecode that is checked against times."""
        self.install("--reinstall", "--compile-bytecode")
        self.assertEqual(
            run(self.tree / "bin/python3", "-c", "import json"), "")
