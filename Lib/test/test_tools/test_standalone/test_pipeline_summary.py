"""Test pipeline.summary."""

import tempfile
import unittest
from pathlib import Path

from standalone.archives.writer import file_names
from standalone.formats.names import BuildName
from standalone.pipeline.record import Run
from standalone.pipeline.summary import summary


class SummaryTest(unittest.TestCase):

    maxDiff = None

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def archives(self, names):
        sums = [f"{number:064x}  {name}\n"
                for number, name in enumerate(names)]
        (self.dir / "SHA256SUMS").write_text(
            "".join(sums) + f"{255:064x}  python-3.12.0-other.tar.gz\n")
        for number, name in enumerate(names):
            with (self.dir / name).open("wb") as file:
                file.truncate(10 ** (number + 4) * 4)
        return [self.dir / name for name in names]

    def test_table(self):
        archives = self.archives(["python-3.13.15-x-full.tar.zst",
                                  "python-3.13.15-x-install_only.tar.gz"])
        runs = [Run("fetch", 0.0, 5.0), Run("cpython", 7.0, 130.449),
                Run("deps-zlib", 7.0, 10.25), Run("deps-xz", 7.0)]
        self.assertEqual(
            summary(archives, runs, "glibc 2.17"),
            f"{self.dir}/python-3.13.15-x-\n"
            f"  full.tar.zst         0.0 MB  {0:064x}\n"
            f"  install_only.tar.gz  0.4 MB  {1:064x}\n"
            "\n"
            "  deps-zlib    3.2 s\n"
            "  cpython    123.4 s\n"
            "\n"
            "C library: glibc 2.17 or newer\n")

    def test_other_names(self):
        archives = self.archives(["cpython-3.13.15-linux.pybi",
                                  "python-3.13.15-x-full.tar.zst",
                                  "python-3.13.15-x-tests.tar.zst"])
        self.assertEqual(
            summary(archives, [], "glibc 2.17").splitlines()[:5], [
                f"{self.dir}/cpython-3.13.15-",
                f"  linux.pybi  0.0 MB  {0:064x}",
                f"{self.dir}/python-3.13.15-x-",
                f"  full.tar.zst   0.4 MB  {1:064x}",
                f"  tests.tar.zst  4.0 MB  {2:064x}"])

    def test_no_durations(self):
        archives = self.archives(["python-a-b.tar.zst"])
        self.assertEqual(summary(archives, [], "glibc 2.28"),
                         f"{self.dir}/python-a-\n"
                         f"  b.tar.zst  0.0 MB  {0:064x}\n"
                         "\n"
                         "C library: glibc 2.28 or newer\n")

    def test_width(self):
        names = file_names(BuildName(
            "3.13.15", 1, "x86_64-unknown-linux-gnu", ("debug",)))
        lines = summary(self.archives(names), [], "glibc 2.17")
        table = lines.splitlines()[1:]
        self.assertLessEqual(max(map(len, table)), 110)
        self.assertEqual(len({len(line) for line in table[:len(names)]}), 1)


if __name__ == "__main__":
    unittest.main()
