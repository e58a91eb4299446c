"""Finished archives, for tests by programs that read such ones.

`make check` runs them with the variables below in the environment.
"""

import contextlib
import importlib.util
import json
import os
import tarfile
import tempfile
import unittest
from pathlib import Path

import zstandard

from standalone.core.layout import ROOT

#: Where the archives of the build under test are, what their names begin
#: with, and where the wheels of requirements-dev.txt are.
OUT = Path(os.environ.get("STANDALONE_OUT", ""))
NAME = os.environ.get("STANDALONE_NAME", "")
WHEELS = os.environ.get("STANDALONE_WHEELS", "")


def _module(name):
    path = ROOT / "Lib/test/test_standalone_runtime" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def packages():
    """The module that makes wheels and sources for tests of the tree."""
    return _module("packages")


#: How tests start programs.
children = _module("children")


def run(*argv, env=None, **options):
    """What a command prints; AssertionError if it fails.

    It has no variable but PATH and those in *env*.
    """
    done = children.run(
        list(map(str, argv)), capture_output=True, encoding="utf-8",
        timeout=600, **options,
        env={"PATH": os.environ["PATH"], **(env or {})})
    if done.returncode:
        raise AssertionError(f"{argv} ended with {done.returncode}:\n"
                             f"{done.stdout}{done.stderr}")
    return done.stdout


class ArchiveTestCase(unittest.TestCase):

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(prefix="standalone ä-")
        cls.addClassCleanup(holder.cleanup)
        cls.top = Path(os.path.realpath(holder.name))

    @staticmethod
    @contextlib.contextmanager
    def open(kind):
        """A .tar.zst as a stream: `for info in tar`, in order."""
        with ((OUT / f"{NAME}-{kind}.tar.zst").open("rb") as file,
              zstandard.ZstdDecompressor().stream_reader(file) as stream,
              tarfile.open(mode="r|", fileobj=stream) as tar):
            yield tar

    @classmethod
    def unpack(cls, kind, directory):
        """The tree, below *directory*."""
        with cls.open(kind) as tar:
            tar.extractall(directory, filter="tar")
        return directory / "python"

    @staticmethod
    def python(tree, *argv, **options):
        """What a tree's interpreter prints; it writes no bytecode."""
        return run(tree / "bin" / "python3", "-B", *argv, **options)

    def verify(self, tree, **options):
        """What the tree says of itself."""
        return json.loads(self.python(
            tree, "-m", "_standalone_runtime", "verify", "--json",
            **options))
