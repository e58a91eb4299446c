"""Each rule of rules.py, broken by a real file in an otherwise good tree.

The good tree is checked with the real policy.toml.
"""

import contextlib
import io
import os
import py_compile
import shutil
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

from standalone.core.errors import UsageError, ValidationError
from standalone.platforms import targets
from standalone.validate import policy, stage as validate

from .trees import archive_of

SAMPLES = Path(__file__).parent / "elf_samples"
STDLIB = "lib/python3.13"
DYNLOAD = f"{STDLIB}/lib-dynload"
SAMPLE = f"{DYNLOAD}/sample.cpython-313-x86_64-linux-gnu.so"
SYSCONFIG = f"{STDLIB}/_sysconfigdata__linux_x86_64-linux-gnu.py"
MAKEFILE = f"{STDLIB}/config-3.13-x86_64-linux-gnu/Makefile"
RUNTIME_TEST = f"{STDLIB}/test/test_standalone_runtime/test_metadata.py"
PLATFORM = targets.find("x86_64-unknown-linux-gnu")
BUILD = "/home/bürger/build dir"
EXPECTED = validate.Expectations(
    platform=PLATFORM, python="3.13", forbidden=(BUILD.encode(),),
    modules={"sample": "shared", "hidden": "builtin"},
    components=frozenset({"cpython", "pip", "ncurses"}),
    declared=frozenset({"Py_BytesMain"}), stable_abi=frozenset())
VARIABLES = {
    "CC": "cc -pthread", "CXX": "c++ -pthread", "AR": "ar",
    "LDSHARED": "cc -pthread -shared", "BLDSHARED": "cc -shared",
    "LDCXXSHARED": "c++ -shared", "LINKCC": "cc", "SIZEOF_INT": 4,
    "LIBDIR": "/install/lib", "CFLAGS": "-O3 -Wall -Wsign-compare"}


class Case(unittest.TestCase):

    def setUp(self):
        # The umask decides over the modes that are checked.
        self.addCleanup(os.umask, os.umask(0o022))
        directory = self.enterContext(tempfile.TemporaryDirectory())
        self.tree = Path(directory, "a tree")
        self.policy = policy.load()
        self.sample("bin/python3.13", "builtin", mode=0o755)
        self.link("bin/python3", "python3.13")
        self.link("bin/python", "python3")
        self.sample("lib/libpython3.13.so.1.0", "hardened.so")
        self.sample(SAMPLE, "clean.so")
        self.sample(f"{DYNLOAD}/_ctypes_test.cpython-313.so", "exports.so")
        self.write(f"{STDLIB}/os.py", "#!/usr/bin/env python3\n")
        # Everything that policy.toml excuses.
        self.write(MAKEFILE, "prefix=/install\n")
        self.write(f"{STDLIB}/_standalone_runtime/build.py", "'/install'\n")
        self.write(RUNTIME_TEST, "PREFIX = '/install'\n")
        self.sysconfig()

    def write(self, name, text, mode=0o644):
        path = self.tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    def sample(self, name, sample, mode=0o644):
        path = self.write(name, "", mode)
        shutil.copyfile(SAMPLES / sample, path)

    def link(self, name, target):
        (self.tree / name).symlink_to(target)

    def sysconfig(self, **variables):
        self.write(SYSCONFIG, "# system configuration\nbuild_time_vars = "
                              f"{VARIABLES | variables!r}\n")

    def check(self, expected=EXPECTED, **libraries):
        return validate.check(self.tree, self.policy, expected, **libraries)

    def assert_broken(self, *broken, expected=EXPECTED, **libraries):
        """Exactly these: (path, rule, a part of the detail)."""
        findings = self.check(expected, **libraries)
        self.assertEqual([(f.path, f.rule) for f in findings],
                         [(path, rule) for path, rule, _ in broken],
                         findings)
        for finding, (_, _, part) in zip(findings, broken, strict=True):
            self.assertIn(part, finding.detail)


