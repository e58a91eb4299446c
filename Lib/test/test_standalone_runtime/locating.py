"""Ask a Python for its location, and for its messages if it has none."""

import json
import os
import subprocess
import sys
import unittest
from dataclasses import dataclass

from test.test_standalone_runtime import children, tree

HAS_PROC = os.path.exists("/proc/self/exe")

# The child proves that sys.executable is more than a name.
_SCRIPT = """\
import json, os, subprocess, sys
child = subprocess.check_output(
    [sys.executable, "-c", "import sys; print(ascii(sys.prefix))"])
print(json.dumps({
    "executable": sys.executable, "base_executable": sys._base_executable,
    "prefix": sys.prefix, "base_prefix": sys.base_prefix,
    "base_exec_prefix": sys.base_exec_prefix,
    "library": os.path.dirname(os.__file__),
    "child_is_same": child.decode().strip() == ascii(sys.prefix)}))
"""


@dataclass(frozen=True)
class Location:
    """What sys says; *library* is where os was imported from."""

    executable: str
    base_executable: str
    prefix: str
    base_prefix: str
    base_exec_prefix: str
    library: str
    child_is_same: bool


def locate(*argv, **options):
    """Where *argv* is.  AssertionError if it fails, or warns."""
    said = tree.run(*argv, "-c", _SCRIPT, **options)
    if len(said.splitlines()) != 1:
        raise AssertionError(said)
    return Location(**json.loads(said))


def failure(*argv, env, **options):
    """What *argv* says when it has no library: CPython's own error.

    AssertionError if it does start, or is killed by a signal.
    """
    done = children.run(
        argv, encoding="utf-8", errors="surrogateescape",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, **env}, **options)
    # Since 3.15 what it needs to start is frozen: it goes on, with a warning.
    lost = ("Fatal Python error" if sys.version_info < (3, 15) else
            "Could not find the standard library directory")
    if done.returncode not in (0, 1) or lost not in done.stdout:
        raise AssertionError(f"ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def unshared(script, *arguments):
    """The beginning of a command line that runs the rest after *script*,
    in a mount namespace of its own.

    SkipTest where the kernel does not allow that to an ordinary user:
    https://man7.org/linux/man-pages/man7/user_namespaces.7.html
    """
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
               f'{script} && shift {len(arguments)} && exec "$@"', "sh",
               *arguments]
    try:
        tree.run(*command, "true")
    except (AssertionError, OSError) as exc:
        said = str(exc).strip().rpartition("\n")[2]
        raise unittest.SkipTest(f"no namespaces for users: {said}") from exc
    return command


class LocationCase(unittest.TestCase):

    def assertInTree(self, location, prefix=tree.PREFIX):
        """*location* is the tree at *prefix*, spelled in just that way,
        and no virtual environment."""
        self.assertEqual(
            (location.prefix, location.base_prefix,
             location.base_exec_prefix),
            (str(prefix), str(prefix), str(prefix)))
        self.assertEqual(location.library, str(
            prefix / tree.LIBRARY.relative_to(tree.PREFIX)))
        self.assertEqual(location.base_executable, location.executable)
        self.assertTrue(location.child_is_same)

    def assertInVenv(self, location, env, prefix=tree.PREFIX):
        """*location* is the environment *env* of the tree at *prefix*."""
        self.assertEqual(
            (location.prefix, location.base_prefix,
             location.base_exec_prefix),
            (str(env), str(prefix), str(prefix)))
        self.assertEqual(location.library, str(
            prefix / tree.LIBRARY.relative_to(tree.PREFIX)))
        self.assertTrue(os.path.samefile(location.base_executable,
                                         prefix / "bin" / tree.PYTHON.name))
        self.assertTrue(location.child_is_same)
