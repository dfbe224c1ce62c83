"""Which rows of a shop's tables are about people who were erased, and have to go.

All of them go, order lines and returns too. To keep their money under a made-up customer would keep the order, its day and its sizes, by
which people are found again; and what Keeprank is handed is a copy to learn from, not the shop's books.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

PERSONAL: Mapping[str, str] = {
    "customers": "joined_at",
    "order_lines": "ordered_at",
    "events": "at",
    "preferences": "stated_at",
    "consents": "at",
    "fit_feedback": "given_at",
    "impressions": "at",
    "interventions": "at",
}
"""Tables whose rows name a customer, and when such a row happened."""

OF_LINES = ("returns", "tickets", "fit_feedback", "impressions")
"""Tables whose rows may name an order line."""

OF_SESSIONS = ("events", "impressions")
"""Tables whose rows may name a session: before somebody logs in, it is all that names him."""

NEEDED = ("customer_id", "line_id", "session_id", *sorted(set(PERSONAL.values())))
"""The columns by which rows are told apart."""

Erased = Mapping[str, dt.datetime | None]
"""Customers who were erased, and since when each is known anew; None: not at all."""


@dataclass
class Traces:
    """What else tells of the people who were erased.

    Attributes:
        lines: their order lines.
        sessions: their sessions.
    """

    lines: set[str] = field(default_factory=set)
    sessions: set[str] = field(default_factory=set)


def customers_in(name: str, frame: pd.DataFrame) -> Iterable[str]:
    """The customers that a table, or a part of it, names."""
    return _texts(frame["customer_id"]).dropna().unique().tolist() if name in PERSONAL and "customer_id" in frame.columns else []


def follow(name: str, frame: pd.DataFrame, erased: Erased, traces: Traces) -> None:
    """Add the lines and sessions of the people who were erased that a table, or a part of it, tells of."""
    theirs = frame[_about(name, frame, erased)]
    if name == "order_lines":
        traces.lines.update(_texts(theirs["line_id"]).dropna())
    if name in OF_SESSIONS and "session_id" in frame.columns:
        traces.sessions.update(_texts(theirs["session_id"]).dropna())


def stays(name: str, frame: pd.DataFrame, erased: Erased, traces: Traces) -> pd.Series:
    """Which rows of a table, or of a part of it, are about nobody who was erased.

    A row that happened after its customer had joined anew stays; one whose time cannot be read goes.

    Args:
        name: the table's.
        frame: its rows, with those of the columns `NEEDED` that it has.
        erased: who was erased.
        traces: what `follow` found in all tables.
    """
    goes = _about(name, frame, erased)
    if name in OF_LINES and "line_id" in frame.columns:
        goes |= _texts(frame["line_id"]).isin(traces.lines)
    if name in OF_SESSIONS and "session_id" in frame.columns:
        nobody = frame["customer_id"].isna() if "customer_id" in frame.columns else True
        goes |= _texts(frame["session_id"]).isin(traces.sessions) & nobody
    return ~goes


def _about(name: str, frame: pd.DataFrame, erased: Erased) -> pd.Series:
    if name not in PERSONAL or "customer_id" not in frame.columns:
        return pd.Series(False, index=frame.index)
    who = _texts(frame["customer_id"])
    about = who.isin(list(erased))
    anew = {customer_id: since for customer_id, since in erased.items() if since is not None}
    if anew and about.any():
        happened = pd.to_datetime(frame[PERSONAL[name]], utc=True, errors="coerce", format="ISO8601")
        since = pd.to_datetime(who.map(anew), utc=True)
        about &= ~(happened >= since)
    return about


def _texts(ids: pd.Series) -> pd.Series:
    return ids.astype("str") if ids.notna().all() else ids.astype("object").map(str, na_action="ignore")