class WholeTree(Case):

    def test_good_tree(self):
        self.assertEqual(self.check(), [])
        validate.validate(self.tree, self.policy, EXPECTED)

    def test_all_findings_are_printed_before_it_fails(self):
        self.link("lib/z", "nowhere")
        self.link("bin/a", "/bin/sh")
        output = io.StringIO()
        with (contextlib.redirect_stdout(output),
              self.assertRaisesRegex(ValidationError, "2 findings") as caught):
            validate.validate(self.tree, self.policy, EXPECTED)
        self.assertEqual(caught.exception.exit_code, 5)
        self.assertEqual(output.getvalue(),
                         "bin/a: links: -> /bin/sh is absolute\n"
                         "lib/z: links: -> nowhere does not exist\n")

    def test_empty_tree(self):
        empty = self.tree / "lib/empty"
        empty.mkdir()
        found = validate.check(empty, self.policy, EXPECTED)
        self.assertEqual({finding.rule for finding in found},
                         {"present", "modules", "exceptions"})

    def test_links(self):
        (self.tree.parent / "outside").touch()
        self.link("lib/absolute", str(self.tree / "bin"))
        self.link("lib/away", "../../outside")
        self.link("lib/back", f"../../{self.tree.name}/bin")
        self.link("lib/dangling", "libnone.so")
        self.link("lib/good", "../bin")
        self.link("lib/loop", "loop")
        self.assert_broken(("lib/absolute", "links", "absolute"),
                           ("lib/away", "links", "leaves"),
                           ("lib/back", "links", "leaves"),
                           ("lib/dangling", "links", "not exist"),
                           ("lib/loop", "links", "not exist"))

    def test_modes(self):
        self.write("bin/2to3", "#!/bin/sh\n", 0o644)
        self.write("lib/group", "", 0o664)
        self.write("lib/setuid", "", 0o4755)
        os.mkfifo(self.tree / "lib/pipe", 0o600)
        (self.tree / "lib").chmod(0o777)
        self.assert_broken(("bin/2to3", "modes", "not executable"),
                           ("lib", "modes", "writable by users"),
                           ("lib/group", "modes", "writable by users"),
                           ("lib/pipe", "modes", "not a file"),
                           ("lib/setuid", "modes", "setuid"))

    def test_case(self):
        """Files, directories and links, at any depth."""
        self.write("share/x/e/name", "")
        self.write("share/x/E/other", "")
        self.write("share/x/f/straße", "")
        self.write("share/x/f/STRASSE", "")
        self.link("share/x/e/Name", "name")
        self.link("share/x/g", "f")
        self.assert_broken(
            ("share/x/e", "case", "differs only by case from E"),
            ("share/x/e/name", "case", "differs only by case from Name"),
            ("share/x/f/straße", "case", "differs only by case from STRASSE"))

    def test_two_programs(self):
        self.sample("bin/python3.14", "builtin", mode=0o755)
        (self.tree / "bin/python").unlink()
        self.link("bin/python", "python3.14")
        self.assert_broken(("bin/python", "programs",
                            "bin/python3.14, but bin/python3 leads to "
                            "bin/python3.13"))

    def test_no_program(self):
        (self.tree / "bin/python3").unlink()
        self.write("bin/python3", "#!/bin/sh\n", 0o755)
        self.assert_broken(
            ("bin/python", "programs", "bin/python3, which is not a program"),
            ("bin/python3", "programs", "bin/python3, which is not a program"))

    def test_modules(self):
        expected = replace(EXPECTED, modules={
            "absent": "shared", "other": "shared", "sample": "builtin"})
        self.sample(f"{DYNLOAD}/other.cpython-313.so", "clean.so")
        # libpython would define it: leave sample to lib-dynload alone.
        self.sample("lib/libpython3.13.so.1.0", "builtin")
        self.assert_broken(
            ("lib", "modules", "PyInit_sample"),
            ("lib/python3.13*/lib-dynload/absent.*.so", "modules",
             "missing"),
            (f"{DYNLOAD}/other.cpython-313.so", "modules",
             "PyInit_other"), expected=expected)

    def test_owner_without_licence(self):
        self.write("share/terminfo/x/xterm", "")
        self.write("share/terminfo/v/vt100", "")
        self.assert_broken(
            ("share/terminfo/v/vt100", "owners",
             "ncurses, which has no licence (2 files)"),
            expected=replace(EXPECTED,
                             components=frozenset({"cpython"})))

    def test_no_owner(self):
        self.policy = replace(self.policy, owners={"lib/*": "cpython"})
        self.assert_broken(("bin/python", "owners", "no component"),
                           ("bin/python3", "owners", "no component"),
                           ("bin/python3.13", "owners", "no component"))

    def test_stale_exception(self):
        (self.tree / MAKEFILE).write_text("prefix=..\n")
        self.assert_broken(("lib/python3.*/config-3.*/Makefile",
                            "exceptions", "stale"))


