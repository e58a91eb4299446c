"""Test whole builds of a small CPython, with a server on loopback."""

import ensurepip
import fcntl
import glob
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import unittest
from pathlib import Path

from standalone import recipes
from standalone.core.layout import ROOT
from standalone.platforms import targets

from . import children, loopback
from .command_line import (
    CAN_MOUNT,
    SMALL_DISK,
    VERSION,
    CliTest,
    Handler,
    archive,
    unshare,
)
from .trees import small_tree

PIPS = sorted((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*"))


class MachineTest(CliTest):
    """What the machine must have is asked for before any download."""

    def path(self, *tools):
        """A PATH with these tools alone."""
        directory = self.dir / "bin"
        directory.mkdir()
        for tool in tools:
            (directory / tool).symlink_to(shutil.which(tool))
        self.env["PATH"] = str(directory)

    def assertMissing(self, done, *missing, code=2):
        self.assertFails(done, code,
                         f"not on this machine: {', '.join(missing)}\n",
                         "apt-get install ", "dnf install ", "apk add ",
                         "pacman -S ")
        self.assertFalse(self.cache.exists())

    def test_no_perl(self):
        self.path("make", "sh")
        done = self.make("standalone", f"OUT={self.out}")
        self.assertMissing(done, "perl")
        self.assertIn("\n    pacman -S perl\n", done.stderr)

    def test_no_make_either(self):
        self.path("sh")
        done = self.build()
        self.assertMissing(done, "make", "perl")
        self.assertIn("\n    apt-get install make perl\n", done.stderr)

    def test_no_compiler(self):
        self.path("make", "perl", "sh")
        done = self.build("--toolchain=gcc")
        self.assertMissing(done, "gcc", "g++")
        self.assertIn("\n    dnf install gcc gcc-c++\n", done.stderr)

    @unittest.skipIf(glob.glob("/usr/lib*/llvm*/bin/clang"), "has an LLVM")
    def test_no_llvm(self):
        self.path("make", "perl", "sh")
        self.assertFails(self.build("--toolchain=llvm"), 2, "clang", "lld")

    def test_no_python_module(self):
        # As with a Python that was built without liblzma and OpenSSL.
        blocked = self.dir / "blocked"
        blocked.mkdir()
        for name in "lzma", "ssl":
            (blocked / f"{name}.py").write_text(
                f"raise ImportError(\"No module named '_{name}'\")\n")
        self.env["PYTHONPATH"] = f"{blocked}:{self.env['PYTHONPATH']}"
        done = self.build()
        self.assertMissing(done, "Python module lzma", "Python module ssl")
        self.assertIn("\n    pacman -S python\n", done.stderr)


class NetworkTest(CliTest):

    def setUp(self):
        super().setUp()
        self.server = loopback.serve(self, Handler)
        self.server.mode = "ok"
        tree = small_tree(self.dir / "served", VERSION)
        if PIPS:
            bundled = tree / "Lib/ensurepip/_bundled"
            shutil.rmtree(bundled)
            bundled.mkdir()
            shutil.copy(PIPS[0], bundled)
        self.serve(archive(tree))
        # No package is wanted on the host: zig among them is missed then.
        (self.checkout / "Tools/standalone/requirements.txt").write_text("")

    def serve(self, data):
        """Pin *data*, under a name for each source."""
        self.server.data = data
        self.sha256 = hashlib.sha256(data).hexdigest()
        pins = self.checkout / "Tools/standalone/sources/pins.toml"
        pins.write_text("".join(
            self.pin(name) for name in ["cpython", *recipes.load()]))

    def pin(self, name):
        base = f"http://127.0.0.1:{self.server.server_port}"
        above, table = name, f"{name}."
        if name == "cpython":
            above, table = "[cpython.releases]", "cpython.releases."
        text = (f"[[{table}files]]\nsha256 = {json.dumps(self.sha256)}\n"
                f'locations = ["{base}/{name}.tar.gz"]\n')
        facts = 'licence = "MIT"\nlicence_files = ["LICENSE"]\n'
        if name == "cpython":
            return (f'[{name}]\ndefault = ["{VERSION}"]\n{facts}[{above}]\n'
                    f'version = "{VERSION}"\n{text}')
        return f'[{name}]\nversion = "1"\n{facts}{text}'

    def fetch(self, *argv):
        return self.build(*argv, command="fetch")

    def downloads(self):
        """What is in the cache, beside locks and pip's."""
        return {path.name.partition("-")[2]
                for path in (self.cache / "cpython-standalone/downloads")
                .glob("*") if path.suffix != ".lock" and path.is_file()}

    def assertNothingKept(self):
        self.assertEqual(self.downloads(), set())
        self.assertLessEqual({path.name for path in self.out.rglob("*")},
                             {"work", "lock", "fetched"})

    def test_unreachable(self):
        shutil.copy(ROOT / "Tools/standalone/sources/pins.toml",
                    self.checkout / "Tools/standalone/sources/pins.toml")
        text = self.assertFails(
            self.fetch(), 3, "cannot fetch cpython 3.14.10",
            "https://www.python.org/", "SOURCES=DIR",
            "Python-3.14.10.tar.xz  sha256 de414a57119a",
            "CPython 3.14.10 cannot be fetched, trying 3.13.15 instead")
        self.assertIn("Connection refused", text)
        self.assertNothingKept()

    def test_unreachable_for_a_tree(self):
        shutil.copy(ROOT / "Tools/standalone/sources/pins.toml",
                    self.checkout / "Tools/standalone/sources/pins.toml")
        tree = self.tree()
        text = self.assertFails(self.fetch(f"--cpython={tree}"), 3,
                                "SOURCES=DIR")
        wanted = recipes.wanted((3, 13), tree, gpl=False)
        for name in recipes.load():
            check = (self.assertRegex if name in wanted
                     else self.assertNotRegex)
            check(text, rf"(?m)^  {name} \d")
        self.assertNothingKept()

    def test_default_falls_back(self):
        newest = "3.14.99"
        pins = self.checkout / "Tools/standalone/sources/pins.toml"
        text = pins.read_text().replace(
            "default = [", f'default = ["{newest}", ')
        pins.write_text(text + (
            f'[[cpython.releases]]\nversion = "{newest}"\n'
            f'[[cpython.releases.files]]\nsha256 = "{"0" * 64}"\n'
            f'locations = ["{self.nowhere}newest.tar.gz"]\n'))
        notice = (f"CPython {newest} cannot be fetched, trying {VERSION} "
                  f"instead (CPYTHON={newest} insists on {newest}): "
                  f"{self.nowhere}newest.tar.gz: ")
        done = self.fetch()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr.count(notice), 1, done.stderr)
        self.assertIn("cpython.tar.gz", self.downloads())
        for argv in ([f"--cpython={newest}"], ["--options=freethreaded"]):
            # VERSION is 3.13, which cannot be free-threaded.
            text = self.assertFails(self.fetch(*argv), 3,
                                    f"cannot fetch cpython {newest}")
            self.assertNotIn("instead", text)
        # Without a network, commands that fetch nothing use the cache.
        self.server.shutdown()
        self.server.server_close()
        self.assertIn(notice, self.fetch().stderr)
        done = self.build(command="plan")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn(newest, done.stderr)

    def test_tampered(self):
        self.server.mode = "tampered"
        wrong = hashlib.sha256(self.server.data[:-1] + b"?").hexdigest()
        self.assertFails(self.fetch(), 3, f"expected sha256 {self.sha256}",
                         f"got {wrong}", "/cpython.tar.gz")
        self.assertNothingKept()

    def test_truncated(self):
        self.server.mode = "truncated"
        data = self.server.data
        wrong = hashlib.sha256(data[:len(data) // 2]).hexdigest()
        self.assertFails(self.fetch(), 3, f"expected sha256 {self.sha256}",
                         f"got {wrong}", f"of {len(data)} bytes")
        self.assertNothingKept()

    def test_evil_archive(self):
        for name in ("Python/../../../evil", f"{self.dir}/evil"):
            self.serve(archive(self.dir / "served", name))
            self.assertFails(self.fetch(), 3, "refused", name)
            self.assertFalse((self.dir / "evil").exists())
            self.assertEqual({path.name for path in self.out.rglob("*")},
                             {"work", "lock"})

    @unittest.skipUnless(CAN_MOUNT, "may not mount")
    def test_disk_full_while_unpacking(self):
        (self.dir / "served/big").write_bytes(os.urandom(1 << 20))
        self.serve(archive(self.dir / "served"))
        self.out.mkdir()
        done = self.run_in(unshare(
            SMALL_DISK, 1 << 19, self.out, "sh", "-c",
            '"$@"; code=$?; ls -R "$0"; exit $code', self.out,
            *self.command("fetch", f"--out={self.out}")))
        self.assertFails(done, 3, "No space left on device")
        self.assertNotIn("unpacking", done.stdout)
        self.assertNotIn("cpython-3", done.stdout)

    @unittest.skipUnless(CAN_MOUNT, "may not mount")
    def test_disk_full_in_a_stage(self):
        tree = self.tree()
        (tree / "Lib/big").write_bytes(os.urandom(1 << 20))
        self.out.mkdir()
        plan = ("import os, sys\nfrom standalone.pipeline import plan\n"
                "from standalone import request as config\n"
                "plan.write(config.check(config.Config(*sys.argv[1:3], 'zig',"
                " 'noopt', None, sys.argv[3], 1)))\n"
                "os.mkdir(os.path.join(sys.argv[3], 'work', 'host'))\n"
                "os.execv(sys.executable, [sys.executable, '-m', 'standalone',"
                " 'stage', 'source', '--work', sys.argv[3] + '/work'])\n")
        done = self.run_in(unshare(
            SMALL_DISK, 1 << 19, self.out, sys.executable, "-c", plan, tree,
            targets.host().triple, self.out))
        self.assertFails(done, 4, "No space left on device",
                         str(self.out / "work"))

    def start(self, *argv):
        """A build that runs beside us."""
        return children.start(
            self, self.command(*argv, f"--out={self.out}"), env=self.env,
            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def test_two_builds_at_once(self):
        self.server.mode = "tampered"        # how it goes on, soon
        (self.out / "work").mkdir(parents=True)
        with (self.out / "work/lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            child = self.start("fetch")
            self.assertEqual(
                child.stderr.readline(),
                f"waiting for another `make standalone` on {self.out}\n")
            with self.assertRaises(subprocess.TimeoutExpired):
                child.wait(0.3)
            self.assertFalse(self.cache.exists())
        self.assertEqual(child.wait(30), 3)
        self.assertIn("cannot fetch cpython", child.stderr.read())

    def test_a_killed_build_keeps_nobody_waiting(self):
        self.server.mode = "stalled"
        child = self.start("fetch")
        self.assertTrue(self.server.stalled.wait(20))
        child.send_signal(signal.SIGKILL)
        child.wait(children.DEADLINE)
        self.server.mode = "ok"
        done = self.fetch()
        self.assertNotIn("waiting", done.stderr)
        self.assertIn("cpython.tar.gz", self.downloads())
        self.assertFalse({name for name in self.downloads()
                          if name.endswith(".partial")})

    @unittest.skipUnless(PIPS, "this Python comes without a bundled pip")
    def test_fetched_once_built_without_network(self):
        self.out = self.dir / "die Ausgabe: größer"
        self.assertEqual(self.fetch().returncode, 0)
        self.assertIn("libffi.tar.gz", self.downloads())
        self.assertNotIn("mpdecimal.tar.gz", self.downloads())
        self.server.shutdown()
        self.server.server_close()
        self.assertReachesTheGraph(self.build())

    def assertReachesTheGraph(self, done):
        """The plan is there, and the first stage misses the compiler."""
        self.assertFails(done, 4, "/host/ziglang/zig: not found")
        work = (self.out / "work").resolve()
        self.assertRegex(str(work), r"\A[A-Za-z0-9_.,/+@-]+\Z")
        graph = (work / "plan/names.mk").read_text()
        self.assertIn("openssl", graph)
        self.assertEqual(list(work.rglob("*/deps/*")), [])
        self.assertEqual((work / "failed").read_text(), "4")
        self.assertEqual([path.name for path in self.out.iterdir()],
                         ["work"])

    @unittest.skipUnless(PIPS, "this Python comes without a bundled pip")
    def test_awkward_paths_through_make(self):
        tree = self.tree()
        shutil.copytree(self.dir / "served/Lib/ensurepip",
                        tree / "Lib/ensurepip", dirs_exist_ok=True)
        before = {path: path.lstat().st_mtime_ns
                  for path in tree.rglob("*")}
        self.out = self.checkout / "die Ausgabe, größer"
        done = self.make("standalone", f"CPYTHON={tree}",
                         f"OUT={self.out.name}", "JOBS=2")
        self.assertEqual(done.returncode, 2)
        done.returncode = int(re.search(r"Makefile\.standalone:\d+: "
                                        r"standalone\] Error (\d)",
                                        done.stderr)[1])
        self.assertReachesTheGraph(done)
        self.assertEqual({path: path.lstat().st_mtime_ns
                          for path in tree.rglob("*")}, before)
        # All that was made on the way goes, but not the lock.
        self.assertEqual(self.make("standalone-clean", f"CPYTHON={tree}",
                                   f"OUT={self.out}").returncode, 0)
        self.assertEqual(os.listdir(self.out / "work"), ["lock"])


if __name__ == "__main__":
    unittest.main()
