"""The shop's life: day after day visitors come, are shown something, order, keep and send back; and what is written down of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.demo_shop.arrays import DAY, Flags, Floats, Ints, moments
from experiments.demo_shop.assortment import Assortment, draw_assortment
from experiments.demo_shop.browsing import before_the_ranking, events_table
from experiments.demo_shop.choosing import appeal
from experiments.demo_shop.complaints import tickets_table
from experiments.demo_shop.delivery import draw_deliveries, order_lines_table
from experiments.demo_shop.hesitating import after_the_ranking
from experiments.demo_shop.keeping import draw_outcomes, truth_lines
from experiments.demo_shop.noise import Noise
from experiments.demo_shop.orders import MINUTES_TO_ORDER, Day, several, shop_on
from experiments.demo_shop.people import People, draw_people
from experiments.demo_shop.sending_back import returns_table
from experiments.demo_shop.settings import ShopSettings
from experiments.demo_shop.showing import draw_shown, impressions_table, popularity_scores
from experiments.demo_shop.sizing import Experience, Sizes, sizes_for
from experiments.demo_shop.stock import Stock, stock_table
from experiments.demo_shop.telling import with_corrections
from experiments.demo_shop.verdicts import fit_feedback_table
from experiments.demo_shop.visits import Shelves, Visits, draw_visits

Frames = Mapping[str, pd.DataFrame]
Track = Callable[[Iterable[int]], Iterable[int]]
"""Wraps the loop over days, to show progress."""

_COUNTED_AT = 3 * 3_600
"""Stock is counted at three in the morning, once a week."""

_VISITS_AT_ONCE = 20_000
"""Days are written down together until they have so many visits: few enough for little memory."""


@dataclass(frozen=True)
class Shop:
    """What does not change: people, goods, shelves and luck."""

    settings: ShopSettings
    people: People
    assortment: Assortment
    shelves: Shelves
    noise: Noise

    @classmethod
    def of(cls, settings: ShopSettings) -> Shop:
        """Draw it; the same settings give the same shop."""
        people = draw_people(settings, np.random.default_rng([settings.seed, 2]))
        assortment = draw_assortment(settings, np.random.default_rng([settings.seed, 3]))
        return cls(settings, people, assortment, Shelves.of(assortment), Noise(settings.seed))

    def begins(self, day: int) -> int:
        """First second of a day of the period."""
        return self.settings.start + day * DAY

    def visits(self, day: int, first: int) -> Visits:
        """Who comes on a day; their numbers begin with `first`."""
        return draw_visits(self.settings, self.people, self.shelves, day, first)

    def appeal(self, visits: Visits) -> Floats:
        """(visits, candidates): how much each offer appeals."""
        return appeal(self.settings.world.visits, self.people, self.assortment, visits)


@dataclass
class State:
    """What changes from day to day.

    Attributes:
        stock: the warehouse.
        experience: what customers have learned of sizes and brands.
        visits: how many there were so far.
    """

    stock: Stock
    experience: Experience
    visits: int

    @classmethod
    def of(cls, shop: Shop) -> State:
        """Before the first day."""
        per_day = float(shop.people.visits_per_day.sum()) * 0.7
        return cls(Stock.of(shop.settings, shop.assortment, per_day), Experience.none(len(shop.people.ids)), 0)

    def copy(self) -> State:
        """One that can go its own way."""
        return State(self.stock.copy(), self.experience.copy(), self.visits)


def candidates(shop: Shop, state: State, visits: Visits) -> tuple[Sizes, Flags]:
    """The sizes that visitors would order of what the storefront found, and whether they can be shown: in stock, in that size."""
    sizes = sizes_for(shop.people, shop.assortment, state.experience, visits, shop.noise)
    return sizes, visits.found & (state.stock.units[sizes.sku] > 0)


@dataclass(frozen=True)
class Logged:
    """A day under the policy that the shop has used so far.

    Attributes:
        day: what happened.
        v: (visits, candidates) how much each offer appealed.
        number: of the day.
        units: what lay in the warehouse in the morning.
    """

    day: Day
    v: Floats
    number: int
    units: Ints


def logged_day(shop: Shop, state: State, day: int) -> tuple[Day, Frames]:
    """A day under the policy that the shop has used so far, with all that is written down of it, ever."""
    logged = lived(shop, state, day)
    return logged.day, written_down(shop, logged.day, day, logged.units, browsed_before(shop, logged.day.visits, logged.v))


def logged_days(shop: Shop, state: State, days: Iterable[int]) -> Iterator[Frames]:
    """All that is ever written down of days under that policy; small days are written down together, which is faster."""
    waiting: list[Logged] = []
    for day in days:
        waiting.append(lived(shop, state, day))
        if sum(len(one.day.visits) for one in waiting) >= _VISITS_AT_ONCE:
            yield _written_down_together(shop, waiting)
            waiting = []
    if waiting:
        yield _written_down_together(shop, waiting)


def lived(shop: Shop, state: State, day: int) -> Logged:
    """A day under that policy, of which nothing is written down yet."""
    state.stock.receive(shop.begins(day), day)
    visits = shop.visits(day, state.visits)
    state.visits += len(visits)
    sizes, offered = candidates(shop, state, visits)
    world = shop.settings.world
    scores = popularity_scores(shop.assortment, visits)
    shown = draw_shown(scores, offered, world.visits.shown, world.logging.temperature, visits, shop.noise)
    v = shop.appeal(visits)
    units = state.stock.units.copy()
    happened = shop_on(world, shop.assortment, shop.noise, visits, sizes, v, shown, state.stock, state.experience)
    return Logged(happened, v, day, units)


def _written_down_together(shop: Shop, logged: list[Logged]) -> Frames:
    day = several([one.day for one in logged])
    told = _told(shop, day, browsed_before(shop, day.visits, np.concatenate([one.v for one in logged])))
    counts = [_counted(shop, one.number, one.units) for one in logged if _is_counted(one.number)]
    return {**told, "stock": pd.concat(counts, ignore_index=True)} if counts else told


def browsed_before(shop: Shop, visits: Visits, v: Floats) -> pd.DataFrame:
    """What a day's visitors had done before they saw a ranking; the same under every policy."""
    usual = sizes_for(shop.people, shop.assortment, Experience.none(len(shop.people.ids)), visits, shop.noise).sku
    return before_the_ranking(shop.people, shop.assortment, visits, usual, v, shop.settings.world.visits.reserve, shop.noise)


