"""What may be known of a shopper: what was ordered, kept, sent back, looked at or wished for before a moment, where consent allows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.known import first_told, known_since
from domain.outcomes import KEPT as IS_KEPT
from domain.outcomes import RETURNED as IS_RETURNED
from domain.sizes import SIZE_REASONS
from features.clock import micros
from features.persons import OWN
from features.shop import Shop
from features.told import Told, as_of
from training.retrieval.goods import NOWHERE, Flags, Floats, Goods, Ints, Names, find

KEPT, PENDING, RETURNED, MISFIT, BASKET, WISHED, VIEWED = range(7)
"""What a deed was: an order line by what is known of it (`MISFIT` came back for its size), or something done in the shop."""

OF_ORDERS = 4
"""Deeds below are order lines."""

_OF_EVENTS = {"basket": BASKET, "wishlist": WISHED, "view": VIEWED}
_US_A_DAY = 86_400_000_000
_NEVER = np.iinfo("int64").max


@dataclass(frozen=True, eq=False)
class Shopper:
    """A shopper at a moment.

    Attributes:
        market: the country; "" where unknown.
        sku: (deeds,) rows in `Goods.skus`.
        what: (deeds,) `KEPT`, `PENDING`, …
        days_ago: (deeds,)
    """

    market: str
    sku: Ints
    what: Ints
    days_ago: Floats


def nobody(market: str = "") -> Shopper:
    """Of whom nothing may be known but the market: without consent, without history, or not signed in."""
    return Shopper(market, np.empty(0, dtype="int64"), np.empty(0, dtype="int64"), np.empty(0))


@dataclass(frozen=True, eq=False)
class Deeds:
    """What all shoppers of a shop did, by customer and time. It is the shop's, and no part of a release.

    Attributes:
        customers: (customers,) ids of all with a deed or an account, ascending.
        first: (customers + 1,) where each one's deeds begin.
        sku: (deeds,) rows in `Goods.skus`.
        at_us: (deeds,) when, UTC microseconds: an event counts from when it was known.
        what: (deeds,) what it turned out to be.
        since_us: (deeds,) since when that is known; an order line is `PENDING` until then.
        markets: (customers,) country of each one's account or first order; "" where unknown.
        told: what customers allow.
    """

    customers: Names
    first: Ints
    sku: Ints
    at_us: Ints
    what: Ints
    since_us: Ints
    markets: Names
    told: Told

    @classmethod
    def of(cls, shop: Shop, goods: Goods) -> Deeds:
        """Read a shop's order lines, outcomes, return reasons, events and consents."""
        both = pd.concat([_orders(shop), _events(shop)], ignore_index=True)
        both["sku"] = find(goods.skus, both["sku"].to_numpy(dtype="str"))
        both = both[both["sku"] != NOWHERE]
        accounts: Sequence[str] | pd.Series = shop.tables["customers"]["customer_id"] if "customers" in shop.tables else ()
        customers = np.unique(np.concatenate([both["customer_id"].to_numpy(dtype="str"), np.array(accounts, dtype="str")]))
        codes = find(customers, both["customer_id"].to_numpy(dtype="str"))
        order = np.lexsort((both["at_us"].to_numpy(), codes))
        columns = {name: both[name].to_numpy(dtype="int64")[order] for name in ("sku", "at_us", "what", "since_us")}
        first = np.searchsorted(codes[order], np.arange(len(customers) + 1))
        return cls(customers, first, **columns, markets=_markets(shop, customers), told=Told.of(shop.tables))

    def allowed(self, customer: Ints, at_us: Ints) -> Flags:
        """Whether each customer (rows) lets the shop use the own history at each moment."""
        asked = pd.DataFrame({"customer_id": self.customers[customer]}, dtype="str")
        said = as_of(self.told.spans, ["customer_id"], asked, at_us)
        return said[OWN].astype("boolean").fillna(self.told.everybody).to_numpy(dtype=bool)

    def known(self, at_us: int) -> tuple[Ints, Ints, Ints, Floats]:
        """Customer, sku, what it is known to be by then, and days ago, of every deed before a moment."""
        chosen = np.flatnonzero(self.at_us < at_us)
        customer = np.searchsorted(self.first, chosen, side="right") - 1
        return customer, self.sku[chosen], self._what(chosen, at_us), self._days_ago(chosen, at_us)

    def shopper(self, row: int, at_us: int, *, allowed: bool) -> Shopper:
        """What may be known of a customer at a moment.

        Args:
            row: the customer's row in `customers`; `NOWHERE` for one who has neither deeds nor an account.
            at_us: UTC microseconds; what was known before counts.
            allowed: whether the customer lets the shop use the own history (`allowed`).
        """
        if row == NOWHERE:
            return nobody()
        if not allowed:
            return nobody(str(self.markets[row]))
        chosen = np.arange(self.first[row], self.first[row + 1])
        chosen = chosen[self.at_us[chosen] < at_us]
        return Shopper(str(self.markets[row]), self.sku[chosen], self._what(chosen, at_us), self._days_ago(chosen, at_us))

    def _what(self, chosen: Ints, at_us: int) -> Ints:
        return np.where(self.since_us[chosen] < at_us, self.what[chosen], PENDING)

    def _days_ago(self, chosen: Ints, at_us: int) -> Floats:
        return np.asarray((at_us - self.at_us[chosen]) / _US_A_DAY)


def _orders(shop: Shop) -> pd.DataFrame:
    lines, became = shop.tables["order_lines"], shop.outcomes
    misfit = lines["line_id"].isin(_came_back_for_size(shop.tables["returns"])).to_numpy()
    outcome = became["outcome"].to_numpy()
    what = np.select([outcome == IS_KEPT, (outcome == IS_RETURNED) & misfit, outcome == IS_RETURNED], [KEPT, MISFIT, RETURNED], PENDING)
    known = became["matured_at"].notna().to_numpy()
    since = np.full(len(lines), _NEVER)
    since[known] = micros(became.loc[known, "matured_at"])
    frame = lines[["customer_id", "sku"]].assign(at_us=micros(lines["ordered_at"]), what=what, since_us=since)
    return frame.reset_index(drop=True)


def _came_back_for_size(returns: pd.DataFrame) -> pd.Series:
    told = first_told(returns)
    return told.loc[told["reason"].isin(SIZE_REASONS), "line_id"]


def _events(shop: Shop) -> pd.DataFrame:
    events = shop.tables.get("events")
    if events is None:
        return pd.DataFrame()
    used = events[events["kind"].isin(_OF_EVENTS) & events["sku"].notna() & events["customer_id"].notna()]
    told = micros(known_since(used, "at"))
    frame = used[["customer_id", "sku"]].assign(at_us=told, what=used["kind"].map(_OF_EVENTS), since_us=told)
    return frame.reset_index(drop=True)


def _markets(shop: Shop, customers: Names) -> Names:
    """The account's country, or that of the first order."""
    lines = shop.tables["order_lines"].sort_values("ordered_at", kind="stable")
    found = pd.Series(dtype="str")
    for table in (shop.tables.get("customers"), lines):
        if table is not None and "country" in table.columns:
            told = table[["customer_id", "country"]].dropna().drop_duplicates("customer_id").set_index("customer_id")["country"]
            found = found.combine_first(told)
    return found.reindex(pd.Index(customers, dtype="str")).fillna("").to_numpy(dtype="str")


def is_order(what: npt.NDArray[np.int64]) -> Flags:
    """Which deeds are order lines."""
    return np.asarray(what < OF_ORDERS)
