"""SQLite has what users of the sqlite3 module have come to rely on."""

import contextlib
import sqlite3
import unittest

# https://www.sqlite.org/compile.html
OPTIONS = {
    "ENABLE_COLUMN_METADATA", "ENABLE_DBSTAT_VTAB", "ENABLE_FTS3",
    "ENABLE_FTS3_PARENTHESIS", "ENABLE_FTS4", "ENABLE_FTS5",
    "ENABLE_GEOPOLY", "ENABLE_LOAD_EXTENSION", "ENABLE_MATH_FUNCTIONS",
    "ENABLE_RTREE", "THREADSAFE=1",
}


class SQLiteTests(unittest.TestCase):

    def setUp(self):
        self.db = self.enterContext(
            contextlib.closing(sqlite3.connect(":memory:")))

    def query(self, text, *values):
        return self.db.execute(text, values).fetchall()

    def test_compile_options(self):
        options = {name for name, in self.query("PRAGMA compile_options")}
        self.assertLessEqual(OPTIONS, options)
        self.assertNotIn("ENABLE_FTS3_TOKENIZER", options)
        self.assertEqual(sqlite3.threadsafety, 3)

    def test_full_text_search(self):
        for module in ("fts3", "fts4", "fts5"):
            with self.subTest(module):
                self.query(f"CREATE VIRTUAL TABLE {module}_t "
                           f"USING {module}(body)")
                self.query(f"INSERT INTO {module}_t VALUES ('quick brown')")
                self.assertEqual(
                    self.query(f"SELECT body FROM {module}_t "
                               f"WHERE {module}_t MATCH 'brown'"),
                    [("quick brown",)])

    def test_tokenizer_is_bound(self):
        """SQL alone cannot name the address of a function to be called:
        https://www.sqlite.org/fts3.html#custom_application_defined_tokenizers
        """
        [(address,)] = self.query("SELECT fts3_tokenizer(?)", "simple")
        self.assertIsInstance(address, bytes)
        self.assertEqual(self.query("SELECT fts3_tokenizer('simple')"),
                         [(None,)])
        with self.assertRaisesRegex(sqlite3.OperationalError,
                                    "fts3tokenize disabled"):
            self.query(f"SELECT fts3_tokenizer('mine', x'{address.hex()}')")
        self.assertEqual(
            self.query("SELECT fts3_tokenizer(?, ?)", "mine", address),
            [(address,)])
        self.query("CREATE VIRTUAL TABLE t USING fts3(body, tokenize=mine)")

    def test_rtree(self):
        self.query("CREATE VIRTUAL TABLE boxes "
                   "USING rtree(id, x0, x1, y0, y1)")
        self.query("INSERT INTO boxes VALUES (7, 0, 2, 0, 2)")
        self.assertEqual(
            self.query("SELECT id FROM boxes WHERE x1 > 1"), [(7,)])

    def test_geopoly(self):
        self.assertEqual(
            self.query("SELECT geopoly_area('[[0,0],[2,0],[2,2],[0,0]]')"),
            [(2.0,)])

    def test_dbstat(self):
        self.query("CREATE TABLE t(a)")
        self.assertIn(("t",), self.query("SELECT name FROM dbstat"))

    def test_mathematics_and_json(self):
        self.assertEqual(
            self.query("SELECT log2(8), pow(2, 3), json_extract(?, '$.a')",
                       '{"a": 5}'), [(3.0, 8.0, 5)])

    def test_serialize(self):
        self.query("CREATE TABLE t(a)")
        self.query("INSERT INTO t VALUES ('kept')")
        self.db.commit()
        with contextlib.closing(sqlite3.connect(":memory:")) as other:
            other.deserialize(self.db.serialize())
            self.assertEqual(other.execute("SELECT a FROM t").fetchall(),
                             [("kept",)])

    def test_blob_and_backup(self):
        self.query("CREATE TABLE t(a BLOB)")
        self.query("INSERT INTO t(a) VALUES (zeroblob(4))")
        with self.db.blobopen("t", "a", 1) as blob:
            blob.write(b"abcd")
        self.db.commit()
        with contextlib.closing(sqlite3.connect(":memory:")) as other:
            self.db.backup(other)
            self.assertEqual(other.execute("SELECT a FROM t").fetchall(),
                             [(b"abcd",)])

    def test_load_extension(self):
        """It is compiled in: what fails is to find the library."""
        self.db.enable_load_extension(True)
        with self.assertRaisesRegex(sqlite3.OperationalError,
                                    "cannot open shared object"):
            self.db.load_extension("./no_such_extension")

    def test_callbacks(self):
        self.db.create_function("twice", 1, lambda value: value * 2)
        self.db.create_collation("backwards",
                                 lambda a, b: (a < b) - (a > b))
        self.assertEqual(
            self.query("SELECT twice(column1) FROM (VALUES ('a'), ('b')) "
                       "ORDER BY column1 COLLATE backwards"),
            [("bb",), ("aa",)])


if __name__ == "__main__":
    unittest.main()
