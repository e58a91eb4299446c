"""Records: dataclasses, enumerations, named tuples, and copies."""

import copy
import copyreg
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from enum import Enum, Flag, auto
from typing import Any, NamedTuple


class Colour(Enum):
    """An enumeration whose members have a method."""

    RED = "r"
    GREEN = "g"
    BLUE = "b"

    def mixed(self, other: "Colour") -> str:
        """Return a name for a mixture."""
        return "".join(sorted({self.value, other.value}))


class Rights(Flag):
    """Flags that are combined."""

    READ = auto()
    WRITE = auto()
    RUN = auto()


class Point(NamedTuple):
    """A tuple with names."""

    x: int
    y: int


@dataclass(frozen=True, order=True)
class Item:
    """A value that can be a key."""

    name: str
    price: int
    colour: Colour = field(default=Colour.RED, compare=False)


@dataclass
class Order:
    """A mutable record with a list."""

    number: int
    items: list[Item] = field(default_factory=list)
    rights: Rights = Rights.READ

    @property
    def total(self) -> int:
        """What it costs."""
        return sum(item.price for item in self.items)


def records() -> tuple[int, int, int]:
    """Make, compare and change dataclasses, enums and named tuples."""
    stock = [Item(f"item {number % 50}", number % 17, colour)
             for number in range(100) for colour in Colour]
    cheaper = {replace(item, price=item.price // 2) for item in stock}
    orders = [Order(number, stock[number:number + 5],
                    Rights.READ | Rights.WRITE if number % 2 else Rights.RUN)
              for number in range(50)]
    texts = [str(asdict(order)["items"][0]["name"]) for order in orders
             if Rights.WRITE in order.rights]
    points = [Point(number, -number)._replace(y=2) for number in range(300)]
    mixed = {one.mixed(other) for one in Colour for other in Colour}
    return (len(cheaper) + len(mixed), sum(order.total for order in orders),
            sum(x * y for x, y in points) + len("".join(texts))
            + max(stock).price)


class Handle:
    """An object that is copied by a registered function."""

    def __init__(self, number: int) -> None:
        self.number = number


def _reduced(handle: Handle) -> tuple[type[Handle], tuple[int]]:
    return Handle, (handle.number,)


class Node:
    """An object in a cycle, copied with its state."""

    def __init__(self, name: str, parent: "Node | None" = None) -> None:
        self.name = name
        self.parent = parent
        self.children: list[Node] = []
        self.data: dict[str, Any] = {"seen": {1, 2}, "where": (1.5, [name])}
        if parent:
            parent.children.append(self)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"copied": True}

    def walk(self) -> "Iterator[Node]":
        """Yield the node and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


def copies() -> tuple[int, int, bool]:
    """Copy nested data and objects, deeply and not."""
    copyreg.pickle(Handle, _reduced)
    root = Node("root")
    for number in range(6):
        child = Node(f"child {number}", root)
        for leaf in range(4):
            Node(f"leaf {leaf}", child).data["handle"] = Handle(leaf)
    copied = copy.deepcopy(root)
    document = {"rows": [{"id": number, "tags": ["a", "b"], "at": (1, 2.0)}
                         for number in range(60)]}
    other: Any = copy.deepcopy(document)
    other["rows"][3]["tags"].append("c")
    shallow = [copy.copy(node) for node in copied.walk()]
    handles = [node.data["handle"] for node in shallow
               if "handle" in node.data]
    return (len(shallow), sum(handle.number for handle in handles),
            other != document and copied.children[0].parent is copied)
