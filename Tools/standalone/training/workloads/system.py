"""Files, processes, and what programs and their tests are made of."""

import argparse
import ast
import contextlib
import dis
import fnmatch
import io
import json
import logging
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import tokenize
import unittest
from pathlib import Path, PurePosixPath
from types import CodeType, SimpleNamespace
from typing import Any
from unittest import mock

_DEADLINE = 600                  # seconds, for a program that we start


def files() -> tuple[int, int, list[str]]:
    """Write, find, read, move and delete files below a directory."""
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        for number in range(40):
            path = top / f"d{number % 4}" / f"e{number % 3}" / f"{number}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"line {number}\nmore\n" * 20, encoding="utf-8")
        for path in top.glob("*/e1/*.txt"):
            path.rename(path.with_suffix(".log"))
        sizes = lines = 0
        for root, directories, names in os.walk(name):
            directories.sort()
            for each in fnmatch.filter(names, "*.txt"):
                sizes += os.stat(os.path.join(root, each)).st_size
        for path in sorted(top.rglob("*.log")):
            with path.open(encoding="utf-8") as file:
                lines += sum(line.startswith("line") for line in file)
        shutil.copytree(top / "d1", top / "copy")
        (top / "link").symlink_to("copy")
        with os.scandir(top) as entries:
            found = sorted(entry.name for entry in entries if entry.is_dir())
        target = top / "raw"
        with target.open("w+b", buffering=0) as raw:
            raw.write(bytes(5000))
            raw.seek(100)
            sizes += len(raw.read())
        shutil.rmtree(top / "copy")
        found.append(((top / "link").is_symlink() and str(
            PurePosixPath("/a/b/../c.tar.gz").relative_to("/a"))) or "")
    return sizes, lines, found


# Program → options.  Those with -I do not see PYTHONHASHSEED.
_PROGRAMS = {
    "pass": (),
    "import asyncio, json, re, pathlib, ssl, http.client": ("-I",),
    "import argparse, collections, dataclasses, typing; print(6 * 7)": ("-P",),
    "import logging, subprocess, tempfile, unittest; print(42)": ("-W", "all"),
    "import json, sys; print(json.dumps(json.load(sys.stdin)['a']))": ("-s",),
    "import sys; sys.exit('no')": (),
}


def starts() -> list[tuple[int, str]]:
    """Start Pythons that import modules, print, read and fail."""
    ended = []
    for program, options in _PROGRAMS.items():
        done = subprocess.run(
            [sys.executable, *options, "-c", program], input='{"a": [1, 2]}',
            capture_output=True, text=True, timeout=_DEADLINE)
        ended.append((done.returncode, (done.stdout + done.stderr).strip()))
    return ended


class Outline(ast.NodeVisitor):
    """Collect functions and count branches, as a linter does."""

    def __init__(self) -> None:
        self.functions: set[str] = set()
        self.branches = 0

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Add a function and what is in it."""
        self.functions.add(node.name)
        self.generic_visit(node)

    def visit_If(self, node: ast.If) -> None:
        """Count a branch and what is in it."""
        self.branches += 1
        self.generic_visit(node)


def _names(code: CodeType) -> set[str]:
    return {code.co_name}.union(*(
        _names(constant) for constant in code.co_consts
        if isinstance(constant, CodeType)))


def _source(module: str) -> str:
    path = Path(os.__file__).with_name(f"{module}.py")
    return path.read_text(encoding="utf-8")


def sources() -> bool:
    """Parse, compile and unparse modules of the standard library."""
    for module in "heapq", "shlex":
        tree = ast.parse(_source(module))
        outline = Outline()
        outline.visit(tree)
        code = compile(tree, f"{module}.py", "exec")
        if not outline.functions <= _names(code) or outline.branches < 5:
            return False
        if ast.dump(ast.parse(ast.unparse(tree))) != ast.dump(tree):
            return False
    return True


def tokens() -> bool:
    """Tokenize, disassemble and run a module of the standard library."""
    text = _source("textwrap")
    found = list(tokenize.generate_tokens(io.StringIO(text).readline))
    names = {token.string for token in found if token.type == tokenize.NAME}
    code = compile(text, "textwrap.py", "exec", dont_inherit=True)
    operations = {instruction.opname for instruction in dis.get_instructions(
        code)}
    namespace: dict[str, Any] = {"__name__": "source"}
    exec(code, namespace)
    value = eval("fill('a b c d', width=3)", namespace)
    return value == "a b\nc d" and {"def", "TextWrapper"} <= names and any(
        name.startswith("STORE_NAME") for name in operations)


class Masked(logging.Filter):
    """Hide secrets in log records."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace what looks like a password."""
        record.msg = str(record.msg).replace("hunter2", "***")
        return record.levelno != logging.WARNING


