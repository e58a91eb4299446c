"""Tests that start programs do so with a deadline: see children.py."""

import ast
import time
import unittest

from standalone.core.layout import ROOT

from . import children

PACKAGES = [ROOT / "Lib/test" / name for name in (
    "test_standalone_runtime", "test_tools/test_standalone",
    "test_tools/test_standalone_archives")]
# children.py starts programs for all of them.
FILES = [path for package in PACKAGES for path in sorted(package.glob("*.py"))
         if path.name != "children.py"]

STARTS = {
    "subprocess": {"Popen", "call", "check_call", "check_output",
                   "getoutput", "getstatusoutput", "run"},
    "os": {"fork", "forkpty", "popen", "system", "wait", "wait3", "wait4",
           "waitid", "waitpid", "spawnl", "spawnle", "spawnlp", "spawnlpe",
           "spawnv", "spawnve", "spawnvp", "spawnvpe"},
    "pty": {"fork", "spawn"},
}
# Without an argument these wait for ever.
WAITS = {"communicate", "wait"}


def offences(source):
    """(line, what) of all that starts a program, or waits for one, and
    has no deadline.  What is in a string runs in a program with one."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    if alias.name in STARTS and alias.asname:
                        yield node.lineno, f"{alias.name} as {alias.asname}"
            case ast.ImportFrom(module=module, names=names):
                for alias in names:
                    if alias.name in STARTS.get(module, ()):
                        yield node.lineno, f"{module}.{alias.name}"
            case ast.Attribute(value=ast.Name(id=module), attr=name):
                if name in STARTS.get(module, ()):
                    yield node.lineno, f"{module}.{name}"
            case ast.Call(func=ast.Attribute(attr=name), keywords=keywords,
                          args=args):
                # communicate()'s first argument is not a deadline.
                positional = 2 if name == "communicate" else 1
                if (name in WAITS and len(args) < positional
                        and not any(keyword.arg == "timeout"
                                    for keyword in keywords)):
                    yield node.lineno, f"{name}()"


class DeadlinesTest(unittest.TestCase):

    def test_all_packages(self):
        for package in PACKAGES:
            # Those in which there is something to find.
            self.assertIn("children.", "".join(
                path.read_text(encoding="utf-8") for path in FILES
                if path.parent == package), package)
        found = [f"{path.relative_to(ROOT)}, line {line}: {what}"
                 for path in FILES for line, what in offences(
                     path.read_text(encoding="utf-8"))]
        self.assertEqual(found, [], "use children.py")

    def test_offences(self):
        for text in (
                "subprocess.run(['true'], timeout=3)", "subprocess.Popen([])",
                "child = subprocess.check_output\nchild([])",
                "import subprocess as sp", "from subprocess import PIPE, run",
                "os.fork()", "pid, fd = pty.fork()", "os.waitpid(pid, 0)",
                "child.wait()", "self.child.communicate()",
                "child.communicate(b'input')", "child.wait(check=True)"):
            with self.subTest(text):
                self.assertEqual(len([*offences(text)]), 1)

    def test_no_offences(self):
        for text in (
                "children.run(['true'])", "from subprocess import PIPE",
                "child.wait(5)", "child.wait(timeout=5)",
                "child.communicate(b'input', 5)", "run = subprocess.PIPE",
                "child.communicate(timeout=5)", "'subprocess.run([])'"):
            with self.subTest(text):
                self.assertEqual([*offences(text)], [])


class ChildrenTest(unittest.TestCase):

    def test_one_that_hangs(self):
        for hang in (lambda: children.run(["sleep", "60"], timeout=0.2),
                     lambda: children.fork(lambda: time.sleep(60), 0.2)):
            with self.assertRaisesRegex(AssertionError,
                                        "did not end in 0.2 seconds"):
                hang()

    def test_output_that_stays_open(self):
        with self.assertRaisesRegex(AssertionError, "did not end"):
            children.run(["sh", "-c", "sleep 60 &"], timeout=0.2,
                         capture_output=True)

    def test_one_that_is_left(self):
        with children.Child(["sh", "-c", "sleep 60 &"]) as child:
            child.wait(children.DEADLINE)
            self.assertRegex(f"{child.left()}", "sleep 60")
        self.assertEqual(child.left(), [])

    def test_exit_codes(self):
        self.assertEqual(children.run(["sh", "-c", "exit 3"]).returncode, 3)
        self.assertEqual(children.fork(lambda: 3), 3)
        self.assertEqual(children.fork(lambda: 1 / 0), 255)


if __name__ == "__main__":
    unittest.main()
