"""Numbers: floats, integers, decimals, random numbers."""

import cmath
import math
import operator
import random
import statistics
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from itertools import accumulate


class Body:
    """A mass with a place and a velocity in a plane."""

    def __init__(self, mass: float, x: float, y: float, speed: float) -> None:
        self.mass = mass
        self.x, self.y = x, y
        self.vx, self.vy = 0.0, speed


def _pull(one: Body, other: Body, step: float) -> None:
    dx, dy = other.x - one.x, other.y - one.y
    square = dx * dx + dy * dy
    force = step / (square * math.sqrt(square))
    one.vx += dx * other.mass * force
    one.vy += dy * other.mass * force
    other.vx -= dx * one.mass * force
    other.vy -= dy * one.mass * force


def orbits() -> tuple[float, float]:
    """Move a sun and its planets; the momentum has to stay."""
    bodies = [Body(1000.0, 0.0, 0.0, 0.0), *(
        Body(1.0 + number, 10.0 * number, 0.0,
             math.sqrt(1000 / (10.0 * number))) for number in range(1, 6))]

    def momentum() -> float:
        return sum(body.mass * body.vy for body in bodies)

    before = momentum()
    for _ in range(250):
        for place, one in enumerate(bodies):
            for other in bodies[place + 1:]:
                _pull(one, other, 0.001)
        for body in bodies:
            body.x += 0.001 * body.vx
            body.y += 0.001 * body.vy
    turned = math.atan2(bodies[1].y - bodies[0].y, bodies[1].x - bodies[0].x)
    return round(abs(momentum() - before), 6), round(turned, 4)


Matrix = list[list[float]]


def product(a: Matrix, b: Matrix) -> Matrix:
    """Return the product of two matrices."""
    columns = list(zip(*b, strict=True))
    return [[sum(map(operator.mul, row, column)) for column in columns]
            for row in a]


def determinant(matrix: Matrix) -> float:
    """Return the determinant by elimination with pivots."""
    rows, result = [row[:] for row in matrix], 1.0
    for place in range(len(rows)):
        pivot = max(range(place, len(rows)),
                    key=lambda index: abs(rows[index][place]))
        if pivot != place:
            rows[place], rows[pivot] = rows[pivot], rows[place]
            result = -result
        top = rows[place]
        result *= top[place]
        for row in rows[place + 1:]:
            factor = row[place] / top[place]
            for column in range(place, len(rows)):
                row[column] -= factor * top[column]
    return result


def matrices() -> tuple[float, float, float]:
    """Multiply matrices, and find a determinant and an eigenvalue."""
    size = 18
    matrix = [[1.0 / (1 + row + column) + (row == column)
               for column in range(size)] for row in range(size)]
    squared = product(matrix, matrix)
    vector = [1.0] * size
    for _ in range(30):
        vector = [sum(a * b for a, b in zip(row, vector, strict=True))
                  for row in matrix]
        length = math.sqrt(sum(part * part for part in vector))
        vector = [part / length for part in vector]
    ratio = determinant(squared) / determinant(matrix) ** 2
    trace = sum(squared[place][place] for place in range(size))
    return round(ratio, 9), round(length, 6), round(trace, 6)


def fractals() -> tuple[int, int, float]:
    """Draw the Mandelbrot set by complex numbers, another one by floats."""
    inside = 0
    for row in range(30):
        for column in range(40):
            start = complex(column / 16 - 2, row / 12 - 1.25)
            value = 0j
            for _ in range(40):
                value = value * value + start
                if abs(value) > 2:
                    break
            else:
                inside += 1
    steps = 0
    for row in range(24):
        for column in range(32):
            x, y, count = column / 10.0 - 1.6, row / 10.0 - 1.2, 0
            while x * x + y * y < 4.0 and count < 40:
                x, y = x * x - y * y - 0.4, 2.0 * x * y + 0.6
                count += 1
            steps += count
    roots = [cmath.exp(2j * cmath.pi * k / 60) for k in range(60)]
    return inside, steps, round(abs(sum(roots)), 9)