def written_down(shop: Shop, day: Day, number: int, units: Ints, before: pd.DataFrame) -> Frames:
    """All that is ever told of a day's visits, as tables of the contract, and the truth of its lines.

    Args:
        shop: the shop.
        day: what happened.
        number: of the day.
        units: what lay in the warehouse in the morning.
        before: what its visitors had done before.
    """
    told = _told(shop, day, before)
    return {**told, "stock": _counted(shop, number, units)} if _is_counted(number) else told


def _told(shop: Shop, day: Day, before: pd.DataFrame) -> Frames:
    people, assortment, noise, world = shop.people, shop.assortment, shop.noise, shop.settings.world
    deliveries = draw_deliveries(day.lines, people, noise)
    outcomes = draw_outcomes(world, day.lines, deliveries, people, assortment, noise)
    returns = returns_table(world, assortment, day.lines, people, deliveries, outcomes, noise)
    events = pd.concat([before, after_the_ranking(people, assortment, day, noise)], ignore_index=True)
    return {
        "order_lines": order_lines_table(people, assortment, day.lines, deliveries),
        "returns": with_corrections(returns, day.lines, outcomes, noise),
        "fit_feedback": fit_feedback_table(people, assortment, day.lines, deliveries, outcomes, noise),
        "events": events_table(people, assortment, events, noise),
        "impressions": impressions_table(people, assortment, day, noise),
        "tickets": tickets_table(assortment, day.lines, deliveries, outcomes, noise),
        "truth": truth_lines(world, day.lines, outcomes, people, assortment),
    }


def _is_counted(day: int) -> bool:
    return day % 7 == 0


def _counted(shop: Shop, day: int, units: Ints) -> pd.DataFrame:
    return stock_table(shop.assortment, units, shop.begins(day) + _COUNTED_AT)


def joined(days: Sequence[Frames]) -> dict[str, pd.DataFrame]:
    """The tables of several days as one."""
    names = dict.fromkeys(name for day in days for name in day)
    return {name: pd.concat([day[name] for day in days if name in day], ignore_index=True) for name in names}


_HAPPENS = {"order_lines": "ordered_at", "returns": "requested_at", "fit_feedback": "given_at", "events": "at", "impressions": "at"} | {
    "tickets": "opened_at",
    "stock": "at",
    "preferences": "stated_at",
    "consents": "at",
    "customers": "joined_at",
}
_ONCE_ARRIVED = ("received_at", "condition", "disposition", "refund", "recovered_value")


def as_known(tables: Frames, at: int) -> dict[str, pd.DataFrame]:
    """What the shop knows before a moment (seconds since 1970): nothing of later, and only the arrivals that there were."""
    moment = moments(np.array([at]))[0]
    known = {name: _before(frame, _HAPPENS[name], moment) if name in _HAPPENS else frame for name, frame in tables.items()}
    lines, returns = known["order_lines"], known["returns"]
    on_the_way = returns["received_at"] >= moment
    arrived = {name: returns[name].mask(on_the_way) for name in _ONCE_ARRIVED}
    known["order_lines"] = lines.assign(delivered_at=lines["delivered_at"].mask(lines["delivered_at"] >= moment))
    known["returns"] = returns.assign(**arrived)
    if "impressions" in known:
        known["impressions"] = _seen_by(known["impressions"], known["order_lines"], moment)
    return known


def _seen_by(impressions: pd.DataFrame, lines: pd.DataFrame, moment: pd.Timestamp) -> pd.DataFrame:
    """Impressions without the clicks and orders that followed after the moment."""
    latest = (impressions["at"] >= moment - pd.Timedelta(minutes=MINUTES_TO_ORDER[1])).to_numpy()
    if not latest.any():
        return impressions
    not_yet = latest & ~impressions["line_id"].isin(lines["line_id"]).to_numpy()
    clicked = impressions["clicked_at"]
    return impressions.assign(clicked_at=clicked.mask(clicked >= moment), line_id=impressions["line_id"].mask(not_yet))


def _before(frame: pd.DataFrame, happens: str, moment: pd.Timestamp) -> pd.DataFrame:
    there = frame[happens] < moment
    if "known_at" in frame.columns:
        there &= frame["known_at"].isna() | (frame["known_at"] < moment)
    return frame if there.all() else frame[there].reset_index(drop=True)
