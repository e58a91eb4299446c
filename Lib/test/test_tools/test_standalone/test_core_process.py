"""Test core.process: with real commands, a real make and a real terminal."""

import contextlib
import os
import pty
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from standalone.core import process
from standalone.core.errors import BuildError
from standalone.core.layout import TOOLS
from standalone.core.model import Command, WriteFile

from . import children

# Prints what it got, and would lose nothing of it.
SHOW = ("import json, os, sys; print('shown', json.dumps("
        "[os.getcwd(), sys.argv[1:], sorted(os.environ.items())]))")
AWKWARD = ["two words", "", "it's", '"quoted"', "$HOME `id` \\", "a\nb", "ü*"]


class EnvironmentTest(unittest.TestCase):

    def environment(self, mine, *args, **kwargs):
        with mock.patch.dict(os.environ, mine, clear=True):
            return process.environment(*args, **kwargs)

    def test_only_what_is_listed_gets_through(self):
        env = self.environment({
            "HOME": "/h", "TMPDIR": "/t", "PATH": "/bin", "CFLAGS": "-march=x",
            "PYTHONPATH": "/p", "LD_LIBRARY_PATH": "/l", "MAKEFLAGS": "-k",
            "PKG_CONFIG_PATH": "/p", "PIP_INDEX_URL": "http://x", "LANG": "x"})
        self.assertEqual(env, {
            "HOME": "/h", "TMPDIR": "/t", "PATH": "/bin", "LC_ALL": "C",
            "TZ": "UTC", "PKG_CONFIG_LIBDIR": os.devnull})

    def test_path_and_extra(self):
        env = self.environment({"PATH": "/bin"}, [Path("/a"), Path("/b")],
                               extra={"TZ": "X"})
        self.assertEqual(env["PATH"], "/a:/b:/bin")
        self.assertEqual(env["TZ"], "X")

    def test_without_any_environment(self):
        self.assertEqual(self.environment({})["PATH"], os.defpath)

    def test_pip_keeps_the_users_index_and_proxy(self):
        mine = {"PIP_INDEX_URL": "http://x", "https_proxy": "p", "CFLAGS": "x"}
        with mock.patch.dict(os.environ, mine, clear=True):
            env = process.pip_environment()
        self.assertEqual(env["PIP_INDEX_URL"], "http://x")
        self.assertEqual(env["https_proxy"], "p")
        self.assertNotIn("CFLAGS", env)


class RunnerTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.cwd = self.dir / "di r"
        self.cwd.mkdir()
        self.log = self.dir / "logs" / "stage.log"
        self.runner = process.Runner(self.log, {"PATH": os.environ["PATH"],
                                            "NAME": "it's a value"})
        self.runner.start()

    def python(self, *argv, **env):
        return Command((sys.executable, *argv), self.cwd, env)

    def test_log_can_be_pasted_into_a_shell(self):
        self.runner.command(self.python("-c", SHOW, *AWKWARD, FLAGS="-a -b"))
        logged, shown = self.log.read_text().split("\nshown ")
        command = logged.partition("+ ")[2]
        again = children.run(
            ["/bin/sh", "-c", command], cwd="/", text=True, check=True,
            stdout=subprocess.PIPE, env={**os.environ, "OTHER": "x"})
        self.assertEqual(again.stdout, f"shown {shown}")
        self.assertIn("it's a value", again.stdout)
        self.assertNotIn("OTHER", again.stdout)

    def test_steps_in_order(self):
        self.runner.steps([
            WriteFile(self.cwd / "deep" / "file", "text ü"),
            self.python("-c", "print(open('deep/file', encoding='utf8')"
                              ".read() == 'text ü')")], "title")
        self.assertTrue(self.log.read_text().endswith("\nTrue\n"))

    def test_output_of_both_kinds_is_logged_and_input_is_empty(self):
        self.runner.command(Command(
            ("sh", "-c", "echo out; echo err >&2; cat"), self.cwd))
        self.assertTrue(self.log.read_text().endswith("\nout\nerr\n"))

    def fails(self, *argv):
        with self.assertRaises(BuildError) as caught:
            self.runner.steps([Command(argv, self.cwd),
                               WriteFile(self.dir / "never", "")], "title")
        self.assertEqual(caught.exception.log, self.log)
        self.assertFalse((self.dir / "never").exists())
        return caught.exception.message

    def test_failures(self):
        self.assertEqual(self.fails("sh", "-c", "exit 7"),
                         "sh failed with exit code 7 in di r")
        self.assertEqual(self.fails("sh", "-c", "kill -9 $$"),
                         "sh failed with signal 9 in di r")
        self.assertEqual(self.fails("no-such-command"),
                         "cannot run no-such-command: "
                         "No such file or directory")

    def test_output(self):
        self.assertEqual(process.output(["echo", "a"]), "a\n")
        with self.assertRaisesRegex(
                BuildError, "^sh failed with exit code 3: the last line$"):
            process.output(
                ["sh", "-c", "echo one; echo the last line; exit 3"])
        with self.assertRaisesRegex(BuildError, "no message"):
            process.output(["false"])


