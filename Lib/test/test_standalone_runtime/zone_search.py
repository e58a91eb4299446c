"""Ask copies of the tree which time zones they find, and where."""

import ast
import json
import os
import shutil
import unittest
from importlib import util
from pathlib import Path

from test.support import os_helper
from test.test_standalone_runtime import tree

OWN = tree.PREFIX / "share" / "zoneinfo"
SYSTEM = Path("/usr/share/zoneinfo")

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


class SearchCase(unittest.TestCase):
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
