"""Test which outputs depend on which data files; see planning.py."""

import unittest

from standalone.core.layout import TOOLS
from standalone.pipeline import closure
from standalone.sources import pins

from .planning import NO_OUTPUT, PartsTestCase, groups, module_names, text_of

# Data that no output depends on.
NO_OUTPUT_DATA = {
    "README.md", "docs/decisions.md", "docs/formats.md", "docs/runtime.md",
    "docs/overlay.md", "docs/testing.md", "cpython/purposes.toml",
    "testing/expected_failures.toml", "graph.mk", "mypy.ini",
    "documents/python-json.schema.json", "requirements-bench.txt",
    "requirements-dev.in", "requirements-dev.txt",
    "requirements-nuitka.txt", "requirements.in", "ruff.toml"}


class DataTest(PartsTestCase):

    def data(self):
        return sorted(path.relative_to(TOOLS).as_posix()
                      for path in TOOLS.rglob("*")
                      if path.is_file() and "__pycache__" not in path.parts
                      and path.suffix != ".py")

    def test_every_file_has_a_reader(self):
        read = {name for module in module_names() - NO_OUTPUT
                for name in closure.data_files(module)}
        # By value, see source.fingerprint(), profile.store.key() and
        # toolchain.jit.key().
        read.add("cpython/overlay.toml")
        read |= {name for name in self.data()
                 if name.startswith(("profile/data/",
                                     "toolchain/jit/requirements/"))}
        read |= {f"recipes/patches/{patch.name}"
                 for pin in pins.load().values() for series in pin.patches
                 if not series.archive for patch in series.patches}
        self.assertEqual(set(self.data()) - read, NO_OUTPUT_DATA)

    def test_text(self):
        # Whole files: C, headers and templates.
        names = [name for name in self.data()
                 if name.startswith(("compat/", "core/templates/"))]
        expected = {
            "compat/beside.h": {"deps-libx11", "deps-tcl"},
            "compat/openssl_conf.c": {"deps-openssl"},
            "compat/openssl_dso.c": {"deps-openssl"},
            "compat/tcl_library.c": {"deps-tcl"},
            "compat/terminfo_fallback.c": {"deps-ncurses"},
            "compat/x11_locale.c": {"deps-libx11"},
            **{name: {"deps-libedit"} for name in names
               if name.startswith("compat/libedit/")},
            **{name: self.titles("toolchain", "relocate", "archive")
               for name in names if name.startswith("compat/libc/")},
            **{name: self.titles("setup", "relocate")
               for name in names if name.startswith("core/templates/")}}
        self.assertEqual(set(names), set(expected))
        edits = list(groups(names))
        texts = [{name: text_of(name) + "\n" for name in edited}
                 for edited in edits]
        for edited, after in zip(
                edits, self.run_program(texts, "imported"), strict=True):
            self.assertEqual(set(self.changed(after)), set().union(*(
                expected[name] for name in edited)))

    def test_toml(self):
        names = [name for name in self.data() if name.endswith(".toml")]
        [after] = self.run_program([
            {name: f"# Edited.\n{text_of(name)}" for name in names}])
        self.assertEqual(self.changed(after), {})
        of_packages = self.titles("deps", "setup", "relocate", "validate",
                                  "archive")
        self.assertChange({
            ("cpython/modules.toml", '"_asyncio", "_bisect"',
             '"_bisect", "_asyncio"'):
            self.titles("setup", "cpython", "validate"),
            ("validate/policy.toml", '    "libtcl8.6.so",\n', ""):
            {"validate"},
            ("cpython/overlay.toml", "Build relocatable archives",
             "Build"):
            {"source": {"overlay edits"}},
            # Patches of dependencies are parsed by a package.
            ("requirements.txt", "jinja2==", "jinja2==2!"): of_packages,
            ("requirements.txt", "ziglang==", "ziglang==2!"):
            of_packages | {"toolchain"}})

    def test_pins(self):
        sha256 = pins.load()["bzip2"].files[0].sha256
        self.assertChange({("sources/pins.toml", sha256, "0" * 64): {
            "deps-bzip2": {"source"}, "relocate": {"data sources/pins.toml",
                                                    "fetched"},
            "archive": {"data sources/pins.toml"}}})

    def test_patches(self):
        """Each has a part; another order is another key as well."""
        [series] = pins.load()["openssl"].patches
        first, second = series.patches[:2]
        tables = [f'[[openssl.patches.members]]\nname = "{patch.name}"\n'
                  for patch in (first, second)]
        swapped = {f"patch {number:02} {patch.name}" for number, patch in (
            (1, first), (2, second), (1, second), (2, first))}
        text = text_of("sources/pins.toml")
        old = text[text.index(tables[0]):text.index(tables[1])]
        rest = text[text.index(tables[1]):]
        new = rest[:rest.index("[[openssl.patches.members]]", 1)]
        others = {"relocate": {"data sources/pins.toml"},
                  "archive": {"data sources/pins.toml"}}
        self.assertChange({
            ("sources/pins.toml", first.sha256, "0" * 64):
            {"deps-openssl": {f"patch 01 {first.name}"}, **others},
            ("sources/pins.toml", old + new, new + old):
            {"deps-openssl": swapped, **others}})


if __name__ == "__main__":
    unittest.main()
