"""Test the rules of validate that look at names, modes, links and texts."""

import contextlib
import io
import os
import py_compile
import unittest
from dataclasses import replace

from standalone.core.errors import ValidationError
from standalone.formats import elf
from standalone.formats.tree import UNIX
from standalone.validate import limits, rules, stage as validate
from standalone.validate.policy import RuleException

from .validating import (
    BUILD,
    DYNLOAD,
    EXPECTED,
    MAKEFILE,
    SAMPLE,
    SAMPLES,
    STDLIB,
    SYSCONFIG,
    VARIABLES,
    Case,
)


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

    def test_symbol_twice(self):
        facts = elf.read(SAMPLES / "clean.so")
        names = {"PyInit_sample", "_Py_jit_entry", "_end"}
        tree = rules.Tree(self.tree, {}, {
            path: replace(facts, exported=frozenset(exported))
            for path, exported in {
                "bin/python3.13": names, "lib/libother.so": names,
                SAMPLE: names, f"{DYNLOAD}/good.so": {"_Py_other"}}.items()})
        self.assertEqual(
            list(rules.TREE_RULES["twice"](
                tree, limits.Limits(self.policy, EXPECTED))),
            [(SAMPLE, "also exported by the interpreter: _Py_jit_entry")])

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
        self.assert_broken((UNIX.makefile,
                            "exceptions", "stale"))

    def test_exception_for_some_versions(self):
        self.write(f"{STDLIB}/cgi.py", "#! /usr/local/bin/python\n")
        broken = f"{STDLIB}/cgi.py", "shebang", "#!/usr/local/bin/python"
        self.assert_broken(broken)
        self.policy = replace(self.policy, exceptions=(
            *self.policy.exceptions,
            RuleException("shebang", broken[0], "a test", "<3.13")))
        self.assert_broken(broken)
        # This tree has no shared module of 3.12.
        self.assert_broken(expected=replace(
            EXPECTED, python="3.12", modules={"hidden": "builtin"}))


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


if __name__ == "__main__":
    unittest.main()
