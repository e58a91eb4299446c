"""What `make check` makes to run tests in, and that nothing stays of it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock
from pathlib import Path

from standalone.testing import chroots, testbed

from . import children
from .command_line import closed_port

UNAVAILABLE = chroots.unavailable()
TREE = f"/{testbed.NAME}/python"

# In place of python3; a shell is all that there is.
LOOK = rf"""#!/bin/sh
echo "variables: $HOME $PATH $TERM $STANDALONE_TEST_CHROOT"
export -p | while read -r _ name; do echo "exported: ${{name%%=*}}"; done
test "$0" = "{TREE}/bin/python3" && echo "in its place"
(: > "$HOME/new") && (: > "$HOME/../tmp/new") && echo "place is ours"
(: > /etc/new) && (: > /new) && echo "root is ours"
(: > "{TREE}/new") 2>/dev/null || echo "tree is not"
test -w "{TREE}" || echo "tree is read-only"
test -r /proc/1/status && echo "proc is there"
test -c /dev/ptmx && test -d /dev/pts && test -w /dev/shm && echo "devices"
echo arguments: "$@"
while read -r line; do echo "status: $line"; done < /proc/self/status
echo "<testsuite/>" > "$HOME/report.xml"
exit 3
"""
HANG = """#!/bin/sh
echo started
while :; do :; done
"""
# It ends with its parent, and with its namespace, but not when asked to.
DEAF = """#!/bin/sh
trap '' TERM
echo started
while :; do :; done
"""
IGNORE = """
import signal
for number in signal.SIGINT, signal.SIGHUP:
    signal.signal(number, signal.SIG_IGN)
"""
RUN = """
import sys
from pathlib import Path
from standalone.testing import chroots, testbed
chroots._GRACE = 1
with testbed.terminable():
    with chroots.started(
            chroots.Chroot("x", "x"), *map(Path, sys.argv[1:]), []) as child:
        child.wait()
"""


def small_release(directory):
    """An archive with a shell, its libraries, and devices."""
    root = directory / "release"
    shell = os.path.realpath("/bin/sh")
    said = children.run(["ldd", shell], capture_output=True, text=True,
                        check=True).stdout
    (root / "bin").mkdir(parents=True)
    shutil.copy(shell, root / "bin/sh")
    for library in re.findall(r"(/\S+) \(0x", said):
        (root / library[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, root / library[1:])
    for name in "dev/pts", "dev/shm", "proc", "etc":
        (root / name).mkdir(parents=True)
    children.run(["cp", "-a", "/dev/null", "/dev/ptmx", root / "dev"],
                 check=True)
    archive = directory / "release.tar.gz"
    children.run(["tar", "-C", root, "-czf", archive, "."], check=True)
    return archive


@unittest.skipIf(UNAVAILABLE, f"a chroot {UNAVAILABLE}")
class RunTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.release = small_release(self.dir)
        self.place = self.dir / "a place"
        self.program = self.place / "python" / "bin" / "python3"
        self.program.parent.mkdir(parents=True)
        (self.place / "home").mkdir()

    def start(self, text, run=RUN):
        self.program.write_text(text)
        self.program.chmod(0o755)
        child = children.start(
            self, [sys.executable, "-c", run, self.release, self.place],
            env={**os.environ, "TMPDIR": str(self.dir)},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(child.stdout.readline(), "started\n")
        self.assertNotEqual(self.processes(), [])
        return child

    def look(self, program, chroot, variables):
        """What a test sees: the output."""
        program.write_text(LOOK)
        program.chmod(0o755)
        (self.place / "home").chmod(0o700)
        with tempfile.TemporaryFile() as output:
            with chroots.started(
                    chroot, self.release, self.place,
                    ["test_a b", "--c"], output, variables) as child:
                code = child.wait(children.DEADLINE)
            output.seek(0)
            said = output.read().decode()
        self.assertEqual(code, 3, said)
        return said

    def test_what_a_test_sees(self):
        said = self.look(self.program, chroots.Chroot("x", "x"), {})
        home = f"/{testbed.NAME}/home"
        for line in (f"variables: {home} /usr/bin:/bin xterm-256color 1",
                     "in its place", "place is ours", "root is ours",
                     "tree is not",
                     "proc is there", "devices"):
            self.assertIn(f"{line}\n", said)
        self.assertRegex(said, r"arguments: -m test .* test_a b --c\n")
        self.assertRegex(said, r"status: Uid:(\s65534){4}\n")
        self.assertRegex(said, r"status: Groups:\s*\n")
        self.assertEqual(
            set(re.findall("exported: (.*)", said)) - {"OLDPWD", "PWD"},
            {"HOME", "PATH", "TERM", "STANDALONE_TEST_CHROOT"})
        self.assertEqual((self.place / testbed.REPORT).read_text(),
                         "<testsuite/>\n")
        self.assertNothingLeft()

    def test_what_an_ordinary_user_sees(self):
        said = self.look(
            self.program.with_name("other"),
            chroots.Chroot("x", "x", ordinary=True,
                           python=f"{TREE}/bin/other"), {"DISPLAY": ":9"})
        self.assertIn("place is ours\n", said)
        self.assertNotIn("root is ours\n", said)
        self.assertNotIn("in its place\n", said)
        self.assertEqual(
            set(re.findall("exported: (.*)", said)) - {"OLDPWD", "PWD"},
            {"DISPLAY", "HOME", "PATH", "TERM"})
        self.assertNothingLeft()

    def test_ended(self):
        # Under nohup this process, and so its children, ignore SIGHUP.
        self.addCleanup(signal.signal, signal.SIGHUP,
                        signal.signal(signal.SIGHUP, signal.SIG_DFL))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number), self.start(HANG) as child:
                child.send_signal(number)
                child.wait(30)
                self.assertNotEqual(child.returncode, 0)
                self.assertEqual(self.processes(), [])
                self.assertNothingLeft()

    def test_ended_although_it_does_not_listen(self):
        with self.start(DEAF) as child:
            child.send_signal(signal.SIGTERM)
            child.wait(30)
            self.assertEnds()
            self.assertNothingLeft()

    def test_nohup(self):
        """A run that does not listen to SIGHUP goes on, with what it runs;
        a shell has what it starts in the background ignore SIGINT."""
        child = self.start(HANG, IGNORE + RUN)
        child.send_signal(signal.SIGHUP)
        child.send_signal(signal.SIGINT)
        with self.assertRaises(subprocess.TimeoutExpired):
            child.wait(1)
        child.send_signal(signal.SIGTERM)
        child.wait(30)
        self.assertEqual(self.processes(), [])
        self.assertNothingLeft()

    def test_killed(self):
        with self.start(HANG) as child:
            child.kill()
            child.wait(30)
            self.assertEnds()
        self.assertEqual(self.mounts(), [])

    def assertEnds(self):
        end = time.monotonic() + 30
        while self.processes() and time.monotonic() < end:
            time.sleep(0.05)
        self.assertEqual(self.processes(), [])

    def processes(self):
        """The command lines of all that were started for this test."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = path.read_bytes()
            except OSError:              # it has just ended
                continue
            if os.fsencode(str(self.dir)) in line:
                found.append(line)
        return found

    def mounts(self):
        """What is mounted below this test's own directory.  (Blanks in
        names are octal there.)"""
        return [line for line in Path("/proc/self/mounts").read_text()
                .splitlines() if str(self.dir) in line.split()[1]]

    def assertNothingLeft(self):
        self.assertEqual(self.mounts(), [])
        self.assertEqual({path.name for path in self.dir.iterdir()},
                         {"release", "release.tar.gz", "a place"})


