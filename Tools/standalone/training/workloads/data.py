"""Data that is not text: pickles, records, digests, databases."""

import array
import base64
import binascii
import bz2
import gzip
import hashlib
import hmac
import io
import lzma
import pickle
import sqlite3
import struct
import tarfile
import zipfile
import zlib

from standalone.training.workloads.containers import Job, Row, rows


class Shelf:
    """An object with state, in a cycle, for pickle."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.boxes: list[tuple[str, float, bytes]] = []
        self.myself = self

    def __setstate__(self, state: Row) -> None:
        self.__dict__.update(state, loaded=True)


def pickles() -> tuple[int, int, bool]:
    """Write and read pickles with the C and the Python implementation."""
    shelves = [Shelf(f"shelf {number}") for number in range(15)]
    for number, shelf in enumerate(shelves):
        shelf.boxes += [(shelf.name, number / 3, b"x" * place)
                        for place in range(20)]
    value = {"shelves": shelves, "rows": rows(60), "set": frozenset("abc"),
             "job": Job(2, "b"), "big": 1 << 90, "none": (None, True)}
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        data = pickle.dumps(value, protocol)
        read = pickle.loads(data)
    file = io.BytesIO()
    # What also runs if the extension module is missing.
    pickle._Pickler(file, 4).dump(shelves[:3])
    file.seek(0)
    slow = pickle._Unpickler(file).load()
    shelf = read["shelves"][2]
    return (len(shelf.boxes) + len(slow[2].boxes), read["big"].bit_length(),
            shelf.myself is shelf and shelf.loaded
            and read["rows"] == value["rows"] and read["job"] == Job(2, "b"))


_RECORD = struct.Struct("<HIf8s?x")


def binary() -> tuple[int, int, float]:
    """Pack and unpack records, arrays and views of bytes."""
    buffer = bytearray()
    for number in range(500):
        buffer += _RECORD.pack(number, number * 1000, number / 4,
                               f"n{number}".encode(), number % 3 == 0)
    names = {name.rstrip(b"\0").decode(): flag
             for _, _, _, name, flag in _RECORD.iter_unpack(buffer)}
    view = memoryview(buffer)
    for offset in range(0, len(view), _RECORD.size):
        [word] = struct.unpack_from("<I", view, offset + 2)
        struct.pack_into(">I", view, offset + 2, word)
        view[offset] ^= 0xFF
    total = sum(int.from_bytes(view[offset + 2:offset + 6], "big")
                for offset in range(0, len(view), _RECORD.size))
    samples = array.array("h", (number * 77 % 2000 - 1000
                                for number in range(1500)))
    samples.extend(samples[::-2])
    samples.byteswap()
    floats = array.array("d", [sample / 3 for sample in samples])
    floats.frombytes(array.array("d", [0.5]).tobytes())
    shorts = memoryview(samples).cast("B").cast("H")
    text = bytes(view[:60]).hex(" ", 4)
    if bytes.fromhex(text) != view[:60]:
        raise AssertionError(text)
    return total + sum(names.values()), sum(shorts) % 1009, floats[-1]


def digests() -> tuple[str, str, int]:
    """Hash and encode small and large data."""
    data = b"".join(b"line %d of the file\n" % number for number in range(300))
    chained = b""
    for number in range(150):
        chained = hashlib.sha256(chained + data[number:number + 60]).digest()
    whole = [hashlib.new(name, data).hexdigest()
             for name in ("sha1", "sha512", "blake2b", "sha3_256")]
    signature = hmac.new(b"key", data, "sha256").hexdigest()
    code = zlib.crc32(data) ^ zlib.adler32(data) ^ binascii.crc_hqx(data, 0)
    for number in range(40):
        piece = data[number:number * 40]
        for encode, decode in ((base64.b64encode, base64.b64decode),
                               (base64.b32encode, base64.b32decode),
                               (binascii.hexlify, binascii.unhexlify)):
            if decode(encode(piece)) != piece:
                raise AssertionError(piece)
    return whole[1][:8] + signature[:8], chained.hex()[:8], code


def compression() -> tuple[int, list[str], bool]:
    """Compress and decompress with all modules, and make archives."""
    data = b"".join(b"%d: %d squared is %d\n" % (number, number, number ** 2)
                    for number in range(700))
    sizes = [len(data)]
    for module in (zlib, gzip, bz2, lzma):
        packed = module.compress(data)
        if module.decompress(packed) != data:
            raise AssertionError(module.__name__)
        sizes.append(len(packed))
    stream, parts = zlib.compressobj(9, wbits=-15), []
    for start in range(0, len(data), 1000):
        parts.append(stream.compress(data[start:start + 1000]))
    parts.append(stream.flush())
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(8):
            archive.writestr(f"d/{number}.txt", data[:number * 300])
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        healthy = archive.testzip() is None
    other = io.BytesIO()
    with tarfile.open(fileobj=other, mode="w:gz") as tar:
        info = tarfile.TarInfo("a/b.txt")
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
    other.seek(0)
    with tarfile.open(fileobj=other) as tar:
        names += tar.getnames()
    return (len(data), names[6:], healthy and max(sizes) == sizes[0]
            and zlib.decompress(b"".join(parts), -15) == data)


def databases() -> tuple[int, list[tuple[str, int]], int]:
    """Create, fill, change and ask a database in memory."""
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    connection.create_function("twice", 1, lambda value: value * 2)
    with connection:
        connection.execute("CREATE TABLE person (id INTEGER PRIMARY KEY, "
                           "name TEXT NOT NULL, age INTEGER, data BLOB)")
        connection.execute("CREATE INDEX by_age ON person (age)")
        connection.executemany(
            "INSERT INTO person (name, age, data) VALUES (?, ?, ?)",
            ((f"name {number % 90}", number % 70, bytes(number % 9))
             for number in range(400)))
        connection.execute("UPDATE person SET age = age + 1 WHERE id % 3 = 0")
    total = sum(row["age"] + len(row["data"]) for row in connection.execute(
        "SELECT age, data FROM person WHERE age BETWEEN :low AND :high",
        {"low": 20, "high": 50}))
    groups = [tuple(row) for row in connection.execute(
        "SELECT name, sum(twice(age)) AS s FROM person GROUP BY name "
        "HAVING count(*) > 4 ORDER BY s DESC, name LIMIT 2")]
    for number in range(1, 150):
        connection.execute("SELECT name FROM person WHERE id = ?",
                           (number,)).fetchone()
    try:
        with connection:
            connection.execute("DELETE FROM person")
            connection.execute("INSERT INTO person (name) VALUES (NULL)")
    except sqlite3.IntegrityError:
        [count] = connection.execute("SELECT count(*) FROM person").fetchone()
    connection.close()
    return total, groups, count
