"""Games and searches."""

import heapq
from collections import Counter
from collections.abc import Iterator


def _queens(size: int, row: int, columns: int, rising: int,
            falling: int) -> int:
    if row == size:
        return 1
    found = 0
    free = ~(columns | rising | falling) & ((1 << size) - 1)
    while free:
        place = free & -free
        free ^= place
        found += _queens(size, row + 1, columns | place,
                         (rising | place) << 1, (falling | place) >> 1)
    return found


def _placed(size: int) -> Iterator[list[int]]:
    """Yield the solutions, by sets and a generator."""
    queens: list[int] = []

    def place(row: int) -> Iterator[list[int]]:
        if row == size:
            yield queens[:]
            return
        for column in range(size):
            if all(column != other and abs(column - other) != row - line
                   for line, other in enumerate(queens)):
                queens.append(column)
                yield from place(row + 1)
                queens.pop()

    return place(0)


def queens() -> tuple[int, int, list[int]]:
    """Place queens on a board, in two ways."""
    solutions = list(_placed(6))
    return _queens(8, 0, 0, 0, 0), len(solutions), solutions[0]


_PUZZLE = ("53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28...."
           "419..5....8..79")


_PEERS = [{other for other in range(81) if other != cell and (
    other // 9 == cell // 9 or other % 9 == cell % 9 or
    (other // 27, other % 9 // 3) == (cell // 27, cell % 9 // 3))}
    for cell in range(81)]


class Sudoku:
    """A board with the candidates of each cell."""

    def __init__(self, cells: list[set[int]]) -> None:
        self.cells = cells

    @classmethod
    def read(cls, text: str) -> "Sudoku":
        """Return the board of *text*."""
        return cls([set(range(1, 10)) if char == "." else {int(char)}
                    for char in text])

    def reduced(self) -> bool:
        """Remove candidates that peers have; False if one has none."""
        changed = True
        while changed:
            changed = False
            for cell, candidates in enumerate(self.cells):
                if len(candidates) > 1:
                    taken = {min(self.cells[peer])
                             for peer in _PEERS[cell]
                             if len(self.cells[peer]) == 1}
                    if candidates & taken:
                        self.cells[cell] = candidates - taken
                        changed = True
                if not self.cells[cell]:
                    return False
        return self.consistent()

    def consistent(self) -> bool:
        """Tell whether no two peers are equal."""
        return not any(len(cell) == 1 and cell == self.cells[peer]
                       for place, cell in enumerate(self.cells)
                       for peer in _PEERS[place])

    def solved(self) -> "Sudoku | None":
        """Return a solution."""
        if not self.reduced():
            return None
        open_cells = [(len(candidates), cell)
                      for cell, candidates in enumerate(self.cells)
                      if len(candidates) > 1]
        if not open_cells:
            return self
        _, cell = min(open_cells)
        for value in sorted(self.cells[cell]):
            cells = [set(each) for each in self.cells]
            cells[cell] = {value}
            if found := Sudoku(cells).solved():
                return found
        return None


def sudoku() -> str:
    """Solve a puzzle by elimination and trial."""
    board = Sudoku.read(_PUZZLE.replace("5", ".", 2)).solved()
    assert board
    text = "".join(str(min(cell)) for cell in board.cells)
    return "|".join(text[row:row + 9] for row in range(0, 27, 9))


_KNIGHT = [(a * i, b * j) for a, b in ((1, 2), (2, 1)) for i in (-1, 1)
           for j in (-1, 1)]
_ROOK = [(0, 1), (1, 0), (0, -1), (-1, 0)]
_VALUES = {"k": 1000, "r": 5, "n": 3, "p": 1}
Moves = Iterator[tuple[tuple[int, int], tuple[int, int]]]


class Board:
    """A small board game: pieces on 6 times 6 squares, two sides."""

    SIZE = 6

    def __init__(self, rows: str) -> None:
        self.squares = {(row, column): piece
                        for row, line in enumerate(rows.split("/"))
                        for column, piece in enumerate(line) if piece != "."}
        self.visited = 0

    def moves(self, white: bool) -> Moves:
        """Yield from and to of what a side may move."""
        for (row, column), piece in list(self.squares.items()):
            if piece.isupper() != white:
                continue
            kind = piece.lower()
            if kind == "p":
                steps, reach = [(-1 if white else 1, 0)], 1
            else:
                steps = _KNIGHT if kind == "n" else _ROOK
                reach = self.SIZE if kind == "r" else 1
            for down, right in steps:
                for length in range(1, reach + 1):
                    target = row + down * length, column + right * length
                    if not (0 <= target[0] < self.SIZE
                            and 0 <= target[1] < self.SIZE):
                        break
                    other = self.squares.get(target)
                    if other is None or other.isupper() != white:
                        yield (row, column), target
                    if other is not None:
                        break

    def value(self, white: bool) -> int:
        """Return what the pieces of a side are worth more."""
        total = sum(_VALUES[piece.lower()] * (1 if piece.isupper() else -1)
                    for piece in self.squares.values())
        return total if white else -total

    def best(self, white: bool, depth: int, low: int = -9999,
             high: int = 9999) -> int:
        """Return the value of the best line of play, by alpha-beta."""
        self.visited += 1
        if not depth or abs(value := self.value(white)) > 500:
            return self.value(white)
        for source, target in self.moves(white):
            taken = self.squares.get(target)
            piece = self.squares.pop(source)
            self.squares[target] = piece
            value = -self.best(not white, depth - 1, -high, -low)
            del self.squares[target]
            self.squares[source] = piece
            if taken:
                self.squares[target] = taken
            low = max(low, value)
            if low >= high:
                break
        return low


def board() -> tuple[int, bool]:
    """Look three moves ahead in a board game."""
    game = Board("rn.k../pp.p.p/....../..N.../PP..PP/R..K.N")
    return game.best(True, 3), 100 < game.visited < 100_000


class Maze:
    """A grid with walls, made by a generator of numbers of its own."""

    def __init__(self, size: int) -> None:
        self.size = size
        state = 7
        self.cost: dict[tuple[int, int], int] = {}
        for row in range(size):
            for column in range(size):
                state = (state * 1103515245 + 12345) % 2 ** 31
                if state >> 16 & 3 or row == column:
                    self.cost[row, column] = 1 + (state >> 20) % 9

    def neighbours(self, place: tuple[int, int]) -> Iterator[tuple[int, int]]:
        """Yield where one can go."""
        row, column = place
        for target in ((row + 1, column), (row, column + 1),
                       (row - 1, column), (row, column - 1),
                       (row + 1, column + 1)):
            if target in self.cost:
                yield target

    def path(self, start: tuple[int, int],
             end: tuple[int, int]) -> tuple[int, int]:
        """Return the cost and the length of the cheapest way, by A*."""
        best, came = {start: 0}, {start: start}
        heap = [(0, start)]
        while heap:
            _, place = heapq.heappop(heap)
            if place == end:
                break
            for target in self.neighbours(place):
                cost = best[place] + self.cost[target]
                if cost < best.get(target, cost + 1):
                    best[target], came[target] = cost, place
                    ahead = max(end[0] - target[0], end[1] - target[1])
                    heapq.heappush(heap, (cost + ahead, target))
        length = 0
        while end != start:
            end, length = came[end], length + 1
        return best[place], length


def searches() -> tuple[tuple[int, int], int]:
    """Find a way through a maze, and let cells live and die."""
    maze = Maze(40)
    found = maze.path((0, 0), (39, 39))
    cells = {(0, 1), (1, 2), (2, 0), (2, 1), (2, 2), (9, 9), (9, 10), (9, 11),
             (20, 20), (20, 21), (21, 19), (21, 20), (22, 20)}
    for _ in range(30):
        counts = Counter((row + down, column + right)
                         for row, column in cells for down in (-1, 0, 1)
                         for right in (-1, 0, 1) if down or right)
        cells = {cell for cell, count in counts.items()
                 if count == 3 or (count == 2 and cell in cells)}
    return found, len(cells)