def sieve(limit: int) -> list[int]:
    """Return the primes below *limit*."""
    flags = bytearray([1]) * limit
    flags[:2] = b"\0\0"
    for number in range(2, math.isqrt(limit) + 1):
        if flags[number]:
            flags[number * number::number] = bytes(
                len(range(number * number, limit, number)))
    return [number for number, flag in enumerate(flags) if flag]


def _collatz(number: int) -> int:
    steps = 0
    while number != 1:
        number = number // 2 if number % 2 == 0 else 3 * number + 1
        steps += 1
    return steps


def integers() -> tuple[int, int, int, int]:
    """Sieve, divide, shift and count bits of small integers."""
    primes = sieve(20_000)
    longest = max(range(1, 500), key=_collatz)
    state, bits = 0x2545F491, 0
    for _ in range(2000):                        # a shift register
        state ^= (state << 13) & 0xFFFFFFFF
        state ^= state >> 17
        state ^= (state << 5) & 0xFFFFFFFF
        bits += state.bit_count() - (state & 1)
    divisors = sum(math.gcd(a, b) for a in range(60) for b in range(60))
    return len(primes), longest, bits, divisors


def _arctangent(inverse: int, unit: int) -> int:
    """Return unit * atan(1 / inverse)."""
    power, total, odd = unit // inverse, 0, 1
    while power:
        total += power // odd if odd % 4 == 1 else -(power // odd)
        power //= inverse * inverse
        odd += 2
    return total


def digits() -> tuple[str, int, bool]:
    """Compute with integers of hundreds of digits."""
    unit = 10 ** 710
    pi = 4 * (4 * _arctangent(5, unit) - _arctangent(239, unit))
    factorial = math.factorial(300)
    modulus = (1 << 521) - 1
    smaller, larger = 0, 1
    for _ in range(1500):
        smaller, larger = larger, smaller + larger
    fits = all(pow(base, modulus - 1, modulus) == 1 for base in (3, 5))
    return (str(pi)[690:700], sum(map(int, str(factorial))),
            fits and int(str(smaller)) == smaller)


def decimals() -> tuple[str, str, str]:
    """Compute interest with decimals, and with fractions and statistics."""
    balance, rate = Decimal("1000.00"), Decimal("0.0375")
    for _ in range(240):
        interest = (balance * rate / 12).quantize(Decimal("0.01"),
                                                  ROUND_HALF_UP)
        balance += interest - Decimal("1.25")
    with localcontext() as context:
        context.prec = 40
        root = Decimal(2).sqrt() * Decimal("1.5").exp()
    harmonic = sum((Fraction(1, number) for number in range(1, 40)),
                   Fraction(0))
    spread = statistics.pstdev(Fraction(number, 3) for number in range(40))
    median = statistics.median(number * 7 % 40 for number in range(40))
    return (str(balance), f"{root:.20f}",
            f"{harmonic.numerator} {float(spread):.6f} {median}")


def chance() -> tuple[bool, bool, int]:
    """Draw, shuffle and simulate with a fixed seed."""
    source = random.Random(20)
    inside = sum(source.random() ** 2 + source.random() ** 2 < 1
                 for _ in range(2000))
    cards = [f"{value}{suit}" for value in range(13) for suit in "shdc"]
    hands = []
    for _ in range(30):
        source.shuffle(cards)
        hands.append(source.sample(cards, 5))
    walk = list(accumulate(source.choice((-1, 1)) for _ in range(500)))
    normal = [source.gauss(10, 2) for _ in range(800)]
    picked = source.choices("abc", weights=(1, 2, 7), k=500)
    rolled = sum(source.randint(1, 6) for _ in range(500))
    return (3 < inside / 500 < 3.3 and 9 < statistics.fmean(normal) < 11,
            max(map(abs, walk)) <= 500 and 1500 < rolled < 2000,
            len(set(cards)) + len(hands) + (
                picked.count("c") > picked.count("a")))
