"""Write and read compressed files.

No other module uses zstandard and deflate.
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

# With a window of 128 MB, object files, static libraries and the shared
# library made of them take the space of one copy in the full archive.  A
# larger window needs an option to unpack (ZSTD_WINDOWLOG_LIMIT_DEFAULT):
# https://github.com/facebook/zstd/blob/dev/lib/zstd.h
_ZSTD_WINDOW_LOG = 27


@contextlib.contextmanager
def compressor(path: Path, level: int) -> Iterator[IO[bytes]]:
    """Open a new file for writing, compressed as its suffix says.

    The suffix is .gz or .zst.  Raises FileExistsError if *path* exists.
    """
    with path.open("xb") as raw:
        if path.suffix == ".gz":
            # libdeflate needs all data at once.  Its header contains no
            # name, no time and the system "unknown": RFC 1952.
            whole = io.BytesIO()
            yield whole
            raw.write(deflate.gzip_compress(whole.getbuffer(), level))
        else:
            # Any number of workers except 0 gives the same bytes:
            # https://github.com/facebook/zstd/issues/2238
            parameters = zstandard.ZstdCompressionParameters.from_level(
                level, window_log=_ZSTD_WINDOW_LOG, enable_ldm=True,
                write_checksum=True, threads=os.cpu_count() or 1)
            compressor = zstandard.ZstdCompressor(
                compression_params=parameters)
            with compressor.stream_writer(raw, closefd=False) as sink:
                yield sink


def deflated(data: bytes) -> bytes:
    """Return *data* compressed as a raw DEFLATE stream (RFC 1951)."""
    return bytes(deflate.deflate_compress(data, 6))


@contextlib.contextmanager
def tar_stream(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """Decompress an open .tar.zst into a stream without seek().

    Raises tarfile.ReadError in the body of the with statement if the
    data is damaged.  If the file is truncated, so is the stream.
    """
    with zstandard.ZstdDecompressor().stream_reader(file) as stream:
        try:
            yield stream
        except zstandard.ZstdError as exc:
            raise tarfile.ReadError(str(exc)) from exc
