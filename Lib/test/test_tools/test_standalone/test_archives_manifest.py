"""manifest.py writes what _standalone_runtime.verify and sha256sum read."""

import contextlib
import hashlib
import importlib.util
import io
import json
import os
import py_compile
import sys
import tempfile
import unittest
from pathlib import Path

from standalone.archives import manifest
from standalone.archives.mounts import Mount, members
from standalone.core.errors import BuildError
from standalone.core.layout import ROOT
from test_standalone.writing import lay

from . import children

STDLIB = "lib/python3.13"
DATA = f"{STDLIB}/_sysconfigdata__linux_x86_64-linux-gnu.py"
FILES = {
    "bin/python3.13": "x", "bin/pip": "#!", "bin/python3": Path("python3.13"),
    f"{STDLIB}/os.py": "os", f"{STDLIB}/Größe one.py": "",
    f"{STDLIB}/site-packages/pip/main.py": "pip",
    DATA: "build_time_vars = {'prefix': '/install'}\n",
    f"{STDLIB}/__pycache__/os.cpython-313.pyc": "\0" * 16,
}


def load():
    """The tree's own module, in this Python."""
    name = "_standalone_runtime"
    if name not in sys.modules:
        package = ROOT / "Lib" / name
        spec = importlib.util.spec_from_file_location(
            name, package / "__init__.py",
            submodule_search_locations=[str(package)])
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return importlib.import_module(f"{name}.verify")


class ManifestTestCase(unittest.TestCase):

    def setUp(self):
        self.tree = Path(self.enterContext(
            tempfile.TemporaryDirectory())) / "a tree"
        lay(self.tree, FILES)
        self.list = self.write("install_only")

    def write(self, kind, text=None):
        if text is None:
            text = manifest.text(members([Mount(
                self.tree, without=("share/manifests",))]))
        path = self.tree / manifest.PLACE.format(kind)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def found(self):
        """Path → what is different."""
        report = load().verify(self.tree)
        return {entry.path: entry.what for entry in report.differences}

    def command(self, *options):
        out, err = io.StringIO(), io.StringIO()
        with (contextlib.redirect_stdout(out),
              contextlib.redirect_stderr(err)):
            code = load().main([str(self.tree), *options])
        return code, out.getvalue(), err.getvalue()


class WritingTest(ManifestTestCase):

    def test_text(self):
        lines = self.list.read_text("utf-8").splitlines()
        self.assertEqual(lines[:3], [
            "# 755 bin/pip", "# link bin/python3 -> python3.13",
            "# 755 bin/python3.13"])
        self.assertEqual(len(lines), len(FILES) + 3)

    def test_sha256sum(self):
        argv = ["sha256sum", "--check", "--strict", "--quiet", self.list]
        children.run(argv, cwd=self.tree, check=True)
        (self.tree / STDLIB / "os.py").write_text("so")
        done = children.run(argv, cwd=self.tree, capture_output=True)
        self.assertEqual(done.returncode, 1)

    def test_below(self):
        text = manifest.text(
            members([Mount(self.tree)]), f"{STDLIB}/site-packages/")
        self.assertRegex(text, r"^[0-9a-f]{64}  pip/main\.py\n# end ")

    def test_impossible_names(self):
        for name in ("a\nb", "a\\b", "a -> b", "\udcff"):
            with self.assertRaises(BuildError):
                manifest.text({name: self.tree / "bin/pip"})


