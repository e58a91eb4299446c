"""Golden tests: what recipes, the CPython stage and zig are told.

golden/NAME.txt holds them as text, so that a review sees each flag that
changes, for which targets, and where it does not.  To write it anew, from
the root of the repository:

    PYTHONPATH=Tools:Lib/test/test_tools \\
        python3 -m test_standalone.test_recipes --update
"""

import dataclasses
import shlex
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

from standalone import recipes
from standalone.core import options
from standalone.core.layout import TOOLS
from standalone.core.model import Command
from standalone.cpython import commands as cpython
from standalone.pipeline import dependencies
from standalone.platforms import targets
from standalone.sources import pins

from .trees import request, small_tree

GOLDEN = Path(__file__).parent / "golden"

# CPython's version and OPTIONS; zstd comes with 3.14.
CPYTHONS = (("3.12.14", "noopt"), ("3.13.15", "noopt"), ("3.13.15", "lto"),
            ("3.13.15", "pgo+lto"), ("3.13.15", "instrumented"),
            ("3.13.15", "debug"), ("3.13.15", "noopt+gpl"),
            ("3.14.0", "noopt"), ("3.14.0", "freethreaded+debug"),
            ("3.15.0", "noopt"), ("3.15.0", "jit"), ("3.16.0", "noopt"))


def names():
    """The golden files that there are to be."""
    return ["toolchain-zig", *recipes.load(),
            *(f"cpython-{version.rpartition('.')[0]}-{options}"
              for version, options in CPYTHONS)]


def shown(step):
    """A step as text, an argument a line; "+" where it makes use of the
    jobserver, as in a makefile."""
    if not isinstance(step, Command):
        for path in (TOOLS / "compat").rglob("*.[ch]"):
            if path.read_text(encoding="utf-8") == step.text:
                return f"write {step.path}\n  as {path.relative_to(TOOLS)}\n"
        text = "".join(f"    | {line}\n" for line in step.text.splitlines())
        return f"write {step.path}\n{text}"
    words = [*(f"    {name}={value}\n"
               for name, value in sorted(step.env.items())),
             f"  {'+ ' * step.jobserver}{shlex.quote(step.argv[0])}\n",
             *(f"    {shlex.quote(word)}\n" for word in step.argv[1:])]
    return f"in {step.cwd}\n{''.join(words)}"


def wrapper(path, text):
    """A wrapper script, a word of its command a line."""
    words = shlex.split(text.partition("\nexec ")[2])
    return f"{path}\n" + "".join(f"    {shlex.quote(word)}\n"
                                 for word in words)


def commands(name, request):
    """The steps of a recipe or of CPython, or the wrappers of a compiler,
    with names for paths."""
    layout = request.layout
    if name == "toolchain-zig":
        texts = [wrapper(*item) for item in request.chain.files.items()]
        places = {"$TOOLCHAIN": layout.toolchain, "$HOST": layout.host,
                  "$WORK": layout.work}
    elif name.startswith("cpython-"):
        root = layout.stage("install")
        texts = map(shown, [
            cpython.configure(layout, request.platform, request.chain,
                              request.configured, request.variant),
            *cpython.make_commands(layout, request.platform,
                                   request.variant),
            *cpython.install_commands(
                layout.stage("build"), layout.stage("source"),
                request.variant, root)])
        places = {"$SOURCE": layout.stage("source"),
                  "$BUILD": layout.stage("build"), "$DESTDIR": root,
                  "$TOOLCHAIN": layout.toolchain, "$TOOLS": TOOLS}
    else:
        build = dependencies.describe(
            pins.load()[name], request.platform, layout)
        texts = map(shown, recipes.load()[name].commands(build))
        places = {"$SOURCE": build.source, "$PREFIX": build.prefix}
    places["$DEPS"] = layout.shared / "deps"
    text = "\n".join(texts)
    for place, path in places.items():
        text = text.replace(str(path), place)
    assert str(layout.work) not in text, text
    return text


def golden(name, scratch):
    """What golden/NAME.txt is to hold: each text with its targets."""
    version, options = "3.13.15", "noopt"
    if name.startswith("cpython-"):
        version, options = next(
            (version, options) for version, options in CPYTHONS
            if name == f"cpython-{version.rpartition('.')[0]}-{options}")
    tree = small_tree(scratch / f"tree-{version}", version)
    texts: dict[str, list[str]] = {}
    for target in targets.PLATFORMS:
        wanted = request(tree, scratch / "out", target=target,
                         options=options)
        small_tree(wanted.layout.stage("source"), version)
        texts.setdefault(commands(name, wanted), []).append(target)
    return "\n".join(
        "".join(f"# {target}\n" for target in found) + text
        for text, found in texts.items())


class GoldenTest(unittest.TestCase):

    maxDiff = None

    def setUp(self):
        self.scratch = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def test_golden(self):
        for name in names():
            with self.subTest(name):
                text = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
                self.assertMultiLineEqual(
                    text, golden(name, self.scratch),
                    "if that is meant: python3 -m "
                    "test_standalone.test_recipes --update")

    def test_no_other_file(self):
        self.assertEqual({path.name for path in GOLDEN.iterdir()},
                         {f"{name}.txt" for name in names()})

    def test_every_option_is_there(self):
        self.assertEqual({word for _, options in CPYTHONS
                          for word in options.split("+")},
                         set(options.WORDS))

    def test_a_recipe_says_the_same_twice(self):
        # It is asked for the key, and again to be run.
        wanted = request(small_tree(self.scratch / "tree"),
                         self.scratch / "out")
        for name, recipe in recipes.load().items():
            build = dependencies.describe(
                pins.load()[name], wanted.platform, wanted.layout)
            self.assertEqual(list(recipe.commands(build)),
                             list(recipe.commands(build)), name)

    def test_compiler_for_build(self):
        # Each recipe that compiles what it runs, and no other; of what it
        # compiles for the target nothing changes.
        wanted = request(small_tree(self.scratch / "tree"),
                         self.scratch / "out")
        compiler = "cc-of-this-machine"
        changed = {}
        for name, recipe in recipes.load().items():
            build = dependencies.describe(
                pins.load()[name], wanted.platform, wanted.layout)
            cross = dataclasses.replace(build, cc_for_build=compiler)
            own, other = (
                [shown(step) for step in recipe.commands(each)]
                for each in (build, cross))
            changed[name] = [step for step in other if step not in own]
        self.assertEqual({name: len(steps) for name, steps in changed.items()
                          if steps}, {"libx11": 1, "ncurses": 7, "sqlite": 2})
        for name, words in (
                ("libx11", f"{compiler} -O -I\"$0\" -o src/util/makekeys"),
                ("ncurses", f"--with-build-cc={compiler}\n"),
                ("ncurses", f"    CC={compiler}\n"),
                ("ncurses", "  for-build/progs/tic\n"),
                ("ncurses", "INFOCMP_PATH=../for-build/progs/infocmp\n"),
                ("sqlite", f"  {compiler}\n    -O1\n"),
                ("sqlite", f"    CC_FOR_BUILD={compiler}\n")):
            self.assertIn(words, "".join(changed[name]))


def update():
    """Write golden/ anew."""
    shutil.rmtree(GOLDEN, ignore_errors=True)
    GOLDEN.mkdir()
    with tempfile.TemporaryDirectory() as scratch:
        for name in names():
            (GOLDEN / f"{name}.txt").write_text(
                golden(name, Path(scratch)), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["--update"]:
        update()
    else:
        unittest.main()
