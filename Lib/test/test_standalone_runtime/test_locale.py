"""Locales, encodings and time zones on whatever machine this is."""

import locale
import sys
import time
import unittest
import zoneinfo
from datetime import UTC, datetime

from test.test_standalone_runtime import tree

SAY = ("import locale, sys; print(sys.getfilesystemencoding(), "
       "locale.getpreferredencoding(False), sys.stdout.encoding, 'é')")
NONE = dict.fromkeys(("LANG", "LC_ALL", "LC_CTYPE", "PYTHONUTF8",
                      "PYTHONIOENCODING"))


class EncodingTests(unittest.TestCase):

    def test_no_locale_is_utf8(self):
        """PEP 538 and 540."""
        for changes in ({}, {"LC_ALL": "C"}, {"LANG": "POSIX"},
                        {"LANG": "C.UTF-8"}):
            with self.subTest(changes):
                said = tree.run(sys.executable, "-c", SAY,
                                env={**NONE, **changes}).lower()
                self.assertRegex(said, "^utf-8 utf-8 utf-8 é$")

    def test_names(self):
        self.assertEqual(locale.setlocale(locale.LC_NUMERIC, "C"), "C")
        self.assertEqual(locale.localeconv()["decimal_point"], ".")

    def test_codecs(self):
        for name in ("cp1252", "euc_jp", "gb18030", "big5", "euc_kr",
                     "iso2022_jp", "shift_jis", "koi8_r", "idna"):
            with self.subTest(name):
                self.assertEqual("abc".encode(name).decode(name), "abc")


class TimeTests(unittest.TestCase):

    def test_environment(self):
        said = tree.run(
            sys.executable, "-c", "import time; print(time.strftime("
            "'%H %Z', time.localtime(0)))", env={"TZ": "XYZ-3"})
        self.assertEqual(said, "03 XYZ")

    def test_zones(self):
        zone = zoneinfo.ZoneInfo("Europe/Paris")
        when = datetime(2024, 7, 1, 12, tzinfo=UTC).astimezone(zone)
        self.assertEqual((when.hour, when.tzname()), (14, "CEST"))

    def test_clocks(self):
        for name in ("monotonic", "perf_counter", "process_time",
                     "thread_time"):
            self.assertLess(time.get_clock_info(name).resolution, 1e-3)


if __name__ == "__main__":
    unittest.main()
