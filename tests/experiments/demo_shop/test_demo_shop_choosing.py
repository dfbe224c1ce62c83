from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from experiments.demo_shop.choosing import Looks, look, p_orders, p_take
from experiments.demo_shop.noise import Noise
from experiments.demo_shop.visits import Visits
from experiments.demo_shop.world import default_world

NUMBERS = default_world().visits
Q = np.array([[0.3, 0.05, 0.6, 0.2], [0.9, 0.9, 0.9, 0.9], [0.1, 0.0, 0.4, 0.0]])
"""P(takes it | looks at it) at four positions, for three visitors; 0 is no offer."""


def _by_all_outcomes(q: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], float]:
    """P(orders each), P(orders anything): the sum over how far she looks, how much she wants, and what she would take."""
    ordered, anything, kappa = np.zeros(4), 0.0, NUMBERS.keeps_looking
    for patience, (wanted, p_wanted), takes in itertools.product(
        range(1, 5), enumerate(NUMBERS.styles_wanted, 1), itertools.product((False, True), repeat=4)
    ):
        p_patience = kappa ** (patience - 1) * (1.0 if patience == 4 else 1 - kappa)
        p = p_patience * p_wanted * np.prod(np.where(takes, q, 1 - q))
        got = [position for position in range(patience) if takes[position]][:wanted]
        ordered[got] += p
        anything += p * bool(got)
    return ordered, anything


def test_the_probability_of_every_order_is_the_sum_over_all_outcomes() -> None:
    ordered, anything = p_orders(NUMBERS, Q)

    for visit, q in enumerate(Q):
        expected, expected_anything = _by_all_outcomes(q)
        np.testing.assert_allclose(ordered[visit], expected, rtol=1e-12)
        assert expected_anything == pytest.approx(anything[visit], rel=1e-12)


def test_nothing_is_ordered_where_nothing_is_offered() -> None:
    ordered, _ = p_orders(NUMBERS, Q)

    assert [0, 0] == ordered[2, [1, 3]].tolist()


def test_what_lies_higher_is_ordered_more_often() -> None:
    ordered, _ = p_orders(NUMBERS, np.full((1, 12), 0.1))

    assert (np.diff(ordered[0]) < 0).all()


def test_without_an_offer_nobody_takes_anything() -> None:
    assert 0 == p_take(NUMBERS, np.array([-np.inf]))[0]


MANY = 200_000


@pytest.fixture(scope="module")
def looks() -> Looks:
    """What many visitors do who are all shown the second list."""
    rng, zero = np.random.default_rng(1), np.zeros(MANY, dtype=np.int64)
    visits = Visits(
        number=np.arange(MANY),
        customer=zero,
        person=zero,
        when=zero,
        about=zero,
        styles=np.tile(np.arange(4), (MANY, 1)),
        payment=zero,
        in_app=zero > 0,
        wanted=1 + rng.choice(5, MANY, p=NUMBERS.styles_wanted),
        patience=rng.geometric(1 - NUMBERS.keeps_looking, MANY),
    )
    v = np.tile(NUMBERS.reserve + np.log(-np.log1p(-Q[0])), (MANY, 1))
    return look(NUMBERS, visits, visits.styles, v, np.ones(v.shape, dtype=bool), Noise(5))


def test_visitors_order_as_often_as_the_truth_says(looks: Looks) -> None:
    ordered, anything = p_orders(NUMBERS, Q[:1])
    error = 4 * np.sqrt(0.25 / MANY)

    assert ordered[0] == pytest.approx(looks.ordered.mean(axis=0), abs=error)
    assert anything[0] == pytest.approx(looks.ordered.any(axis=1).mean(), abs=error)


def test_what_is_ordered_was_clicked_and_what_is_clicked_was_seen(looks: Looks) -> None:
    assert not (looks.ordered & ~looks.clicked).any()
    assert not (looks.clicked & ~looks.seen).any()
    assert (looks.clicked & ~looks.ordered).any()


def test_nobody_skips_an_offer(looks: Looks) -> None:
    assert (looks.seen[:, :-1] >= looks.seen[:, 1:]).all()


def test_luck_hangs_on_the_style_and_not_on_its_position() -> None:
    one = np.ones(MANY, dtype=np.int64)
    styles = np.tile([10, 20], (MANY, 1))
    visits = Visits(np.arange(MANY), one, one, one, one, styles, one, one > 0, one * 5, one * 9)
    v = np.full((MANY, 2), NUMBERS.reserve)
    there = np.ones((MANY, 2), dtype=bool)
    down = look(NUMBERS, visits, styles, v, there, Noise(5)).ordered
    up = look(NUMBERS, replace(visits, styles=styles[:, ::-1]), styles[:, ::-1], v, there, Noise(5)).ordered

    np.testing.assert_array_equal(down, up[:, ::-1])
