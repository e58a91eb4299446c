"""Test relocate.sysconfigdata."""

import shlex
import tempfile
import unittest
from pathlib import Path

from standalone.core.options import Options
from standalone.relocate import sysconfigdata
from standalone.toolchain import optimisation

WORK = Path("/w+k/out.d/work")


class CleanTest(unittest.TestCase):

    def test_words_go_as_a_whole(self):
        for before, after in [
                ("gcc", "gcc"),
                (f"-O2 -I{WORK}/deps/x/include -g", "-O2  -g"),
                (f"{WORK}/a.a", ""),
                (f"A={WORK}\nB=/install\n", "\nB=/install\n"),
                (f"'--prefix=/install' 'X_LIBS=-L{WORK}/l -lx' '-O'",
                 "'--prefix=/install'  '-O'"),
                (f"'one' {WORK}/x 'two'", "'one'  'two'"),
                (f'"-I{WORK}/a b" -c', " -c"),
                (f"-DX='\"{WORK}/x y\"' -c", " -c"),
                ("/w+k/out.d", "/w+k/out.d"),
                ("/wwk/outxd/work", "/wwk/outxd/work"),
                ("# it's don't\n", "# it's don't\n")]:
            with self.subTest(before):
                self.assertEqual(sysconfigdata.clean(before, WORK), after)

    def test_nothing_of_the_work_is_left_and_quotes_still_match(self):
        text = " ".join(shlex.quote(word) for word in (
            "--with-x", f"A={WORK}/x -ly", "B=it is", f"{WORK}", "C=$ORIGIN",
            f"D=-I{WORK}/one -I{WORK}/two"))
        cleaned = sysconfigdata.clean(text, WORK)
        self.assertEqual(shlex.split(cleaned),
                         ["--with-x", "B=it is", "C=$ORIGIN"])

    def test_no_optimisation_of_ours(self):
        for text in "noopt", "pgo+lto", "lto", "instrumented":
            options = Options.parse(text)
            flags = " ".join((*optimisation.compile_flags(options),
                              *optimisation.link_flags(options),
                              *optimisation.final_link(options)))
            with self.subTest(text):
                self.assertEqual(
                    sysconfigdata.cleaned({"X": f"-O3 {flags} -Wall"}, WORK),
                    {"X": "-O3 -fno-omit-frame-pointer "
                          "-fstack-protector-strong -Wall"})

    def test_no_profile(self):
        merger = '/usr/bin/llvm-profdata merge -output="$(shell pwd)/code"'
        use = "-fprofile-instr-use=code.profclangd"
        self.assertEqual(
            sysconfigdata.clean(
                f"CC=\t\tcc\nPGO_PROF_USE_FLAG={use}\n"
                f"LLVM_PROF_MERGER= {merger}\nPROFILE_TASK=-m test\n"
                "\t$(LLVM_PROF_MERGER)\n", WORK),
            "CC=\t\tcc\nPGO_PROF_USE_FLAG=\nLLVM_PROF_MERGER=\n"
            "PROFILE_TASK=-m test\n\t$(LLVM_PROF_MERGER)\n")
        self.assertEqual(
            sysconfigdata.cleaned({
                "LLVM_PROF_MERGER": merger, "PGO_PROF_USE_FLAG": use,
                "PROFILE_TASK": "-m test"}, WORK),
            {"LLVM_PROF_MERGER": "", "PGO_PROF_USE_FLAG": "",
             "PROFILE_TASK": "-m test"})

    def test_variables(self):
        self.assertEqual(
            sysconfigdata.variables(
                {"CC": f"cc -I{WORK}", "py_version": "3.14.7",
                 "userbase": "/home/builder/.local", "prefix": "/install"},
                {"CC": "cc", "prefix": "/install", "LIBS": "-ldl"}),
            {"CC": "cc", "py_version": "3.14.7", "prefix": "/install"})

    def test_values(self):
        data = {"CC": "cc", "N": 1, "F": f"-O2  -I{WORK}/x  -g",
                "SPACED": "a  b"}
        self.assertEqual(sysconfigdata.cleaned(data, WORK), {
            "CC": "cc", "N": 1, "F": "-O2 -g", "SPACED": "a  b"})

    def test_file(self):
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "_sysconfigdata__linux_x.py"
            data = {"B": "ü ' \" \n" + "long " * 40, "A": -1}
            sysconfigdata.write(path, data)
            self.assertEqual(sysconfigdata.read(path), data)
            scope = {}
            exec(path.read_text(encoding="utf-8"), scope)
            self.assertEqual(scope["build_time_vars"], data)
            path.write_text("# nothing\n")
            with self.assertRaises(ValueError):
                sysconfigdata.read(path)


if __name__ == "__main__":
    unittest.main()
