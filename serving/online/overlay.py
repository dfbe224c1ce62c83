"""Every worker's own copy of the latest prices and stock: a dictionary that follows the store by numbered changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from serving.assortment import Shelf
from serving.online.recorded import Change, micros

_NEVER = (-(2**63), "")
_STOCK = "stock"


@dataclass(frozen=True, slots=True)
class _Entry:
    """The latest of a sku, each with when it came to hold and by which fact."""

    price: int | None = None
    currency: str | None = None
    priced: tuple[int, str] = _NEVER
    available: int | None = None
    counted: tuple[int, str] = _NEVER


class Overlay:
    """The latest price and stock by sku; the order in which changes are applied does not matter."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def apply(self, changes: Iterable[Change]) -> None:
        """Take changes in; one that is older than what is there changes nothing."""
        for change in changes:
            self._entries[change.sku] = _after(self._entries.get(change.sku, _Entry()), change)

    def of(self, skus: Collection[str], *, since: dt.datetime) -> dict[str, Shelf]:
        """What changed from a moment on of these skus."""
        first = micros(since), ""
        found = ((sku, self._entries[sku]) for sku in skus if sku in self._entries)
        return {sku: _shelf(entry, first) for sku, entry in found if entry.priced >= first or entry.counted >= first}


def _after(entry: _Entry, change: Change) -> _Entry:
    turn = change.at_us, change.id
    if change.type == _STOCK:
        return entry if turn <= entry.counted else _Entry(entry.price, entry.currency, entry.priced, change.amount, turn)
    return entry if turn <= entry.priced else _Entry(change.amount, change.currency, turn, entry.available, entry.counted)


def _shelf(entry: _Entry, first: tuple[int, str]) -> Shelf:
    price, currency = (entry.price, entry.currency) if entry.priced >= first else (None, None)
    return Shelf(price, currency, entry.available if entry.counted >= first else None)
