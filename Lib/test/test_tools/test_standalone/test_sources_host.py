"""Test sources.host: missing tools, and the real pip with small wheels."""

import ensurepip
import hashlib
import http.server
import os
import shutil
import socket
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path
from unittest import mock

from standalone.core.errors import BuildError, FetchError, UsageError
from standalone.sources import host
from standalone.toolchain import compilers

from . import loopback

PIPS = sorted((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*"))


class CheckTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.bin = self.dir / "bin"
        self.bin.mkdir()
        for tool in "make", "perl", "gcc", "g++":
            self.tool(tool)
        self.enterContext(mock.patch.dict(os.environ, PATH=str(self.bin)))
        self.enterContext(mock.patch.object(
            compilers, "_LIBRARIES", (str(self.dir / "lib"),)))

    def tool(self, name, script="exit 0", where=None):
        where = where or self.bin
        where.mkdir(parents=True, exist_ok=True)
        (where / name).write_text(f"#!/bin/sh\n{script}\n")
        (where / name).chmod(0o755)

    def llvm(self, where, version):
        for name in compilers.PROGRAMS["llvm"]:
            self.tool(name, f"echo Debian clang version {version}", where)

    def check(self, toolchain, *missing):
        with self.assertRaises(UsageError) as caught:
            host.check(toolchain)
        self.assertEqual(caught.exception.message,
                         "not on this machine: " + ", ".join(missing))
        return caught.exception.hint.splitlines()[1:]

    def test_nothing_missing(self):
        host.check("zig")
        host.check("gcc")

    def test_each_package_manager_gets_its_command(self):
        (self.bin / "perl").unlink()
        (self.bin / "g++").unlink()
        self.assertEqual(self.check("gcc", "perl", "g++"), [
            "  apt-get install g++ perl", "  dnf install gcc-c++ perl",
            "  apk add g++ perl", "  pacman -S gcc perl"])

    def test_no_compiler(self):
        (self.bin / "gcc").unlink()
        (self.bin / "g++").unlink()
        host.check("zig")
        self.check("gcc", "gcc", "g++")
        self.check("llvm", *compilers.PROGRAMS["llvm"])

    def test_perl_without_its_modules(self):
        self.tool("perl", 'test "$1" != -MIPC::Cmd')
        self.assertIn("  apt-get install perl",
                      self.check("zig", "Perl module IPC::Cmd"))

    def test_python_without_a_module(self):
        with mock.patch.dict(sys.modules, {"lzma": None}):
            self.assertIn("  apt-get install python3",
                          self.check("zig", "Python module lzma"))

    def test_llvm_on_path(self):
        self.llvm(self.bin, "21.1.8")
        host.check("llvm")

    def test_newest_llvm_of_the_distribution_is_used(self):
        self.llvm(self.bin, "14.0.6")
        self.llvm(self.dir / "lib/llvm-9/bin", "9.0.1")
        self.check("llvm", "clang 19 or newer")
        self.llvm(self.dir / "lib/llvm-19/bin", "19.1.7")
        host.check("llvm")
        self.assertEqual(
            shutil.which("clang", path=compilers.llvm_path()),
            str(self.dir / "lib/llvm-19/bin/clang"))

    def test_every_tool_has_its_packages(self):
        for tool in (*host._TOOLS, *sum(compilers.PROGRAMS.values(), ())):
            self.assertEqual(len(host._PACKAGES[tool]), len(host._INSTALL))


@unittest.skipUnless(PIPS, "this Python comes without a bundled pip")
class RequirementTest(unittest.TestCase):

    def test_pinned(self):
        self.assertRegex(host.requirement("ziglang"),
                         r"\Aziglang==\d+(\.\d+)+\Z")
        with self.assertRaises(ValueError):
            host.requirement("zig")


class WheelsTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.tree = self.dir / "tree"
        bundled = self.tree / "Lib" / "ensurepip" / "_bundled"
        bundled.mkdir(parents=True)
        shutil.copy(PIPS[0], bundled)
        self.downloads = self.dir / "down loads"
        self.sources = self.dir / "sources"
        self.sources.mkdir()
        self.dest = self.dir / "work" / "host"
        self.wheel = self.make_wheel()
        digest = hashlib.sha256(self.wheel.read_bytes()).hexdigest()
        self.requirements = self.dir / "requirements.txt"
        self.requirements.write_text(f"demo==1.0 --hash=sha256:{digest}\n")
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        self.enterContext(mock.patch.dict(os.environ, {
            "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1",
            "PIP_INDEX_URL": f"http://127.0.0.1:{port}/"}))

    def download(self, sources=None):
        return host.download_wheels(self.tree, self.downloads, sources,
                                    self.requirements)

    def install(self):
        host.install(self.tree, self.downloads, self.dest, self.requirements)

    def make_wheel(self):
        path = self.sources / "demo-1.0-py3-none-any.whl"
        files = {
            "demo/tool": "#!/bin/sh\n",
            "demo-1.0.dist-info/METADATA":
                "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n",
            "demo-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\n"
                "Root-Is-Purelib: true\nTag: py3-none-any\n"}
        with zipfile.ZipFile(path, "w") as file:
            for name, text in files.items():
                info = zipfile.ZipInfo(name)
                info.external_attr = 0o100755 << 16
                file.writestr(info, text)
            file.writestr("demo-1.0.dist-info/RECORD", "".join(
                f"{name},,\n" for name in files))
        return path

    def test_download_and_install_without_network(self):
        wheels = self.download(self.sources)
        self.assertTrue((wheels / self.wheel.name).exists())
        shutil.rmtree(self.sources)
        self.assertEqual(self.download(), wheels)
        self.install()
        self.assertTrue(os.access(self.dest / "demo" / "tool", os.X_OK))
        self.assertEqual(os.listdir(self.dest.parent), ["host"])

    def test_installed_once(self):
        self.download(self.sources)
        self.install()
        shutil.rmtree(self.downloads)
        self.install()

    def test_lost_wheel_is_downloaded_anew(self):
        wheels = self.download(self.sources)
        (wheels / self.wheel.name).unlink()
        self.download(self.sources)
        self.assertTrue((wheels / self.wheel.name).exists())

    def test_unreachable_index(self):
        with (mock.patch.object(sys, "stderr"),
              self.assertRaises(FetchError) as caught):
            self.download()
        self.assertIn("demo==1.0", caught.exception.message)
        self.assertIn("SOURCES=DIR", caught.exception.hint)
        self.assertEqual(os.listdir(self.downloads), ["wheels"])

    def test_index_that_breaks_off(self):
        """pip tries again, but not as often as it would by default."""
        asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)

        server = loopback.serve(self, Handler)
        with (mock.patch.dict(os.environ, {
                "no_proxy": "127.0.0.1", "PIP_INDEX_URL":
                f"http://127.0.0.1:{server.server_port}/"}),
              mock.patch.object(sys, "stderr"),
              self.assertRaises(FetchError)):
            self.download()
        self.assertEqual(asked, ["/demo/"] * 3)

    def test_tampered_wheel(self):
        wheels = self.download(self.sources)
        with zipfile.ZipFile(wheels / self.wheel.name, "a") as file:
            file.writestr("demo/evil.py", "")
        with self.assertRaises(FetchError) as caught:
            self.install()
        digest = hashlib.sha256(
            (wheels / self.wheel.name).read_bytes()).hexdigest()
        self.assertIn(digest, caught.exception.message)
        self.assertFalse(self.dest.exists())

    def test_one_wheel(self):
        path = self.one_wheel(self.wheel.name)
        self.assertEqual(path.read_bytes(), self.wheel.read_bytes())

    def test_one_wheel_that_is_not_there(self):
        name = "demo-1.1-py3-none-any.whl"
        with self.assertRaisesRegex(BuildError, "demo==1.1$"):
            self.one_wheel(name)

    def test_one_wheel_under_another_name(self):
        with self.assertRaisesRegex(BuildError,
                                    f"pip found {self.wheel.name}"):
            self.one_wheel("demo-1.0-py2.py3-none-any.whl")

    def one_wheel(self, name):
        """What pip gets of a directory that the user configured."""
        self.dest.mkdir(parents=True)
        with mock.patch.dict(os.environ, {
                "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.sources),
                "PIP_REQUIRE_HASHES": "1"}):
            return host.download_wheel(self.tree, name, self.dest)

    def test_tree_without_pip(self):
        shutil.rmtree(self.tree)
        with self.assertRaisesRegex(UsageError, "no pip in"):
            self.download(self.sources)


if __name__ == "__main__":
    unittest.main()
