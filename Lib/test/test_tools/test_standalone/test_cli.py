"""Test the command line: requests, stages, the overlay, help."""

import json
import os
import re
import sys
import unittest

from standalone.core import options
from standalone.core.layout import ROOT
from standalone.cpython import overlay, purposes
from standalone.platforms import targets
from standalone.toolchain import compilers

from .command_line import CAN_MOUNT, VERSION, CliTest, unshare
from .trees import request

READ_ONLY = 'mount -t tmpfs -o ro none "$1" && shift && exec "$@"'


class RequestTest(CliTest):
    """Refused before anything is written or downloaded."""

    def refused(self, *argv, says):
        text = self.assertFails(self.build(*argv), 2, *says)
        self.assertTrue(text.startswith("standalone: error: "), text)
        self.assertUntouched()

    def test_unknown_names(self):
        self.refused("--target=vax", says=["'vax'", *targets.PLATFORMS])
        self.refused("--toolchain=tcc", says=["'tcc'", *compilers.TOOLCHAINS])
        for wrong in "bolt", "+", "lto+bolt", "bolt+gpl", "lto gpl", "lto+":
            [unknown, *_] = sorted({*wrong.split("+")} - {*options.WORDS})
            self.refused(f"--options={wrong}",
                         says=[f"OPTIONS {unknown!r}", *options.PUBLIC])
        self.refused("--options=debug+gpl+lto",
                     says=["OPTIONS=debug+gpl+lto", "lto and debug"])
        self.refused("--options=lto", "--toolchain=gcc",
                     says=["OPTIONS=lto", "gcc", "TOOLCHAIN=zig"])
        self.refused("--options=gpl+lto", "--toolchain=gcc",
                     says=["OPTIONS=lto", "gcc", "TOOLCHAIN=zig"])
        self.refused("--options=pgo", "--toolchain=gcc",
                     says=["OPTIONS=pgo", "gcc", "TOOLCHAIN=zig"])

    def test_options_in_one_order(self):
        for text, flavour, gpl in (
                ("noopt", "noopt", False), ("lto", "lto", False),
                ("gpl", "pgo+lto", True), ("gpl+debug", "debug", True),
                ("lto+gpl", "lto", True)):
            asked = request(self.checkout, self.out,
                            options=str(options.Options.parse(text)))
            self.assertEqual(
                (options.Options.parse(asked.options).flavour, asked.gpl),
                (flavour, gpl))
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
        old = self.tree("old", "3.11.15")
        self.refused(f"--cpython={old}", says=["3.11.15", "too old", "3.12"])
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
        for words in (["TARGET=vax"], ["OPTIONS=bolt", "JOBS=2"]):
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
        parameters = {"toolchain": "gcc", "options": "pgo+lto"}
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
                         "OPTIONS=pgo+lto")
        parameters.update(options="pgo+lto")
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


class OverlayTest(CliTest):

    def overlay(self, *argv):
        return self.run_in([sys.executable, self.checkout / "Tools/standalone",
                            "overlay", *argv])

    def test_check_apply_diff(self):
        tree = self.tree()
        diff = self.overlay("diff", tree).stdout
        *edits, state = self.overlay("check", tree).stdout.splitlines()
        self.assertEqual(state, "not applied, but applicable")
        self.assertEqual(edits, purposes.listing(tree))
        *applied, summary = self.overlay(
            "apply", "-v", tree).stdout.splitlines()
        self.assertIn("Makefile.standalone", applied)
        self.assertEqual(self.overlay("check", tree).stdout.splitlines(),
                         [*edits, "applied"])
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
        for action in (["apply", tree], ["check", tree], ["diff", tree],
                       ["series", tree, self.dir / "patches"]):
            self.assertFails(self.overlay(*action), 2, "configure.ac",
                             "the .so ABI tag", "overlay.toml")
        self.assertFalse((self.dir / "patches").exists())
        self.assertEqual({path: path.lstat().st_mtime_ns
                          for path in tree.rglob("*")}, before)
        self.assertEqual(self.overlay("apply").returncode, 2)
        self.assertEqual(self.overlay("unknown", tree).returncode, 2)
        self.assertFails(self.overlay("series", tree), 2, "TREE and DIR")
        self.assertFails(self.overlay("apply", tree, self.dir), 2,
                         "only TREE")

    def test_series(self):
        tree = self.tree()
        out = self.dir / "patches"
        done = self.overlay("series", tree, out)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout.splitlines(),
                         sorted(map(str, out.iterdir())))
        before = {path: path.read_bytes() for path in out.iterdir()}
        self.assertFails(self.overlay("series", tree, out), 2,
                         f"{out} is not empty")
        self.assertEqual({path: path.read_bytes() for path in out.iterdir()},
                         before)

    def test_unknown_version(self):
        tree = self.tree(version="3.99.0a1")
        done = self.overlay("check", tree)
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"\Astandalone: warning: CPython "
                         r"3\.99\.0a1 is newer than 3\.\d+, .*\n\Z")
        self.assertIn("not needed from 3.14 on", done.stdout)


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
