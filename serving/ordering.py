"""Puts valued offers in order: by what they are worth, as far as the guard-rail lets, and with a little chance of known size.

An offer with P(order) p and worth w per order has the score p * (w + b). The bonus b is what an order as such is worth; it is the
smallest for which the ranking is expected to bring the share of orders that the guard-rail demands:

    sum over positions k of a^(k-1) * p_(k)  >=  (1 - g) * the same sum, ranked by p alone

(a: attention per position, g: what may be given up). With growing b the ranking goes over into the one by p, so there always is one:
it is the Lagrange multiplier of "earn most, and lose no more orders than that".

Chance: Plackett-Luce (Plackett 1975). From the top, each position takes one of the offers that are left with probability proportional
to exp(score / (T * spread of the scores)); that probability is the offer's propensity.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from domain.policy import Ranking
from serving.rounding import MILLION

Floats = npt.NDArray[np.float64]

_LARGEST_BONUS = 2**60
"""Minor units; a millionth of it is more than any order is worth: nothing but P(order) counts, and worth only between equals."""


@dataclass(frozen=True)
class Valued:
    """Offers that can be shown, in columns.

    Attributes:
        p_order: of each, in whole millionths.
        worth: of an order of each, in millionths of a minor unit.
    """

    p_order: Sequence[int]
    worth: Sequence[int]

    def __len__(self) -> int:
        return len(self.p_order)

    def scores(self, bonus: int) -> list[int]:
        """What a view of each is worth with a bonus (minor units) for every order: millionths of millionths of a minor unit."""
        extra = bonus * MILLION
        return [p * (worth + extra) for p, worth in zip(self.p_order, self.worth, strict=True)]


@dataclass(frozen=True)
class Order:
    """A ranking.

    Attributes:
        numbers: of the offers, the best first.
        propensities: P(the offer lies there | what lies above it).
        bonus: minor units that were added to the worth of every order, to keep the guard-rail.
    """

    numbers: tuple[int, ...]
    propensities: tuple[float, ...]
    bonus: int


def put_in_order(offers: Valued, ranking: Ranking, *, seen: int, temperature: float, draws: Sequence[float]) -> Order:
    """Rank.

    Args:
        offers: what can be shown; equal ones keep their order.
        ranking: guard-rail and attention.
        seen: how many of them will be shown.
        temperature: of the chance; 0 for none.
        draws: uniform on [0, 1), one for each offer; unused without chance.
    """
    bonus = _bonus(offers, ranking, seen)
    scores = offers.scores(bonus)
    if temperature > 0 and len(offers) > 1 and max(scores) > min(scores):
        return _drawn(scores, temperature, draws, bonus)
    numbers = sorted(range(len(offers)), key=scores.__getitem__, reverse=True)  # which is stable, too
    return Order(tuple(numbers), (1.0,) * len(numbers), bonus)


def chance(request_id: str, skus: Sequence[str]) -> list[float]:
    """Uniform draws for the offers of a request, the same whenever it is replayed.

    >>> chance("r-1", ["a", "b"]) == chance("r-1", ["a", "b"]) != chance("r-2", ["a", "b"])
    True
    """
    hashes = (hashlib.blake2b(f"{request_id}\x00{sku}".encode(), digest_size=8) for sku in skus)
    return [(int.from_bytes(one.digest()) >> 11) * 2.0**-53 for one in hashes]


def _bonus(offers: Valued, ranking: Ranking, seen: int) -> int:
    p = np.array(offers.p_order, dtype="float64") / MILLION
    worth = np.array(offers.worth, dtype="float64") / MILLION
    less = -p
    looks: Floats = np.power(ranking.attention_per_position, np.arange(min(seen, len(p)), dtype="float64"))
    demanded = (1 - ranking.give_up_orders_share) * _orders(less, p, looks) * (1 - 1e-12)

    def enough(bonus: int) -> bool:
        return _orders(less * (worth + bonus), p, looks) >= demanded

    if enough(0):
        return 0
    low, high = 0, 1 << int(np.abs(worth).mean()).bit_length()  # mostly about as much as the orders are worth
    while not enough(high):
        if high >= _LARGEST_BONUS:
            return _LARGEST_BONUS
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _orders(sorted_by: Floats, p: Floats, looks: Floats) -> float:
    best = sorted_by.argsort(kind="stable")[: len(looks)]
    return float(p[best] @ looks)


def _drawn(scores: Sequence[int], temperature: float, draws: Sequence[float], bonus: int) -> Order:
    """The Gumbel trick: sorting by utility + Gumbel noise is a Plackett-Luce draw (Yellott 1977)."""
    lowest, spread = min(scores), max(scores) - min(scores)
    utility = np.array([(score - lowest) / spread for score in scores]) / temperature
    luck = -np.log(-np.log(np.asarray(draws) + 2.0**-54))
    numbers = np.argsort(-(utility + luck), kind="stable")
    placed = utility[numbers]
    left = np.logaddexp.accumulate(placed[::-1])[::-1]  # in logarithms: at a low temperature the weights themselves are all 0
    return Order(tuple(numbers.tolist()), tuple(np.exp(placed - left).tolist()), bonus)
