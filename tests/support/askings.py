"""Askings as the rows and tables that `Snapshot.build` takes: the long way to the same features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from domain.tables import CONSENT_PURPOSES, UTC, Tables
from features.asked import ASKED, NUMBERS, TEXTS, TIMES
from features.asking import Asking, Day, Decided, Did, Stated
from features.today import KINDS
from features.told import ATTRIBUTES

DAY_US = 86_400_000_000
VALUES = ("40", "M", "172", "64,5", "64.5", "1e2", " 70 ", "1000", "-1", "0x10", "nonsense", "inf", "wedding", "1_0")


def rows(asking: Asking) -> pd.DataFrame:
    """The asked-for rows of an asking."""
    count = len(asking.skus)
    texts = {name: [getattr(asking, name, None)] * count for name in TEXTS} | {"sku": list(asking.skus)}
    times = {"at": [asking.at_us] * count, "promised_at": [None if np.isnan(asking.promised_us) else int(asking.promised_us)] * count}
    frame = pd.DataFrame({name: pd.Series(values, dtype="str") for name, values in texts.items()})
    for name in TIMES:
        frame[name] = moments(times[name])
    for name in NUMBERS:
        frame[name] = np.broadcast_to(asking.numbers[name], count).astype("float64")
    return frame[list(ASKED)]


def tables(asking: Asking) -> Tables:
    """What the shopper did, declared and decided, as tables of the contract; of nobody nothing is told."""
    day, who, found = asking.day, asking.customer_id, {}
    if who is None:
        return {}
    events = [move for move in day.moves if move.kind not in ("order", "return_request")]
    if events:
        found["events"] = _frame(who, event_id=[one.id for one in events], **_did(events)).rename(columns={"us": "at"})
    lines = [move for move in day.moves if move.kind == "order"]
    returns = [move for move in day.moves if move.kind == "return_request"]
    if lines or returns:
        told = [(one.id, one.sku, one.us) for one in lines] + [(f"line of {one.id}", one.sku, 0) for one in returns]
        ids, skus, us = zip(*told, strict=True)
        found["order_lines"] = _frame(who, line_id=list(ids), sku=list(skus), ordered_at=list(us))
    if returns:
        of = [f"line of {one.id}" for one in returns]
        requested = moments([one.us for one in returns])
        found["returns"] = pd.DataFrame({"return_id": [one.id for one in returns], "line_id": of}, dtype="str").assign(
            requested_at=requested
        )
    if day.statements:
        said = day.statements
        found["preferences"] = _frame(
            who,
            attribute=[one.attribute for one in said],
            value=[one.value for one in said],
            stated_at=[one.us for one in said],
            needed_on=[one.needed_us for one in said],
        )
    if day.decisions:
        decided = day.decisions
        frame = _frame(who, purpose=[one.purpose for one in decided], at=[one.us for one in decided])
        found["consents"] = frame.assign(granted=[one.granted for one in decided])
    return found


def moments(us: Sequence[int | None]) -> pd.Series:
    """UTC microseconds as moments."""
    return pd.Series(pd.to_datetime(pd.Series(us, dtype="Int64"), unit="us", utc=True)).astype(UTC)


def _did(moves: Sequence[Did]) -> dict[str, list[Any]]:
    return {"sku": [one.sku for one in moves], "kind": [one.kind for one in moves], "at": [one.us for one in moves]}


def _frame(who: str, **columns: list[Any]) -> pd.DataFrame:
    frame = pd.DataFrame({"customer_id": pd.Series([who] * len(next(iter(columns.values()))), dtype="str")})
    for name, values in columns.items():
        in_time = name in ("at", "ordered_at", "stated_at", "needed_on")
        frame[name] = moments(values) if in_time else pd.Series(values, dtype="str")
    return frame


@st.composite
def days(draw: st.DrawFn, first_us: int, at_us: int, skus: Sequence[str], categories: Sequence[str]) -> Day:
    """Days of a shopper, in which what happened often happened at one moment."""
    times = draw(st.lists(st.integers(first_us, at_us - 1), min_size=1, max_size=4)) if at_us > first_us else []
    if not times:
        return Day()
    when, some = st.sampled_from(times), st.sampled_from([*skus, "never-heard-of"])
    did = st.tuples(st.sampled_from(KINDS), some | st.none(), when)
    moves = [
        Did(kind, sku or skus[0] if kind in ("order", "return_request") else sku, us, f"e{number}")
        for number, (kind, sku, us) in enumerate(draw(st.lists(did, max_size=8)))
    ]
    attributes = st.sampled_from([*ATTRIBUTES, "age", *(f"size:{category}" for category in categories)])
    needed = st.none() | st.integers(at_us - DAY_US, at_us + 9 * DAY_US)
    stated = st.builds(Stated, attributes, st.sampled_from(VALUES), when, needed)
    decided = st.builds(Decided, st.sampled_from(CONSENT_PURPOSES), st.booleans(), when)
    said = draw(st.lists(stated, max_size=5, unique_by=lambda one: (one.attribute, one.us)))
    return Day(moves, said, draw(st.lists(decided, max_size=4, unique_by=lambda one: (one.purpose, one.us))))


@st.composite
def askings(draw: st.DrawFn, first_us: int, customers: Sequence[str], skus: Sequence[str], categories: Sequence[str]) -> Asking:
    """Askings by customers old and new and by nobody, about skus known and unknown, with and without prices."""
    at_us = draw(st.sampled_from([first_us, first_us + 1]) | st.integers(first_us, first_us + 2 * DAY_US))
    offered = draw(st.lists(st.sampled_from([*skus, "never-heard-of", "nor-of-this"]), min_size=1, max_size=30, unique=True))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    money = {name: np.where(rng.random(len(offered)) < 0.2, np.nan, rng.integers(0, 20_000, len(offered))) for name in NUMBERS}
    counts = {
        name: rng.integers(1, 4, len(offered)).astype("float64")
        for name in NUMBERS
        if name not in ("unit_price", "discount", "basket_value")
    }
    return Asking(
        skus=offered,
        numbers={**money, **counts, "basket_lines": np.full(1, 2.0)},
        at_us=at_us,
        customer_id=draw(st.none() | st.just("nobody") | st.sampled_from(customers)),
        country=draw(st.none() | st.sampled_from(["DE", "FR", "XX"])),
        channel=draw(st.none() | st.sampled_from(["app", "web", "kiosk"])),
        payment_method=draw(st.none() | st.sampled_from(["invoice", "card"])),
        promised_us=draw(st.just(np.nan) | st.integers(at_us - DAY_US, at_us + 9 * DAY_US).map(float)),
        day=draw(st.just(Day()) | days(first_us, at_us, offered, categories)),
    )
