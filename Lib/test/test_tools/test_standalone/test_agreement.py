"""Test that pins, recipes, modules, targets and policy agree."""

import os
import re
import tempfile
import tomllib
import unittest
from pathlib import Path

from standalone import recipes
from standalone.core.layout import ROOT, TOOLS
from standalone.cpython import commands as cpython, modules
from standalone.documents import inventory, licences
from standalone.platforms import targets
from standalone.sources import pins
from standalone.sources.version import feature_version, is_in, python_version
from standalone.toolchain import compilers
from standalone.validate import policy

from .trees import request, small_tree

REAL_TREE = os.environ.get("STANDALONE_TEST_TREE")
# What may be linked in, by the names of https://spdx.org/licenses/, where
# all were looked up.  None of them asks anything of who links Python, but
# Sleepycat that the source be available, which ours and Python's is.
# MPL-2.0 is of a file that is its own source, and ends there.
LICENCES = frozenset({
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "FTL",
    "HPND", "HPND-sell-variant", "ISC", "MIT", "MIT-Modern-Variant",
    "MIT-open-group", "MPL-2.0", "OpenSSL", "PSF-2.0", "Python-2.0.1",
    "Sleepycat", "TCL", "Unicode-DFS-2016", "Unlicense", "X11",
    "X11-distribute-modifications-variant", "Zlib", "blessing",
    "bzip2-1.0.6", "curl"})


def makefile():
    return (ROOT / "Makefile.standalone").read_text(encoding="utf-8")


class PinsTest(unittest.TestCase):

    def test_every_recipe_has_a_pin_and_every_pin_a_recipe(self):
        self.assertEqual(set(pins.load()), set(recipes.load()))

    def test_licences(self):
        every = [*pins.load().values(),
                 *map(pins.cpython_pin, pins.cpython_versions())]
        for pin in every:
            licences.check(pin.name, pin.licence)
            words = set(re.findall(r"[^\s()]+", pin.licence))
            allowed = LICENCES
            if pin.name != "cpython" and recipes.load()[pin.name].gpl:
                allowed = frozenset({"GPL-3.0-or-later"})
            if pin.tool:         # nothing of it is passed on
                allowed |= {"GPL-2.0-or-later"}
            self.assertLessEqual(words - {"AND", "OR", "WITH"}, allowed,
                                 pin.name)

    def test_licences_of_what_is_not_pinned(self):
        data = inventory.data()
        for owner in "cpython", "pip", "linked":
            for name, entry in data[owner].items():
                licences.check(name, entry["licence"])
        for entry in data["linked"].values():
            self.assertLessEqual(set(entry["toolchains"]),
                                 set(compilers.TOOLCHAINS))
        for texts in data["texts"].values():
            for licence, place in texts.items():
                licences.check(licence, licence)
                self.assertIn(place.partition(":")[0],
                              {*pins.load(), "cpython"})

    def test_what_is_only_a_tool_is_not_linked(self):
        for name, pin in pins.load().items():
            if pin.tool:
                recipe = recipes.load()[name]
                self.assertFalse(recipe.archives or recipe.data, name)

    def test_names_for_scanners(self):
        for pin in pins.load().values():
            if pin.cpe:
                self.assertRegex(pin.cpe, r"\Acpe:2\.3:a(:[^:]+){10}\Z")
                self.assertIn(pin.cpe.split(":")[5], pin.version)

    def test_texts_of_licences_lie_in_the_source(self):
        for pin in pins.load().values():
            flat = [name.replace("/", "-") for name in pin.licence_files]
            self.assertEqual(len(set(flat)), len(flat), pin.name)
            for name in pin.licence_files:
                self.assertFalse(name.startswith("/") or ".." in name)

    def test_the_default_version_is_the_one_that_is_told_of(self):
        newest, *others = pins.default_versions()
        self.assertIn(f"this tree, else {newest}; if it cannot be fetched, "
                      f"{', then '.join(others)})",
                      " ".join(makefile().replace("#:", "").split()))
        readme = (TOOLS / "README.md").read_text(encoding="utf-8")
        told = set(re.findall(r"3\.\d\d\.\d+", readme))
        self.assertLessEqual(told, set(pins.cpython_versions()))
        self.assertIn(newest, told)


def needed():
    """The recipes that others need."""
    return {need for recipe in recipes.load().values()
            for need in recipe.needs}


def variants():
    """Yield (version, gpl, recipes) of all kinds of builds."""
    with tempfile.TemporaryDirectory() as directory:
        tree = small_tree(Path(directory))
        for minor in range(12, 17):
            for gpl in (False, True):
                yield (3, minor), gpl, recipes.wanted(
                    (3, minor), tree, gpl=gpl)


