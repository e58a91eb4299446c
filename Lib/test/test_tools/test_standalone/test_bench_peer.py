"""PEER: what it may be, and what one line says if it is not."""

import os
import shutil
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from standalone.bench import peer, system
from standalone.bench.system import Failed, System
from standalone.core.errors import UsageError
from standalone.core.layout import TOOLS
from standalone.testing import chroots

from . import benching, children


class CommandTest(unittest.TestCase):
    """The command line, with a build that says it is 3.13."""

    def setUp(self):
        self.top = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.config = benching.built(self.top, benching.says())

    def error(self, peer, *arguments):
        done = children.run(
            [sys.executable, "-m", "standalone", "bench",
             f"--cpython={self.config.cpython}", f"--out={self.config.out}",
             f"--options={self.config.options}",
             f"--peer={peer}", *arguments], capture_output=True, text=True,
            env={**os.environ, "PYTHONPATH": str(TOOLS.parent)})
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(done.stdout, "")
        first, *hint = done.stderr.splitlines()
        self.assertRegex(first, r"\Astandalone: error: ")
        self.assertTrue(all(line.startswith("  ") for line in hint), hint)
        # No result, and nothing half-made.
        self.assertFalse((self.config.layout.work / "bench").exists())
        self.assertEqual([*self.config.layout.out.glob("bench*")], [])
        return first.removeprefix("standalone: error: ")

    def test_none(self):
        self.assertEqual(self.error(""), "PEER is not set")

    def test_missing(self):
        path = self.top / "missing"
        self.assertEqual(self.error(path), f"PEER={path} is not a file")
        self.assertEqual(self.error(self.top),
                         f"PEER={self.top} is not a file")

    def test_programs_that_are_no_python(self):
        for name, text, said in (
                ("text", "print(1)", "Permission denied|Exec format error"),
                ("quiet", "#!/bin/sh\n", " is not a Python$"),
                ("talks", "#!/bin/sh\necho 3\n", " is not a Python$"),
                ("lists", "#!/bin/sh\necho [3]\n", " is not a Python$"),
                ("fails", "#!/bin/sh\necho no such option >&2; exit 3\n",
                 " is not a Python that runs: no such option$"),
                ("crashes", "#!/bin/sh\nkill -SEGV $$\n",
                 " is not a Python that runs: SIGSEGV$")):
            with self.subTest(name):
                path = benching.program(self.top / name, text)
                found = self.error(path)
                self.assertIn(f"PEER={path} ", found)
                self.assertRegex(found, said)

    def test_not_executable(self):
        path = self.top / "python"
        path.write_text("#!/bin/sh\n")
        self.assertEqual(
            self.error(path), f"PEER={path} is not a Python that runs: "
            "Permission denied")

    def test_another_version(self):
        path = benching.program(self.top / "python", benching.says(
            version="3.5.3", feature=[3, 5]))
        self.assertEqual(self.error(path),
                         "PEER is Python 3.5, the build is 3.13")

    def test_another_implementation(self):
        path = benching.program(self.top / "python", benching.says(
            implementation="pypy"))
        self.assertEqual(self.error(path), "PEER is pypy, not cpython")

    def test_damaged_archive(self):
        path = self.top / "peer.tar.gz"
        path.write_bytes(b"\x1f\x8b damaged")
        found = self.error(path)
        self.assertIn("PEER cannot be unpacked: ", found)
        self.assertIn(str(path), found)

    def test_archive_without_python(self):
        path = benching.archive(self.top / "peer.tar.gz", "", "python/README")
        self.assertEqual(self.error(path),
                         f"PEER={path} contains no python/bin/python3")

    def test_mode(self):
        path = benching.program(self.top / "python", benching.says())
        self.assertEqual(self.error(path, "--mode=fast"),
                         "unknown MODE: fast")

    def test_nothing_built(self):
        shutil.rmtree(self.config.layout.stage("archive"))
        path = benching.program(self.top / "python", benching.says())
        self.assertEqual(self.error(path), "nothing to check has been built")

    @unittest.skipIf(chroots.unavailable(), "needs root and mounts")
    def test_another_root(self):
        root = self.root("usr/bin/sh", "mnt/.keep", "usr/lib/os-release")
        path = benching.program(root / "usr/bin/python3", (
            "#!/usr/bin/sh\n[ -e /only-there ] && [ -d /mnt/home ] || exit 3\n"
            + benching.says(feature=[3, 5]).partition("\n")[2]))
        (root / "only-there").touch()
        # Both have been run there, and nothing stays.
        self.assertEqual(self.error(path),
                         "PEER is Python 3.5, the build is 3.13")
        self.assertNotIn(str(root), Path("/proc/mounts").read_text())
        self.assertEqual(os.listdir(root / "mnt"), [".keep"])

    @unittest.skipIf(chroots.unavailable(), "needs root and mounts")
    def test_a_root_without_a_place_for_mounts(self):
        root = self.root("usr/bin/sh", "usr/lib/os-release")
        path = benching.program(root / "usr/bin/python3", benching.says())
        self.assertIn(f"cannot enter {root}: ", self.error(path))

    def root(self, *names):
        """A root directory that has a shell and what it needs."""
        root = self.top / "root"
        listed = children.run(["ldd", "/bin/sh"], capture_output=True,
                              text=True, check=True).stdout
        for word in listed.split():
            if word.startswith("/"):
                copy = root / word.lstrip("/")
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(word, copy)
        (root / "bin").mkdir(exist_ok=True)
        for name in names:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).touch()
        for name in "usr/bin/sh", "bin/sh":
            shutil.copy("/bin/sh", root / name)
        return root