CHILD = """\
import sys
from pathlib import Path
from standalone.core.model import Command
from standalone.core.process import Runner, environment
runner = Runner(Path("log"), environment())
runner.start()
runner.command(Command(("make", "-f", "inner.mk"), Path.cwd(),
                       jobserver=sys.argv[1] == "jobserver"))
"""


class JobserverTest(unittest.TestCase):

    def flags(self, text):
        with mock.patch.dict(os.environ, {"MAKEFLAGS": text}):
            return process.jobserver()

    def test_only_the_slots_are_taken(self):
        for text, wanted in [
                ("", ""), ("kw", ""), ("-- OUT=x", ""),
                (" -j3 --jobserver-auth=3,4", "-j3 --jobserver-auth=3,4"),
                ("ks -j --jobserver-fds=3,4 -- A=b",
                 "-j --jobserver-fds=3,4"),
                (" -j2 --jobserver-auth=fifo:/tmp/GMfifo1 --no-print-directory"
                 " -- OUT=a\\ -jx\\ --jobserver-auth=9",
                 "-j2 --jobserver-auth=fifo:/tmp/GMfifo1")]:
            self.assertEqual(self.flags(text), wanted, text)

    def test_a_make_below_a_make(self):
        with tempfile.TemporaryDirectory() as name:
            scratch = Path(name)
            (scratch / "child.py").write_text(CHILD)
            (scratch / "outer.mk").write_text(
                f"all:\n\t+@{sys.executable} child.py $(KIND)\n")
            (scratch / "inner.mk").write_text(
                "all: ; @echo 'flags $(MAKEFLAGS) kind $(KIND)'\n")
            env = {**os.environ, "PYTHONPATH": str(TOOLS.parent)}
            env.pop("MAKEFLAGS", None)
            for kind in "jobserver", "alone":
                children.run(["make", "-f", "outer.mk", "-j3",
                              f"KIND={kind}"], cwd=scratch, env=env,
                             check=True)
                log = (scratch / "log").read_text()
                shown = log.rpartition("\nflags ")[2]
                self.assertEqual("--jobserver-auth" in shown,
                                 kind == "jobserver")
                # Neither a complaint nor the outer make's variable.
                self.assertNotIn("warning", log)
                self.assertTrue(shown.endswith(" kind \n"), shown)


PROGRESS = """\
from pathlib import Path
from standalone.core.model import Command
from standalone.core.process import Runner, environment
runner = Runner(Path("log"), environment())
runner.start()
runner.steps([Command((name,), Path.cwd()) for name in ("true", "pwd")], "xz")
"""


class ProgressTest(unittest.TestCase):

    def shown(self, directory, **kwargs):
        return children.run(
            [sys.executable, "-c", PROGRESS], cwd=directory, check=True,
            env={**os.environ, "PYTHONPATH": str(TOOLS.parent)}, **kwargs)

    def test_steps_on_a_terminal_and_silence_elsewhere(self):
        with tempfile.TemporaryDirectory() as directory:
            master, slave = pty.openpty()
            self.shown(directory, stderr=slave)
            os.close(slave)
            text = b""
            with contextlib.suppress(OSError), open(master, "rb", 0) as file:
                while chunk := file.read(1000):
                    text += chunk
            self.assertEqual(text.split(b"\r\x1b[K")[1:], [
                b"xz: step 1: true", b"xz: step 2: pwd", b""])
            done = self.shown(directory, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
            self.assertEqual(done.stdout, b"")


if __name__ == "__main__":
    unittest.main()
