"""Test that the makefile, its help, the documents and NEWS agree."""

import os
import re
import sys
import unittest

from standalone.archives.writer import KINDS
from standalone.core import options
from standalone.core.layout import ROOT, TOOLS
from standalone.formats.names import COMPRESSIONS, KINDS as NAMED
from standalone.toolchain import compilers

from . import children

# What contributors and release managers read.
PAGES = [TOOLS / "README.md", *sorted((TOOLS / "docs").glob("*.md")),
         ROOT / "Misc/standalone/RELEASE.md"]
# https://github.com/python/blurb names the directories.
SECTIONS = {"Security", "Core_and_Builtins", "Library", "Documentation",
            "Tests", "Build", "Windows", "macOS", "IDLE", "Tools-Demos",
            "C_API"}


def makefile():
    return (ROOT / "Makefile.standalone").read_text(encoding="utf-8")


def headings(page):
    """The names of its sections in a link, as GitHub makes them."""
    found = re.findall(r"(?m)^#+ (.*)$", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-")
            for text in found}


class WordsTest(unittest.TestCase):
    """The makefile, its help, the README and the command line."""

    def variables(self):
        return set(re.findall(r"(?m)^(\w+)\s*\?=", makefile())) - {"PYTHON3"}

    def test_variables(self):
        of_all = {"CPYTHON", "TARGET", "TOOLCHAIN", "OPTIONS", "SOURCES",
                  "OUT", "JOBS", "BUILD"}
        respin, test = {"BASE", "CVES"}, {"SYSTEMS", "TESTS"}
        bench = {"PEER", "MODE", "BENCHMARKS"}
        everything = of_all | respin | test | bench
        self.assertEqual(self.variables(), everything)
        self.assertEqual(
            set(re.findall(r"(?m)^#:   ([A-Z]+) ", makefile())), everything)
        for command, names in (("build", of_all), ("fetch", of_all),
                               ("clean", of_all), ("respin", of_all | respin),
                               ("bench", of_all | bench),
                               ("bench-startup", of_all),
                               ("test", of_all | test)):
            usage = children.run(
                [sys.executable, "-m", "standalone", command, "--help"],
                env={**os.environ, "PYTHONPATH": str(TOOLS.parent)},
                capture_output=True, text=True, check=True).stdout
            self.assertEqual(set(re.findall(r"--([a-z]+) ", usage))
                             - {"help"}, {name.lower() for name in names})
        for name in everything:
            self.assertIn(f'--{name.lower()}="$({name})"', makefile())

    def test_known_values_are_told_of(self):
        text = " ".join(makefile().replace("#:", "").split())

        def listed(words):
            return f"{', '.join(words[:-1])} or {words[-1]}"

        self.assertIn(f"OPTIONS {listed(options.PUBLIC)}", text)
        self.assertIn(f"TOOLCHAIN {listed(compilers.TOOLCHAINS)}", text)

    def test_kinds_of_archives(self):
        self.assertEqual((*KINDS,), NAMED)
        for compressions in KINDS.values():
            self.assertLessEqual({*compressions}, {*COMPRESSIONS})

    def test_targets_of_the_makefiles(self):
        described = set(re.findall(r"(?m)^#:   (standalone[\w-]*) ",
                                   makefile()))
        phony = set(" ".join(
            re.findall(r"(?m)^\.PHONY: (.*)", makefile())).split())
        self.assertLessEqual(described, phony)
        for name in phony - described:
            self.assertIn(f" {name.removeprefix('standalone')} ",
                          makefile())

    @unittest.skipIf((ROOT / "Include").exists(), "a CPython's own Makefile")
    def test_the_front_door(self):
        front = (ROOT / "Makefile").read_text(encoding="utf-8")
        for name in ("standalone", "standalone-fetch", "standalone-clean",
                     "standalone-test", "standalone-outdated",
                     "standalone-timeline", "bench"):
            self.assertRegex(front, rf"(?m)^([\w-]+ )*{name}\b.*:")
        self.assertIn("Makefile.standalone standalone-help", front)

    def test_the_release_page_knows_archives_and_targets(self):
        text = (ROOT / "Misc/standalone/RELEASE.md").read_text()
        for kind in KINDS:
            self.assertIn(f"`{kind}.", text)
        known = set(re.findall(r"standalone-[a-z]+", makefile()))
        self.assertLessEqual(
            set(re.findall(r"make (standalone-[a-z]+)", text)),
            known | {"standalone-sign"})

    def test_the_readme_names_every_package(self):
        text = (TOOLS / "README.md").read_text(encoding="utf-8")
        packages = [path.parent.name for path in TOOLS.glob("*/__init__.py")]
        self.assertIn("recipes", packages)
        for name in packages:
            self.assertIn(f"| `{name}/`", text)

    def test_the_readme_links_to_every_document(self):
        text = (TOOLS / "README.md").read_text(encoding="utf-8")
        documents = sorted((TOOLS / "docs").glob("*.md"))
        self.assertTrue(documents)
        for path in documents:
            self.assertIn(f"(docs/{path.name})", text)

    def test_files_that_documents_name_exist(self):
        for page in PAGES:
            for name in re.findall(r"`(?:Tools/standalone/)?(\w+/[\w./-]+)`",
                                   page.read_text(encoding="utf-8")):
                # Others are paths in an archive or in OUT.
                if (TOOLS / name).parent.is_dir():
                    self.assertTrue((TOOLS / name).exists(),
                                    f"{page.name}: {name}")

    def test_links_lead_to_headings_of_documents(self):
        for page in PAGES:
            text = page.read_text(encoding="utf-8")
            links = re.findall(r"\]\(([^)]+)\)", text)
            for link in links:
                name, _, heading = link.partition("#")
                target = page.parent / name if name else page
                self.assertTrue(target.is_file(), f"{page.name}: {link}")
                if heading:
                    self.assertIn(heading, headings(target),
                                  f"{page.name}: {link}")


class NewsTest(unittest.TestCase):

    def test_entries(self):
        entries = sorted(ROOT.glob("Misc/NEWS.d/next/*/*.standalone.rst"))
        self.assertTrue(entries)
        for path in entries:
            with self.subTest(path.name):
                self.check(path)

    def check(self, path):
        """What blurb asks of a file below next/."""
        self.assertIn(path.parent.name, SECTIONS)
        match = re.fullmatch(r"\d{4}(-\d\d){5}\.gh-issue-(\d+)"
                             r"\.standalone\.rst", path.name)
        self.assertTrue(match, "DATE.gh-issue-NUMBER.standalone.rst")
        self.assertGreaterEqual(int(match[2]), 32426)
        text = path.read_text(encoding="utf-8")
        self.assertNotRegex(text.lower(),
                            r"\A(- |issue #|bpo-|gh-|\.\.|#|\s)")
        self.assertTrue(text.endswith(".\n"))
        for line in text.splitlines():
            self.assertRegex(line, r"\A\S.{,74}\S\Z")

    @unittest.skipIf((ROOT / "Include").exists(), "has CPython's entries too")
    def test_all_entries_are_named_as_ours(self):
        for path in ROOT.glob("Misc/NEWS.d/next/*/*"):
            self.assertTrue(path.name.endswith(".standalone.rst"), path.name)


if __name__ == "__main__":
    unittest.main()
