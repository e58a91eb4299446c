"""python -m _standalone_runtime verify, of a copy of this tree."""

import json
import os
import sys
import unittest
from pathlib import Path

from test.support import os_helper
from test.test_standalone_runtime import children, tree


@unittest.skipUnless(list(tree.PREFIX.glob("share/manifests/*.sha256")),
                     "not a tree from an archive: it has no list of files")
class VerifyTests(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.copied = tree.copy_to(
            cls.enterClassContext(os_helper.temp_dir()))
        # Without the tests, their list does not exist either.
        (cls.copied / "share/manifests/tests.sha256").unlink(missing_ok=True)
        # Ignore the test files that were copied over the archive.
        _, cls.before = cls.verify()

    @classmethod
    def verify(cls, *argv, env=None, **options):
        """The exit code, and (what, path) of each difference."""
        done = children.run(
            [cls.copied / "bin" / "python3", "-B", "-m",
             "_standalone_runtime", "verify", "--json", *argv],
            env={**os.environ, **(env or {})}, capture_output=True,
            **options)
        return done.returncode, {
            (entry["what"], entry["path"])
            for entry in json.loads(done.stdout).get("differences", ())}

    def check(self, *expected, **options):
        code, found = self.verify(**options)
        self.assertEqual(code, 1 if self.before or expected else 0)
        self.assertEqual(found - self.before, {*expected})

    def test_moved(self):
        self.assertLessEqual({what for what, _ in self.before}, {"extra"})
        self.check()
        self.check(env={"LC_ALL": "C", "PYTHONUTF8": "0",
                        "PYTHONCOERCECLOCALE": "0"})
        self.check(cwd=self.copied.parent)

    def test_changed_missing_extra(self):
        library = self.copied / tree.LIBRARY.relative_to(tree.PREFIX)
        changed, missing = library / "this.py", library / "antigravity.py"
        before = changed.read_bytes(), missing.read_bytes()
        changed.chmod(0o644)
        changed.write_bytes(before[0] + b"\n")
        missing.unlink()
        (library / "sitecustomize.py").touch()
        below = library.relative_to(self.copied)
        self.check(("changed", f"{below}/this.py"),
                   ("missing", f"{below}/antigravity.py"),
                   ("extra", f"{below}/sitecustomize.py"))
        changed.write_bytes(before[0])
        missing.write_bytes(before[1])
        (library / "sitecustomize.py").unlink()
        self.check()

    def test_of_another_python(self):
        """A tree need not vouch for itself."""
        self.assertEqual(self.verify(self.copied)[1], self.before)
        nothing = Path(self.enterContext(os_helper.temp_dir()))
        self.assertEqual(self.verify(nothing)[0], 2)

    def test_from_a_venv(self):
        env = self.enterContext(os_helper.temp_dir())
        tree.run(sys.executable, "-m", "venv", "--without-pip", env)
        said = tree.run(os.path.join(env, "bin", "python"), "-m",
                        "_standalone_runtime", "verify", "--help")
        self.assertIn("verify", said)


if __name__ == "__main__":
    unittest.main()
