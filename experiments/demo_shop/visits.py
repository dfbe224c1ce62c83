"""Who comes to the shop, when, with what in mind, and what the storefront finds for them; nothing here depends on what is then shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.demo_shop.arrays import DAY, Flags, Floats, Ints
from experiments.demo_shop.assortment import Assortment
from experiments.demo_shop.noise import Keys, Noise
from experiments.demo_shop.people import NO_OCCASION, OCCASIONS, People
from experiments.demo_shop.settings import ShopSettings
from experiments.demo_shop.sizes import CATEGORY_NAMES
from experiments.demo_shop.world import VisitNumbers

NOBODY, ANYTHING = -1, -1

_WEEKDAYS = np.array([1.06, 1.0, 0.98, 0.97, 0.92, 0.93, 1.14])
"""Relative demand Monday to Sunday (guess)."""

_AT_ONCE = 0.8
"""Share of new customers whose first visit is within hours of joining (guess)."""

_SECOND_SHOPS = 0.35
"""Share of a household's visits by its second person (guess)."""

_NEEDED = {"wedding": "dress", "office": "shirt", "holiday": "knitwear", "party": "dress"}
"""What people come for when an occasion is near (guess)."""

_OCCASION_DAYS = 30
"""From so many days before an occasion on, visits may be about it (guess)."""

_EARLIEST, _LATEST = 1_800, 75_600
"""Seconds of the day between which visits begin: 00:30 and 21:00 UTC, so that a visit ends on the day it began in all markets."""


@dataclass(frozen=True)
class Visits:
    """Visits in order of time.

    Attributes:
        number: of each visit, from the shop's first day on; the same under every policy.
        customer, person: who (indices; see `People`).
        when: when the storefront asks for a ranking, seconds since 1970.
        about: the category in mind (index); `ANYTHING` without.
        styles: (visits, candidates) what the storefront found, each style once; `NOBODY` fills up.
        payment: how she would pay (index).
        in_app: whether she shops in the app.
        wanted: how many styles she would take at most.
        patience: how many of the shown offers she looks at.
    """

    number: Ints
    customer: Ints
    person: Ints
    when: Ints
    about: Ints
    styles: Ints
    payment: Ints
    in_app: Flags
    wanted: Ints
    patience: Ints

    @property
    def key(self) -> Keys:
        """What the luck of a visit hangs on."""
        return self.number.astype(np.uint64)

    @property
    def found(self) -> Flags:
        """(visits, candidates): where there is a candidate."""
        return np.asarray(self.styles != NOBODY)

    def __len__(self) -> int:
        return len(self.number)


@dataclass(frozen=True)
class Shelves:
    """Which styles are out, by category, in the order of launch."""

    launched: tuple[Ints, ...]
    styles: tuple[Ints, ...]
    categories: Ints

    @classmethod
    def of(cls, assortment: Assortment) -> Shelves:
        """The shelves of an assortment; hidden styles lie on none. The last shelf holds everything."""
        offered = np.flatnonzero(~assortment.hidden)
        categories = np.unique(assortment.category[offered])
        styles = (*(offered[assortment.category[offered] == one] for one in categories), offered)
        return cls(tuple(assortment.launched[one] for one in styles), styles, categories)

    def of_category(self, category: Ints) -> Ints:
        """The shelf (index) of each category; `ANYTHING` where nothing lies on it."""
        shelf = np.searchsorted(self.categories, category) % len(self.categories)
        return np.where(self.categories[shelf] == category, shelf, ANYTHING)


def draw_visits(settings: ShopSettings, people: People, shelves: Shelves, day: int, first: int) -> Visits:
    """The visits of the period's day `day` (0 is the first); their numbers begin with `first`."""
    numbers, noise = settings.world.visits, Noise(settings.seed)
    begins = settings.start + day * DAY
    due = _occasion_near(people, begins)
    customer, when = _who_and_when(settings, people, day, people.visits_per_day * np.where(due, numbers.occasion_visits, 1.0))
    number = first + np.arange(len(customer))
    key = number.astype(np.uint64)
    second = (people.second[customer] >= 0) & (noise.uniform("second", key) < _SECOND_SHOPS)
    person = np.where(second, people.second[customer], customer)
    shelf = _shelf_in_mind(numbers, shelves, np.where(due, people.occasion, NO_OCCASION)[customer], noise, key)
    return Visits(
        number=number,
        customer=customer,
        person=person,
        when=when,
        about=np.where(shelf != ANYTHING, shelves.categories[shelf], ANYTHING),
        styles=_found(numbers, shelves, shelf, when, noise, key),
        payment=noise.choice("payment", people.payment[customer], key),
        in_app=noise.uniform("app", key) < people.app[customer],
        wanted=1 + noise.choice("wanted", np.array(numbers.styles_wanted), key),
        patience=_patience(numbers, noise, key),
    )


