"""Imported modules work after the library has become inaccessible.

A program may call chroot() or setuid(), replace sys.path, run out of file
descriptors, or be about to exit.  Everything that works in CPython then must
work here, without late imports of our modules, and without any output.
"""

import os
import sys
import unittest

from test.support import os_helper
from test.test_standalone_runtime import children, tree

# How the library gets out of reach, by name.
WAYS = {
    "sys.path": """
        sys.path[:] = ["/nowhere.zip"]
        sys.path_importer_cache.clear()
        """,
    "no files": """
        import builtins, io
        def refuse(*args, **options):
            raise PermissionError(13, "sandbox")
        builtins.open = io.open = refuse
        sys.meta_path.clear()
        """,
    "no descriptors": """
        import resource
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (16, most))
        kept = []
        try:
            while True:
                kept.append(os.dup(0))
        except OSError:
            pass
        """,
    "chroot": """
        import tempfile
        with tempfile.TemporaryDirectory() as empty:
            os.chroot(empty)
        """,
    "setuid": """
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        """,
}
# What is tried then, each after its imports.
PROGRAMS = {
    "ssl": ("import ssl", """
        ssl.create_default_context()
        ssl.get_default_verify_paths()
        """),
    "http": ("import http.client, ssl", """
        http.client.HTTPSConnection("localhost")
        """),
    # CPython searches the package tzdata then, and may fail to import that.
    "zoneinfo": ("import zoneinfo", """
        try:
            zoneinfo.ZoneInfo("Nowhere/At_All")
        except (zoneinfo.ZoneInfoNotFoundError, ImportError, OSError):
            pass
        """),
    "sysconfig": ("import sysconfig; "
                  "__import__(sysconfig._get_sysconfigdata_name())", """
        del os.environ["CC"]             # so that all compilers are looked for
        os.environ["PATH"] = "/nowhere"
        assert sysconfig.get_config_var("LIBDIR") == sys.base_prefix + "/lib"
        """),
    # With that variable, zoneinfo does not ask sysconfig.
    "PYTHONTZPATH": ("os.environ['PYTHONTZPATH'] = '/nowhere'\n"
                     "import importlib.resources, zoneinfo", """
        del os.environ["PYTHONTZPATH"]
        try:
            zoneinfo.ZoneInfo("Nowhere/At_All")
        except (zoneinfo.ZoneInfoNotFoundError, ImportError, OSError):
            pass
        """),
}
CLEAN = {"PYTHONTZPATH": None, "SSL_CERT_FILE": None, "SSL_CERT_DIR": None,
         "PYTHONHOME": None, "CC": "cc", "CXX": "c++", "AR": "ar"}


def script(imports, way, program):
    def dedented(text):
        return "\n".join(line.removeprefix(" " * 8)
                         for line in text.splitlines())
    return "\n".join(("import os, sys", imports, dedented(way),
                      dedented(program), "os.write(1, b'done')"))


class LateTests(unittest.TestCase):

    def check(self, text, python=tree.PYTHON):
        self.assertEqual(
            tree.run(python, "-c", text, env=CLEAN), "done")

    def test_out_of_reach(self):
        for way in ("sys.path", "no files", "no descriptors"):
            for name, (imports, program) in PROGRAMS.items():
                with self.subTest(name, way=way):
                    self.check(script(imports, WAYS[way], program))

    @unittest.skipIf(os.geteuid(), "only root may call chroot()")
    def test_chroot(self):
        for name, (imports, program) in PROGRAMS.items():
            with self.subTest(name):
                self.check(script(imports, WAYS["chroot"], program))

    @unittest.skipIf(os.geteuid(), "only root may call setuid()")
    def test_setuid(self):
        """As in /root: other users cannot read the directory."""
        directory = self.enterContext(os_helper.temp_dir())
        copied = tree.copy_to(directory)
        os.chmod(directory, 0o700)
        for name, (imports, program) in PROGRAMS.items():
            with self.subTest(name):
                self.check(script(imports, WAYS["setuid"], program),
                           copied / "bin" / tree.PYTHON.name)

    def test_at_the_very_end(self):
        """No module is left in sys.modules then."""
        done = children.run(
            [tree.PYTHON, "-c", """if True:
                import os, ssl, sys
                class AtEnd:
                    def __del__(self):
                        ssl.create_default_context()
                        os.write(1, b"done")
                sys.modules["__kept__"] = AtEnd()
                """], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, "done", ""))

    def test_no_other_store(self):
        """One that cannot be listed is not replaced by another."""
        self.check(script("import ssl", WAYS["no descriptors"], """
        from _standalone_runtime import certificates
        assert certificates._is_store("/")
        assert not certificates._is_store("/nowhere")
        """))


class ReportTests(unittest.TestCase):

    def test_traceback(self):
        """-v shows where a feature failed, without importing anything."""
        done = children.run(
            [sys.executable, "-v", "-c", """if True:
                import sys
                import _standalone_runtime
                sys.meta_path.clear()
                try:
                    1 / 0
                except ZeroDivisionError as exc:
                    _standalone_runtime.failed("division", exc)
                """], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("ZeroDivisionError: division by zero\nstandalone: "
                      "division: ZeroDivisionError: division by zero",
                      done.stderr)


if __name__ == "__main__":
    unittest.main()
