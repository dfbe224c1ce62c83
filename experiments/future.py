"""Rewrites what a shop learns from a moment on: takes it away, makes it something else, adds to it. What was known before stays.

Only tables whose rows have a moment can be rewritten; master data such as products has none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.known import known_since
from domain.tables import TABLES, UTC, Tables

Moment = pd.Timestamp
Flags = npt.NDArray[np.bool_]

_BEGINS = {"returns": "requested_at"}
"""Since when a row is known, where that is not the contract's `known_at`: a return is known before it arrives."""

_LATER: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"order_lines": ("delivered_at",), "returns": ("received_at", "condition", "disposition", "refund", "recovered_value")}
)
"""Columns that are filled in after their row was told, at the moment in the first of them."""

_ABOUT = ("customer_id", "sku", "line_id")
_AFTER = tuple(pd.Timedelta(text) for text in ("0us", "1us", "90min", "1D", "20D"))
"""How long after the moment added facts lie: at it, right after it, on its day, and on later ones."""


@dataclass(frozen=True, eq=False)
class Future:
    """From when, and about whom.

    Attributes:
        at: what is known at or after this moment is rewritten.
        about: customer_id and sku of each row under audit, and line_id and ordered_at of an order line: what is added is about them.
        draw: draws what is not given.
    """

    at: Moment
    about: pd.DataFrame
    draw: np.random.Generator


Rewrite = Callable[[str, pd.DataFrame, Future], tuple[pd.DataFrame, int]]
"""A table by its name and rows, rewritten; and how many facts are others now."""


def dated(tables: Tables) -> tuple[str, ...]:
    """The tables with a row whose rows have a moment."""
    return tuple(name for name, frame in tables.items() if TABLES[name].known_at and len(frame))


def removed(name: str, table: pd.DataFrame, future: Future) -> tuple[pd.DataFrame, int]:
    """The table as it was known at the moment."""
    ahead, later = _ahead(name, table, future.at), _later(name, table, future.at)
    kept = table.assign(**{column: table[column].mask(later) for column in _LATER.get(name, ())})[~ahead]
    return kept.reset_index(drop=True), int(ahead.sum() + later.sum())


def altered(name: str, table: pd.DataFrame, future: Future) -> tuple[pd.DataFrame, int]:
    """The rows of the future with each other's customers, skus, verdicts, reasons, prices, and closer to the moment."""
    ahead, later = _ahead(name, table, future.at), _later(name, table, future.at)
    theirs = table[ahead]
    moments = [column for column in table.columns if table[column].dtype == UTC]
    mixed = {column: theirs[column].array[future.draw.permutation(len(theirs))] for column in _mixable(name, table)}
    closer = {column: theirs[column].where(~(theirs[column] >= future.at), _halfway(theirs[column], future.at)) for column in moments}
    at_once = {column: table[column].mask(later, future.at) for column in _LATER.get(name, ())[:1]}
    rewritten = pd.concat([table.assign(**at_once)[~ahead], theirs.assign(**mixed, **closer)])
    return _unique(name, rewritten.sort_index()), int(ahead.sum() + later.sum())


def added(name: str, table: pd.DataFrame, future: Future) -> tuple[pd.DataFrame, int]:
    """The table with copies of earlier rows at the moment and after it, about the rows under audit."""
    earlier = table[~_ahead(name, table, future.at)]
    if earlier.empty:
        return table, 0
    drawn = earlier.iloc[future.draw.integers(len(earlier), size=len(future.about))].reset_index(drop=True)
    after = pd.Series(_AFTER)[np.arange(len(drawn)) % len(_AFTER)].reset_index(drop=True)
    at = (future.at + after).astype(UTC)
    copies = [_repeated(name, drawn, at, future)]
    if "known_at" in table.columns:
        copies.append(_told_late(name, drawn, at, future))
    if name == "returns":
        copies.append(_corrected(drawn, at, future))
    more = _unique(name, pd.concat([table, *copies]))
    return more, len(more) - len(table)


def _ahead(name: str, table: pd.DataFrame, at: Moment) -> Flags:
    """Which rows are known at the moment or after it."""
    column = _BEGINS.get(name, TABLES[name].known_at)
    began = known_since(table, str(column)) if "known_at" in table.columns else table[column]
    return np.asarray(began >= at)


def _later(name: str, table: pd.DataFrame, at: Moment) -> Flags:
    """Which rows are known before the moment and completed at it or after it."""
    told = _LATER.get(name, ())[:1]
    return np.asarray(table[told[0]] >= at) & ~_ahead(name, table, at) if told else np.zeros(len(table), dtype=bool)


def _mixable(name: str, table: pd.DataFrame) -> list[str]:
    """Columns that rows may swap: neither the row's own id nor a moment."""
    return [column for column in table.columns if column != _own_id(name) and table[column].dtype != UTC]


def _own_id(name: str) -> str | None:
    first = TABLES[name].key[0]
    return first if first.endswith("_id") and first != "customer_id" else None


def _halfway(moments: pd.Series, at: Moment) -> pd.Series:
    return (at + (moments - at) // 2).astype(UTC)


def _repeated(name: str, drawn: pd.DataFrame, at: pd.Series, future: Future) -> pd.DataFrame:
    """The rows as if they happened anew, at these moments: with new ids, and what was true is false."""
    begins = str(_BEGINS.get(name, TABLES[name].known_at))
    passed = at - drawn[begins]
    moments = [column for column in drawn.columns if drawn[column].dtype == UTC]
    anew = {column: (drawn[column] + passed).astype(UTC) for column in moments if column != "known_at"} | {begins: at}
    if "known_at" in drawn.columns:
        anew["known_at"] = pd.Series(pd.NaT, index=drawn.index, dtype=UTC)
    flipped = {column: ~drawn[column] for column in drawn.columns if drawn[column].dtype == bool}
    return _about_them(name, drawn.assign(**anew, **flipped), future, "again")


def _told_late(name: str, drawn: pd.DataFrame, at: pd.Series, future: Future) -> pd.DataFrame:
    """The rows as if they had been told only at these moments; returns are asked for right after the order, so that they count."""
    if name == "returns":
        requested = (future.about["ordered_at"] + pd.Timedelta("1h")).astype(UTC)
        drawn = drawn.assign(requested_at=requested, received_at=requested)
    return _about_them(name, drawn.assign(known_at=at), future, "late")


def _corrected(drawn: pd.DataFrame, at: pd.Series, future: Future) -> pd.DataFrame:
    """Returns of before, corrected at these moments: other units, other reasons."""
    reasons = drawn["reason"].array[future.draw.permutation(len(drawn))]
    return drawn.assign(known_at=at, reason=reasons, quantity=drawn["quantity"] + 1)


def _about_them(name: str, rows: pd.DataFrame, future: Future, how: str) -> pd.DataFrame:
    own = _own_id(name)
    theirs = {column: future.about[column].array for column in _ABOUT if column in rows.columns and column != own}
    ids = {} if own is None else {own: pd.Series([f"audit-{how}-{number}" for number in range(len(rows))], dtype="str")}
    return rows.assign(**theirs, **ids)


def _unique(name: str, rows: pd.DataFrame) -> pd.DataFrame:
    return rows.drop_duplicates(list(TABLES[name].key)).reset_index(drop=True)
