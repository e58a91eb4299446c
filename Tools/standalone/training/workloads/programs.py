"""Small programs: an interpreter, a ray tracer, a simulation."""

import heapq
import math
import operator
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Value = Any
OPERATORS: dict[str, Callable[[Any, Any], Value]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul,
    "<": operator.lt, "=": operator.eq, "mod": operator.mod}


class Scope(dict[str, Value]):
    """The names of a scope, which also finds the names of outer scopes."""

    def __init__(self, names: dict[str, Value], outer: "Scope | None" = None):
        super().__init__(names)
        self.outer = outer

    def find(self, name: str) -> Value:
        """Return the value of *name*."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope:
                return scope[name]
            scope = scope.outer
        raise NameError(name)


def _read(tokens: list[str]) -> Any:
    token = tokens.pop()
    if token != "(":
        try:
            return int(token)
        except ValueError:
            return token
    items = []
    while tokens[-1] != ")":
        items.append(_read(tokens))
    tokens.pop()
    return items


def _run(tree: Any, scope: Scope) -> Value:
    if isinstance(tree, str):
        return scope.find(tree)
    if not isinstance(tree, list):
        return tree
    head, *rest = tree
    if head == "if":
        condition, yes, no = rest
        return _run(yes if _run(condition, scope) else no, scope)
    if head == "define":
        scope[rest[0]] = _run(rest[1], scope)
        return None
    if head == "lambda":
        names, body = rest
        return lambda *values: _run(
            body, Scope(dict(zip(names, values, strict=True)), scope))
    function, *values = (_run(each, scope) for each in tree)
    return function(*values)


_LISP = """
(define fib (lambda (n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2))))))
(define gcd (lambda (a b) (if (= b 0) a (gcd b (mod a b)))))
(define sum (lambda (f n) (if (= n 0) 0 (+ (f n) (sum f (- n 1))))))
(+ (fib 12) (+ (gcd 1071 462) (sum (lambda (x) (* x x)) 50)))
"""


def interpreter() -> int:
    """Run a program in a small Lisp."""
    text = f"( {_LISP} )".replace("(", " ( ").replace(")", " ) ")
    scope = Scope(dict(OPERATORS))
    values = [_run(tree, scope) for tree in _read(text.split()[::-1])]
    return int(values[-1])


@dataclass(frozen=True, slots=True)
class Vec:
    """A vector of the ray tracer."""

    x: float
    y: float
    z: float

    def __add__(self, other: "Vec") -> "Vec":
        return Vec(self.x + other.x, self.y + other.y, self.z + other.z)

    def __sub__(self, other: "Vec") -> "Vec":
        return Vec(self.x - other.x, self.y - other.y, self.z - other.z)

    def __mul__(self, factor: float) -> "Vec":
        return Vec(self.x * factor, self.y * factor, self.z * factor)

    def dot(self, other: "Vec") -> float:
        """Return the scalar product."""
        return self.x * other.x + self.y * other.y + self.z * other.z

    def unit(self) -> "Vec":
        """Return the direction."""
        return self * (1 / math.sqrt(self.dot(self)))


@dataclass(frozen=True)
class Ball:
    """A thing to see."""

    centre: Vec
    radius: float
    shine: float = 0.0

    def hit(self, origin: Vec, direction: Vec) -> float | None:
        """Return how far it is, or None if the ray does not meet it."""
        offset = origin - self.centre
        b = offset.dot(direction)
        root = b * b - offset.dot(offset) + self.radius ** 2
        if root < 0:
            return None
        distance = -b - math.sqrt(root)
        return distance if distance > 1e-6 else None


def _seen(balls: list[Ball], origin: Vec, direction: Vec,
          depth: int) -> float:
    hits = [(distance, number) for number, ball in enumerate(balls)
            if (distance := ball.hit(origin, direction)) is not None]
    if not hits:
        return max(0.0, direction.y) * 0.3
    distance, number = min(hits)
    ball = balls[number]
    point = origin + direction * distance
    normal = (point - ball.centre).unit()
    light = Vec(0.5, 1.0, -0.8).unit()
    dark = any(other.hit(point, light) for other in balls)
    bright = 0.1 if dark else max(0.1, normal.dot(light))
    if ball.shine and depth:
        mirrored = direction - normal * (2 * direction.dot(normal))
        bright += ball.shine * _seen(balls, point, mirrored, depth - 1)
    return min(bright, 1.0)


def rays() -> str:
    """Draw shiny balls by tracing rays."""
    balls = [Ball(Vec(0, 0, 5), 1.5, 0.4), Ball(Vec(1.8, 0.5, 4), 0.6),
             Ball(Vec(0, -101.5, 5), 100, 0.2)]
    picture = ["".join(
        " .:-=+*#%@"[int(_seen(balls, Vec(0, 0, 0), Vec(
            column / 16 - 1, 0.75 - row / 9, 1.5).unit(), 2) * 9.99)]
        for column in range(32)) for row in range(14)]
    return picture[6]


@dataclass(order=True)
class Event:
    """Something that happens at a time."""

    time: float
    number: int
    kind: str = ""


class Bank:
    """Customers who arrive, wait for a clerk and leave."""

    def __init__(self, clerks: int) -> None:
        self.random = random.Random(3)
        self.free = clerks
        self.waiting: list[float] = []
        self.events: list[Event] = []
        self.waits: list[float] = []
        self.served = 0

    def plan(self, time: float, kind: str) -> None:
        """Let something happen at *time*."""
        heapq.heappush(self.events, Event(time, len(self.events), kind))

    def arrive(self, now: float) -> None:
        """Let a customer come, and plan the next."""
        self.waiting.append(now)
        if now < 400:
            self.plan(now + self.random.random() * 2, "arrive")

    def leave(self, now: float) -> None:
        """Let a customer go."""
        self.free += 1
        self.served += 1

    def run(self) -> int:
        """Let all happen; return how many were served."""
        self.plan(0.0, "arrive")
        while self.events:
            event = heapq.heappop(self.events)
            getattr(self, event.kind)(event.time)
            while self.free and self.waiting:
                self.free -= 1
                self.waits.append(event.time - self.waiting.pop(0))
                self.plan(event.time + 3 * self.random.random(), "leave")
        return self.served


def simulation() -> tuple[bool, int]:
    """Simulate queues by events."""
    banks = [Bank(clerks) for clerks in (1, 2, 3)]
    served = [bank.run() for bank in banks]
    waits = [sum(bank.waits) / len(bank.waits) for bank in banks]
    return waits == sorted(waits, reverse=True), len(served) + sum(
        len(bank.waits) == count for bank, count in zip(
            banks, served, strict=True))
