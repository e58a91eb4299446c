"""zstd compresses with several threads where CPython has the module."""

import os
import sys
import unittest

try:
    from compression import zstd
except ImportError:
    zstd = None

DATA = b"".join(number.to_bytes(4, "little") for number in range(1 << 20))


class ModuleTests(unittest.TestCase):

    def test_version(self):
        """PEP 784: the module is new in 3.14."""
        self.assertEqual(zstd is not None, sys.version_info >= (3, 14))


@unittest.skipIf(zstd is None, "this version has no compression.zstd")
class WorkersTests(unittest.TestCase):

    def test_bounds(self):
        """A library without threads allows none."""
        parameter = zstd.CompressionParameter.nb_workers
        self.assertGreater(parameter.bounds()[1], 1)

    def test_workers(self):
        compressor = zstd.ZstdCompressor(options={
            zstd.CompressionParameter.nb_workers: 2})
        before = len(os.listdir("/proc/self/task"))
        packed = compressor.compress(DATA)
        self.assertEqual(len(os.listdir("/proc/self/task")), before + 2)
        packed += compressor.flush()
        self.assertEqual(zstd.decompress(packed), DATA)


if __name__ == "__main__":
    unittest.main()