class RecipesTest(unittest.TestCase):

    def test_archives(self):
        for name, recipe in recipes.load().items():
            self.assertTrue(recipe.archives or recipe.libraries
                            or recipe.data or pins.load()[name].tool
                            or name in needed(), name)
            for archive in recipe.archives:
                self.assertRegex(archive, r"\Alib[\w.-]+\.a\Z")
            for library in recipe.libraries:
                self.assertRegex(library, r"\Alib[\w.-]+\.so\Z")

    def test_cpython_is_told_of_archives_that_exist(self):
        for name, recipe in recipes.load().items():
            texts = " ".join([*recipe.configure.values(), *recipe.arguments,
                              *recipe.setup.values()])
            for place, file in re.findall(r"{(\w+)}/lib/(\S+\.(?:a|so))\b",
                                          texts):
                of = recipe if place == "prefix" else recipes.load()[place]
                self.assertIn(file, (*of.archives, *of.libraries), name)
            if recipe.archives or recipe.libraries:
                self.assertTrue("{prefix}" in texts or name in needed(),
                                name)
            elif not pins.load()[name].tool:
                self.assertNotIn("{prefix}", texts, name)

    def test_needs(self):
        for name, recipe in recipes.load().items():
            self.assertLessEqual(set(recipe.needs),
                                 set(recipes.load()) - {name})
            # What an older CPython does without cannot be needed.
            for need in recipe.needs:
                self.assertLessEqual(recipes.load()[need].since,
                                     recipe.since)

    def test_what_is_needed_is_built_though_cpython_has_its_own(self):
        tree = small_tree(Path(self.enterContext(
            tempfile.TemporaryDirectory())))
        self.assertNotIn("expat", recipes.configured((3, 13), tree, gpl=False))
        self.assertIn("expat", recipes.wanted((3, 13), tree, gpl=False))

    def test_what_is_in_a_library_is_not_linked_again(self):
        tree = small_tree(Path(self.enterContext(
            tempfile.TemporaryDirectory())))
        linked = recipes.linked((3, 13), tree, gpl=False)
        self.assertEqual(linked["ncurses"], ("libncursesw.a", "libpanelw.a"))
        self.assertIn("zlib", linked)
        self.assertFalse({"expat", "freetype", "libx11", "tcl"} & set(linked))

    def test_libraries_have_an_owner_and_may_be_needed(self):
        rules = policy.load()
        for name, recipe in recipes.load().items():
            for library in recipe.libraries:
                path = f"lib/{library}"
                self.assertTrue(policy.matches(library, rules.needed))
                self.assertTrue(policy.matches(path, rules.exports))
                self.assertEqual(name, next(
                    owner for pattern, owner in rules.owners.items()
                    if policy.matches(path, [pattern])))

    def test_the_gpl_is_asked_for(self):
        tree = small_tree(Path(self.enterContext(
            tempfile.TemporaryDirectory())))
        free = recipes.wanted((3, 13), tree, gpl=False)
        accepted = recipes.wanted((3, 13), tree, gpl=True)
        self.assertEqual(set(free) - set(accepted), {"libedit"})
        self.assertEqual(set(accepted) - set(free), {"gdbm", "readline"})
        for name in free:
            pin = pins.load()[name]
            if not pin.tool:     # nothing of a tool is passed on
                self.assertNotIn("GPL", pin.licence, name)
        # Nor can what is free need anything that is not.
        for recipe in free.values():
            self.assertLessEqual(set(recipe.needs), set(free))

    def test_nothing_needs_what_is_replaced(self):
        for version, gpl, used in variants():
            replaced = {name for recipe in used.values()
                        for name in recipe.replaces}
            needs = {need for recipe in used.values()
                     for need in recipe.needs}
            self.assertEqual(replaced & ({*used} | needs), set(),
                             (version, gpl))
        self.assertLessEqual(
            {name for recipe in recipes.load().values()
             for name in recipe.replaces}, set(recipes.load()))

    def test_no_two_recipes_set_one_variable(self):
        for version, gpl, used in variants():
            names = [variable for recipe in used.values()
                     for variable in recipe.configure]
            self.assertEqual(len(names), len(set(names)), (version, gpl))

    def test_modules_of_recipes_are_built_in(self):
        for recipe in recipes.load().values():
            for module in recipe.setup:
                decided = modules.decisions(gpl=recipe.gpl)
                self.assertIn(module, decided.builtin)