class Elf(Case):

    def test_one_rule_broken_by_each_sample(self):
        for sample, rule, detail in (
                ("lazy.so", "bind-now", "now"),
                ("lazy.so", "relro", "relro"),
                ("nopie", "pie", "position"),
                ("new_glibc.so", "versions", "GLIBC_2.34 of libc.so.6"),
                ("private.so", "versions", "GLIBC_PRIVATE"),
                ("private.so", "needed", "libsecret.so.6"),
                ("rpath.so", "rpath", "RPATH $ORIGIN"),
                ("runpath.so", "rpath", "RUNPATH /opt/lib"),
                ("runpath.so", "rpath", "RUNPATH $ORIGIN/../../../.."),
                ("exports.so", "exports", "deflate inflate"),
                ("execstack.so", "exec-stack", "stack"),
                ("wx.so", "write-execute", "writable and executable"),
                ("noteless.o", "exec-stack", "executable stack"),
                ("plain.o", "shadow-stack", "shadow stack"),
                ("textrel.so", "textrel", "text"),
                ("v3.so", "cpu-level", "x86-64-v3"),
                ("aarch64.so", "machine", "EM_AARCH64")):
            with self.subTest(sample=sample, detail=detail):
                self.sample("lib/a/b/sample.so", sample)
                found = self.check()
                # No sample breaks a rule it was not made to break.
                self.assertLessEqual(len(found), 2, found)
                self.assertTrue(any(
                    finding.rule == rule and detail in finding.detail
                    and finding.path == "lib/a/b/sample.so"
                    for finding in found), found)

    def test_allowed(self):
        for name in "clean", "clean.so", "debug.so", "object.o", "builtin":
            self.sample(f"lib/{name}", name)
        self.assertEqual(self.check(), [])

    def test_what_one_library_exports_is_its_own(self):
        self.sample("lib/libtk8.6.so", "exports.so")
        self.assertIn("deflate inflate", [
            finding.detail for finding in self.check()
            if finding.rule == "exports"])
        self.policy = replace(self.policy, exports={
            "lib/libtk8.6.so": ("deflate", "inf*")})
        self.assertNotIn("exports",
                         {finding.rule for finding in self.check()})
        self.sample("lib/libother.so", "exports.so")
        self.assertIn(("lib/libother.so", "exports"), [
            (finding.path, finding.rule) for finding in self.check()])

    def test_not_hardened(self):
        library = "lib/libpython3.13.so.1.0"
        self.sample(library, "clean.so")
        self.assert_broken((library, "fortify", "_FORTIFY_SOURCE"),
                           (library, "shadow-stack", "shadow stack"),
                           (library, "stack-protector", "-fstack-protector"))

    def test_shadow_stack_is_of_x86_alone(self):
        self.sample("lib/libpython3.14.so.1.0", "aarch64.so")
        self.assertNotIn("shadow-stack",
                         {finding.rule for finding in self.check()})

    def test_stable_abi(self):
        expected = replace(EXPECTED, stable_abi=frozenset({
            "PyInit_sample", "Py_Nowhere"}))
        self.assert_broken(
            ("bin/python3.13", "api",
             "does not export PyInit_sample Py_Nowhere"),
            ("lib/libpython3.13.so.1.0", "api",
             "does not export Py_Nowhere"), expected=expected)

    def test_declared_and_compiled(self):
        """The interpreter has this symbol, but for itself."""
        expected = replace(EXPECTED, declared=frozenset({
            "PyInit_hidden", "Py_OfAnotherPlatform"}))
        self.assert_broken(
            ("bin/python3.13", "api", "does not export PyInit_hidden"),
            expected=expected)
        self.policy = replace(self.policy, hidden=("PyInit_hidden",))
        self.assertEqual(self.check(expected), [])

    def test_what_is_declared_may_be_exported(self):
        self.sample(SAMPLE, "exports.so")
        self.assert_broken((SAMPLE, "exports", "deflate inflate"))
        expected = replace(EXPECTED, declared=frozenset({"inflate"}))
        self.assert_broken((SAMPLE, "exports", "deflate"), expected=expected)

    def test_newer_target(self):
        self.sample("lib/new.so", "new_glibc.so")
        self.sample("lib/v3.so", "v3.so")
        newer = replace(PLATFORM,
                        arch=replace(PLATFORM.arch, level=3),
                        libc=replace(PLATFORM.libc, baseline=(2, 34)))
        self.assertEqual(self.check(replace(EXPECTED, platform=newer)), [])

    def test_origin_that_leaves_the_tree_from_here(self):
        # $ORIGIN/../lib
        self.sample("inside", "clean")
        self.assert_broken(("inside", "rpath", "$ORIGIN/../lib"))

    def test_damaged(self):
        data = (SAMPLES / "clean.so").read_bytes()
        (self.tree / "lib/cut.so").write_bytes(data[:1000])
        self.assert_broken(("lib/cut.so", "elf", "damaged"))


