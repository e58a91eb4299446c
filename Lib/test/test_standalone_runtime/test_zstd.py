"""zstd compresses with several threads where CPython has the module."""

import gc
import io
import os
import sys
import tarfile
import unittest
from pathlib import Path

from test.support import SHORT_TIMEOUT, os_helper, sleeping_retry
from test.test_standalone_runtime import tree

try:
    from compression import zstd
except ImportError:
    zstd = None

DATA = b"".join(number.to_bytes(4, "little") for number in range(1 << 20))


def threads():
    return len(os.listdir("/proc/self/task"))


class ModuleTests(unittest.TestCase):

    def test_version(self):
        """PEP 784: the module is new in 3.14."""
        self.assertEqual(zstd is not None, sys.version_info >= (3, 14))


@unittest.skipIf(zstd is None, "this version has no compression.zstd")
class WorkersTests(unittest.TestCase):

    def options(self, workers):
        """Small jobs, so that there is work for all."""
        parameter = zstd.CompressionParameter
        return {parameter.nb_workers: workers, parameter.job_size: 1 << 20,
                parameter.checksum_flag: True}

    def test_bounds(self):
        """A library without threads allows none of these."""
        parameter = zstd.CompressionParameter
        for name in "nb_workers", "job_size", "overlap_log":
            with self.subTest(name):
                self.assertGreater(getattr(parameter, name).bounds()[1], 1)

    @unittest.skipUnless(os.path.exists("/proc/self/task"), "needs /proc")
    def test_threads(self):
        """As many as were asked for; they end with the compressor."""
        for workers in 1, 2, 4:
            with self.subTest(workers):
                before = threads()
                compressor = zstd.ZstdCompressor(
                    options=self.options(workers))
                packed = compressor.compress(DATA)
                self.assertEqual(threads(), before + workers)
                packed += compressor.flush()
                self.assertEqual(zstd.decompress(packed), DATA)
                del compressor
                gc.collect()
                for _ in sleeping_retry(SHORT_TIMEOUT):
                    if threads() == before:
                        break

    def test_output(self):
        """The same for any number of workers, and smaller than the data."""
        packed = {zstd.compress(DATA, options=self.options(workers))
                  for workers in (1, 2, 3)}
        self.assertEqual(len(packed), 1)
        [packed] = packed
        self.assertLess(len(packed), len(DATA) * 3 / 4)
        self.assertEqual(zstd.decompress(packed), DATA)
        damaged = bytearray(packed)
        damaged[len(packed) // 2] ^= 1
        with self.assertRaises(zstd.ZstdError):
            zstd.decompress(damaged)

    def test_in_pieces(self):
        compressor = zstd.ZstdCompressor(options=self.options(2))
        decompressor = zstd.ZstdDecompressor()
        unpacked = b""
        for start in range(0, len(DATA), 1 << 20):
            piece = DATA[start:start + (1 << 20)]
            unpacked += decompressor.decompress(compressor.compress(
                piece, zstd.ZstdCompressor.FLUSH_BLOCK))
            self.assertEqual(len(unpacked), start + len(piece))
        unpacked += decompressor.decompress(compressor.flush())
        self.assertTrue(decompressor.eof)
        self.assertEqual(unpacked, DATA)

    def test_tar(self):
        """tarfile passes the options on."""
        written = io.BytesIO()
        with tarfile.open(fileobj=written, mode="w:zst",
                          options=self.options(2)) as archive:
            member = tarfile.TarInfo("data")
            member.size = len(DATA)
            archive.addfile(member, io.BytesIO(DATA))
        written.seek(0)
        with tarfile.open(fileobj=written) as archive:
            self.assertEqual(archive.extractfile("data").read(), DATA)

    @tree.requires_tool("zstd")
    def test_other_program(self):
        with os_helper.temp_dir() as directory:
            path = Path(directory, "data.zst")
            with zstd.open(path, "wb", options=self.options(2)) as file:
                file.write(DATA)
            tree.run("zstd", "--test", "--quiet", path)
            tree.run("zstd", "--decompress", "--quiet", path)
            self.assertEqual(path.with_suffix("").read_bytes(), DATA)


if __name__ == "__main__":
    unittest.main()
