"""Classes: methods, properties, slots, operators."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator


class Shape(ABC):
    """A base class with an abstract method, a property and a counter."""

    made = 0

    def __init__(self, name: str) -> None:
        self.name = name
        self.number = Shape.made
        Shape.made += 1

    @abstractmethod
    def area(self) -> float:
        """Return the area."""

    @property
    def label(self) -> str:
        """The name and the area, for people."""
        return f"{self.name} of {self.area():.1f}"

    def scaled(self, factor: float) -> float:
        """Return the area of a shape *factor* times as wide and as high."""
        return self.area() * factor * factor

    def __lt__(self, other: "Shape") -> bool:
        return self.area() < other.area()


class Box(Shape):
    """Instances with a dict."""

    def __init__(self, width: float, height: float) -> None:
        super().__init__("box")
        self.width = width
        self.height = height

    def area(self) -> float:
        """Return the area."""
        return self.width * self.height


class Disc(Shape):
    """Instances whose class has an attribute that they override."""

    radius = 1.0

    def __init__(self, radius: float | None = None) -> None:
        super().__init__("disc")
        if radius is not None:
            self.radius = radius

    def area(self) -> float:
        """Return the area."""
        return math.pi * self.radius ** 2


class Square(Box):
    """Two levels of super()."""

    def __init__(self, width: float) -> None:
        super().__init__(width, width)
        self.name = "square"

    def scaled(self, factor: float) -> float:
        """Return the area, rounded."""
        return round(super().scaled(factor), 3)


def shapes() -> int:
    """Call overridden methods and properties of objects of one base."""
    found: list[Shape] = []
    for number in range(1, 200):
        found += Box(number, 2), Disc(number / 7), Square(number), Disc()
    found.sort()
    total = sum(shape.scaled(2) for shape in found)
    labels = {shape.label for shape in found if isinstance(shape, Disc)}
    return round(total) + len(labels)


class Account:
    """Instances with slots."""

    __slots__ = "balance", "entries", "owner"

    def __init__(self, owner: str, balance: int = 0) -> None:
        self.owner = owner
        self.balance = balance
        self.entries: list[tuple[str, int]] = []

    def deposit(self, amount: int, why: str = "cash") -> None:
        """Add *amount* to the balance."""
        self.balance += amount
        self.entries.append((why, amount))

    def transfer(self, other: "Account", amount: int) -> bool:
        """Move *amount* to *other*, if there is so much."""
        if amount > self.balance:
            return False
        self.deposit(-amount, why=other.owner)
        other.deposit(amount, why=self.owner)
        return True

    @classmethod
    def opened(cls, owner: str) -> "Account":
        """Return an account with a present in it."""
        return cls(owner, balance=100)

    @staticmethod
    def fee(amount: int) -> int:
        """Return what a transfer costs."""
        return max(1, amount // 100)


def accounts() -> tuple[int, int]:
    """Move money between accounts that have slots."""
    people = [Account.opened(f"owner {number}") for number in range(40)]
    refused = 0
    for turn in range(3000):
        giver, taker = people[turn % 40], people[turn * 7 % 39]
        amount = turn % 31
        if not giver.transfer(taker, amount + Account.fee(amount)):
            refused += 1
    return sum(person.balance for person in people), refused


class Vector:
    """A sequence with operators."""

    def __init__(self, *parts: float) -> None:
        self._parts = parts

    def __add__(self, other: "Vector") -> "Vector":
        return Vector(*(a + b for a, b in zip(self, other, strict=True)))

    def __mul__(self, factor: float) -> "Vector":
        return Vector(*[part * factor for part in self])

    __rmul__ = __mul__

    def __neg__(self) -> "Vector":
        return -1 * self

    def __matmul__(self, other: "Vector") -> float:
        return sum(a * b for a, b in zip(self, other, strict=True))

    def __iter__(self) -> Iterator[float]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)

    def __getitem__(self, index: int) -> float:
        return self._parts[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vector) and self._parts == other._parts

    def __hash__(self) -> int:
        return hash(self._parts)

    def __bool__(self) -> bool:
        return any(self._parts)

    def __call__(self, function: Callable[[float], float]) -> "Vector":
        return Vector(*map(function, self))

    def __getattr__(self, name: str) -> float:
        if name in "xyz":
            return self["xyz".index(name)]
        raise AttributeError(name)

    def __repr__(self) -> str:
        return f"Vector({', '.join(f'{part:g}' for part in self)})"


def operators() -> tuple[int, str]:
    """Use the special methods of a class."""
    where, step, seen = Vector(0, 0, 0), Vector(1, 2, 3), set()
    for number in range(400):
        where = where + step * (number % 5) + -Vector(0, 0, number)
        seen.add(where(lambda part: part % 11))
        if (number and not where) or len(where) != 3:
            raise AssertionError(where)
    return len(seen) + int(where @ step) + int(where[2]), repr(where)