def logs() -> tuple[int, int, int]:
    """Log through a hierarchy of loggers to a text in memory."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter(
        "%(levelname)-8s %(name)s:%(lineno)d %(message)s"))
    handler.addFilter(Masked())
    top = logging.getLogger("workload")
    top.propagate = False
    top.setLevel(logging.INFO)
    top.addHandler(handler)
    try:
        child = logging.getLogger("workload.part")
        for number in range(120):
            child.debug("not seen %d", number)
            child.info("password hunter2 of %s is %5.2f", number, number / 3)
            top.warning("filtered")
            if number % 20 == 0:
                try:
                    list[int]().remove(number)
                except ValueError:
                    child.exception("failed: %r", {"number": number})
    finally:
        top.removeHandler(handler)
    text = stream.getvalue()
    return text.count("***"), text.count("Traceback"), text.count("WARNING")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tool", description="Do things.")
    parser.add_argument("--verbose", "-v", action="count", default=0)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in "add", "remove", "list":
        command = commands.add_parser(name, help=f"{name} things")
        command.add_argument("names", nargs="*")
        command.add_argument("--size", type=int, default=3, metavar="N")
        command.add_argument("--kind", choices=("big", "small"))
        group = command.add_mutually_exclusive_group()
        group.add_argument("--all", action="store_true")
        group.add_argument("--none", dest="all", action="store_false")
    return parser


def arguments() -> tuple[int, int, bool]:
    """Parse command lines, and report wrong ones."""
    sizes, wrong, out = 0, 0, io.StringIO()
    for line in ("add a 'b c' --size 5", "-vv list --kind=big", "remove x",
                 "add --all --none", "list --size x", "-v add --kind big q",
                 "list --he"):
        parser = _parser()
        try:
            with (contextlib.redirect_stderr(out),
                  contextlib.redirect_stdout(out)):
                found = parser.parse_args(shlex.split(line))
        except SystemExit as exc:
            wrong += bool(exc.code)
        else:
            sizes += found.size + found.verbose + len(found.names)
    return sizes, wrong, "invalid int value: 'x'" in out.getvalue()


class Stack:
    """What the tests below test."""

    def __init__(self, log: Any) -> None:
        self._items: list[int] = []
        self._log = log

    def push(self, item: int) -> None:
        """Add *item* on the top."""
        self._items.append(item)
        self._log.write("push", item)

    def pop(self) -> int:
        """Remove and return the top."""
        return self._items.pop()


class StackTest(unittest.TestCase):
    """A test case, run by the workload."""

    def setUp(self) -> None:
        """Make a stack with a log that remembers calls."""
        self.log = mock.Mock(spec=["write"])
        self.stack = Stack(self.log)

    def test_order(self) -> None:
        """Push and pop."""
        for number in range(20):
            with self.subTest(number):
                self.stack.push(number)
                self.assertEqual(self.stack._items[-1], number)
        self.assertEqual([self.stack.pop() for _ in range(20)],
                         [*reversed(range(20))])
        self.log.write.assert_called_with("push", 19)
        self.assertEqual(self.log.write.call_count, 20)

    def test_empty(self) -> None:
        """Pop from an empty stack."""
        with self.assertRaisesRegex(IndexError, "empty"):
            self.stack.pop()
        self.assertFalse(self.log.write.called)

    def test_patched(self) -> None:
        """Replace a method for the time of a block."""
        with mock.patch.object(Stack, "pop", return_value=7) as pop:
            self.assertEqual(self.stack.pop(), 7)
        pop.assert_called_once_with()
        self.assertDictEqual(vars(SimpleNamespace(a=1)), {"a": 1})

    def test_that_fails(self) -> None:
        """Compare what differs, so that a difference is reported."""
        self.assertEqual(json.loads("[1, 2, 3]"), [1, 2, 4])


def unit_tests() -> tuple[int, int, bool]:
    """Run unit tests, one of which has to fail."""
    out = io.StringIO()
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(StackTest)
    result = unittest.TextTestRunner(out, verbosity=2).run(suite)
    return (result.testsRun, len(result.failures),
            "First differing element 2" in out.getvalue())
