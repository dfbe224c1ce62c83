"""How large the made-up shop is, which days it covers, and what kind of shop it is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from domain.errors import SettingsRefused
from experiments.demo_shop.world import World, default_world

_AT_LEAST = {"seed": 0, "customers": 20, "styles": 10, "days": 60}
"""Below these a shop has too little of everything to be worth looking at (guess)."""


@dataclass(frozen=True)
class ShopSettings:
    """Size, period and kind of the demo shop.

    Attributes:
        seed: the same seed gives the same tables, byte for byte.
        customers: accounts at the end, at least 20.
        styles: products, each in several sizes, at least 10.
        days: length of the period that has orders, at least 60.
        ends_on: its last day (UTC); nothing is dated later. Must lie in the past for the data contract to accept the tables.
        world: what kind of shop it is: bodies, tastes, goods, reasons to return.

    Raises:
        SettingsRefused: with every wrong value.
    """

    seed: int = 1
    customers: int = 4_000
    styles: int = 300
    days: int = 400
    ends_on: dt.date = dt.date(2026, 9, 30)
    world: World = field(default_factory=default_world)

    def __post_init__(self) -> None:
        wrong = [self._complaint(name, least) for name, least in _AT_LEAST.items() if not _whole_at_least(getattr(self, name), least)]
        if not isinstance(self.ends_on, dt.date) or isinstance(self.ends_on, dt.datetime):
            wrong.append(f"ends_on = {self.ends_on!r}, expected a date without a time")
        if wrong:
            raise SettingsRefused(f"demo shop settings: {'; '.join(wrong)}", advice="correct them, or leave them out for the defaults")

    def _complaint(self, name: str, least: int) -> str:
        return f"{name} = {getattr(self, name)!r}, expected a whole number of at least {least}"

    @property
    def end(self) -> int:
        """First second after the period, in seconds since 1970."""
        next_day = dt.datetime.combine(self.ends_on + dt.timedelta(days=1), dt.time(), tzinfo=dt.UTC)
        return int(next_day.timestamp())

    @property
    def start(self) -> int:
        """First second of the period, in seconds since 1970."""
        return self.end - self.days * 86_400


def _whole_at_least(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