class VerifyTest(ManifestTestCase):

    def test_as_shipped(self):
        self.assertEqual(self.found(), {})
        code, out, err = self.command()
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(out, (
            f"{len(FILES)} files listed in install_only: nothing is missing, "
            "changed or extra\n"))

    def test_differences(self):
        (self.tree / STDLIB / "os.py").write_text("so")
        (self.tree / f"{STDLIB}/Größe one.py").unlink()
        (self.tree / "lib" / "extra.so").touch()
        (self.tree / "lib" / "link").symlink_to(".")
        (self.tree / "bin" / "python3.13").chmod(0o644)
        (self.tree / "bin" / "python3").unlink()
        (self.tree / "bin" / "python3").symlink_to("/usr/bin/python3")
        expected = {
            f"{STDLIB}/os.py": "changed", f"{STDLIB}/Größe one.py": "missing",
            "lib/extra.so": "extra", "lib/link": "extra",
            "bin/python3.13": "mode", "bin/python3": "link"}
        self.assertEqual(self.found(), expected)
        code, out, _ = self.command()
        self.assertEqual(code, 1)
        self.assertIn(
            "link        bin/python3  (points to /usr/bin/python3)\n", out)
        self.assertIn("6 differences", out)
        code, out, _ = self.command("--json")
        self.assertEqual(code, 1)
        report = json.loads(out)
        self.assertFalse(report["ok"])
        self.assertEqual({entry["path"]: entry["what"]
                          for entry in report["differences"]}, expected)

    def test_file_for_link_and_link_for_file(self):
        for name, link in (("bin/python3", False),
                           (f"{STDLIB}/os.py", True)):
            path = self.tree / name
            path.unlink()
            if link:
                path.symlink_to("elsewhere")
            else:
                path.touch()
        self.assertEqual(self.found(), {"bin/python3": "link",
                                        f"{STDLIB}/os.py": "link"})

    def test_what_umask_does(self):
        for path in self.tree.rglob("*"):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & 0o700)
        self.assertEqual(self.found(), {})

    def test_installers(self):
        """uv's notes and its _sysconfigdata; pip replaced or removed."""
        (self.tree / "BUILD").write_text("20261120")
        (self.tree / STDLIB / "EXTERNALLY-MANAGED").touch()
        (self.tree / DATA).write_text(
            "# system configuration\nbuild_time_vars = {\n 'A': 1,\n}\n")
        (self.tree / "bin" / "pip").write_text("#! another")
        (self.tree / STDLIB / "site-packages/pip/main.py").unlink()
        self.assertEqual(self.found(), {})
        self.assertEqual(list(load().verify(self.tree).tolerated), [DATA])
        (self.tree / "bin" / "pip").unlink()
        self.assertEqual(self.found(), {})

    def test_sysconfigdata_with_more_than_data(self):
        for text in ("import os\n", "build_time_vars = print()\n",
                     "build_time_vars = {}\nprint()\n", "", "{"):
            (self.tree / DATA).write_text(text)
            self.assertEqual(self.found(), {DATA: "changed"}, text)

    def test_packages(self):
        """What a package brings is extra only if it did not say so."""
        lay(self.tree, {
            "bin/tool": "#!", "share/man/man1/tool.1": "", "etc/tool": "",
            f"{STDLIB}/site-packages/tool-1.dist-info/RECORD":
                "tool.py,,\n../../../bin/tool,sha256=x,1\n"
                "../../../share/man/man1/tool.1,,\n"
                f"../../../{STDLIB}/os.py,,\n"})
        self.assertEqual(self.found(), {"etc/tool": "extra"})
        (self.tree / STDLIB / "os.py").write_text("so")
        self.assertEqual(self.found(), {"etc/tool": "extra",
                                        f"{STDLIB}/os.py": "changed"})

    def test_bytecode(self):
        """It may come, go and be made anew, but not just change."""
        source = self.tree / STDLIB / "os.py"
        shipped = self.tree / STDLIB / "__pycache__/os.cpython-313.pyc"
        lay(self.tree, {f"{STDLIB}/__pycache__/x.cpython-313.pyc": "",
                        "lib/__pycache__/y.cpython-313.opt-1.pyc": ""})
        self.assertEqual(self.found(), {})
        modes = py_compile.PycInvalidationMode
        for mode, different in (
                (modes.TIMESTAMP, {}), (modes.CHECKED_HASH, {}),
                (modes.UNCHECKED_HASH, {
                    f"{STDLIB}/__pycache__/{shipped.name}": "changed"})):
            with self.subTest(mode):
                py_compile.compile(str(source), str(shipped),
                                   invalidation_mode=mode)
                self.assertEqual(self.found(), different)
        shipped.unlink()
        self.assertEqual(self.found(), {})

    def test_archives_over_each_other(self):
        lay(self.tree, {"lib/debug/a": "", "bin/pip": "another"})
        self.write("debuginfo")
        self.assertEqual(self.found(), {})
        (self.tree / STDLIB / "os.py").write_text("one more")
        self.assertEqual(self.found(), {f"{STDLIB}/os.py": "changed"})

    def test_names_that_are_no_text(self):
        path = os.fsencode(self.tree / "lib") + b"/\xff"
        with open(path, "wb"):
            pass
        self.assertEqual(self.found(), {"lib/\udcff": "extra"})
        self.assertEqual(self.command()[0], 1)


class DamagedTest(ManifestTestCase):

    def check(self, message):
        code, out, err = self.command()
        self.assertEqual((code, out), (2, ""))
        self.assertRegex(err, rf"^standalone: verify: .*{message}.*\n$")
        code, out, _ = self.command("--json")
        self.assertEqual(code, 2)
        self.assertRegex(json.loads(out)["error"], message)

    def test_none(self):
        self.list.unlink()
        self.check("no list of files in .*share/manifests")

    def test_wrong_hash(self):
        text = self.list.read_text("utf-8")
        at = text.index("  bin/pip")
        self.list.write_text(f"{text[:at - 64]}{'0' * 64}{text[at:]}",
                             "utf-8")
        self.check("install_only.sha256 is damaged")

    def test_truncated(self):
        lines = self.list.read_text("utf-8").splitlines(keepends=True)
        for end in (0, 1, -1):
            self.list.write_text("".join(lines[:end]), "utf-8")
            self.check("install_only.sha256 is damaged")

    def test_no_list(self):
        text = "something else\n"
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        self.list.write_text(f"{text}# end {sha256}\n")
        self.check("line 1 is 'something else'")

    def test_unreadable(self):
        self.list.unlink()
        self.list.mkdir()
        self.check("cannot read .*install_only.sha256: Is a directory")


if __name__ == "__main__":
    unittest.main()
