"""zoneinfo: data of the system, else of tzdata, else those shipped."""

import ast
import json
import os
import shutil
import threading
import unittest
import zoneinfo
from datetime import UTC, datetime, timedelta
from importlib import util
from pathlib import Path

from test.support import os_helper, threading_helper
from test.test_standalone_runtime import tree

OWN = tree.PREFIX / "share" / "zoneinfo"
SYSTEM = Path("/usr/share/zoneinfo")
TABLES = {"iso3166.tab", "leapseconds", "tzdata.zi", "zone.tab",
          "zone1970.tab", "zonenow.tab"}

OFFSET = """\
import sys
from datetime import datetime
from zoneinfo import ZoneInfo
for name in sys.argv[1:]:
    print(datetime(2024, 7, 1, tzinfo=ZoneInfo(name)).utcoffset())
"""
NAMES = """\
import zoneinfo
print(*sorted(zoneinfo.available_timezones()))
"""
INSPECT = """\
import dataclasses, json
from _standalone_runtime import zones
print(json.dumps(dataclasses.asdict(zones.inspect())))
"""
NOT_FOUND = "ZoneInfoNotFoundError: 'No time zone found with key "
# Hours from UTC in the summer of 2024.
BERLIN, TOKYO = "2:00:00", "9:00:00"


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