def _occasion_near(people: People, begins: int) -> Flags:
    """(accounts,): whether the day lies shortly before an occasion."""
    days_left = (people.needed_on - begins) // DAY
    return np.asarray((people.occasion != NO_OCCASION) & (days_left > 0) & (days_left <= _OCCASION_DAYS))


def _shelf_in_mind(numbers: VisitNumbers, shelves: Shelves, occasion: Ints, noise: Noise, key: Keys) -> Ints:
    """The shelf (index) that each visit is about; `ANYTHING` without."""
    chosen = (noise.uniform("about", key) * len(shelves.categories)).astype(np.int64)
    usual = np.where(noise.uniform("in mind", key) < numbers.in_mind, chosen, ANYTHING)
    needed = shelves.of_category(np.array([CATEGORY_NAMES.index(_NEEDED[name]) for name in OCCASIONS])[occasion])
    comes_for_it = (occasion != NO_OCCASION) & (needed != ANYTHING) & (noise.uniform("for the occasion", key) < numbers.occasion_in_mind)
    return np.where(comes_for_it, needed, usual)


def _who_and_when(settings: ShopSettings, people: People, day: int, rate: Floats) -> tuple[Ints, Ints]:
    """Who comes when on a day, in order of time; accounts come at a rate (visits a day), and most new ones soon after joining."""
    rng = np.random.default_rng([settings.seed, 1, day])
    begins = settings.start + day * DAY
    here, by_night = np.searchsorted(people.joined, [begins, begins + DAY])
    usual = np.repeat(np.arange(here), rng.poisson(rate[:here] * _demand(begins)))
    usual_at = begins + _EARLIEST + (rng.beta(3.2, 2.2, len(usual)) * (_LATEST - _EARLIEST)).astype(np.int64)
    new = np.arange(here, by_night)
    new_at = people.joined[new] + 600 + rng.exponential(3_600, len(new)).astype(np.int64)
    comes = (rng.random(len(new)) < _AT_ONCE) & (new_at < begins + _LATEST)
    customer, when = np.concatenate([usual, new[comes]]), np.concatenate([usual_at, new_at[comes]])
    order = np.lexsort((customer, when))
    return customer[order].astype(np.int64), when[order].astype(np.int64)


def _demand(begins: int) -> float:
    """Busier on Sundays and before winter."""
    day = np.datetime64(begins, "s").astype("datetime64[D]")
    of_year = int((day - day.astype("datetime64[Y]")).astype(np.int64))
    weekday = int((day.astype(np.int64) + 3) % 7)
    return float(_WEEKDAYS[weekday] * (1 + 0.18 * np.cos(2 * np.pi * (of_year - 330) / 365)))


def _found(numbers: VisitNumbers, shelves: Shelves, about: Ints, when: Ints, noise: Noise, key: Keys) -> Ints:
    """(visits, candidates): styles that are out, most of them from the shelf in mind; doubles fall out."""
    slot = np.arange(numbers.candidates)[None, :]
    of_shelf = (about[:, None] != ANYTHING) & (noise.uniform("about it", key[:, None], slot) < numbers.about_it)
    shelf = np.where(of_shelf, about[:, None], len(shelves.categories))
    draw, styles = noise.uniform("finds", key[:, None], slot), np.full(shelf.shape, NOBODY)
    for number, (launched, on_it) in enumerate(zip(shelves.launched, shelves.styles, strict=True)):
        row, column = np.nonzero(shelf == number)
        out = np.searchsorted(launched, when, side="right")[row]
        some = out > 0
        styles[row[some], column[some]] = on_it[(draw[row[some], column[some]] * out[some]).astype(np.int64)]
    return _once(styles)


def _once(styles: Ints) -> Ints:
    """Each style once per row, where it came first."""
    order = np.argsort(styles, axis=1, kind="stable")
    ranked = np.take_along_axis(styles, order, axis=1)
    again = np.zeros(styles.shape, dtype=bool)
    np.put_along_axis(again, order[:, 1:], ranked[:, 1:] == ranked[:, :-1], axis=1)
    return np.where(again, NOBODY, styles)


def _patience(numbers: VisitNumbers, noise: Noise, key: Keys) -> Ints:
    """Geometric: each further offer is looked at with the same probability."""
    looks: Floats = noise.exponential("patience", key) / -np.log(numbers.keeps_looking)
    return np.asarray(1 + np.minimum(looks, numbers.candidates), dtype=np.int64)
