"""Lists, dicts, sets, and what sorts and combines them."""

import heapq
import itertools
from bisect import bisect_left, insort
from collections import ChainMap, Counter, OrderedDict, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter, itemgetter
from typing import Any

Row = dict[str, Any]


def rows(count: int) -> list[Row]:
    """Return *count* records in an order that is not sorted."""
    return [{"id": number, "group": f"g{number * 7 % 13}",
             "value": number * 7919 % 1009, "rank": (number % 5, -number)}
            for number in range(count)]


def collections() -> tuple[int, int, int, list[int]]:
    """Group, join, filter and update lists, dicts and sets."""
    table = rows(500)
    groups: dict[str, list[Row]] = {}
    for row in table:
        groups.setdefault(row["group"], []).append(row)
    totals = {name: sum(row["value"] for row in members)
              for name, members in groups.items() if name != "g3"}
    merged = {**totals, "g3": 0} | {"extra": len(totals)}
    merged.pop("extra")
    merged.update(g1=merged["g1"] + 1)
    evens = {row["id"] for row in table if row["value"] % 2 == 0}
    small = {row["id"] for row in table if row["value"] < 500}
    both = len(evens & small) * 3 + len(evens - small) * 2 + len(evens ^ small)
    names = [row["group"] for row in table if row["id"] in evens
             and row["group"] not in ("g1", "g2")]
    grid = [[row * column for column in range(20)] for row in range(20)]
    turned = [list(line) for line in zip(*grid, strict=True)]
    flat = [value for line in turned[1:-1] for value in line[::3]]
    stack: list[int] = []
    for value in flat:
        if stack and stack[-1] > value:
            stack.pop()
        elif value % 3:
            stack.insert(0, value)
        else:
            stack.append(value)
    del stack[2:4]
    stack.reverse()
    first, *_, last = stack
    return sum(merged.values()), both, len(names) + first - last, stack[:3]


@dataclass(slots=True)
class Job:
    """Something that waits for its turn."""

    priority: int
    name: str

    def __lt__(self, other: "Job") -> bool:
        return self.priority < other.priority


def sorting() -> tuple[int, str, int, int]:
    """Sort by keys, and use heaps and bisection."""
    table = rows(800)
    table.sort(key=itemgetter("rank"))
    by_name = sorted(table, key=lambda row: (row["group"], -row["value"]))
    values = sorted((row["value"] for row in table), reverse=True)
    jobs = [Job(row["value"], row["group"]) for row in table[:300]]
    floats = sorted(value / 7 for value in values)
    heap: list[Job] = []
    for job in jobs:
        heapq.heappush(heap, job)
    order = [heapq.heappop(heap) for _ in range(len(heap))]
    if order != sorted(jobs, key=attrgetter("priority")) and \
            [job.priority for job in order] != sorted(
                job.priority for job in jobs):
        raise AssertionError("heap")
    line: list[int] = []
    for value in values[:300]:
        insort(line, value * 31 % 997)
    found = sum(bisect_left(line, value) for value in range(0, 997, 5))
    merged = list(heapq.merge(line, range(0, 900, 9), values[::-1]))
    best = heapq.nlargest(5, table, key=itemgetter("value"))
    return (found, by_name[40]["group"], merged[500] + int(floats[100]),
            sum(row["id"] for row in best))


def _windows(values: list[int], size: int) -> Iterator[tuple[int, ...]]:
    window: deque[int] = deque(maxlen=size)
    for value in values:
        window.append(value)
        if len(window) == size:
            yield tuple(window)


def iteration() -> tuple[int, int, int, str]:
    """Combine iterators, deques, counters and other containers."""
    values = [number * 37 % 101 for number in range(600)]
    highest = max(sum(window) for window in _windows(values, 5))
    pairs = sum(1 for a, b, c in itertools.combinations(range(24), 3)
                if (a + b) % 5 == c % 5)
    ordered = sorted(values)
    runs = [len(list(group)) for _, group in itertools.groupby(
        ordered, key=lambda value: value // 10)]
    chained = itertools.chain.from_iterable(
        itertools.islice(itertools.cycle(run), 4) for run in ("ab", "xyz"))
    recent: OrderedDict[int, int] = OrderedDict()
    for value in values:
        recent[value] = recent.pop(value, 0) + 1
        if len(recent) > 20:
            recent.popitem(last=False)
    index: defaultdict[int, list[int]] = defaultdict(list)
    for place, value in enumerate(values):
        index[value % 10].append(place)
    counts = Counter(values) - Counter(ordered[:300])
    layers = ChainMap({}, {"a": 1}, dict.fromkeys("abc", 0))
    ring = deque(range(50))
    for step in range(200):
        ring.rotate(step % 7)
        ring.append(ring.popleft() + 1)
    sums = [*itertools.accumulate(runs), *itertools.starmap(pow, [(2, 5)]),
            *itertools.takewhile(lambda value: value < 9, values)]
    return (highest + pairs, sum(sums) + sum(layers.values()),
            sum(map(len, index.values())) + sum(ring) + sum(recent.values()),
            "".join(chained) + f"{sum(counts.values())}")
