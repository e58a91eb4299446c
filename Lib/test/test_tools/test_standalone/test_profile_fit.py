"""Test profile.fit: counting clang's warnings."""

import tempfile
import unittest
from pathlib import Path

from standalone.core.errors import BuildError
from standalone.profile import fit, store

# What clang 22 prints.
MISSING = ("warning: ../source/Objects/call.c: no profile data available for "
           "function _Py_CheckSlotResult Hash = 694937217448506965 up to 0 "
           "count discarded [-Wbackend-plugin]\n")
CHANGED = ("warning: ../source/Modules/_json.c: function control flow change "
           "detected (hash mismatch) scan_once Hash = 6949 up to 1234 count "
           "discarded [-Wbackend-plugin]\n")
OTHER = ("../source/Objects/call.c:12:3: warning: unused variable 'x' "
         "[-Wunused-variable]\n2 warnings generated.\n")
FACTS = store.Facts("3.13.15", "clang version 22.1.8", "19.1.7", ("-c pass",),
                    100, "0" * 64)


class FitTests(unittest.TestCase):

    def test_warnings(self):
        found = fit.of_log(OTHER + MISSING + CHANGED + MISSING + OTHER, 100)
        self.assertEqual(found, fit.Fit(100, changed=1, missing=1))
        self.assertAlmostEqual(found.share, 0.98)

    def test_none(self):
        self.assertEqual(fit.of_log(OTHER, 7), fit.Fit(7, 0, 0))
        self.assertEqual(fit.of_log("", 7).share, 1)

    def test_the_same_name_in_two_files(self):
        log = MISSING + MISSING.replace("call.c", "object.c")
        self.assertEqual(fit.of_log(log, 9).missing, 2)

    def test_share_is_not_negative(self):
        self.assertEqual(fit.Fit(10, 20, 20).share, 0)
        self.assertEqual(fit.Fit(0, 0, 1).share, 0)

    def test_limit(self):
        profile = store.Profile((3, 13), Path("3.13.profdata.xz"), FACTS)
        fit.check(fit.Fit(100, 10, 40), profile, "3.14.7")
        with self.assertRaises(BuildError) as caught:
            fit.check(fit.Fit(100, 11, 40), profile, "3.14.7")
        self.assertEqual(
            caught.exception.message, "the profile of CPython 3.13.15 has "
            "counts for only 49% of the functions of 3.14.7")
        self.assertIn("standalone-train", caught.exception.hint)

    def test_file(self):
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / fit.FILE
            fit.save(fit.Fit(3, 1, 2), path)
            self.assertEqual(fit.load(path), fit.Fit(3, 1, 2))


if __name__ == "__main__":
    unittest.main()
