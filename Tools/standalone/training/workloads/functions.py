"""Functions: closures, decorators, exceptions, pattern matching."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def counted(limit: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator that allows *limit* calls."""
    def decorator(function: Callable[P, R]) -> Callable[P, R]:
        calls = 0

        @functools.wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            nonlocal calls
            calls += 1
            if calls > limit:
                raise RuntimeError(f"more than {limit} calls")
            return function(*args, **kwargs)
        return wrapper
    return decorator


def decorators() -> tuple[int, int, int]:
    """Call closures, decorated functions and all kinds of arguments."""
    @functools.cache
    def ways(amount: int, *coins: int) -> int:
        if not amount:
            return 1
        if amount < 0 or not coins:
            return 0
        return ways(amount - coins[0], *coins) + ways(amount, *coins[1:])

    @counted(2000)
    def area(width: int, height: int = 2, /, *, depth: int = 1,
             **others: int) -> int:
        return width * height * depth + sum(others.values())

    def compose(*functions: Callable[[int], int]) -> Callable[[int], int]:
        return functools.reduce(
            lambda inner, outer: lambda value: outer(inner(value)), functions)

    total = 0
    for number in range(400):
        total += area(number) + area(number, 3, depth=2)
        total += area(*(number, 1), **{"depth": 3, "more": number})
    adders = [functools.partial(int.__add__, number) for number in range(20)]
    chain = compose(*adders, lambda value: value * 2, abs)
    return total, sum(chain(-number) for number in range(300)), ways(
        300, 50, 20, 10, 5, 2, 1)


class Refused(Exception):
    """An exception with an attribute."""

    def __init__(self, code: int) -> None:
        super().__init__(f"refused: {code}")
        self.code = code


def errors() -> tuple[int, ...]:
    """Raise, chain and catch exceptions; leave contexts by them."""
    counts = dict.fromkeys(("key", "refused", "value", "left", "chained"), 0)

    @contextlib.contextmanager
    def visit() -> Iterator[None]:
        try:
            yield
        finally:
            counts["left"] += 1

    def check(number: int, known: dict[int, str]) -> str:
        with visit():
            if number % 3 == 0:
                return known[number]
            if number % 3 == 1:
                raise Refused(number)
            return known.get(number) or str(int("x" * number))

    for number in range(1200):
        try:
            check(number, {})
        except KeyError as exc:
            counts["key"] += exc.args[0] == number
        except (Refused, OSError) as exc:
            counts["refused"] += getattr(exc, "code", 0) == number
        except ValueError:
            counts["value"] += 1
        with contextlib.suppress(RuntimeError):
            try:
                [][number]
            except IndexError as exc:
                counts["chained"] += 1
                raise RuntimeError(number) from exc
    return tuple(counts.values())


Tree = tuple[Any, ...] | int | str


def simplified(tree: Tree) -> Tree:
    """Return an equal expression with fewer operations."""
    match tree:
        case ("+", left, right):
            match simplified(left), simplified(right):
                case (0, other) | (other, 0):
                    return other
                case (int(a), int(b)):
                    return a + b
                case (a, b):
                    return "+", a, b
        case ("*", left, right):
            match simplified(left), simplified(right):
                case (0, _) | (_, 0):
                    return 0
                case (1, other) | (other, 1):
                    return other
                case (int(a), int(b)):
                    return a * b
                case (a, b):
                    return "*", a, b
        case ("-", operand) if operand == 0:
            return 0
    return tree


def derivative(tree: Tree) -> Tree:
    """Return the derivative by x, not simplified."""
    match tree:
        case "x":
            return 1
        case (("+" | "*") as operator, a, b):
            if operator == "+":
                return "+", derivative(a), derivative(b)
            return ("+", ("*", derivative(a), b), ("*", a, derivative(b)))
    return 0


def patterns() -> tuple[str, int]:
    """Differentiate a polynomial by structural pattern matching."""
    tree: Tree = 1
    for number in range(2, 9):
        tree = ("+", ("*", tree, "x"), number)
    for _ in range(3):
        tree = simplified(derivative(tree))
    text = str(tree)
    return text[:20], text.count("x")
