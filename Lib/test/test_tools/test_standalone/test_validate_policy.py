"""Test validate.policy: policy.toml, read and refused."""

import tempfile
import unittest
from pathlib import Path

from standalone.core.errors import UsageError
from standalone.formats.tree import UNIX
from standalone.validate import policy


class PolicyFile(unittest.TestCase):

    def load(self, old, new):
        text = policy.POLICY_TOML.read_text(encoding="utf-8")
        self.assertIn(old, text)
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory, "policy.toml")
            path.write_text(text.replace(old, new, 1), encoding="utf-8")
            return policy.load(path)

    def test_refused(self):
        for old, new, message in (
                ("placeholder = ", "placeholders = ", "placeholders"),
                ('placeholder = "/install"', "", "placeholder is missing"),
                ('AR = ["ar"]', "AR = [1]", "is not a string"),
                ('rule = "exports"', 'rules = "exports"', "exception 1"),
                ('reason = "the', '# "the', "reason is missing"),
                ('"{python}"', '"{pyhton}"', "unknown place {pyhton}"),
                ('"{site_packages}/pip/*"', '"{sites}/pip/*"', "{sites}"),
                ("needed = [", "needed = ", "policy.toml")):
            with (self.subTest(new=new),
                  self.assertRaisesRegex(UsageError, message)):
                self.load(old, new)

    def test_places(self):
        loaded = policy.load()
        self.assertIn(UNIX.python, loaded.present)
        self.assertEqual(loaded.sysconfigdata, UNIX.sysconfigdata)
        self.assertIn(f"{UNIX.site_packages}/pip/*", loaded.owners)
        self.assertNotIn("{", repr(loaded.exceptions))


if __name__ == "__main__":
    unittest.main()