@unittest.skipIf(UNAVAILABLE, f"a chroot {UNAVAILABLE}")
class ArchiveTest(unittest.TestCase):
    """With debootstrap, and a mirror at which nobody answers."""

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(unittest.mock.patch.dict(
            os.environ, XDG_CACHE_HOME=str(self.dir)))
        self.cached = self.dir / "cpython-standalone" / "chroots" / (
            f"trixie-{os.uname().machine}.tar.gz")
        self.log = self.dir / "logs" / "log"

    def archive(self, mirrors):
        return chroots.archive("trixie", mirrors, self.log)

    def unreachable(self):
        return [f"http://127.0.0.1:{closed_port()}/debian"]

    def test_no_mirror(self):
        self.assertIsNone(self.archive([]))
        self.assertIn("names no mirror", self.log.read_text())

    def test_unreachable(self):
        self.assertIsNone(self.archive(self.unreachable()))
        self.assertRegex(self.log.read_text(), r"(?m)^E: .*Release")
        self.assertEqual(list(self.cached.parent.iterdir()), [])

    def test_from_the_cache(self):
        self.cached.parent.mkdir(parents=True)
        self.cached.write_text("as it was")
        self.assertEqual(self.archive(self.unreachable()), self.cached)
        self.assertFalse(self.log.exists())

    def test_an_old_one_is_better_than_none(self):
        self.cached.parent.mkdir(parents=True)
        self.cached.write_text("as it was")
        os.utime(self.cached, (0, 0))
        self.assertEqual(self.archive(self.unreachable()), self.cached)
        self.assertTrue(self.log.exists())


class ChrootsTest(unittest.TestCase):

    def test_nobody_but_root(self):
        if os.geteuid():
            self.assertEqual(UNAVAILABLE, "needs root")
        else:
            self.assertNotEqual(UNAVAILABLE, "needs root")

    def test_names(self):
        names = [chroot.name for chroot in chroots.CHROOTS]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual({chroot.suite for chroot in chroots.CHROOTS},
                         {"trixie", "bullseye"})


if __name__ == "__main__":
    unittest.main()
