"""In which size a visitor orders: the one she believes she wears, and sometimes a second one to choose at home.

Who knows neither herself nor the brand errs; with every order she learns both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.demo_shop.arrays import Flags, Floats, Ints
from experiments.demo_shop.assortment import BRANDS, Assortment
from experiments.demo_shop.noise import Noise
from experiments.demo_shop.people import People
from experiments.demo_shop.sizes import NUMBERS_PER_CM, SIZES, nearest, position, worn_numbers
from experiments.demo_shop.visits import Visits

NO_SIZE = -1


@dataclass(frozen=True)
class Experience:
    """How many styles each account has ordered so far.

    Attributes:
        of_any: by account.
        of_brand: by account and brand.
    """

    of_any: Ints
    of_brand: Ints

    @classmethod
    def none(cls, accounts: int) -> Experience:
        """Nobody has ordered yet."""
        return cls(np.zeros(accounts, dtype=np.int64), np.zeros((accounts, len(BRANDS)), dtype=np.int64))

    def copy(self) -> Experience:
        """One that can go its own way."""
        return Experience(self.of_any.copy(), self.of_brand.copy())

    def add(self, customer: Ints, brand: Ints) -> None:
        """Styles were ordered."""
        np.add.at(self.of_any, customer, 1)
        np.add.at(self.of_brand, (customer, brand), 1)


@dataclass(frozen=True)
class Sizes:
    """The size of each candidate, all (visits, candidates).

    Attributes:
        sku: the one she would order; meaningless where there is no candidate.
        second: the next nearest size; `NO_SIZE` where the style has none.
        takes_two: probability that she would order both.
    """

    sku: Ints
    second: Ints
    takes_two: Floats


def sizes_for(people: People, assortment: Assortment, experience: Experience, visits: Visits, noise: Noise) -> Sizes:
    """The sizes that visitors would order of everything the storefront found."""
    row, column = np.nonzero(visits.found)
    style = visits.styles[row, column]
    kind, brand = assortment.category[style], assortment.brand[style]
    person, customer = visits.person[row], visits.customer[row]
    knows_brand = -np.expm1(-experience.of_brand[customer, brand] / 2)
    slip_cm = 0.8 * noise.normal("size", visits.key[row], style)
    error_cm = people.belief_error_cm[person] * np.exp(-experience.of_any[customer] / 6) + slip_cm
    shift_cm = people.ease_cm[person] + error_cm - knows_brand * assortment.brand_bias_cm[brand]
    at = position(worn_numbers(people.body[visits.person])[row, kind] + NUMBERS_PER_CM[kind] * shift_cm, kind)
    size = nearest(at, kind)
    second, has_second = _neighbour(at, size, kind)
    unsure = people.bracketing[customer] * (1 - 0.5 * knows_brand)
    first = assortment.first_sku[style]
    return Sizes(
        sku=_table(visits, row, column, first + size, 0),
        second=_table(visits, row, column, np.where(has_second, first + second, NO_SIZE), NO_SIZE),
        takes_two=_table(visits, row, column, np.where(has_second, unsure, 0.0), 0.0),
    )


def _neighbour(at: Floats, size: Ints, kind: Ints) -> tuple[Ints, Flags]:
    """The second-nearest size, and whether there is one."""
    step = np.where(at >= size, 1, -1)
    inside = (size + step >= 0) & (size + step < SIZES[kind])
    return np.where(inside, size + step, size - step), SIZES[kind] > 1


def _table(visits: Visits, row: Ints, column: Ints, values: Ints | Floats, empty: float) -> np.ndarray:
    table = np.full(visits.styles.shape, empty, dtype=values.dtype)
    table[row, column] = values
    return table
