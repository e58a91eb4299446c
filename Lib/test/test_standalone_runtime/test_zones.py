"""The time zones that are shipped, and where the tree looks for zones."""

import threading
import unittest
import zoneinfo
from datetime import UTC, datetime, timedelta
from pathlib import Path

from test.support import os_helper, threading_helper
from test.test_standalone_runtime import tree
from test.test_standalone_runtime.zone_search import OWN, SYSTEM

TABLES = {"iso3166.tab", "leapseconds", "tzdata.zi", "zone.tab",
          "zone1970.tab", "zonenow.tab"}


class DataTests(unittest.TestCase):
    """What is shipped, with nothing else on the path."""

    def setUp(self):
        zoneinfo.reset_tzpath([OWN])
        self.addCleanup(zoneinfo.reset_tzpath)

    def test_offsets(self):
        for name, when, name_then, offset in (
                ("Europe/Berlin", datetime(1890, 1, 1), "LMT",
                 timedelta(minutes=53, seconds=28)),
                ("Europe/Berlin", datetime(2024, 1, 1), "CET",
                 timedelta(hours=1)),
                ("Europe/Berlin", datetime(2024, 7, 1), "CEST",
                 timedelta(hours=2)),
                ("Europe/Berlin", datetime(2124, 7, 1), "CEST",
                 timedelta(hours=2)),        # by rule
                ("America/New_York", datetime(2024, 7, 1), "EDT",
                 timedelta(hours=-4)),
                ("US/Eastern", datetime(2024, 1, 1), "EST",
                 timedelta(hours=-5)),
                ("Asia/Kolkata", datetime(2024, 7, 1), "IST",
                 timedelta(hours=5, minutes=30)),
                ("Australia/Lord_Howe", datetime(2024, 1, 1), "+11",
                 timedelta(hours=11)),
                ("Australia/Lord_Howe", datetime(2024, 7, 1), "+1030",
                 timedelta(hours=10, minutes=30)),
                # The day that Samoa went without.
                ("Pacific/Apia", datetime(2011, 12, 29), "-10",
                 timedelta(hours=-10)),
                ("Pacific/Apia", datetime(2011, 12, 31), "+14",
                 timedelta(hours=14)),
                ("UTC", datetime(2024, 7, 1), "UTC", timedelta(0))):
            with self.subTest(name, when=when):
                then = when.replace(tzinfo=zoneinfo.ZoneInfo.no_cache(name))
                self.assertEqual((then.tzname(), then.utcoffset()),
                                 (name_then, offset))

    def test_every_name(self):
        names = zoneinfo.available_timezones()
        self.assertGreater(len(names), 500)
        for name in names:
            zone = zoneinfo.ZoneInfo.no_cache(name)
            self.assertLess(abs(datetime.now(zone).utcoffset()),
                            timedelta(hours=15), name)

    def test_links_are_there(self):
        """The names that have become another's, as the source has them."""
        with (OWN / "tzdata.zi").open(encoding="ascii") as file:
            self.assertRegex(file.readline(), r"\A# version 20\d\d[a-z]\n")
            links = [line.split()[1:] for line in file
                     if line.startswith("L ")]
        self.assertGreater(len(links), 200)
        for target, name in links:
            self.assertEqual((OWN / name).read_bytes(),
                             (OWN / target).read_bytes(), name)

    def test_nothing_else(self):
        others = {path.relative_to(OWN).as_posix() for path in
                  OWN.rglob("*") if path.is_file()
                  and not path.read_bytes().startswith(b"TZif")}
        self.assertEqual(others, TABLES)

    @threading_helper.requires_working_threading()
    def test_threads(self):
        failures = []

        def body():
            for name in ("Europe/Berlin", "Asia/Tokyo", "US/Eastern") * 20:
                when = datetime(2024, 7, 1, tzinfo=UTC).astimezone(
                    zoneinfo.ZoneInfo.no_cache(name))
                if when.tzname() not in ("CEST", "JST", "EDT"):
                    failures.append(when)

        with threading_helper.start_threads(
                [threading.Thread(target=body) for _ in range(8)]):
            pass
        self.assertEqual(failures, [])


class PathTests(unittest.TestCase):
    """Test where this tree looks."""

    def test_the_list_is_cpythons(self):
        self.assertEqual(zoneinfo.TZPATH[0], str(SYSTEM))
        for path in zoneinfo.TZPATH:
            self.assertTrue(path.startswith(("/usr/", "/etc/")), path)

    def test_options_and_venv(self):
        directory = self.enterContext(os_helper.temp_dir())
        python = Path(directory, "v", "bin", "python")
        tree.run(tree.PYTHON, "-m", "venv", "--without-pip",
                 python.parent.parent)
        for argv in ((tree.PYTHON, "-I", "-S", "-E"), (tree.PYTHON, "-OO"),
                     (tree.PYTHON, "-W", "error"), (python,),
                     (python, "-I")):
            with self.subTest(argv):
                *systems, last = tree.run(
                    *argv, "-c", """if True:
                    import zoneinfo
                    from _standalone_runtime import zones
                    print(*zones.directories(zoneinfo.TZPATH), sep="\\n")
                    """).split("\n")
                self.assertEqual(systems, list(zoneinfo.TZPATH))
                self.assertEqual(last, str(OWN))

    def test_environment_is_left_alone(self):
        tree.run(tree.PYTHON, "-c", """if True:
            import os, zoneinfo
            before = dict(os.environb)
            zoneinfo.ZoneInfo("Europe/Berlin")
            zoneinfo.available_timezones()
            from _standalone_runtime import zones
            zones.inspect()
            assert dict(os.environb) == before
            """)


if __name__ == "__main__":
    unittest.main()
