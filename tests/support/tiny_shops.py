"""Random shops of a few rows, whose facts collide on few customers, skus and moments: as plain rows, and as the contract's tables."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import pandas as pd
from hypothesis import Phase, settings
from hypothesis import strategies as st

from domain.conform import conform
from domain.tables import TABLES
from features.asked import ASKED, NUMBERS, TEXTS, TIMES
from features.shop import Shop
from tests.support.tiny_rows import CUSTOMERS as CUSTOMERS
from tests.support.tiny_rows import PRODUCTS as PRODUCTS
from tests.support.tiny_rows import SKUS as SKUS
from tests.support.tiny_rows import START as START
from tests.support.tiny_rows import Row as Row
from tests.support.tiny_rows import Rows as Rows
from tests.support.tiny_rows import drawn_rows

NOW = START + dt.timedelta(days=480)
"""After every fact and every asked-for row that is drawn."""

WINDOWS = {"": 14, "GB": 5}
ZONES = ("UTC", "Europe/Berlin", "America/New_York")

QUICK = settings(max_examples=4, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
"""For properties that build features: a failing shop is a handful of rows already, and shrinking it takes minutes."""


@dataclass(frozen=True)
class TinyShop:
    """A shop of a few rows.

    Attributes:
        rows: tables by name, as plain rows; a table may be absent.
        asked: rows that features are asked for.
        zone: the time zone of its days.
    """

    rows: Rows
    asked: list[Row] = field(default_factory=list)
    zone: str = "UTC"

    def shop(self) -> Shop:
        """As the features see it."""
        return Shop.of(tables_of(self.rows), WINDOWS, now=NOW, zone=self.zone)

    def asked_rows(self) -> pd.DataFrame:
        """The asked-for rows as `ASKED` says."""
        return asked_of(self.asked)


def tables_of(rows: Rows) -> dict[str, pd.DataFrame]:
    """The contract's tables of plain rows."""
    tables = {}
    for name, given in rows.items():
        frame = pd.DataFrame(given, columns=None if given else list(TABLES[name].schema.columns))
        tables[name], violations = conform(TABLES[name], frame)
        assert [] == violations
    return tables


def asked_of(rows: list[Row]) -> pd.DataFrame:
    """Asked-for rows of plain rows: one unit alone in the basket, and nothing else known, unless told otherwise."""
    alone: Row = dict.fromkeys(("quantity", "basket_lines", "basket_units", "basket_same_style", "basket_same_sku"), 1.0)
    frame = pd.DataFrame([dict.fromkeys(ASKED) | alone | row for row in rows], columns=list(ASKED))
    moments = {name: pd.to_datetime(frame[name], utc=True).astype("datetime64[us, UTC]") for name in TIMES}
    return frame.assign(**moments).astype({**dict.fromkeys(TEXTS, "str"), **dict.fromkeys(NUMBERS, "float64")})


def day_of(at: dt.datetime, zone: str = "UTC") -> int:
    """Days since 1970-01-01 in a zone."""
    return at.astimezone(ZoneInfo(zone)).date().toordinal() - dt.date(1970, 1, 1).toordinal()


def midnight_of(at: dt.datetime, zone: str = "UTC") -> dt.datetime:
    """When the day began on the zone's clock, in UTC."""
    begun = at.astimezone(ZoneInfo(zone)).date()
    return dt.datetime.combine(begun, dt.time(), ZoneInfo(zone)).astimezone(dt.UTC)


@st.composite
def tiny_shops(draw: st.DrawFn, *, further: bool = True) -> TinyShop:
    """A shop with about 13 lines and 30 asked-for rows; `further` adds most of the optional tables.

    It is drawn as one seed: to draw it choice by choice would take longer than to build its features.
    """
    random = draw(st.randoms(use_true_random=True))
    zone = random.choice(ZONES)
    return TinyShop(*drawn_rows(random, zone, further=further), zone)
