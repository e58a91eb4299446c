"""The tree under test, and how to run what is in it."""

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import unittest
from importlib import util
from pathlib import Path

from test.test_standalone_runtime import children

PREFIX = Path(sys.base_prefix)
BIN = PREFIX / "bin"
#: What CPython was configured with, and what its metadata say.
PLACEHOLDER = "/install"
#: The placeholder as a path of its own, not the end of /usr/bin/install.
PLACEHOLDER_PATH = re.compile(rf"(?<![\w.]){PLACEHOLDER}(?![\w.-])")

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
PYTHON = BIN / f"python{VERSION}{sys.abiflags}"
LIBRARY = PREFIX / "lib" / f"python{VERSION}{sys.abiflags.replace('d', '')}"

#: Made with OPTIONS=gpl, which links GNU readline and gdbm?
GPL = "--with-readline=readline" in shlex.split(
    sysconfig.get_config_var("CONFIG_ARGS") or "")


def build_vars():
    """The dict literal of _sysconfigdata, as programs that read it as
    text see it.  Raises ValueError if it is anything else."""
    name = sysconfig._get_sysconfigdata_name()
    source = Path(util.find_spec(name).origin).read_text(encoding="utf-8")
    [assignment] = ast.parse(source).body
    return ast.literal_eval(assignment.value)


def is_standalone():
    """Was this Python made by `make standalone`?"""
    try:
        return build_vars().get("prefix") == PLACEHOLDER
    except (AttributeError, ImportError, ValueError):
        return False


def run(*argv, env=None, **options):
    """What a command prints, without the line's end.

    Its environment is ours with the changes of *env*, where None takes
    a variable away.  AssertionError with all it said if it fails,
    or if it does not end in time.
    """
    changed = {**os.environ, **(env or {})}
    done = children.run(
        argv, encoding="utf-8", errors="surrogateescape",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={name: os.fspath(value) for name, value in changed.items()
             if value is not None}, **options)
    if done.returncode:
        raise AssertionError(f"{shlex.join(map(str, argv))} ended with "
                             f"{done.returncode}:\n{done.stdout}")
    return done.stdout.rstrip("\n")


def requires_tool(name):
    """Skip a test where *name* is not on PATH."""
    return unittest.skipUnless(shutil.which(name), f"no {name} on PATH")


def disposable():
    """Is this a chroot, of which tests may change all but the tree?

    Its root directory is theirs, so they can make what is not there.
    """
    return os.environ.get("STANDALONE_TEST_CHROOT") == "1"


def copy_to(directory):
    """A writable copy of what is shipped: no tests, new place."""
    without = {LIBRARY / "test", LIBRARY / "idlelib" / "idle_test"}

    def ignored(parent, names):
        return [name for name in names if Path(parent, name) in without]

    copied = Path(directory) / "a copy"
    # copy() keeps modes but makes no file writable that is not.
    shutil.copytree(PREFIX, copied, symlinks=True, ignore=ignored)
    for parent, _, _ in os.walk(copied):
        os.chmod(parent, 0o755)
    return copied
