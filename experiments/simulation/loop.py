"""The closed loop of one seed: each policy serves the same shoppers for some days, learning from what its own days brought."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from domain.presets import PRESETS
from experiments.demo_shop.arrays import Floats
from experiments.demo_shop.browsing import events_table
from experiments.demo_shop.generate import standing_tables
from experiments.demo_shop.history import Frames, Shop, State, as_known, browsed_before, candidates, joined, logged_day, written_down
from experiments.demo_shop.orders import shop_on
from experiments.demo_shop.visits import Visits
from experiments.simulation.arm import Arm
from experiments.simulation.learning import Log, learn, log_of
from experiments.simulation.plan import Plan, Result
from experiments.simulation.policies import Contender
from experiments.simulation.serving_day import Found, decided
from experiments.simulation.truth import expected, slices, worth_of
from features.shop import Shop as Seen
from serving.assortment import assortment
from training.model import Model

_UNREAD = ("impressions", "truth")
"""What no feature reads: it need not be handed to the snapshot."""


@dataclass(frozen=True)
class Morning:
    """What is the same for every policy on a day: who comes, what they like, what they did before."""

    number: int
    visits: Visits
    v: Floats
    before: pd.DataFrame


@dataclass
class Past:
    """All that was ever written down: of the days before the comparison, and of a policy's own."""

    told: Frames
    days: list[Frames] = field(default_factory=list)

    def every(self, name: str) -> pd.DataFrame:
        """A table with all that was ever written into it."""
        return joined([{name: self.told[name]}, *({name: day[name]} for day in self.days if name in day)])[name]

    def known(self, at: int, *, without: tuple[str, ...] = ()) -> dict[str, pd.DataFrame]:
        """What the shop knows before a moment (seconds since 1970)."""
        return as_known({name: self.every(name) for name in self.told if name not in without}, at)


class Simulation:
    """One seed: the days before the comparison, and the mornings of its days."""

    def __init__(self, plan: Plan, tick: Callable[[], None]) -> None:
        self.plan, self.tick = plan, tick
        self.shop = Shop.of(plan.shop)
        economics = PRESETS[plan.shop.world.preset].economics
        self.policy = replace(plan.policy, preset=plan.shop.world.preset, by_category={"": economics})
        self.state = State.of(self.shop)
        days = [logged_day(self.shop, self.state, day)[1] for day in range(plan.first)]
        self.mornings = tuple(self._mornings())
        self.past = joined([standing_tables(self.shop), *days, {"events": self._browsing()}])
        self.products = assortment(self.past["products"], {})
        self._log: Log | None = None
        self._learned: dict[tuple[bool, int], Mapping[str, Model]] = {}
        tick()

    def run(self, contender: Contender) -> Result:
        """Let a policy serve all days of the comparison."""
        result, state, past = Result(), self.state.copy(), Past(self.past)
        arm = Arm(self, contender, past)
        for morning in self.mornings:
            state.stock.receive(self.shop.begins(morning.number), morning.number)
            arm.wake(morning, state)
            self._serve(arm, morning, state, past, result)
            self.tick()
        return result

    def begins(self, day: int) -> dt.datetime:
        """First moment of a day."""
        return dt.datetime.fromtimestamp(self.shop.begins(day), tz=dt.UTC)

    def seen(self, past: Past, day: int) -> Seen:
        """The shop as features see it when a day begins."""
        return Seen.of(past.known(self.shop.begins(day), without=_UNREAD), self.policy.window_days, now=self.begins(day))

    def log(self) -> Log:
        """The impressions of the days before, with their features."""
        if self._log is None:
            seen, known = self.seen(Past(self.past), self.plan.first), as_known(self.past, self.shop.begins(self.plan.first))
            self._log = log_of(seen, known["impressions"], self.plan.impressions)
        return self._log

    def learned(self, contender: Contender) -> Mapping[str, Model]:
        """The models that a policy begins with; policies that know the same share them."""
        key = (contender.knows == "shuffled_models", contender.seed)
        if key not in self._learned:
            tables = as_known(self.past, self.shop.begins(self.plan.first))
            self._learned[key] = self.learn(contender, self.log(), tables, self.plan.first)
        return self._learned[key]

    def learn(self, contender: Contender, log: Log, tables: Frames, day: int) -> Mapping[str, Model]:
        """Models of what is known when a day begins."""
        settings = replace(self.plan.training, seed=self.plan.training.seed + contender.seed)
        shuffled = contender.knows == "shuffled_models"
        return learn(log, tables, self.policy, settings, self.begins(day), most=self.plan.impressions, shuffled=shuffled)

    def _mornings(self) -> Iterator[Morning]:
        first = self.state.visits
        for day in range(self.plan.first, self.plan.shop.days):
            visits = self.shop.visits(day, first)
            first += len(visits)
            v = self.shop.appeal(visits)
            yield Morning(day, visits, v, browsed_before(self.shop, visits, v))

    def _browsing(self) -> pd.DataFrame:
        """What visitors do before they see a ranking, of all days of the comparison: some of it days before, and known by then."""
        before = pd.concat([morning.before for morning in self.mornings], ignore_index=True)
        return events_table(self.shop.people, self.shop.assortment, before, self.shop.noise)

    def _serve(self, arm: Arm, morning: Morning, state: State, past: Past, result: Result) -> None:
        """A day: find, rank, show, and see what comes of it."""
        visits, world = morning.visits, self.plan.shop.world
        sizes, _ = candidates(self.shop, state, visits)
        worth = worth_of(self.shop, self.policy, visits, sizes, morning.v)
        found = Found.of(self.shop, visits, sizes, state.stock.units)
        known = arm.know(morning, found, worth)
        shown, bonus = decided(self.shop, visits, found, known, arm.ranking(self.products))
        new, units = state.experience.of_any[visits.customer] == 0, state.stock.units.copy()
        day = shop_on(world, self.shop.assortment, self.shop.noise, visits, sizes, morning.v, shown, state.stock, state.experience)
        result.add(expected(self.shop, visits, worth, shown), slices(self.shop, visits, new))
        past.days.append(written_down(self.shop, day, morning.number, units, morning.before.iloc[:0]))
        arm.remember(day, found, known, worth, bonus)
