"""What each shopper did, as the service looks it up: by the hash of her id, in files that are mapped into memory, and of nobody who minds.

A night writes it into the snapshot's folder, so one seal covers both, and its skus are those of the snapshot's assortment.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from domain.errors import SnapshotRefused
from features.clock import midnight
from features.keyed import Hashes, hash_texts
from features.shop import Shop
from training.retrieval.goods import NOWHERE, Goods, Ints, find
from training.retrieval.shopper import Deeds, Shopper, nobody

FOLDER = "shoppers"
"""Where it lies in a snapshot."""

LATEST = 500
"""Only a shopper's latest so many deeds are remembered."""

_ARRAYS = ("keys", "first", "sku", "at_us", "what", "market")
_NAMES = "markets.json"
_US_A_DAY = 86_400_000_000


@dataclass(frozen=True)
class Deed:
    """Something that a shopper did since the night.

    Attributes:
        sku: about which sku.
        at_us: when, UTC microseconds.
        what: `training.retrieval.shopper.PENDING`, `VIEWED`, …
    """

    sku: str
    at_us: int
    what: int


@dataclass(frozen=True, eq=False)
class Remembered:
    """Shoppers at a midnight.

    Attributes:
        keys: (shoppers,) hashes of their ids, ascending.
        first: (shoppers + 1,) where each one's deeds begin.
        sku: (deeds,) rows in `Goods.skus` of the snapshot's assortment.
        at_us: (deeds,) when, UTC microseconds, ascending for each shopper.
        what: (deeds,) what each was known to be at the midnight.
        market: (shoppers,) rows in `markets`.
        markets: countries; "" is unknown.
    """

    keys: Hashes
    first: Ints
    sku: Ints
    at_us: Ints
    what: Ints
    market: Ints
    markets: tuple[str, ...]

    @classmethod
    def of(cls, deeds: Deeds, at_us: int) -> Remembered:
        """What may be known of every shopper at a midnight; of those who withhold their history, the market alone.

        Raises:
            SnapshotRefused: two ids have the same hash.
        """
        keys = hash_texts(deeds.customers.astype(object))
        order = np.argsort(keys, kind="stable")
        if (keys[order][1:] == keys[order][:-1]).any():
            raise SnapshotRefused(
                "two customers have the same 64-bit hash", advice="report it: the odds are below one in a hundred thousand"
            )
        rows = np.arange(len(keys))
        allowed = deeds.allowed(rows, np.full(len(keys), at_us))
        shoppers = [deeds.shopper(int(row), at_us, allowed=bool(allowed[row])) for row in order]
        last = slice(-LATEST, None)
        markets, market = np.unique(deeds.markets[order], return_inverse=True)
        return cls(
            keys=keys[order],
            first=np.append(0, np.cumsum([len(one.sku[last]) for one in shoppers])).astype("int64"),
            sku=_joined([one.sku[last] for one in shoppers]),
            at_us=_joined([_moments(one, at_us)[last] for one in shoppers]),
            what=_joined([one.what[last] for one in shoppers]),
            market=market.astype("int64"),
            markets=tuple(map(str, markets)),
        )

    def write(self, folder: Path) -> None:
        """Write the arrays into a new folder."""
        folder.mkdir()
        for name in _ARRAYS:
            np.save(folder / f"{name}.npy", getattr(self, name))
        (folder / _NAMES).write_text(json.dumps(self.markets) + "\n")

    @classmethod
    def load(cls, folder: Path) -> Remembered:
        """Map what `write` wrote into memory."""
        arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in _ARRAYS}
        return cls(**arrays, markets=tuple(json.loads((folder / _NAMES).read_text())))

    def shopper(
        self, customer_id: str | None, at_us: int, goods: Goods, since: Sequence[Deed] = (), *, market: str | None = None
    ) -> Shopper:
        """What may be known of a shopper at a moment.

        Args:
            customer_id: who; of None, and of who is not remembered, only `since` is known.
            at_us: when, UTC microseconds.
            goods: the assortment of the same snapshot.
            since: what she did since the midnight and before the moment; of skus that are not there nothing is learned.
            market: where she shops now; by default where her account is.
        """
        night = self._night(customer_id, at_us)
        done = [one for one in since if one.at_us < at_us]
        rows = find(goods.skus, np.array([one.sku for one in done], dtype="str"))
        what = np.array([one.what for one in done], dtype="int64")
        ago = np.array([(at_us - one.at_us) / _US_A_DAY for one in done], dtype="float64")
        sold = rows != NOWHERE
        return Shopper(
            night.market if market is None else market,
            np.append(night.sku, rows[sold]),
            np.append(night.what, what[sold]),
            np.append(night.days_ago, ago[sold]),
        )

    def _night(self, customer_id: str | None, at_us: int) -> Shopper:
        if customer_id is None or not len(self.keys):
            return nobody()
        key = hash_texts([customer_id])[0]
        row = min(int(np.searchsorted(self.keys, key)), len(self.keys) - 1)
        if self.keys[row] != key:
            return nobody()
        mine = slice(int(self.first[row]), int(self.first[row + 1]))
        ago = (at_us - self.at_us[mine]) / _US_A_DAY
        return Shopper(self.markets[int(self.market[row])], np.array(self.sku[mine]), np.array(self.what[mine]), ago)


def remembering(shop: Shop, day: int | None = None) -> Callable[[Path], None]:
    """Writes the shoppers of a night into a snapshot's folder, for `features.taking.take_snapshot`.

    Args:
        shop: the shop that the snapshot is taken of.
        day: the same day.
    """
    at_us = int(midnight(shop.today if day is None else day, shop.zone).timestamp() * 1e6)

    def write(folder: Path) -> None:
        Remembered.of(Deeds.of(shop, Goods.of(shop.tables["products"])), at_us).write(folder / FOLDER)

    return write


def _moments(shopper: Shopper, at_us: int) -> Ints:
    return np.rint(at_us - shopper.days_ago * _US_A_DAY).astype("int64")


def _joined(parts: Sequence[Ints]) -> Ints:
    return np.concatenate([np.empty(0, dtype="int64"), *parts]).astype("int64")
