"""Compilers of this machine, and what a package index can add to them."""

import functools
import glob
import json
import os
import shlex
import shutil
import tempfile
import unittest
from pathlib import Path

from test.test_standalone_runtime import tree

# Turn warnings into errors, in particular those about unknown options.
STRICT = ("-Werror",)
STRICT_CLANG = (*STRICT, "-Werror=unknown-warning-option",
                "-Werror=unused-command-line-argument",
                "-Werror=ignored-optimization-argument")


def gcc():
    """The environment in which gcc is chosen, or SkipTest."""
    if not shutil.which("gcc"):
        raise unittest.SkipTest("no gcc on PATH")
    return {"CC": "gcc", "CXX": "g++"}


def clang():
    """The same for clang, which Debian does not put on PATH."""
    found = shutil.which("clang") or max(
        glob.glob("/usr/lib/llvm-*/bin/clang"), default=None)
    if not found:
        raise unittest.SkipTest("no clang")
    return {"CC": found, "CXX": f"{found}++"}


def zig():
    """The same for zig: nothing else is on PATH."""
    return {"PATH": scratch("empty"), "PYTHONPATH": package("ziglang"),
            "ZIG_GLOBAL_CACHE_DIR": scratch("zig"),
            "ZIG_LOCAL_CACHE_DIR": scratch("zig")}


def nothing():
    """No compiler at all."""
    return {"PATH": scratch("empty")}


@functools.cache
def package(*names):
    """A directory with those packages, by name; SkipTest without them."""
    directory = scratch("-".join(names))
    try:
        tree.run(tree.PYTHON, "-m", "pip", "install", "--quiet",
                 "--disable-pip-version-check", "--retries=0",
                 "--only-binary=:all:", "--target", directory, *names)
    except AssertionError as exc:
        raise unittest.SkipTest(
            f"no package {', '.join(names)} to be had") from exc
    return directory


@functools.cache
def scratch(name):
    """A directory that is there until the module's tests are over."""
    holder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    unittest.addModuleCleanup(_forget, holder)
    directory = Path(os.path.realpath(holder.name), name)
    directory.mkdir()
    return directory


def _forget(holder):
    scratch.cache_clear()
    package.cache_clear()
    holder.cleanup()


def variables(env, python=tree.PYTHON):
    """sysconfig's variables in a process with that environment."""
    return json.loads(tree.run(
        python, "-c", "import json, sysconfig\n"
        "print(json.dumps(sysconfig.get_config_vars()))",
        env={"CC": None, "CXX": None, "AR": None, **env}))


def words(flags):
    """Flags as a tool printed them, as a shell would read them.

    pkg-config puts a backslash before each byte that is not ASCII, so
    that what was one character has to be put together again.
    """
    return [word.encode("utf-8", "surrogateescape").decode(
        "utf-8", "surrogateescape") for word in shlex.split(flags)]
