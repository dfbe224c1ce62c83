"""A shop that keeps no record of what it shows still knows what was ordered: each order line beside a few skus that were on offer too.

A model of such lists tells what a shopper would rather order. How often anything is ordered they cannot tell: that depends on how many
skus were drawn, so a released model states an assumed rate instead (`served_shift`).
"""

from __future__ import annotations

from math import log

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.tables import UTC
from features.clock import day_starts, days
from features.shop import Shop
from training.settings import Sampling

Ints = npt.NDArray[np.int64]

RECENT_DAYS = 90
"""A sku is on offer on the days from its first order on until so many days after its latest one."""


def sampled_impressions(shop: Shop, sampling: Sampling, *, most: int, seed: int) -> pd.DataFrame:
    """Impressions (columns of the contract's table) that might have been: of the newest orders, and of skus drawn beside each.

    All of a list is asked for at the first moment of the order's day, so that nothing the shopper did on the way to the order tells
    which sku it was. What is drawn is drawn evenly from the skus on offer, so that the model learns popularity too; a sku that the
    customer ordered on the same day is never drawn as one that was not. Every place is the top one. Prices are list prices: what was
    paid is known of ordered skus alone.

    Args:
        shop: a shop with order lines.
        sampling: how many skus are drawn beside an order line.
        most: at most so many impressions, of the newest orders.
        seed: seed of the draws.
    """
    ordered = _ordered(shop).iloc[-(most // (1 + sampling.drawn_per_order)) :].reset_index(drop=True)
    drawn = _drawn(shop, ordered, sampling.drawn_per_order, np.random.default_rng([seed, 8]))
    listed = pd.concat([ordered, _never_ordered(drawn, shop)], ignore_index=True).sort_values(["at", "request_id"], kind="stable")
    price = listed["sku"].map(shop.tables["products"].set_index("sku")["price"])
    return listed.assign(price=price, position=1, session_id=None).drop_duplicates(["request_id", "sku"]).reset_index(drop=True)


def known_at(shop: Shop, shown: pd.DataFrame) -> pd.Series:
    """When it is known what came of each list: at the end of its day."""
    return _starts(shop, days(shown["at"], shop.zone) + 1).astype(UTC)


def served_shift(y: Ints, sampling: Sampling) -> float:
    """Log-odds to add so that lists of this many orders become offers of which the assumed share is ordered (Elkan 2001, theorem 2).

    >>> round(served_shift(np.array([1, 0, 0, 0]), Sampling(drawn_per_order=3, assumed_rate=0.02)), 3)
    -2.793
    """
    share = float(np.mean(y))
    return log(sampling.assumed_rate / (1 - sampling.assumed_rate)) - log(share / (1 - share))


def _ordered(shop: Shop) -> pd.DataFrame:
    """What was ordered, oldest first; a sku that a customer ordered twice a day counts once."""
    lines = shop.tables["order_lines"]
    lines = lines[lines["ordered_at"] <= shop.now].sort_values("ordered_at", kind="stable")
    at = _starts(shop, days(lines["ordered_at"], shop.zone)).set_axis(lines.index)
    who = {name: lines[name] for name in ("customer_id", "sku", "line_id")}
    found = pd.DataFrame({"request_id": "order line " + lines["line_id"], "at": at, **who})
    return found.drop_duplicates(["customer_id", "at", "sku"])


def _drawn(shop: Shop, ordered: pd.DataFrame, each: int, rng: np.random.Generator) -> pd.DataFrame:
    """So many skus beside each order line, drawn evenly from those on offer on its day."""
    lines = shop.tables["order_lines"]
    codes, skus = pd.factorize(lines["sku"])
    day = days(lines["ordered_at"], shop.zone)
    by_day = np.argsort(day, kind="stable")
    codes, day = codes[by_day], day[by_day]
    drawn = np.empty((len(ordered), each), dtype="int64")
    of_row = days(ordered["at"], shop.zone)
    for today in np.unique(of_row):
        first, end = np.searchsorted(day, [today - RECENT_DAYS, today + 1])
        mine = np.flatnonzero(of_row == today)
        drawn[mine] = rng.choice(np.unique(codes[first:end]), size=(len(mine), each))
    beside = ordered.loc[np.repeat(ordered.index, each)]
    return beside.assign(sku=skus[drawn.ravel()].to_numpy(), line_id=None)


def _never_ordered(drawn: pd.DataFrame, shop: Shop) -> pd.DataFrame:
    """Without what the customer ordered on that day after all."""
    lines = shop.tables["order_lines"]
    theirs = pd.MultiIndex.from_arrays([lines["customer_id"], days(lines["ordered_at"], shop.zone), lines["sku"]])
    asked = pd.MultiIndex.from_arrays([drawn["customer_id"], days(drawn["at"], shop.zone), drawn["sku"]])
    return drawn[~asked.isin(theirs)]


def _starts(shop: Shop, day: Ints) -> pd.Series:
    """The first moment of each day."""
    if not len(day):
        return pd.Series([], dtype=UTC)
    first = int(day.min())
    micros = day_starts(first, int(day.max()), shop.zone)[day - first]
    return pd.Series(pd.to_datetime(micros, unit="us", utc=True)).astype(UTC)
