"""Draws rows to ask about, (customer, offer, moment), where a mistake would show: at midnights and at the edges of what customers did."""

from __future__ import annotations

import numpy as np
import pandas as pd

from domain.tables import UTC
from features.asked import ASKED, NUMBERS
from features.clock import day_starts, days, micros
from features.shop import Shop

HOUR_US = 3_600_000_000
_AROUND_US = (-1, -1, 0, 0, 1, 1, 2, 60_000_000, HOUR_US, 5 * HOUR_US)
"""How long before or after something happened a row is asked about."""

_OF_A_FACT, _AT_MIDNIGHT = 0.6, 0.15
"""Shares of the rows; the others ask about any moment."""


def triples(shop: Shop, rows: int, *, first: int, seed: int) -> pd.DataFrame:
    """Asked-for rows from the midnight of a day up to the shop's `now`, in no order.

    Args:
        shop: whose customers, skus and facts they are about.
        rows: how many.
        first: the day, since 1970-01-01 on the shop's clock.
        seed: the same seed draws the same rows.
    """
    rng = np.random.default_rng(seed)
    begin, end = int(day_starts(first, first, shop.zone)[0]), int(shop.now.timestamp() * 1e6)
    happened = moments(shop)
    recent = happened[(happened["us"] >= begin) & (happened["us"] < end)]
    drawn = pd.concat(
        [
            _around(recent, int(rows * _OF_A_FACT), rng),
            _anybody(happened, day_starts(first, shop.today, shop.zone), int(rows * _AT_MIDNIGHT), rng),
            _anybody(happened, rng.integers(begin, end, rows), rows - int(rows * _OF_A_FACT) - int(rows * _AT_MIDNIGHT), rng),
        ],
        ignore_index=True,
    )
    us = np.clip(drawn["us"].to_numpy(), begin, end)
    return _as_asked(drawn.assign(us=us, sku=_skus(drawn["sku"], shop, rng)), shop, rng)


def moments(shop: Shop) -> pd.DataFrame:
    """Every moment of every fact about a customer: customer_id, sku (may be missing) and us (UTC microseconds)."""
    line = shop.tables["order_lines"].set_index("line_id")
    found = [pd.DataFrame({"customer_id": ["nobody"], "sku": [None], "us": [0]}).astype({"customer_id": "str", "sku": "str"})]
    for frame in shop.tables.values():
        if not {"customer_id", "line_id"} & set(frame.columns):
            continue
        whose = {name: frame[name] if name in frame.columns else _through(frame, line, name) for name in ("customer_id", "sku")}
        for column in frame.columns[frame.dtypes == UTC]:
            known = frame[column].notna() & whose["customer_id"].notna()
            found.append(pd.DataFrame({**whose, "us": micros(frame[column].fillna(pd.Timestamp(0, tz="UTC")))})[known])
    return pd.concat(found, ignore_index=True)


def _through(frame: pd.DataFrame, line: pd.DataFrame, name: str) -> pd.Series:
    nothing = pd.Series(None, index=frame.index, dtype="str")
    return frame["line_id"].map(line[name]).astype("str") if "line_id" in frame.columns else nothing


def _around(recent: pd.DataFrame, rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """Moments next to what a customer did, mostly asked by that customer."""
    drawn = recent.iloc[rng.integers(0, len(recent), rows)].reset_index(drop=True)
    others = drawn["customer_id"].sample(frac=1.0, random_state=rng, ignore_index=True)
    asker = drawn["customer_id"].where(rng.random(rows) < 0.9, others)
    return drawn.assign(customer_id=asker, us=drawn["us"] + rng.choice(_AROUND_US, rows))


def _anybody(happened: pd.DataFrame, us: np.ndarray, rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """Some of these moments, or the microsecond before or after, asked by customers old and new, and by shoppers whom nobody knows."""
    drawn = happened.iloc[rng.integers(0, len(happened), rows)].reset_index(drop=True)
    unknown = rng.choice(np.array(["nobody", "nobody else", None, None], dtype=object), rows)
    asker = drawn["customer_id"].where(rng.random(rows) < 0.8, pd.Series(unknown, dtype="str"))
    return drawn.assign(customer_id=asker, us=rng.choice(us, rows) + rng.choice([-1, 0, 0, 0, 1], rows))


def _skus(own: pd.Series, shop: Shop, rng: np.random.Generator) -> pd.Series:
    """Of half the rows the sku that the customer had to do with, else any, and sometimes one that the shop has never heard of."""
    any_sku = pd.Series(rng.choice(shop.tables["products"]["sku"].to_numpy(dtype=object), len(own)), dtype="str")
    chosen = own.where((rng.random(len(own)) < 0.5) & own.notna(), any_sku)
    return chosen.where(rng.random(len(own)) < 0.97, "unheard-of")


def _as_asked(drawn: pd.DataFrame, shop: Shop, rng: np.random.Generator) -> pd.DataFrame:
    rows = len(drawn)
    texts = {name: _one_of(shop.tables["order_lines"][name], rows, rng) for name in ("country", "channel", "payment_method")}
    numbers = {
        name: np.where(rng.random(rows) < 0.1, np.nan, rng.integers(0, 20_000, rows)) for name in ("unit_price", "discount", "basket_value")
    }
    counts = {name: rng.integers(1, 5, rows).astype("float64") for name in NUMBERS if name not in numbers}
    at = pd.to_datetime(drawn["us"], unit="us", utc=True).astype(UTC)
    promised = pd.Series(at + pd.to_timedelta(rng.integers(-24, 24 * 9, rows), unit="h")).where(rng.random(rows) < 0.7)
    whom = {name: drawn[name].astype("str") for name in ("customer_id", "sku")}
    return pd.DataFrame({**whom, **texts, "at": at, "promised_at": promised.astype(UTC), **numbers, **counts})[list(ASKED)]


def _one_of(column: pd.Series, rows: int, rng: np.random.Generator) -> pd.Series:
    known = column.dropna().unique().tolist()
    return pd.Series(rng.choice(np.array([*known, "elsewhere", None], dtype=object), rows), dtype="str")


def of_day(asked: pd.DataFrame, shop: Shop) -> dict[int, pd.DataFrame]:
    """The rows by their day on the shop's clock."""
    return {int(str(day)): rows for day, rows in asked.groupby(days(asked["at"], shop.zone))}
