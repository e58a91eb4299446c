"""Test the rules of validate for ELF files and static libraries."""

import unittest
from dataclasses import replace

from .trees import archive_of
from .validating import (
    BUILD,
    EXPECTED,
    PLATFORM,
    SAMPLE,
    SAMPLES,
    STDLIB,
    Case,
)


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
    """Members of static libraries, in the tree and outside of it."""

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


if __name__ == "__main__":
    unittest.main()
