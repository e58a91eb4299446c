"""Test a build with OPTIONS=jit, and that other builds have no JIT."""

import shlex
import sys
import sysconfig
import unittest

from test.test_standalone_runtime import tree

requires_version = unittest.skipIf(sys.version_info < (3, 14),
                                   "this version has no sys._jit")
JIT = any(word.startswith("--enable-experimental-jit") for word
          in shlex.split(sysconfig.get_config_var("CONFIG_ARGS")))

STATE = """\
import sys
print(sys._jit.is_available(), sys._jit.is_enabled())
"""
# The loop asks about its own frame, which compiled code runs from some
# iteration on.
ACTIVE = """\
import sys
active = 0
for number in range(100_000):
    active += sys._jit.is_active()
print(active > 0)
"""
# Loops over numbers, attributes, calls, containers and exceptions, long
# enough to be compiled.
WORK = """\
import hashlib, sys

class Point:
    __slots__ = ("x", "y")
    def __init__(self, x, y):
        self.x, self.y = x, y
    def moved(self, dx):
        return Point(self.x + dx, self.y * 0.999 + dx)

def numbers():
    value, real = 1, 1.5
    for number in range(60_000):
        value = (value * 1_103_515_245 + 12_345 + number) & 0x7fffffff
        real = real * 0.75 + value % 7
    return value, round(real, 9)

def objects():
    point = Point(0, 0.0)
    for number in range(30_000):
        point = point.moved(number % 5 - 2)
    return point.x, round(point.y, 9)

def containers():
    table, words = {}, []
    for number in range(40_000):
        key = f"k{number % 211}"
        table[key] = table.get(key, 0) + number
        if not number % 1_000:
            words.append(key)
    return sum(table.values()), words[::7], sorted(table)[:3]

def generators():
    def values(limit):
        for number in range(limit):
            if number % 3:
                yield number
    return sum(values(50_000)), max(values(50_000))

def exceptions():
    caught = 0
    for number in range(20_000):
        try:
            [1, 2, 3][number % 5]
        except IndexError as exc:
            caught += len(exc.args)
    return caught

def recursion(number):
    return number if number < 2 else recursion(number - 1) + recursion(
        number - 2)

results = [numbers(), objects(), containers(), generators(), exceptions(),
           recursion(20)]
print(hashlib.sha256(repr(results).encode()).hexdigest())
"""
# The module has an evaluation loop of its own, compiled from the same code
# as the interpreter's, with the same names (gh-144712).
SECOND_LOOP = """\
import sys, _testinternalcapi as internal
def fibonacci(number):
    first, second = 0, 1
    for _ in range(number):
        first, second = second, first + second
    return first
expected = [fibonacci(number) for number in range(200)]
internal.set_eval_frame_interp()
try:
    found = [fibonacci(number) for number in range(200)]
    for _ in range(200):
        fibonacci(500)
finally:
    internal.set_eval_frame_default()
print(found == expected)
"""


def prints(code, **env):
    """What the interpreter prints with variables of the environment."""
    return tree.run(tree.PYTHON, "-S", "-c", code, env={
        "PYTHON_JIT": None, **env})


class JITTests(unittest.TestCase):

    def test_version(self):
        """sys._jit is new in 3.14."""
        self.assertEqual(hasattr(sys, "_jit"), sys.version_info >= (3, 14))

    @requires_version
    def test_state(self):
        self.assertEqual(prints(STATE), f"{JIT} {JIT}")
        self.assertEqual(prints(STATE, PYTHON_JIT="0"), f"{JIT} False")
        self.assertEqual(prints(STATE, PYTHON_JIT="1"), f"{JIT} {JIT}")

    @requires_version
    def test_active(self):
        self.assertEqual(prints(ACTIVE), str(JIT))
        self.assertEqual(prints(ACTIVE, PYTHON_JIT="0"), "False")

    def test_results(self):
        """Compiled code computes what the interpreter does."""
        self.assertEqual(prints(WORK), prints(WORK, PYTHON_JIT="0"))

    @unittest.skipIf(sys.version_info < (3, 15), "has no second loop")
    def test_second_loop(self):
        try:
            import _testinternalcapi  # noqa: F401
        except ImportError:
            self.skipTest("the modules of the test suite are not here")
        self.assertEqual(prints(SECOND_LOOP), "True")


if __name__ == "__main__":
    unittest.main()
