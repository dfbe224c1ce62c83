"""Putting valued offers in order: the guard-rail's bonus is the smallest that keeps it, and chance has the size that it says."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.policy import Ranking
from serving.ordering import Order, Valued, chance, put_in_order
from serving.rounding import MILLION

PAIRS = st.lists(st.tuples(st.integers(0, MILLION), st.integers(-50_000 * MILLION, 50_000 * MILLION)), min_size=1, max_size=6)
OFFERS = PAIRS.map(lambda pairs: Valued(*zip(*pairs, strict=True)))
RANKING = Ranking(objective="kept_margin", give_up_orders_share=0.05, attention_per_position=0.8, stock_days=14)


def ranked(offers: Valued, *, ranking: Ranking = RANKING, temperature: float = 0.0, draws: list[float] | None = None) -> Order:
    return put_in_order(offers, ranking, seen=len(offers), temperature=temperature, draws=draws or [0.5] * len(offers))


def orders(offers: Valued, numbers: tuple[int, ...]) -> float:
    return sum(0.8**place * offers.p_order[number] / MILLION for place, number in enumerate(numbers))


def by_score(offers: Valued, bonus: int) -> tuple[int, ...]:
    return tuple(sorted(range(len(offers)), key=lambda number: -offers.scores(bonus)[number]))


@given(OFFERS)
def test_no_more_orders_are_given_up_than_the_guard_rail_allows(offers: Valued) -> None:
    best = orders(offers, by_score(Valued(offers.p_order, [MILLION] * len(offers)), 0))
    assert orders(offers, ranked(offers).numbers) >= 0.95 * best - 1e-9


@given(OFFERS)
def test_a_bonus_less_by_one_would_break_the_guard_rail(offers: Valued) -> None:
    found = ranked(offers)
    if 0 < found.bonus < 2**30:
        best = orders(offers, by_score(Valued(offers.p_order, [MILLION] * len(offers)), 0))
        assert orders(offers, by_score(offers, found.bonus - 1)) < 0.95 * best + 1e-9


def test_where_the_most_worth_is_ordered_most_no_bonus_is_needed() -> None:
    assert Order((1, 0), (1.0, 1.0), 0) == ranked(Valued([100_000, 200_000], [100 * MILLION, 200 * MILLION]))


def test_offers_of_one_score_stay_in_their_order() -> None:
    assert (0, 1, 2) == ranked(Valued([100_000] * 3, [5 * MILLION] * 3)).numbers


def test_chance_is_plackett_luce() -> None:
    """Of every order of three offers, the product of its propensities is its share among many draws."""
    offers = Valued([MILLION] * 3, [worth * MILLION for worth in (0, 50, 100)])
    rng, rounds = np.random.default_rng(1), 20_000
    told: dict[tuple[int, ...], float] = {}
    seen: dict[tuple[int, ...], int] = dict.fromkeys(itertools.permutations(range(3)), 0)
    for _ in range(rounds):
        found = ranked(offers, temperature=0.5, draws=rng.random(3).tolist())
        told[found.numbers] = math.prod(found.propensities)
        seen[found.numbers] += 1
    assert 1 == pytest.approx(sum(told.values()))
    for numbers, share in told.items():
        assert abs(seen[numbers] / rounds - share) < 4 * math.sqrt(share * (1 - share) / rounds)


@pytest.mark.parametrize("temperature", [1e-9, 1e-3, 0.2])
def test_propensities_are_numbers_however_little_chance_there_is(temperature: float) -> None:
    offers = Valued([MILLION] * 200, [worth * MILLION for worth in range(200)])
    found = ranked(offers, temperature=temperature)
    assert all(0 < propensity <= 1 for propensity in found.propensities)
    assert 1.0 == found.propensities[-1]


def test_draws_are_the_same_for_a_request_and_spread_evenly_over_requests() -> None:
    draws = np.array([chance(f"r-{number}", ["a", "b"]) for number in range(2_000)])
    assert chance("r-7", ["a", "b"]) == draws[7].tolist()
    assert ((draws >= 0) & (draws < 1)).all()
    np.testing.assert_allclose(0.5, draws.mean(axis=0), atol=4 * math.sqrt(1 / 12 / 2_000))
    assert abs(np.corrcoef(draws.T)[0, 1]) < 4 / math.sqrt(2_000)
