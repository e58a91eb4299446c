"""Generators, coroutines and threads."""

import asyncio
import queue
import threading
import types
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

Nested = int | list["Nested"]


def flat(items: Nested) -> Iterator[int]:
    """Yield the numbers of nested lists."""
    if isinstance(items, int):
        yield items
    else:
        for item in items:
            yield from flat(item)


def average() -> Generator[float, float, None]:
    """Receive numbers, and yield the average of those so far."""
    total, count = 0.0, 0
    value = yield 0.0
    while True:
        total += value
        count += 1
        value = yield total / count


def lines(count: int) -> Iterator[str]:
    """Yield lines of a log."""
    for number in range(count):
        yield f"{number} {'error' if number % 7 == 0 else 'ok'} {number % 13}"


def generators() -> tuple[int, float, int, list[int]]:
    """Run pipelines of generators, send to one, and recurse into others."""
    fields = (line.split() for line in lines(1500))
    found = ((int(number), int(code)) for number, state, code in fields
             if state == "error")
    total = sum(number * code for number, code in found)
    averages = average()
    next(averages)
    for number in range(1500):
        last = averages.send(number)
    averages.close()
    nested: Nested = 1
    for number in range(40):
        nested = [number, nested, [number, [number]]]

    def countdown(start: int) -> Iterator[int]:
        while start:
            yield start
            start -= 1

    pairs = list(zip(countdown(5), countdown(9), strict=False))
    return total, last, sum(flat(nested)), [a * b for a, b in pairs]


class Channel:
    """What coroutines send values through, without asyncio."""

    def __init__(self) -> None:
        self.values: deque[int] = deque()

    @types.coroutine
    def turn(self) -> Generator[None, None, None]:
        """Let the others run."""
        yield

    async def get(self) -> int:
        """Wait for a value and return it."""
        while not self.values:
            await self.turn()
        return self.values.popleft()

    async def put(self, value: int) -> None:
        """Send *value* when there is room."""
        while len(self.values) > 3:
            await self.turn()
        self.values.append(value)

    async def __aenter__(self) -> "Channel":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.put(-1)

    def __aiter__(self) -> "Channel":
        return self

    async def __anext__(self) -> int:
        value = await self.get()
        if value < 0:
            raise StopAsyncIteration
        return value


def run_all(coroutines: list[Coroutine[Any, Any, None]]) -> int:
    """Run *coroutines* in turn to their ends; return the turns."""
    ready, turns = deque(coroutines), 0
    while ready:
        turns += 1
        current = ready.popleft()
        try:
            current.send(None)
        except StopIteration:
            continue
        ready.append(current)
    return turns


def coroutines() -> tuple[int, int]:
    """Send numbers through a chain of coroutines with a loop of our own."""
    channels = [Channel() for _ in range(5)]
    results: list[int] = []

    async def produce() -> None:
        async with channels[0] as channel:
            for number in range(200):
                await channel.put(number)

    async def filtered(source: Channel, target: Channel, step: int) -> None:
        async with target:
            async for number in source:
                if number % step:
                    await target.put(number)

    async def consume() -> None:
        results.extend([number async for number in channels[-1]])

    turns = run_all([produce(), consume(), *(
        filtered(channels[place], channels[place + 1], step)
        for place, step in enumerate((2, 3, 5, 7)))])
    return sum(results), turns


async def _workers() -> tuple[int, int, int]:
    jobs: asyncio.Queue[int] = asyncio.Queue(maxsize=8)
    gate, done = asyncio.Semaphore(3), []

    async def work() -> None:
        while True:
            number = await jobs.get()
            async with gate:
                await asyncio.sleep(0)
                done.append(number * 2)
            jobs.task_done()

    async def fibonacci(number: int) -> int:
        if number < 2:
            return number
        if number < 6:
            return (await fibonacci(number - 1)
                    + await fibonacci(number - 2))
        return sum(await asyncio.gather(fibonacci(number - 1),
                                        fibonacci(number - 2)))

    workers = [asyncio.create_task(work()) for _ in range(4)]
    for number in range(300):
        await jobs.put(number)
    await jobs.join()
    for worker in workers:
        worker.cancel()
    ended = await asyncio.gather(*workers, return_exceptions=True)
    event = asyncio.Event()
    asyncio.get_running_loop().call_later(0.001, event.set)
    await asyncio.wait_for(event.wait(), timeout=60)
    return sum(done), len(ended), await fibonacci(11)


def tasks() -> tuple[int, int, int]:
    """Run tasks with a queue, a semaphore, an event and gather()."""
    return asyncio.run(_workers())


async def _serve() -> tuple[int, int]:
    async def answer(reader: asyncio.StreamReader,
                     writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            command, _, rest = line.decode().strip().partition(" ")
            text = rest.upper() if command == "shout" else rest[::-1]
            writer.write(f"{len(text)} {text}\n".encode())
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def ask(name: int) -> int:
        reader, writer = await asyncio.open_connection(*address)
        total = 0
        for number in range(20):
            command = "shout" if number % 2 else "turn"
            writer.write(f"{command} client {name} asks {number}\n".encode())
            await writer.drain()
            length, _, text = (await reader.readline()).partition(b" ")
            total += int(length) + text.count(b"A")
        writer.close()
        await writer.wait_closed()
        return total

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        address = server.sockets[0].getsockname()
        totals = await asyncio.gather(*map(ask, range(8)))
    return sum(totals), len(totals)


def streams() -> tuple[int, int]:
    """Let clients talk to a server by TCP on the loopback interface."""
    return asyncio.run(_serve())


def _checked(number: int) -> int:
    return sum(divisor for divisor in range(1, number)
               if number % divisor == 0)


def threads() -> tuple[int, int, list[int]]:
    """Let threads work with queues, a lock, a condition and a pool."""
    todo: queue.Queue[int | None] = queue.Queue()
    results: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()
    lock, counter = threading.Lock(), {"done": 0}

    def work(function: Callable[[int], int]) -> None:
        while (number := todo.get()) is not None:
            results.put((number, function(number)))
            with lock:
                counter["done"] += 1

    workers = [threading.Thread(target=work, args=(_checked,))
               for _ in range(4)]
    for worker in workers:
        worker.start()
    for number in (*range(200), *[None] * len(workers)):
        todo.put(number)
    for worker in workers:
        worker.join()
    found = sorted(results.get() for _ in range(200))
    with ThreadPoolExecutor(max_workers=3) as pool:
        perfect = [number for number, total in zip(
            range(1, 200), pool.map(_checked, range(1, 200), chunksize=1),
            strict=True) if number == total]
    return sum(total for _, total in found), counter["done"], perfect