class FactsTest(unittest.TestCase):

    def setUp(self):
        self.top = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.top / "tmp").mkdir()
        self.system = System(self.top)

    def test_this_python(self):
        found = peer.python(Path(sys.executable), self.system, "PEER")
        self.assertEqual(found.facts["feature"], sys.version_info[:2])
        self.assertEqual(found.facts["implementation"],
                         sys.implementation.name)
        self.assertEqual(Path(found.facts["executable"]),
                         Path(sys.executable).resolve())
        self.assertEqual(Path(found.facts["library"]),
                         Path(os.__file__).resolve().parent)

    def test_one_that_hangs(self):
        path = benching.program(self.top / "python",
                                "#!/bin/sh\nsleep 60 & wait\n")
        with (mock.patch.object(peer, "_DEADLINE", 0.3),
              self.assertRaisesRegex(UsageError, "no end after 0 s")):
            peer.python(path, self.system, "PEER")

    def test_labels(self):
        for facts, expected in (
                ({"prefix": "/opt"}, "python-3.13.5"),
                ({"prefix": "/usr"}, "some.os-3.13.5")):
            root = self.top / "root"
            benching.program(root / "etc/os-release", 'ID="some.os"\n')
            self.assertEqual(peer._label(
                {**benching.FACTS, **facts}, System(self.top, root)),
                expected)
        self.assertEqual(peer.label_of_archive(Path(
            "python-3.13.15-x86_64-unknown-linux-gnu-lto-"
            "install_only_stripped.tar.gz")),
            "python-3.13.15-x86_64-unknown-linux-gnu-lto")
        self.assertEqual(peer.label_of_archive(Path("a b@1.tar.gz")),
                         "a_b_1")
        self.assertEqual(peer.label_of_archive(Path("/usr/bin/python3")), "")


class SystemTest(unittest.TestCase):

    def setUp(self):
        self.top = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.top / "tmp").mkdir()

    def test_names_in_another_root(self):
        there = System(Path("/a/place"), Path("/b/root"))
        for path, name in (("/a/place/python/bin", "/mnt/python/bin"),
                           ("/b/root/usr/bin/python3", "/usr/bin/python3")):
            self.assertEqual(there.inside(Path(path)), name)
            self.assertEqual(there.outside(name), Path(path))
        here = System(Path("/a/place"))
        self.assertEqual(here.inside(Path("/usr/bin")), "/usr/bin")
        self.assertEqual(here.outside("/usr/bin"), Path("/usr/bin"))

    def test_root_of(self):
        for name in "etc/os-release", "usr/lib/os-release":
            root = self.top / name.replace("/", "-")
            benching.program(root / name, "")
            self.assertEqual(system.root_of(root / "usr/bin/python3"), root)
        self.assertIsNone(system.root_of(Path("/usr/bin/python3")))

    def test_what_a_program_leaves_running_is_ended(self):
        here = System(self.top)
        text = here.run(["/bin/sh", "-c", "sleep 60 & echo $!"],
                        here.environment())
        stat = Path(f"/proc/{int(text)}/stat")
        for _ in range(100):
            # A zombie waits for a process that is not ours.
            if not stat.exists() or ") Z" in stat.read_text():
                break
            children.run(["sleep", "0.05"])
        else:
            self.fail(f"{text} is still running")

    def test_environment(self):
        here = System(self.top)
        with mock.patch.dict(os.environ, SECRET="x", PYTHONHOME="/none"):
            text = here.run(["/usr/bin/env"], here.environment(
                [Path("/a"), Path("/b")]))
        self.assertIn("PYTHONPATH=/a:/b\n", text)
        self.assertIn("PYTHONDONTWRITEBYTECODE=1\n", text)
        self.assertNotIn("SECRET", text)
        self.assertNotIn("PYTHONHOME", text)

    def test_failures(self):
        here = System(self.top)
        for script, said in (("exit 3", "exit code 3"),
                             ("echo a; echo b >&2; exit 1", "b"),
                             ("kill -9 $$", "SIGKILL")):
            with self.assertRaises(Failed) as caught:
                here.run(["/bin/sh", "-c", script], here.environment())
            self.assertEqual(str(caught.exception), said)

    def test_pinned(self):
        before = os.sched_getaffinity(0)
        with system.pinned() as cpu:
            self.assertEqual(os.sched_getaffinity(0), {cpu})
            self.assertIn(cpu, before)
        self.assertEqual(os.sched_getaffinity(0), before)


if __name__ == "__main__":
    unittest.main()
