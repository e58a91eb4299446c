"""Change a module of Tools/standalone at random and see if tests fail.

    PYTHONPATH=Tools:Lib/test/test_tools python3 -m test_standalone.mutants \\
        --seed 1 --number 50 relocate test_relocate_stage

Copy the tools to a temporary directory, check that the tests pass there,
and run them once for each mutant.  A mutant replaces or removes one
comparison, condition, constant, operand, argument, statement or returned
value.  Each is printed as a diff, with "killed" if a test failed or took too
long, else "survived".  The same seed selects the same mutants of the same
source.  MODULE is a dotted name without "standalone."; the tests are modules
of this package.  With --least, exit with 1 if a smaller percentage is killed.

Some code is not changed because no test should depend on it: annotations,
docstrings, the wording of errors (texts within `raise`; the `raise` itself
can be removed), titles of progress lines (texts passed to `steps` and
`_progress`), and the keywords `encoding`, `newline` and `errors`, whose
defaults do the same in a UTF-8 locale.
"""

import argparse
import ast
import difflib
import importlib.util
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from standalone.core.layout import ROOT, TOOLS

from . import children

TESTS = Path(__file__).parent
SAME_HERE = {"encoding", "newline", "errors"}
SHOWN = {"steps", "_progress"}
INVERSE = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.GtE, ast.GtE: ast.Lt,
    ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And}


def changes(node):
    """Other code for *node*, as text."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in INVERSE:
            yield ast.unparse(ast.Compare(
                node.left, [INVERSE[type(op)]()], node.comparators))
        case ast.BoolOp():
            other = ast.BoolOp(INVERSE[type(node.op)](), node.values)
            yield f"({ast.unparse(other)})"
        case ast.UnaryOp(op=ast.Not()):
            yield f"bool({ast.unparse(node.operand)})"
        case ast.BinOp():
            yield f"({ast.unparse(node.left)})"
            yield f"({ast.unparse(node.right)})"
        case ast.IfExp():
            yield f"({ast.unparse(node.body)})"
            yield f"({ast.unparse(node.orelse)})"
        case ast.Constant(value=bool()):
            yield repr(not node.value)
        case ast.Constant(value=int()):
            yield repr(node.value + 1)
        case ast.Constant(value=str()):
            yield repr(f"{node.value}x")
        case ast.Call():
            yield from _other_calls(node)
        case ast.comprehension(ifs=[condition, *_]):
            yield f"(not ({ast.unparse(condition)}))"
        case ast.If() | ast.While():
            yield f"(not ({ast.unparse(node.test)}))"
        case ast.Return(value=value) if value:
            yield "return None"
        case ast.Expr() | ast.AugAssign() | ast.Raise():
            yield "pass"


def _other_calls(node):
    """Two arguments swapped, one left out."""
    def call(args, keywords):
        return ast.unparse(ast.Call(node.func, args, keywords))
    if len(node.args) > 1:
        first, second, *rest = node.args
        yield call([second, first, *rest], node.keywords)
    for keyword in node.keywords:
        if keyword.arg not in SAME_HERE:
            yield call(node.args, [other for other in node.keywords
                                   if other is not keyword])


def _children(node):
    """The nodes right below *node* that may be changed."""
    for name, value in ast.iter_fields(node):
        values = value if isinstance(value, list) else [value]
        if name in ("annotation", "returns"):
            continue
        if (name == "body" and values and isinstance(values[0], ast.Expr)
                and isinstance(values[0].value, ast.Constant)):
            values = values[1:]          # a docstring
        yield from (item for item in values if isinstance(item, ast.AST))


def mutants(node, texts=True):
    """All changes below *node*: (the node replaced, its new code)."""
    match node:
        case ast.JoinedStr() | ast.Import() | ast.ImportFrom():
            return               # parts of an f-string have no position
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return
        case ast.Raise():
            texts = False
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            texts = texts and name not in SHOWN
        case ast.keyword(arg=name) if name in SAME_HERE:
            return
    if texts or not isinstance(node, ast.Constant):
        place = {ast.comprehension: lambda: node.ifs[0],
                 ast.If: lambda: node.test, ast.While: lambda: node.test,
                 }.get(type(node), lambda: node)
        yield from ((place(), code) for code in changes(node))
    for child in _children(node):
        yield from mutants(child, texts)


def replaced(source, node, code):
    """*source* with *code* in the place of *node*."""
    lines = source.encode().splitlines(keepends=True)
    before = b"".join(lines[:node.lineno - 1])
    after = b"".join(lines[:node.end_lineno - 1])
    text = source.encode()
    return (text[:len(before) + node.col_offset] + code.encode()
            + text[len(after) + node.end_col_offset:]).decode()


def copy_tools(top):
    """A root like ours whose tools may be changed; the rest is linked."""
    for directory, ours in ((ROOT, TOOLS.parent), (TOOLS.parent, TOOLS)):
        place = top / directory.relative_to(ROOT)
        place.mkdir(exist_ok=True)
        for path in directory.iterdir():
            if path != ours:
                (place / path.name).symlink_to(path)
    return Path(shutil.copytree(
        TOOLS, top / TOOLS.relative_to(ROOT),
        ignore=shutil.ignore_patterns("__pycache__")))


def passes(tools, tests, deadline):
    """Do *tests* pass with those *tools*, and in time?"""
    inherited = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    others = [path for path in inherited if path and Path(
        path).resolve() not in (TOOLS.parent, TESTS.parent)]
    env = os.environ | {
        "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": os.pathsep.join(
            [str(tools.parent), str(TESTS.parent),
             *(os.path.abspath(path) for path in others)])}
    with children.Child(
            [sys.executable, "-m", "unittest", "--failfast",
             *(f"{TESTS.name}.{test}" for test in tests)],
            cwd=TESTS.parent, env=env, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL) as child:
        try:
            return child.wait(deadline) == 0
        except subprocess.TimeoutExpired:
            return False


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n")[0], prog="mutants")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--number", type=int, default=50, metavar="N")
    parser.add_argument("--deadline", type=float, metavar="SECONDS",
                        help="default: five times what the tests take")
    parser.add_argument("--least", type=int, default=0, metavar="PERCENT")
    parser.add_argument("module")
    parser.add_argument("tests", nargs="+")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        tools = copy_tools(Path(directory).resolve())
        origin = importlib.util.find_spec(f"standalone.{options.module}")
        path = tools / Path(origin.origin).resolve().relative_to(TOOLS)
        source = path.read_text(encoding="utf-8")
        start = time.monotonic()
        if not passes(tools, options.tests, options.deadline or 600):
            sys.exit("the tests fail without a change")
        deadline = options.deadline or 5 * (time.monotonic() - start) + 5
        found = list(dict.fromkeys(
            replaced(source, *mutant) for mutant
            in mutants(ast.parse(source))))
        picked = random.Random(options.seed).sample(
            found, min(options.number, len(found)))
        killed = 0
        for text in picked:
            path.write_text(text, encoding="utf-8")
            survived = passes(tools, options.tests, deadline)
            killed += not survived
            print("survived" if survived else "killed", *list(
                difflib.unified_diff(source.splitlines(), text.splitlines(),
                                     n=0, lineterm=""))[2:],
                  sep="\n", end="\n\n", flush=True)
    percent = 100 * killed // len(picked)
    print(f"{options.module}: {killed} of {len(picked)} killed, {percent} %"
          f" (seed {options.seed}, of {len(found)} mutants)")
    sys.exit(percent < options.least)


if __name__ == "__main__":
    main()
