"""Test core.interpreter: the three ways to run a Python, with real ones."""

import os
import shutil
import sys
import sysconfig
import tempfile
import unittest
from pathlib import Path

from standalone.core import interpreter
from standalone.core.errors import BuildError
from standalone.core.layout import TOOLS
from standalone.core.process import Runner, environment

from . import children

HERE = Path(sys._base_executable)
PROBE = """\
import json, sys, sysconfig
json.dump({"version": sys.version, "flags": [
    sys.flags.isolated, sys.flags.no_user_site, sys.flags.safe_path,
    sys.dont_write_bytecode], "platform": sysconfig.get_platform(),
    "suffix": sysconfig.get_config_var("EXT_SUFFIX"),
    "said": sys.orig_argv[0]}, sys.stdout)
"""
SUFFIX = ".cpython-399-riscv64-linux-gnu.so"
EMULATOR = shutil.which(f"qemu-{os.uname().machine}-static")


class Scratch(unittest.TestCase):

    def setUp(self):
        self.scratch = Path(
            self.enterContext(tempfile.TemporaryDirectory())).resolve()

    def run_command(self, command):
        Runner(self.scratch / "log", environment()).command(command)
        return (self.scratch / "log").read_text()


class NativeTest(Scratch):

    def setUp(self):
        super().setUp()
        self.python = interpreter.native(HERE)

    def test_ask(self):
        answer = self.python.ask(PROBE)
        self.assertEqual(answer["version"], sys.version)
        self.assertEqual(answer["flags"], [1, 1, True, True])
        self.assertEqual(answer["platform"], sysconfig.get_platform())

    def test_failure(self):
        with self.assertRaisesRegex(BuildError, "exit code 7"):
            self.python.ask("raise SystemExit(7)")

    def test_command(self):
        command = self.python.command("-c", "pass", cwd=self.scratch,
                                      env={"A": "1"})
        self.assertEqual(command.argv, (str(HERE), "-c", "pass"))
        self.assertEqual(command.cwd, self.scratch)
        self.assertEqual(command.env, {"A": "1"})

    def test_script(self):
        (self.scratch / "x.py").write_text("import sys; print(sys.flags)\n")
        said = self.run_command(self.python.script(
            str(self.scratch / "x.py"), cwd=self.scratch))
        self.assertIn("isolated=1", said)


class RunnerTest(Scratch):

    def test_words_in_front(self):
        # env(1) runs the program with a variable more.
        python = interpreter.through(
            (shutil.which("env"), "FROM_RUNNER=1"), HERE)
        answer = python.ask("import json, os; "
                            "print(json.dumps(dict(os.environ)))")
        self.assertEqual(answer["FROM_RUNNER"], "1")
        self.assertNotIn("FROM_RUNNER", interpreter.native(HERE).ask(
            "import json, os; print(json.dumps(dict(os.environ)))"))

    def test_runner_fails(self):
        python = interpreter.through((shutil.which("false"),), HERE)
        with self.assertRaisesRegex(BuildError, "false failed"):
            python.ask(PROBE)

    @unittest.skipUnless(EMULATOR, "needs qemu-user-static")
    def test_emulator(self):
        python = interpreter.through((EMULATOR,), HERE)
        self.assertEqual(python.ask(PROBE)["version"], sys.version)


class StandInTest(Scratch):
    """This Python, for another one of which sysconfig's data are here."""

    def setUp(self):
        super().setUp()
        self.library = self.scratch / "lib" / "python3.99"
        self.library.mkdir(parents=True)
        data = self.library / "_sysconfigdata__linux_riscv64-linux-gnu.py"
        data.write_text("build_time_vars = " + repr(
            sysconfig.get_config_vars() | {
                "EXT_SUFFIX": SUFFIX, "Py_DEBUG": 0}))
        self.python = interpreter.stand_in(HERE, interpreter.SysconfigOf(
            data, "linux-riscv64", self.scratch))

    def test_sysconfig_answers_for_the_target(self):
        answer = self.python.ask(PROBE)
        self.assertEqual(answer["platform"], "linux-riscv64")
        self.assertEqual(answer["suffix"], SUFFIX)
        # Isolated but for the variables.
        self.assertEqual(answer["flags"], [0, 1, True, True])

    def test_byte_compile(self):
        # The same bytes as the Python itself writes.
        module = self.library / "module.py"
        module.write_text("def answer():\n    return 42\n")
        cached = Path(children.run(
            [HERE, "-I", "-c", "import importlib.util, sys; print("
             "importlib.util.cache_from_source(sys.argv[1]))", module],
            text=True, capture_output=True).stdout.strip())
        written = []
        for python in (interpreter.native(HERE), self.python):
            self.run_command(python.script(
                str(TOOLS / "relocate" / "bytecode.py"), str(self.library),
                "/install/lib/python3.99", cwd=self.scratch))
            written.append(cached.read_bytes())
            cached.unlink()
        self.assertEqual(*written)
        self.assertIn(b"/install/lib/python3.99/module.py", written[0])

    def test_pip_installs_for_the_target(self):
        source = os.environ.get("STANDALONE_TEST_TREE")
        wheels = sorted(Path(source or os.devnull).glob(
            "Lib/ensurepip/_bundled/pip-*.whl"))
        if not wheels:
            self.skipTest("needs STANDALONE_TEST_TREE")
        self.run_command(self.python.command(
            "-B", f"{wheels[0]}/pip", "install", "--no-index",
            "--no-compile", "--ignore-installed", "--no-cache-dir",
            "--no-warn-script-location", f"--root={self.scratch}/root",
            "--prefix=/install", f"--find-links={wheels[0].parent}", "pip",
            cwd=self.scratch, env={"PIP_CONFIG_FILE": os.devnull}))
        self.assertEqual(
            [path.name for path in (self.scratch / "root/install").glob(
                "lib/python3.*/site-packages/pip")], ["pip"])
        self.assertTrue((self.scratch / "root/install/bin/pip3").is_file())


if __name__ == "__main__":
    unittest.main()
