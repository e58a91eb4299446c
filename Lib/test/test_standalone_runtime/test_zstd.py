"""zstd compresses with several threads where CPython has the module."""

import os
import unittest

from test.support import import_helper

zstd = import_helper.import_module("compression.zstd")

DATA = b"".join(number.to_bytes(4, "little") for number in range(1 << 20))


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
