"""Ratios of two programs' times, and how certain they are.

In each round both programs run twice, in the order A B B A or B A A B.  If
the machine becomes slower or faster during a round, that affects both
alike.  The two runs of the same program show how much times differ
without a reason: the noise.
"""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

#: The probability that the interval of a ratio contains the true value.
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Round:
    """The times of one round, in seconds, in the order of the runs."""

    ours: tuple[float, float]
    peer: tuple[float, float]

    @property
    def speed(self) -> float:
        """How many times as fast ours is, as a natural logarithm."""
        return math.log(math.prod(self.peer) / math.prod(self.ours)) / 2

    @property
    def noise(self) -> tuple[float, float]:
        """How the second run of each program compares with its first."""
        return (math.log(self.ours[0] / self.ours[1]),
                math.log(self.peer[0] / self.peer[1]))


@dataclass(frozen=True)
class Ratio:
    """A ratio and its confidence interval.

    A single round has no interval: *low* and *high* are then None.
    """

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def is_certain(self) -> bool:
        """Whether all of the interval is on one side of 1."""
        return (self.low is not None and self.high is not None
                and not self.low <= 1 <= self.high)

    @property
    def inverse(self) -> "Ratio":
        """The ratio of times, if this is one of speeds."""
        return Ratio(1 / self.value, self.high and 1 / self.high,
                     self.low and 1 / self.low)


def in_turn(number: int) -> tuple[str, ...]:
    """Return the order in which programs run in the round *number*."""
    return (("ours", "peer", "peer", "ours") if number % 2 == 0 else
            ("peer", "ours", "ours", "peer"))


def mean(groups: Sequence[Sequence[float]]) -> Ratio:
    """Return the geometric mean over *groups* of logarithms.

    Each group is a benchmark, and its elements are independent rounds.
    The benchmarks are not a sample of all programs, so the interval
    contains only the noise of the rounds.  Its degrees of freedom are
    Welch's: https://en.wikipedia.org/wiki/Welch-Satterthwaite_equation
    """
    value = statistics.fmean(statistics.fmean(group) for group in groups)
    if min(map(len, groups)) < 2:
        return Ratio(math.exp(value))
    parts = [(statistics.variance(group) / len(group), len(group) - 1)
             for group in groups]
    total = sum(variance for variance, _ in parts)
    if not total:
        return Ratio(*[math.exp(value)] * 3)
    freedom = total ** 2 / sum(variance ** 2 / degrees
                               for variance, degrees in parts)
    half = quantile(freedom) * math.sqrt(total) / len(groups)
    return Ratio(math.exp(value), math.exp(value - half),
                 math.exp(value + half))


def speed(benchmarks: Iterable[Sequence[Round]]) -> Ratio:
    """Return how many times as fast ours is, over all benchmarks."""
    return mean([[each.speed for each in rounds] for rounds in benchmarks])


def against_itself(benchmarks: Iterable[Sequence[Round]]) -> Ratio:
    """Return the same for ours against ours, which should be 1."""
    return mean([[each.noise[0] for each in rounds]
                 for rounds in benchmarks])


def noise(benchmarks: Iterable[Sequence[Round]]) -> float:
    """Return by how much two runs of one program usually differ.

    It is the median, in percent.
    """
    return 100 * math.expm1(statistics.median(
        abs(log) for rounds in benchmarks for each in rounds
        for log in each.noise))


def quantile(freedom: float) -> float:
    """Return by how many standard errors an interval extends on each side.

    This is Student's distribution with *freedom* degrees of freedom, 1 or
    more, which the standard library lacks.  Up to 2 there are formulas;
    from there on Hill's expansion is used, which is off by less than 1 %:
    https://doi.org/10.1145/355598.355600
    """
    probability = (1 + CONFIDENCE) / 2
    if freedom < 2:
        return math.tan(math.pi * (probability - 0.5))
    if freedom < 3:
        return CONFIDENCE * math.sqrt(2 / (1 - CONFIDENCE ** 2))
    x = statistics.NormalDist().inv_cdf(probability)
    return x + sum(term / freedom ** power for power, term in enumerate((
        (x**3 + x) / 4,
        (5 * x**5 + 16 * x**3 + 3 * x) / 96,
        (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384,
        (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x)
        / 92160), 1))
