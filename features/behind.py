"""The facts behind the histories of one asked-for row, and the moves of its day: rows of the shop's tables, by their ids."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from features.engine import Engine
from features.entities import FIRST_DAY, LAST_DAY, Wanted
from features.fact_text import Kind, Said, listed
from features.facts import kinds
from features.histories import ASKED_KEYS, facts_with_keys
from features.moves import moves
from features.shop import Shop
from features.today import LATEST

_EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True)
class Fact:
    """A fact that a history counts.

    Attributes:
        day: on the shop's clock, when the shop learned of it.
        kind: ordered, delivered, kept, returned, verdicts, ticketed or browsed.
        id: of the row it comes from: a line, an event, a ticket; the sku of a verdict.
        customer_id: whose; None where nobody is known.
        sku: about what; None where it is about none.
        measure: what is counted.
        value: how much it adds to the history.
    """

    day: dt.date
    kind: str
    id: str
    customer_id: str | None
    sku: str | None
    measure: str
    value: int


@dataclass(frozen=True)
class Behind:
    """The facts behind one history.

    Attributes:
        history: its name, such as style.returned_lines_90d.
        value: NaN where a key of it is unknown, or where nothing was ever ordered.
        facts: newest first, at most as many as were asked for. All values together add up to the history's; of a first or last day they
            are the lines ordered on it.
        total: how many facts there are.
    """

    history: str
    value: float
    facts: tuple[Fact, ...]
    total: int


@dataclass(frozen=True)
class Move:
    """Something the customer did that day before the moment.

    Attributes:
        at: when it was known (UTC).
        kind: of `features.today.KINDS`.
        id: of the event, line or return.
        sku: about what; None where it is about none.
    """

    at: dt.datetime
    kind: str
    id: str
    sku: str | None


def facts_behind(
    engine: Engine, said: Said, plan: Sequence[Wanted], histories: Mapping[str, float], limit: int | None
) -> tuple[Behind, ...]:
    """The facts behind histories of one asked-for row.

    Args:
        engine: knows `ASKED_KEYS`, with this one row.
        said: the words for the shop's facts, which tell ids.
        plan: what is wanted of entities; holds every one of the histories.
        histories: their values by name.
        limit: at most so many facts of each; None for all.
    """
    told = kinds(said)
    for kind in told:
        engine.define(kind.name, kind.select)
    by_name = {column: (one, number) for one in plan for number, column in enumerate(one.columns)}
    return tuple(_behind(engine, name, value, _sql(*by_name[name], value, told), limit) for name, value in histories.items())


def moves_of_the_day(shop: Shop, customer_id: str | None, midnight_us: int, at_us: int) -> tuple[Move, ...]:
    """What a customer did since midnight and before a moment, as far as it counts; newest first."""
    done = moves(shop.tables)
    today = done[(done["customer_id"] == customer_id) & (done["us"] >= midnight_us) & (done["us"] < at_us)]
    latest = today.sort_values(["us", "id"]).tail(LATEST).iloc[::-1]
    return tuple(_move(row) for row in latest.to_dict("records"))


def _behind(engine: Engine, name: str, value: float, sql: str, limit: int | None) -> Behind:
    if not sql:
        return Behind(name, value, (), 0)
    cut = "" if limit is None else f" LIMIT {limit}"
    newest = f"SELECT *, COUNT(*) OVER () AS total FROM ({sql}) AS facts ORDER BY day DESC, kind, id, customer_id, value{cut}"  # noqa: S608
    found = engine.fetch(newest).to_pylist()
    return Behind(name, value, tuple(_fact(row) for row in found), found[0]["total"] if found else 0)


def _sql(one: Wanted, number: int, value: float, told: Sequence[Kind]) -> str:
    """The facts behind the history of a number; empty where the shop has no such facts."""
    measure, condition = _counted(one, number, value)
    return "\nUNION ALL\n".join(_of_kind(one, kind, measure, condition) for kind in told if measure in kind.measures)


def _counted(one: Wanted, number: int, value: float) -> tuple[str, str]:
    """The measure of a history, and which of the entity's facts count."""
    if one.names[number] in (FIRST_DAY, LAST_DAY):
        return "ordered_lines", f"facts.day = {'NULL' if np.isnan(value) else int(value)}"
    counted = one.sums[number]
    since = "" if counted.days is None else f" AND facts.day >= asked.day - {counted.days}"
    return counted.measure, f"facts.day < asked.day{since}"


def _of_kind(one: Wanted, kind: Kind, measure: str, condition: str) -> str:
    same = " AND ".join([*(f"facts.{key} = asked.{key}" for key in one.entity.keys), condition])
    told = listed(f"facts.{name}" for name in ("day", "id", "customer_id", "sku"))
    return f"""SELECT {told}, '{kind.name}' AS kind, '{measure}' AS measure, facts.{measure} AS value
FROM ({facts_with_keys(one, kind)}) AS facts JOIN {ASKED_KEYS} AS asked ON {same} WHERE facts.{measure} <> 0"""  # noqa: S608


def _fact(row: Mapping[str, Any]) -> Fact:
    day = _EPOCH + dt.timedelta(days=row["day"])
    return Fact(day, row["kind"], row["id"], row["customer_id"], row["sku"], row["measure"], int(row["value"]))


def _move(row: Mapping[Hashable, Any]) -> Move:
    at = pd.Timestamp(row["us"], unit="us", tz="UTC").to_pydatetime()
    return Move(at, row["kind"], row["id"], row["sku"] if isinstance(row["sku"], str) else None)