class ModulesTest(unittest.TestCase):

    def test_no_module_is_decided_about_twice(self):
        data = tomllib.loads((TOOLS / "cpython" / "modules.toml").read_text())
        self.assertEqual(set(data),
                         {"builtin", "shared", "bootstrap", "disabled",
                          "gpl"})
        every = [name for names in data.values() for name in names]
        self.assertEqual(sorted(every), sorted(set(every)))
        for kind in "builtin", "shared", "bootstrap":
            self.assertEqual(data[kind], sorted(data[kind]), kind)
        for reason in (data["disabled"] | data["gpl"]).values():
            self.assertTrue(reason)


class TargetsTest(unittest.TestCase):

    def test_names(self):
        self.assertEqual([*targets.PLATFORMS], [
            "x86_64-unknown-linux-gnu", "x86_64_v2-unknown-linux-gnu",
            "x86_64_v3-unknown-linux-gnu", "x86_64_v4-unknown-linux-gnu",
            "aarch64-unknown-linux-gnu"])
        for triple, platform in targets.PLATFORMS.items():
            self.assertIs(targets.find(triple), platform)

    def test_every_toolchain_says_what_it_needs(self):
        self.assertEqual(set(compilers.PROGRAMS), set(compilers.TOOLCHAINS))


@unittest.skipUnless(REAL_TREE, "STANDALONE_TEST_TREE names no CPython tree")
class RealTreeTest(unittest.TestCase):

    def setUp(self):
        self.tree = Path(REAL_TREE)
        self.configure = (self.tree / "configure").read_text()
        out = self.enterContext(tempfile.TemporaryDirectory())
        self.request = request(self.tree, Path(out))

    def assertRead(self, variable):
        self.assertTrue(re.search(rf"\$\{{?{variable}\b", self.configure),
                        variable)

    def assertOption(self, argument):
        name = argument.partition("=")[0].removeprefix("--")
        name = (name.replace("without-", "with-")
                .replace("disable-", "enable-").replace("-", "_"))
        self.assertTrue(re.search(rf"(?m)^{name}$", self.configure),
                        argument)

    def test_configure_knows_what_it_is_told(self):
        command = cpython.configure(
            self.request.layout, self.request.platform, self.request.chain,
            self.request.configured, self.request.variant)
        for variable in command.env:
            self.assertRead(variable)
        for argument in command.argv[1:]:
            if not re.match("--(prefix|build|host)=", argument):
                self.assertOption(argument)

    def test_configure_knows_what_recipes_say(self):
        # Also those of bundled libraries, which this tree is not told.
        for recipe in recipes.load().values():
            if recipe.since <= self.request.minor:
                for variable in recipe.configure:
                    self.assertRead(variable)
                for argument in recipe.arguments:
                    self.assertOption(argument)

    def test_the_makefile_has_the_variables_that_are_overridden(self):
        text = (self.tree / "Makefile.pre.in").read_text()
        small_tree(self.request.layout.stage("source"))
        commands = [
            *cpython.make_commands(self.request.layout, self.request.platform,
                                   self.request.variant),
            *cpython.install_commands(
                Path("/build"), self.request.layout.stage("source"),
                self.request.variant, Path("/destdir"))]
        told = {word.partition("=")[0] for command in commands
                for word in command.argv
                if command.argv[0] == "make" and "=" in word} - {"DESTDIR"}
        has = set(re.findall(r"(?m)^(\w+)\s*[:?]?=|\$\((\w+)\)", text))
        self.assertEqual(told - {name for names in has for name in names},
                         set())

    def test_every_notice_of_cpython_is_known(self):
        # Not in our builds: BSD's and macOS', what has a pin, and Tools/.
        known = {"Select kqueue", "OpenSSL", "libffi", "zlib",
                 "Pixi packages"}
        sections = {"expat"} | {
            entry["section"] for entry in self.pieces().values()
            if "section" in entry}
        text = (self.tree / "Doc/license.rst").read_text(encoding="utf-8")
        found = set(re.findall(r"(?m)^(.+)\n-{4,}\n",
                               text.partition("_OtherLicenses:")[2]))
        self.assertEqual(found - known, sections)
        for entry in self.pieces().values():
            if "section" in entry:
                inventory.section(text, entry["section"])

    def pieces(self):
        version = feature_version(python_version(self.tree))
        return {name: entry
                for name, entry in inventory.data()["cpython"].items()
                if is_in(version, entry.get("python", ""))}

    def test_pieces_of_cpython_exist(self):
        for name, entry in self.pieces().items():
            self.assertTrue((self.tree / entry["files"]).exists(), name)
            for text in entry.get("texts", ()):
                self.assertRegex(
                    inventory.heading((self.tree / text).read_text()),
                    "(?i)licen[sc]e|permission|public domain", name)

    def test_modules_of_recipes_exist(self):
        rules = modules.rules(self.tree)
        for recipe in recipes.load().values():
            self.assertLessEqual(set(recipe.setup), set(rules))


if __name__ == "__main__":
    unittest.main()
