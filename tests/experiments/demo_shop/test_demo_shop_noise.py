from __future__ import annotations

import numpy as np
import pytest

from experiments.demo_shop.noise import Noise

MANY = 100_000
NUMBERS = np.arange(MANY)


def test_the_same_key_has_the_same_luck() -> None:
    np.testing.assert_array_equal(Noise(1).uniform("coin", NUMBERS), Noise(1).uniform("coin", NUMBERS))


def test_luck_depends_on_what_it_is_about_and_not_on_its_neighbours() -> None:
    chosen = np.array([70_000, 3, 41, 3])

    np.testing.assert_array_equal(Noise(1).uniform("coin", NUMBERS)[chosen], Noise(1).uniform("coin", chosen))


def test_keys_broadcast() -> None:
    table = Noise(1).uniform("coin", NUMBERS[:5, None], NUMBERS[None, :7])

    assert (5, 7) == table.shape
    assert Noise(1).uniform("coin", np.array([3]), np.array([6]))[0] == table[3, 6]


def test_luck_is_uniform() -> None:
    u = Noise(1).uniform("coin", NUMBERS)
    counts = np.histogram(u, bins=100, range=(0, 1))[0]
    chi_squared = ((counts - MANY / 100) ** 2 / (MANY / 100)).sum()

    assert 0 <= u.min() < u.max() < 1
    assert chi_squared < 148  # the 99.9 % quantile with 99 degrees of freedom


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Noise(1).uniform("coin", NUMBERS), Noise(2).uniform("coin", NUMBERS)),
        (Noise(1).uniform("coin", NUMBERS), Noise(1).uniform("dice", NUMBERS)),
        (Noise(1).uniform("coin", NUMBERS), Noise(1).uniform("coin", NUMBERS + 1)),
        (Noise(1).uniform("coin", NUMBERS, NUMBERS * 0), Noise(1).uniform("coin", NUMBERS, NUMBERS * 0 + 1)),
        (Noise(1).uniform("coin", NUMBERS, NUMBERS * 0 + 1), Noise(1).uniform("coin", NUMBERS * 0 + 1, NUMBERS)),
    ],
    ids=["seed", "what", "key", "second key", "order of the keys"],
)
def test_other_luck_is_independent(one: np.ndarray, other: np.ndarray) -> None:
    assert abs(np.corrcoef(one, other)[0, 1]) < 4 / np.sqrt(MANY)


def test_moments_are_those_of_the_distributions() -> None:
    noise, within = Noise(3), 5 / np.sqrt(MANY)
    normal, gumbel, exponential = (draw("x", NUMBERS) for draw in (noise.normal, noise.gumbel, noise.exponential))

    assert [0, 1] == pytest.approx([normal.mean(), normal.std()], abs=within)
    assert [0, 3] == pytest.approx([(normal**3).mean(), (normal**4).mean()], abs=10 * within)
    assert [np.euler_gamma, np.pi / np.sqrt(6)] == pytest.approx([gumbel.mean(), gumbel.std()], abs=2 * within)
    assert [1, 1] == pytest.approx([exponential.mean(), exponential.std()], abs=2 * within)


def test_choices_come_with_their_shares() -> None:
    shares = np.array([0.5, 0.0, 0.3, 0.2])
    drawn = np.bincount(Noise(1).choice("which", shares, NUMBERS), minlength=4) / MANY

    assert shares == pytest.approx(drawn, abs=0.008)
    assert 0 == drawn[1]
