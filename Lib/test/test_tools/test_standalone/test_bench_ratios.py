"""The statistics of `make bench`, with values that are known."""

import math
import random
import unittest

from standalone.bench import ratios
from standalone.bench.ratios import Ratio, Round


class RoundTest(unittest.TestCase):

    def test_speed(self):
        # 2 and 8 have the geometric mean 4, twice that of 1 and 4.
        self.assertAlmostEqual(
            math.exp(Round((1.0, 4.0), (2.0, 8.0)).speed), 2)

    def test_noise(self):
        ours, peer = Round((3.0, 2.0), (1.0, 1.0)).noise
        self.assertAlmostEqual(math.exp(ours), 1.5)
        self.assertEqual(peer, 0)

    def test_a_machine_that_becomes_slower(self):
        # The same programs, each run takes 1 % more than the one before.
        for number in range(2):
            times = {"ours": [], "peer": []}
            for place, name in enumerate(ratios.in_turn(number)):
                times[name].append(1.01 ** place)
            found = Round(tuple(times["ours"]), tuple(times["peer"]))
            self.assertAlmostEqual(found.speed, 0)

    def test_both_orders(self):
        first, second = ratios.in_turn(0), ratios.in_turn(1)
        self.assertEqual(first, ("ours", "peer", "peer", "ours"))
        self.assertEqual(second, ("peer", "ours", "ours", "peer"))
        self.assertEqual(ratios.in_turn(2), first)


class QuantileTest(unittest.TestCase):

    def test_tables(self):
        # Of Student's distribution, two-sided, 95 %.
        for freedom, expected in (
                (1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (5, 2.571),
                (9, 2.262), (30, 2.042), (120, 1.980), (1e9, 1.960)):
            self.assertAlmostEqual(ratios.quantile(freedom) / expected, 1,
                                   delta=0.01, msg=freedom)

    def test_more_rounds_are_never_worse(self):
        values = [ratios.quantile(1 + number / 10) for number in range(200)]
        self.assertEqual(values, sorted(values, reverse=True))


class MeanTest(unittest.TestCase):

    def test_one_benchmark(self):
        found = ratios.mean([[0.1, 0.2, 0.3]])
        half = 4.302653 * 0.1 / math.sqrt(3)
        for value, expected in ((found.value, 0.2), (found.low, 0.2 - half),
                                (found.high, 0.2 + half)):
            self.assertAlmostEqual(math.log(value), expected, 6)

    def test_every_benchmark_counts_the_same(self):
        found = ratios.mean([[math.log(2)] * 2, [math.log(8)] * 6])
        self.assertAlmostEqual(found.value, 4)

    def test_the_noise_of_benchmarks_adds_up(self):
        # Two of the same noise: half the variance, twice the freedom.
        one = ratios.mean([[0.0, 0.1, 0.2]])
        two = ratios.mean([[0.0, 0.1, 0.2], [1.0, 1.1, 1.2]])
        self.assertAlmostEqual(
            math.log(two.high / two.value) / math.log(one.high / one.value),
            ratios.quantile(4) / ratios.quantile(2) / math.sqrt(2))

    def test_differences_of_benchmarks_are_not_noise(self):
        found = ratios.mean([[0.0, 0.001], [1.0, 1.001]])
        self.assertLess(found.high / found.low, 1.01)

    def test_one_round(self):
        found = ratios.mean([[math.log(3)]])
        self.assertAlmostEqual(found.value, 3)
        self.assertEqual((found.low, found.high), (None, None))
        self.assertFalse(found.is_certain)
        self.assertEqual(Ratio(4).inverse, Ratio(0.25))

    def test_no_noise(self):
        self.assertEqual(ratios.mean([[0.0, 0.0]]), Ratio(1.0, 1.0, 1.0))

    def test_coverage(self):
        # Of benchmarks with different noise; the seed is fixed.
        source, hits, runs = random.Random(1), 0, 500
        for _ in range(runs):
            found = ratios.mean([
                [source.gauss(0.05, sigma) for _ in range(5)]
                for sigma in (0.01, 0.02, 0.1)])
            hits += found.low <= math.exp(0.05) <= found.high
        self.assertGreater(hits / runs, 0.92)
        self.assertLess(hits / runs, 0.98)


class SummaryTest(unittest.TestCase):

    def setUp(self):
        # Ours takes half the time; its second run 10 % more than its first.
        self.rounds = [Round((1.0, 1.1), (2.0, 2.2)),
                       Round((2.0, 2.2), (4.0, 4.4))]

    def test_speed(self):
        found = ratios.speed([self.rounds])
        self.assertAlmostEqual(found.value, 2)
        self.assertTrue(found.is_certain)
        self.assertAlmostEqual(found.inverse.value, 0.5)

    def test_inverse(self):
        self.assertEqual(Ratio(2.0, 1.0, 4.0).inverse, Ratio(0.5, 0.25, 1.0))

    def test_noise(self):
        self.assertAlmostEqual(ratios.noise([self.rounds]), 10)
        self.assertAlmostEqual(
            ratios.against_itself([self.rounds]).value, 1 / 1.1)

    def test_certain(self):
        for low, high, expected in ((0.9, 1.1, False), (1.01, 1.1, True),
                                    (0.8, 0.9, True), (1.0, 1.1, False)):
            self.assertEqual(Ratio(1.0, low, high).is_certain, expected)


if __name__ == "__main__":
    unittest.main()
