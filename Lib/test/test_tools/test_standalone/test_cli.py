"""Tests of the command line: bad input, and how far good input gets.

All is run for real from a copy of the checkout whose path has a space and
an umlaut in it.  Its pins.toml names small archives on a server of ours;
nothing else of the network can be reached.  So everything happens that
`make standalone` does, up to the first stage, for which there is no zig.
"""

import contextlib
import ensurepip
import fcntl
import glob
import hashlib
import http.server
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

from standalone import recipes
from standalone.core import options
from standalone.core.layout import ROOT
from standalone.cpython import overlay
from standalone.platforms import targets
from standalone.toolchain import compilers

from . import children, loopback
from .trees import request, small_tree

PIPS = sorted((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*"))
VERSION = "3.13.99"
# As the user of this test sees it, with a disk of that many bytes.
SMALL_DISK = 'mount -t tmpfs -o size=$0 none "$1" && shift && exec "$@"'
READ_ONLY = 'mount -t tmpfs -o ro none "$1" && shift && exec "$@"'


def unshare(script, *argv):
    """*argv* in a mount namespace of its own, after *script*."""
    return ["unshare", "-rm", "sh", "-c", script, *map(str, argv)]


def can_mount():
    with tempfile.TemporaryDirectory() as name, contextlib.suppress(OSError):
        return not children.run(unshare(SMALL_DISK, 65536, name, "true"),
                                stderr=subprocess.DEVNULL).returncode
    return False


CAN_MOUNT = can_mount()


def closed_port():
    """A port of the loopback interface at which nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        return unused.getsockname()[1]


def archive(tree, *members):
    """A .tar.gz of *tree*, and of empty files with odd names."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        tar.add(tree, "Python")
        for name in members:
            tar.addfile(tarfile.TarInfo(name))
    return data.getvalue()


class Handler(http.server.BaseHTTPRequestHandler):

    def do_GET(self):
        data, mode = self.server.data, self.server.mode
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if mode == "tampered":
            data = data[:-1] + b"?"
        elif mode in ("truncated", "stalled"):
            data = data[:len(data) // 2]
        self.wfile.write(data)
        if mode == "stalled":
            self.wfile.flush()
            self.server.stalled.set()
            self.server.released.wait(60)

    def log_message(self, *args):
        pass


class CliTest(unittest.TestCase):

    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.checkout = self.dir / "ein Prüfling"
        self.out = self.dir / "out"
        self.cache = self.dir / "cache"
        for path in [*overlay.files(), Path("Makefile"),
                     Path("configure.ac")]:
            if (ROOT / path).exists() and "elf_samples" not in path.parts:
                (self.checkout / path).parent.mkdir(parents=True,
                                                    exist_ok=True)
                shutil.copy(ROOT / path, self.checkout / path)
        self.nowhere = f"http://127.0.0.1:{closed_port()}/"
        self.env = {
            "PATH": os.defpath, "HOME": str(self.dir / "home"),
            "XDG_CACHE_HOME": str(self.cache),
            "PYTHONPATH": str(self.checkout / "Tools"),
            "PYTHONDONTWRITEBYTECODE": "1", "PYTHON3": sys.executable,
            "http_proxy": self.nowhere, "https_proxy": self.nowhere,
            "no_proxy": "127.0.0.1", "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": self.nowhere}

    def tree(self, name="ein Baum, größer", version=VERSION):
        return small_tree(self.dir / name, version)

    def command(self, *argv):
        return [sys.executable, "-m", "standalone", *map(str, argv)]

    def run_in(self, argv, cwd=None):
        return children.run([*map(str, argv)], cwd=cwd or self.dir,
                            env=self.env, text=True, capture_output=True,
                            timeout=60)

    def build(self, *argv, command="build"):
        return self.run_in(self.command(command, f"--out={self.out}", *argv))

    def make(self, *argv, file="Makefile.standalone"):
        return self.run_in(["make", "-f", file, *argv], self.checkout)

    def assertFails(self, done, code, *words):
        """One clear line, a hint, nothing of Python's; the error."""
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        errors = [line for line in done.stderr.splitlines()
                  if line.startswith("standalone: error: ")]
        self.assertEqual(len(errors), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        return done.stderr

    def assertUntouched(self):
        self.assertFalse(self.out.exists())
        self.assertFalse(self.cache.exists())


class RequestTest(CliTest):
    """Refused before anything is written or downloaded."""

    def refused(self, *argv, says):
        text = self.assertFails(self.build(*argv), 2, *says)
        self.assertTrue(text.startswith("standalone: error: "), text)
        self.assertUntouched()

    def test_unknown_names(self):
        self.refused("--target=vax", says=["'vax'", *targets.PLATFORMS])
        self.refused("--toolchain=tcc", says=["'tcc'", *compilers.TOOLCHAINS])
        for wrong in "pgo", "", "lto+pgo", "pgo+gpl", "lto gpl", "lto+":
            unknown = wrong.removeprefix("lto+").removesuffix("+gpl")
            self.refused(f"--options={wrong}",
                         says=[f"OPTIONS {unknown!r}", *options.WORDS])
        self.refused("--options=debug+gpl+lto",
                     says=["OPTIONS=debug+gpl+lto", "lto and debug"])
        self.refused("--options=lto", "--toolchain=gcc",
                     says=["OPTIONS=lto", "gcc", "TOOLCHAIN=zig"])
        self.refused("--options=gpl+lto", "--toolchain=gcc",
                     says=["OPTIONS=lto", "gcc", "TOOLCHAIN=zig"])

    def test_options_in_one_order(self):
        for text, flavour, gpl in (
                ("noopt", "noopt", False), ("lto", "lto", False),
                ("gpl", "noopt", True), ("gpl+debug", "debug", True),
                ("lto+gpl", "lto", True)):
            asked = request(self.checkout, self.out,
                            options=str(options.Options.parse(text)))
            self.assertEqual((asked.flavour, asked.gpl), (flavour, gpl))
            self.assertEqual(asked.options,
                             f"{flavour}+gpl" if gpl else flavour)

    def test_target_of_another_machine(self):
        for triple, platform in targets.PLATFORMS.items():
            if not targets.runs_here(platform):
                self.refused(f"--target={triple}",
                             says=[triple, os.uname().machine])

    def test_jobs(self):
        for jobs in "0", "-1", "two", "1.5", "9" * 5000:
            self.refused(f"--jobs={jobs}", says=[f"JOBS={jobs[:30]}"])

    def test_cpython(self):
        self.refused("--cpython=3.13.98",
                     says=["3.13.98", "not pinned", "3.13.15", "3.13.5"])
        self.refused("--cpython=master", says=["CPYTHON=master", "3.13.15"])
        (self.dir / "file").write_text("")
        self.refused(f"--cpython={self.dir / 'file'}", says=["3.13.15"])
        self.refused(f"--cpython={self.checkout / 'Tools'}",
                     says=["not a CPython tree", "Include/patchlevel.h"])
        old = self.tree("old", "3.12.13")
        self.refused(f"--cpython={old}", says=["3.12.13", "too old", "3.13"])
        (old / "Include/patchlevel.h").write_bytes(b"\xff\n")
        self.refused(f"--cpython={old}",
                     says=["not a CPython tree", "no PY_VERSION"])

    def test_names_that_no_system_takes(self):
        name = "x" * 5000
        for option in "--cpython", "--sources":
            self.refused(f"{option}={name}", says=["File name too long: x"])
        for argv in (["overlay", "apply", name], ["stage", name],
                     ["index", name], ["sign", f"--out={name}"],
                     ["build", f"--out={name}"],
                     ["stage", "source", f"--work={name}"]):
            self.assertFails(self.run_in(self.command(*argv)), 2)

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_what_may_not_be_read(self):
        tree = self.tree()
        tree.chmod(0)
        self.addCleanup(tree.chmod, 0o755)
        self.refused(f"--cpython={tree}", says=["Permission denied"])

    def test_sums_that_are_none(self):
        self.out.mkdir()
        (self.out / "SHA256SUMS").write_bytes(b"\xff")
        self.assertFails(self.build(command="sign"), 2, "nothing to sign")
        self.assertFails(self.run_in(self.command("index", self.out)), 2,
                         "cannot read its SHA256SUMS")

    def test_sources(self):
        self.refused("--sources=nowhere", says=["SOURCES=nowhere"])

    def test_through_make(self):
        for words in (["TARGET=vax"], ["OPTIONS=pgo", "JOBS=2"]):
            done = self.make("standalone", *words, f"OUT={self.out}")
            self.assertFails(done, 2, "Error 2", words[0].partition("=")[2])
            self.assertUntouched()

    def test_unwritable_out(self):
        (self.dir / "file").write_text("")
        self.env["XDG_CACHE_HOME"] = str(self.dir / "file" / "cache")
        for out in ("/proc/out", self.dir / "file", self.dir / "file/x y"):
            self.out = out
            self.assertFails(self.build(), 2, f"OUT={out}", "OUT=DIR")

    @unittest.skipUnless(CAN_MOUNT, "may not mount")
    def test_read_only_out(self):
        self.out.mkdir()
        done = self.run_in(unshare(READ_ONLY, "", self.out, *self.command(
            "build", f"--out={self.out}")))
        self.assertFails(done, 2, "Read-only file system")

    def test_archives_of_another_toolchain(self):
        """What is there already is not replaced without a word."""
        self.out.mkdir()
        tree = self.tree()
        parameters = {"toolchain": "gcc", "options": "noopt"}
        document = {"predicate": {
            "buildDefinition": {"externalParameters": parameters}}}
        name = f"python-{VERSION}-{targets.host().triple}"
        path = self.out / f"{name}.provenance.json"
        path.write_text(json.dumps(document))
        argv = f"--cpython={tree}", f"--sources={self.dir}"
        self.assertFails(self.build(*argv), 2, str(self.out), name,
                         "TOOLCHAIN=gcc", "TOOLCHAIN=zig", "OUT=DIR")
        self.assertFalse(self.cache.exists())
        # A build with other words in its name is none of its business.
        self.assertFails(self.build(*argv, "--options=lto"), 3)
        parameters.update(toolchain="zig", options="lto")
        path.write_text(json.dumps(document))
        self.assertFails(self.build(*argv), 2, "OPTIONS=lto",
                         "OPTIONS=noopt")
        parameters.update(options="noopt")
        path.write_text(json.dumps(document))
        self.assertFails(self.build(*argv), 3)
        path.write_text("[]")
        self.assertFails(self.build(*argv), 3)

    def test_no_command(self):
        for argv in [], ["unknown"], ["build", "--unknown"]:
            done = self.run_in(self.command(*argv))
            self.assertEqual(done.returncode, 2)
            self.assertIn("usage: ", done.stderr)


class StageTest(CliTest):
    """The command that the graph calls, called by a person."""

    def stage(self, *argv, work=None):
        return self.run_in(self.command(
            "stage", *argv, f"--work={work or self.out / 'work'}"))

    def plan(self):
        """What front.py leaves for the stages, but for the packages."""
        self.run_in([sys.executable, "-c", (
            "import sys\nfrom standalone.pipeline import plan\n"
            "from standalone import request as config\n"
            "plan.write(config.check(config.Config(*sys.argv[1:3], 'zig',"
            " 'noopt', None, sys.argv[3], 1)))\n"),
            self.tree(), targets.host().triple, self.out])

    def test_no_plan(self):
        (self.dir / "plan").mkdir()
        for work in self.dir, self.dir / "missing":
            self.assertFails(self.stage("source", work=work), 2,
                             f"{work} does not contain a planned build\n",
                             "--work")
        for text in "{", "[]", '{"cpython": "3.13.15"}':
            (self.dir / "plan/config.json").write_text(text)
            self.assertFails(self.stage("source", work=self.dir), 2,
                             f"{self.dir} does not contain a planned build\n")

    def test_here(self):
        """Nothing is written to a directory that is not for building."""
        done = self.run_in(self.command("stage", "source"))
        self.assertFails(done, 2,
                         f"{self.dir} does not contain a planned build\n")
        self.assertFalse((self.dir / "failed").exists())

    def test_unknown_names(self):
        self.plan()
        for argv in (["nothing"], ["deps", "nothing"], ["deps"],
                     ["deps-zlib"], ["source", "zlib"], ["../config"]):
            text = self.assertFails(self.stage(*argv), 2,
                                    f"no stage {' '.join(argv)!r}\n")
            for name in "toolchain", "deps zlib", "source", "archive":
                self.assertRegex(text, rf"\s{name}\b")

    def test_no_packages(self):
        self.plan()
        self.assertFails(self.stage("source"), 2, "work/host is missing",
                         "make standalone")


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
            return (f'[{name}]\n{facts}[{above}]\nversion = "{VERSION}"\n'
                    + text)
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
        text = self.assertFails(self.fetch(), 3, "cannot fetch cpython",
                                "https://www.python.org/", "SOURCES=DIR",
                                "Python-3.13.15.tar.xz  sha256 1e66a7945a")
        self.assertIn("Connection refused", text)
        self.assertNothingKept()

    def test_unreachable_for_a_tree(self):
        shutil.copy(ROOT / "Tools/standalone/sources/pins.toml",
                    self.checkout / "Tools/standalone/sources/pins.toml")
        text = self.assertFails(self.fetch(f"--cpython={self.tree()}"), 3,
                                "SOURCES=DIR")
        for name, recipe in recipes.load().items():
            if recipe.gpl:
                self.assertNotRegex(text, rf"(?m)^  {name} \d")
            elif name not in ("expat", "mpdecimal", "zstd"):
                self.assertRegex(text, rf"(?m)^  {name} \d")
        self.assertNothingKept()

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


class OverlayTest(CliTest):

    def overlay(self, *argv):
        return self.run_in([sys.executable, self.checkout / "Tools/standalone",
                            "overlay", *argv])

    def test_check_apply_diff(self):
        tree = self.tree()
        diff = self.overlay("diff", tree).stdout
        self.assertEqual(self.overlay("check", tree).stdout,
                         "not applied, but applicable\n")
        *applied, summary = self.overlay(
            "apply", "-v", tree).stdout.splitlines()
        self.assertIn("Makefile.standalone", applied)
        self.assertEqual(self.overlay("check", tree).stdout, "applied\n")
        edited = {edit.file for edit in overlay.edits()
                  if edit.fits((3, 13))}
        self.assertEqual(
            summary, f"{tree}: files added or replaced: "
                     f"{len(applied) - len(edited)}, "
                     f"CPython's files edited: {len(edited)}")
        self.assertEqual(
            sorted(applied),
            sorted(re.findall(r"(?m)^diff --git a/.* b/(.*)$", diff)))

    def test_apply_prints_one_line(self):
        tree = self.tree()
        text = self.overlay("apply", tree).stdout
        self.assertEqual(text.count("\n"), 1, text)
        (tree / "Makefile.standalone").unlink()
        self.assertEqual(
            self.overlay("apply", tree).stdout,
            f"{tree}: files added or replaced: 1, "
            "CPython's files edited: 0\n")
        self.assertEqual(self.overlay("apply", "--verbose", tree).stdout,
                         f"{tree}: nothing to do\n")

    def test_an_overlaid_tree_builds_itself(self):
        tree = self.tree()
        self.overlay("apply", tree)
        done = self.run_in(["make", "-f", "Makefile.standalone",
                            "standalone-fetch"], tree)
        self.assertFails(done, 2, "Error 3", "SOURCES=DIR")
        self.assertNotIn("cpython", done.stderr.partition("hint")[0]
                         .partition("\n")[0])
        self.assertTrue((tree / "dist").is_dir())

    def test_errors(self):
        self.assertFails(self.overlay("apply", self.dir), 2,
                         "not a CPython tree")
        tree = self.tree()
        (tree / "configure.ac").write_text("other\n")
        before = {path: path.lstat().st_mtime_ns for path in tree.rglob("*")}
        for action in "apply", "check", "diff":
            self.assertFails(self.overlay(action, tree), 2, "configure.ac",
                             "--with-pydebug", "overlay.toml")
        self.assertEqual({path: path.lstat().st_mtime_ns
                          for path in tree.rglob("*")}, before)
        self.assertEqual(self.overlay("apply").returncode, 2)
        self.assertEqual(self.overlay("unknown", tree).returncode, 2)


class HelpTest(CliTest):

    def assertHelps(self, done):
        self.assertEqual(done.returncode, 0, done.stderr)
        for variable in ("CPYTHON", "TARGET", "TOOLCHAIN", "OPTIONS",
                         "SOURCES", "OUT", "JOBS"):
            self.assertRegex(done.stdout, rf"(?m)^  {variable} ")
        self.assertIn("standalone-fetch", done.stdout)

    def test_help(self):
        self.assertHelps(self.make("standalone-help"))
        self.assertHelps(self.run_in(
            ["make", "-f", self.checkout / "Makefile.standalone",
             "standalone-help"], "/"))

    @unittest.skipIf((ROOT / "Include").exists(), "a CPython's own Makefile")
    def test_front_door(self):
        self.assertHelps(self.make("help", file="Makefile"))
        self.assertHelps(self.make(file="Makefile"))
        done = self.make("standalone", "TARGET=vax", f"OUT={self.out}",
                         file="Makefile")
        self.assertFails(done, 2, "'vax'")
        self.assertUntouched()


if __name__ == "__main__":
    unittest.main()