class Libraries(Case):
    """Members of static libraries, in the tree and beside it."""

    def archive(self, **members):
        return archive_of({
            name: (SAMPLES / sample).read_bytes()
            for name, sample in members.items()})

    def test_good(self):
        self.sample(f"{STDLIB}/config-3.13/libpython3.13.a", "library.a")
        self.assertEqual(self.check(libraries={
            "build/lib/libz.a": SAMPLES / "library.a"}), [])

    def test_members(self):
        library = self.tree.parent / "libz.a"
        library.write_bytes(self.archive(
            good="object.o", arm="aarch64.o", plain="plain.o",
            stack="noteless.o", level="v3.o"))
        self.assert_broken(
            ("build/lib/libz.a(arm)", "machine", "EM_AARCH64"),
            ("build/lib/libz.a(level)", "cpu-level", "x86-64-v3"),
            ("build/lib/libz.a(plain)", "shadow-stack", "shadow stack"),
            ("build/lib/libz.a(stack)", "exec-stack", "executable stack"),
            libraries={"build/lib/libz.a": library})
        self.assertFalse(library.is_relative_to(self.tree))

    def test_in_the_tree(self):
        (self.tree / "lib/libz.a").write_bytes(self.archive(
            plain="plain.o"))
        self.assert_broken(("lib/libz.a(plain)", "shadow-stack", ""))

    def test_build_path(self):
        library = self.tree.parent / "libz.a"
        library.write_bytes(archive_of({"a": f"{BUILD}/a.c".encode()}))
        self.assert_broken(("build/lib/libz.a", "build-path", BUILD[:5]),
                           libraries={"build/lib/libz.a": library})

    def test_damaged(self):
        data = self.archive(good="object.o")
        for damaged, name in ((data[:-9], "libz.a"),
                              (data.replace(b"\x7fELF\2", b"\x7fELF\7"),
                               "libz.a")):
            (self.tree / "lib/libz.a").write_bytes(damaged)
            self.assert_broken((f"lib/{name}", "elf", "damaged"))


