"""Compressed files: what archives are written to and read from.

The one module that knows zstandard and deflate.
"""

import contextlib
import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import deflate
import zstandard

# With a window of 128 MB the full archive holds object files and archives
# and the library made of both at the price of one.  Beyond that zstd wants
# an option to unpack (ZSTD_WINDOWLOG_LIMIT_DEFAULT):
# https://github.com/facebook/zstd/blob/dev/lib/zstd.h
_ZSTD_WINDOW_LOG = 27


@contextlib.contextmanager
def compressor(path: Path, level: int) -> Iterator[IO[bytes]]:
    """A new file, which its suffix says to be .gz or .zst."""
    with path.open("xb") as raw:
        if path.suffix == ".gz":
            # libdeflate takes all at once.  Its header has no name, no
            # time and "unknown" as the system: RFC 1952.
            whole = io.BytesIO()
            yield whole
            raw.write(deflate.gzip_compress(whole.getbuffer(), level))
        else:
            # The bytes are the same for any number of workers but none:
            # https://github.com/facebook/zstd/issues/2238
            parameters = zstandard.ZstdCompressionParameters.from_level(
                level, window_log=_ZSTD_WINDOW_LOG, enable_ldm=True,
                write_checksum=True, threads=os.cpu_count() or 1)
            compressor = zstandard.ZstdCompressor(
                compression_params=parameters)
            with compressor.stream_writer(raw, closefd=False) as sink:
                yield sink


def deflated(data: bytes) -> bytes:
    """*data* as RFC 1951 has it, for formats that want it so."""
    return bytes(deflate.deflate_compress(data, 6))


@contextlib.contextmanager
def tar_stream(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """The tar inside of an open .tar.zst, to be read from begin to end.

    Damage shows as tarfile.ReadError while the body reads; where the
    file ends too early, so does the tar.
    """
    with zstandard.ZstdDecompressor().stream_reader(file) as stream:
        try:
            yield stream
        except zstandard.ZstdError as exc:
            raise tarfile.ReadError(str(exc)) from exc
