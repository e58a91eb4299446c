"""zoneinfo: the package tzdata comes after the system, and before ours."""

import shutil
import unittest

from test.support import os_helper
from test.test_standalone_runtime.zone_search import (
    BERLIN,
    OFFSET,
    TOKYO,
    SearchCase,
)


class PackageTests(SearchCase):

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


if __name__ == "__main__":
    unittest.main()
