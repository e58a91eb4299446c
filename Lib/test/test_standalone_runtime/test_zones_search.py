"""zoneinfo: the user's data, else the system's, else those shipped."""

import json
import os
import shutil
import unittest
import zoneinfo

from test.support import os_helper
from test.test_standalone_runtime import tree
from test.test_standalone_runtime.zone_search import (
    BERLIN,
    INSPECT,
    NAMES,
    OFFSET,
    OWN,
    SYSTEM,
    TOKYO,
    SearchCase,
)


class SearchTests(SearchCase):

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