class SearchTests(unittest.TestCase):
    """A copy that takes two directories of the test's for the system's."""

    @classmethod
    def setUpClass(cls):
        cls.directory = Path(os.path.realpath(
            cls.enterClassContext(os_helper.temp_dir())))
        cls.copied = tree.copy_to(cls.directory)
        cls.systems = [cls.directory / "system", cls.directory / "second"]
        cls.write_path(map(str, cls.systems))

    @classmethod
    def write_path(cls, path):
        """Change TZPATH in the file that sysconfig reads it from."""
        [data] = cls.copied.glob("lib/python3.*/_sysconfigdata_*.py")
        [assignment] = ast.parse(data.read_text(encoding="utf-8")).body
        values = ast.literal_eval(assignment.value)
        assert values["TZPATH"].startswith(f"{SYSTEM}:"), values["TZPATH"]
        values["TZPATH"] = os.pathsep.join(path)
        os.unlink(util.cache_from_source(data))
        data.unlink()
        data.write_text(f"build_time_vars = {values!r}\n", encoding="utf-8")

    def setUp(self):
        self.own = self.copied / "share" / "zoneinfo"
        for path in self.systems:
            self.addCleanup(os_helper.rmtree, path)

    def zone(self, directory, name, data_of):
        """A file *name* with the data of another zone."""
        path = Path(directory, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(OWN / data_of, path)

    def python(self, *argv, **variables):
        return tree.run(self.copied / "bin" / "python3", "-W", "error",
                        *argv, env=variables)

    def offsets(self, *names, **variables):
        return self.python("-c", OFFSET, *names, **variables).split("\n")

    def inspect(self, **variables):
        return json.loads(self.python("-c", INSPECT, **variables))

    def names(self, **variables):
        return set(self.python("-c", NAMES, **variables).split())

    def states(self, told):
        return {place["where"]: place["state"] for place in told["places"]}

    def assertNotFound(self, name, **variables):
        with self.assertRaisesRegex(AssertionError, NOT_FOUND + name):
            self.offsets(name, **variables)

    def test_no_data_of_the_system(self):
        self.assertEqual(self.offsets("Europe/Berlin", "Asia/Tokyo"),
                         [BERLIN, TOKYO])
        self.assertGreater(len(self.names()), 500)
        self.assertNotFound("Europe/Nowhere")
        told = self.inspect()
        self.assertEqual(told["chosen"], str(self.own))
        self.assertRegex(told["why"], r"^neither the system nor .*; "
                         r"release 20\d\d[a-z]$")
        self.assertEqual(told["problems"], [])
        self.assertEqual(self.states(told), {
            "PYTHONTZPATH": "not set", str(self.own): "used",
            **{str(path): "not found" for path in self.systems}})

    def test_the_system_wins_zone_by_zone(self):
        self.zone(self.systems[1], "Europe/Berlin", "Asia/Tokyo")
        self.assertEqual(self.offsets("Europe/Berlin", "Europe/Paris"),
                         [TOKYO, BERLIN])
        self.zone(self.systems[1], "Mine", "Asia/Tokyo")
        self.assertLess({"Mine", "Europe/Berlin", "Europe/Paris"},
                        self.names())
        self.systems[0].mkdir()
        told = self.inspect()
        self.assertEqual(told["chosen"], str(self.systems[1]))
        self.assertEqual(told["why"], "the system's directories come first")
        self.assertEqual(self.states(told), {
            "PYTHONTZPATH": "not set",
            str(self.systems[0]): "has no time zones",
            str(self.systems[1]): "used",
            str(self.own): "for zones missing above"})

    def test_the_user_wins(self):
        self.zone(self.systems[0], "Europe/Berlin", "UTC")
        self.zone(self.directory / "user's", "Europe/Berlin", "Asia/Tokyo")
        chosen = str(self.directory / "user's")
        self.assertEqual(
            self.offsets("Europe/Berlin", PYTHONTZPATH=chosen), [TOKYO])
        # Nothing but what the user named, whether it exists or not.
        self.assertNotFound("Europe/Paris", PYTHONTZPATH=chosen)
        self.assertNotFound("Europe/Paris", PYTHONTZPATH="/nowhere")
        self.assertEqual(self.inspect(PYTHONTZPATH=chosen)["why"],
                         "PYTHONTZPATH names it")
        told = self.inspect(PYTHONTZPATH="/nowhere")
        self.assertIsNone(told["chosen"])
        self.assertEqual(told["problems"],
                         ["PYTHONTZPATH: /nowhere: not found"])
        self.assertEqual(self.names(PYTHONTZPATH="/nowhere"), set())
        # Isolated or not: CPython has it so.
        self.assertEqual(self.python(
            "-I", "-c", OFFSET, "Europe/Berlin", PYTHONTZPATH=chosen), TOKYO)

    def test_relative_paths_are_told_of(self):
        told = json.loads(tree.run(
            self.copied / "bin" / "python3", "-c", INSPECT,
            env={"PYTHONTZPATH": f"some/where:{self.own}"}))
        self.assertEqual(told["chosen"], str(self.own))
        self.assertEqual(told["problems"], [
            "PYTHONTZPATH: 'some/where' is not absolute, and is ignored"])

    def test_the_program_wins(self):
        self.assertEqual(self.python("-c", """if True:
            import zoneinfo
            zoneinfo.reset_tzpath(["/nowhere"])
            assert zoneinfo.available_timezones() == set()
            try:
                zoneinfo.ZoneInfo("Europe/Berlin")
            except zoneinfo.ZoneInfoNotFoundError:
                zoneinfo.reset_tzpath()
                print(zoneinfo.ZoneInfo("Europe/Berlin").key)
            """), "Europe/Berlin")

    def package(self):
        """What looks like the package tzdata: where it can be imported
        from, and where its zones are."""
        site = self.directory / "site"
        self.addCleanup(os_helper.rmtree, site)
        package = site / "tzdata" / "zoneinfo"
        for name in "Mine", "UTC":
            self.zone(package, name, "Asia/Tokyo")
        for directory in package, package.parent:
            (directory / "__init__.py").touch()
        (package.parent / "zones").write_text("Mine\nUTC\n")
        return site, package

    def test_package(self):
        """The package comes after the system, and replaces our zones."""
        site, package = self.package()
        self.assertEqual(self.offsets("Mine", "UTC", PYTHONPATH=site),
                         [TOKYO, TOKYO])
        self.assertNotFound("Europe/Berlin", PYTHONPATH=site)
        self.assertEqual(self.names(PYTHONPATH=site), {"Mine", "UTC"})
        told = self.inspect(PYTHONPATH=site)
        self.assertEqual(told["chosen"], str(package))
        self.assertIn("this is the package tzdata", told["why"])
        self.assertEqual(self.states(told), {
            "PYTHONTZPATH": "not set", str(package): "used",
            **{str(path): "not found" for path in self.systems}})
        # Isolated, it is not there.
        self.assertEqual(self.python(
            "-I", "-c", OFFSET, "UTC", PYTHONPATH=site), "0:00:00")
        self.zone(self.systems[0], "UTC", "Europe/Berlin")
        self.assertEqual(self.offsets("Mine", "UTC", PYTHONPATH=site),
                         [TOKYO, BERLIN])
        self.assertEqual(self.inspect(PYTHONPATH=site)["chosen"],
                         str(self.systems[0]))

    def test_package_alone(self):
        """With an empty PYTHONTZPATH."""
        site, package = self.package()
        self.zone(self.systems[0], "UTC", "Europe/Berlin")
        self.assertEqual(self.offsets("UTC", PYTHONPATH=site,
                                      PYTHONTZPATH=""), [TOKYO])
        self.assertNotFound("Europe/Berlin", PYTHONPATH=site,
                            PYTHONTZPATH="")
        self.assertEqual(
            self.inspect(PYTHONPATH=site, PYTHONTZPATH="")["chosen"],
            str(package))
        told = self.inspect(PYTHONTZPATH="")
        self.assertIsNone(told["chosen"])
        self.assertEqual(self.states(told), {
            "PYTHONTZPATH=": "replaces the default directories"})

    def test_no_package(self):
        """Other things of that name."""
        site, package = self.package()
        shutil.rmtree(package)
        (package.parent / "__init__.py").unlink()
        self.assertEqual(self.offsets("Asia/Tokyo", PYTHONPATH=site),
                         [TOKYO])
        shutil.rmtree(package.parent)
        (site / "tzdata.py").write_text("mine = 1\n")
        self.assertEqual(self.offsets("Asia/Tokyo", PYTHONPATH=site),
                         [TOKYO])
        self.assertEqual(self.inspect(PYTHONPATH=site)["chosen"],
                         str(self.own))
        (site / "tzdata.py").write_text("1 / 0\n")
        with self.assertRaisesRegex(
                AssertionError, "standalone: zoneinfo: ZeroDivisionError"):
            self.offsets("Asia/Tokyo", PYTHONPATH=site)

    def test_our_data_gone_or_damaged(self):
        hidden = self.own.with_name("hidden")
        self.own.rename(hidden)
        self.addCleanup(hidden.rename, self.own)
        self.addCleanup(os_helper.rmtree, self.own)
        self.assertNotFound("Europe/Berlin")
        self.assertEqual(self.names(), set())
        self.assertEqual(self.inspect()["problems"], [
            f"{self.own}, which comes with this Python: not found"])
        for data in (b"", b"TZif2", (hidden / "UTC").read_bytes()[:60]):
            with self.subTest(data):
                (self.own / "Europe").mkdir(parents=True, exist_ok=True)
                (self.own / "Europe" / "Berlin").write_bytes(data)
                with self.assertRaisesRegex(AssertionError, "[Ee]rror: "):
                    self.offsets("Europe/Berlin")
                self.assertTrue(self.inspect())

    def test_moved_again(self):
        """And to where a list of paths could not name it."""
        for name in "new place", "a:b":
            moved = self.directory / name
            self.copied.rename(moved)
            try:
                self.assertEqual(tree.run(moved / "bin" / "python3", "-c",
                                          OFFSET, "Asia/Tokyo"), TOKYO)
            finally:
                moved.rename(self.copied)


@unittest.skipUnless(os.environ.get("STANDALONE_TEST_CHROOT"),
                     "not in a chroot that may be changed")
class ChrootTests(unittest.TestCase):
    """Where the system's really are."""

    def setUp(self):
        if SYSTEM.exists():
            hidden = SYSTEM.with_name("zoneinfo of the system")
            SYSTEM.rename(hidden)
            self.addCleanup(hidden.rename, SYSTEM)
        for path in zoneinfo.TZPATH[1:]:
            if os.path.exists(path):
                self.skipTest(f"{path} is there")
        self.addCleanup(os_helper.rmtree, SYSTEM)

    def offsets(self, *names):
        return tree.run(tree.PYTHON, "-c", OFFSET, *names).split("\n")

    def inspect(self):
        return json.loads(tree.run(tree.PYTHON, "-c", INSPECT))

    def test_without_data(self):
        self.assertEqual(self.offsets("Europe/Berlin", "Asia/Tokyo"),
                         [BERLIN, TOKYO])
        self.assertGreater(
            len(tree.run(tree.PYTHON, "-c", NAMES).split()), 500)
        self.assertEqual(self.inspect()["chosen"], str(OWN))

    def test_with_data(self):
        (SYSTEM / "Europe").mkdir(parents=True)
        shutil.copyfile(OWN / "Asia/Tokyo", SYSTEM / "Europe/Berlin")
        self.assertEqual(self.offsets("Europe/Berlin", "Europe/Paris"),
                         [TOKYO, BERLIN])
        self.assertEqual(self.inspect()["chosen"], str(SYSTEM))


if __name__ == "__main__":
    unittest.main()
