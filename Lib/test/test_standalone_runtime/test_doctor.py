"""python -m _standalone_runtime: the report for people and programs."""

import json
import os
import tempfile
import unittest

from test.test_standalone_runtime import children
from test.test_standalone_runtime.terminal import Terminal
from test.test_standalone_runtime.tree import PREFIX, PYTHON, copy_to, run

DOCTOR = (PYTHON, "-m", "_standalone_runtime")


def report(*argv, env=None):
    """The doctor's JSON and exit code, which may be 1."""
    done = children.run(
        [*(argv or DOCTOR), "--json"], env=env, capture_output=True,
        encoding="utf-8")
    if done.stderr:
        raise AssertionError(done.stderr)
    return json.loads(done.stdout), done.returncode


def resource(told, name):
    [found] = [each for each in told["resources"] if each["name"] == name]
    return found


class ReportTests(unittest.TestCase):

    def test_all_is_well(self):
        told, code = report()
        missing = [each["name"] for each in told["resources"]
                   if each["missing"]]
        self.assertEqual((code, told["ok"], missing), (0, True, []), told)
        self.assertEqual(told["prefix"], str(PREFIX))
        self.assertLessEqual(
            {"interpreter", "certificates", "terminfo", "zones",
             "tcltk", "sysconfig", "compilers"},
            {each["name"] for each in told["resources"]})

    def test_every_resource_is_explained(self):
        told, _ = report()
        for each in told["resources"]:
            with self.subTest(each["name"]):
                for field in ("wanted", "why", "override"):
                    self.assertTrue(each[field], field)
                self.assertTrue(each["places"])
                for place in each["places"]:
                    self.assertTrue(place["where"])
                    self.assertTrue(place["state"])

    def test_text_says_the_same(self):
        text = run(*DOCTOR)
        told, _ = report()
        for each in told["resources"]:
            self.assertIn(f"\n{each['name']} ", f"\n{text}")
        self.assertTrue(text.endswith("everything needed was found"), text)
        self.assertNotIn("\x1b", text)
        self.assertLess(max(map(len, text.splitlines())), 200)

    def test_colour_on_a_terminal(self):
        environ = {"TERM": "xterm-256color", "HOME": os.environ["HOME"]}
        for extra, coloured in (({}, True), ({"NO_COLOR": "1"}, False),
                                ({"TERM": "dumb"}, False)):
            with (self.subTest(extra),
                  Terminal(list(map(str, DOCTOR)), environ | extra) as tty):
                self.assertEqual(tty.ended(), 0)
                self.assertEqual(b"\x1b[32m" in tty.output, coloured)

    def test_output_that_cannot_show_the_path(self):
        # The tree's own path has umlauts in `make check`.
        run(*DOCTOR, env={"PYTHONIOENCODING": "ascii"})

    def test_bad_option(self):
        done = children.run([*DOCTOR, "--frobnicate"],
                            capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("--frobnicate", done.stderr)

    def test_in_a_venv(self):
        with tempfile.TemporaryDirectory() as scratch:
            run(PYTHON, "-m", "venv", "--without-pip", f"{scratch}/v")
            told, code = report(f"{scratch}/v/bin/python", "-m",
                                "_standalone_runtime")
            self.assertEqual(code, 0)
            self.assertEqual(told["prefix"], str(PREFIX))


class DamageTests(unittest.TestCase):
    """A tree with a part missing: said clearly, never a traceback."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.tree = copy_to(cls.scratch)
        cls.python = cls.tree / "bin" / PYTHON.name

    def doctor(self, **variables):
        return report(self.python, "-m", "_standalone_runtime",
                      env=os.environ | variables)

    def test_without_share(self):
        share = self.tree / "share"
        share.rename(self.tree / "gone")
        self.addCleanup((self.tree / "gone").rename, share)
        self.assertEqual(run(self.python, "-c", "print(6 * 7)"), "42")
        self.doctor()
        # Nothing of the system's either.
        told, code = self.doctor(
            PYTHONTZPATH="/nowhere", SSL_CERT_FILE="/nowhere",
            SSL_CERT_DIR="/nowhere")
        self.assertEqual(code, 1)
        self.assertTrue(resource(told, "certificates")["missing"])
        self.assertTrue(resource(told, "zones")["missing"])
        self.assertIn("/nowhere", json.dumps(
            resource(told, "certificates")["problems"]))

    def test_without_a_module_of_its_own(self):
        [module] = self.tree.glob(
            "lib/python3.*/_standalone_runtime/certificates.py")
        gone = module.with_suffix(".gone")
        module.rename(gone)
        self.addCleanup(gone.rename, module)
        told, code = self.doctor()
        self.assertEqual(code, 1)
        self.assertIn("certificates", "".join(
            resource(told, "certificates")["problems"]))


if __name__ == "__main__":
    unittest.main()