class Files(Case):

    def test_build_path_anywhere(self):
        self.write("lib/text", f"see {BUILD}/x\nor {BUILD}/y\n")
        source = self.write(f"{STDLIB}/code.py", "pass\n")
        py_compile.compile(str(source), f"{self.tree}/lib/code.pyc",
                           dfile=f"{BUILD}/code.py", doraise=True)
        with (self.tree / SAMPLE).open("ab") as file:
            file.write(b"\0\0-I" + BUILD.encode() + b"/include\0")
        size = (SAMPLES / "clean.so").stat().st_size
        self.assert_broken(
            ("lib/code.pyc", "build-path", "build dir/code.py"),
            (SAMPLE, "build-path", f"1 times, first at byte {size + 4}"),
            ("lib/text", "build-path", "2 times, first at byte 4: see /home"))

    def test_placeholder(self):
        self.write("lib/cflags.pc", "Cflags: -I/install/include\n")
        self.write("lib/prefix.sh", "prefix=/install\n\n  '/install/lib'\n")
        self.write("lib/other.sh", "/installed $(x)/install ${y}/install "
                                   "https://example.org/install/ a/install\n")
        self.write("lib/binary", "\0/install/lib")
        self.assert_broken(
            ("lib/cflags.pc", "placeholder", "line 1: Cflags"),
            ("lib/prefix.sh", "placeholder", "line 1: prefix=/install"),
            ("lib/prefix.sh", "placeholder", "line 3: '/install/lib'"))

    def test_shebang(self):
        for name, line in (("a", "#!/usr/local/bin/python"),
                           ("b", "#! /opt/x/bin/python3.13 -I"),
                           ("c", "#!/bin/sh"),
                           ("d", "#!/usr/bin/env python3")):
            self.write(f"bin/{name}", f"{line}\n", 0o755)
        self.assert_broken(
            ("bin/a", "shebang", "/usr/local/bin/python"),
            ("bin/b", "shebang", "/opt/x/bin/python3.13"))

    def test_sysconfig_words(self):
        for value, word in (
                ("cc --sysroot=/s", "--sysroot"),
                ("'CFLAGS=-flto=thin -O2'", "-flto"),
                ("-Wl,--version-script=x.map", "-Wl,--version-script"),
                ("-target x86_64", "-target"),
                ("/opt/zig/zig cc", "/opt/zig/zig"),
                ("-ffile-prefix-map=a=b", "-ffile-prefix-map"),
                ("-fdebug-default-version=4", "-fdebug-default-version"),
                ("-fno-sanitize=undefined", "-fno-sanitize"),
                ("-fprofile-use=x", "-fprofile-use"),
                ("/usr/lib/llvm-19/bin/clang", "/usr/lib/llvm-19")):
            with self.subTest(value=value):
                self.sysconfig(CONFIG_ARGS=value)
                prefix = "CONFIG_ARGS contains "
                found = {f.detail.removeprefix(prefix)[:len(word)]
                         for f in self.check()}
                self.assertEqual(found, {word})

    def test_sysconfig_tools(self):
        self.sysconfig(CC="gcc", AR="/usr/bin/ar")
        self.assert_broken((SYSCONFIG, "sysconfig", "AR is '/usr/bin/ar'"),
                           (SYSCONFIG, "sysconfig", "CC is 'gcc'"))

    def test_sysconfig_path_in_two_literals(self):
        self.write(SYSCONFIG, f"# /install\nbuild_time_vars = {VARIABLES!r}"
                   .replace("'-O3", "'-I/home/bürger/build '\n'dir -O3"))
        self.assert_broken((SYSCONFIG, "sysconfig", "CFLAGS contains /home"))

    def test_sysconfig_no_literal(self):
        for text in ("build_time_vars = dict(CC='cc')  # /install\n",
                     "build_time_vars = {'CC': f()}  # /install\n",
                     "build_time_vars = {  # /install\n"):
            with self.subTest(text=text):
                self.write(SYSCONFIG, text)
                self.assert_broken((SYSCONFIG, "sysconfig",
                                     "not a plain dict"))


class PolicyFile(unittest.TestCase):

    def load(self, old, new):
        text = policy.POLICY_TOML.read_text(encoding="utf-8")
        self.assertIn(old, text)
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory, "policy.toml")
            path.write_text(text.replace(old, new, 1), encoding="utf-8")
            return policy.load(path)

    def test_refused(self):
        for old, new, message in (
                ("placeholder = ", "placeholders = ", "placeholders"),
                ('placeholder = "/install"', "", "placeholder is missing"),
                ('AR = ["ar"]', "AR = [1]", "is not a string"),
                ('rule = "exports"', 'rules = "exports"', "exception 1"),
                ('reason = "the', '# "the', "reason is missing"),
                ("needed = [", "needed = ", "policy.toml")):
            with (self.subTest(new=new),
                  self.assertRaisesRegex(UsageError, message)):
                self.load(old, new)


if __name__ == "__main__":
    unittest.main()
