"""What the shopper did, declared and decided since the snapshot's midnight: the request tells it, for the service keeps nothing yet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TypeVar
from zoneinfo import ZoneInfo

import pandas as pd

from domain.tables import UTC, Tables
from features.persons import OWN
from features.snapshot import Snapshot
from serving.reading import RequestRefused, pointer
from serving.wire import Consent, FieldError, Move, RankRequest, Statement

FRESH = dt.timedelta(days=2)
"""How long a snapshot serves; later, what it lacks would be too much for a request to tell."""

FARTHEST = dt.timedelta(days=3653)
"""A plan (a delivery, an occasion) that lies farther away is a slip."""

_Fact = TypeVar("_Fact", Move, Statement, Consent)


def asked_at(request: RankRequest, snapshot: Snapshot) -> dt.datetime:
    """The moment that a request asks about (UTC).

    Raises:
        RequestRefused: it lies before the snapshot's moment, or the snapshot is too old for it.
    """
    first: dt.datetime = snapshot.at.to_pydatetime()
    at = first if request.at is None else request.at
    if at < first:
        raise _refused(f"lies before {first.isoformat()}, the snapshot's moment; expected: that moment or a later one")
    if at - first > FRESH:
        day = first.astimezone(ZoneInfo(snapshot.zone)).date()
        raise _refused(f"the snapshot is of {day}; expected: at most {FRESH.days} days after its begin; what to do: serve a newer snapshot")
    return at.astimezone(dt.UTC)


def since(request: RankRequest, snapshot: Snapshot) -> Tables:
    """What a request tells of its customer's day, as tables of the contract; what it does not tell is absent.

    Nothing is told of a shopper whom the request does not name.

    Raises:
        RequestRefused: something happened before the snapshot's moment or not before the one asked about, or a plan is too far away.
    """
    first, at = snapshot.at.to_pydatetime(), asked_at(request, snapshot)
    told = (("today", request.today), ("stated", request.stated), ("consents", request.consents))
    misplaced = [error for name, facts in told for error in _misplaced(name, facts, first, at)]
    if errors := [*misplaced, *_too_far(request, at)]:
        raise RequestRefused(*errors)
    return {} if request.customer_id is None else _tables(request, request.customer_id)


def withdrew(request: RankRequest) -> bool:
    """Whether the customer decided today that the history may not be used."""
    decided = [consent for consent in request.consents if consent.purpose == OWN]
    return bool(decided) and not max(decided, key=lambda consent: consent.at).granted


def _refused(message: str) -> RequestRefused:
    return RequestRefused(FieldError(field="/at", message=message))


def _misplaced(name: str, facts: Sequence[Move | Statement | Consent], first: dt.datetime, at: dt.datetime) -> Iterator[FieldError]:
    expected = f"expected: from {first.isoformat()} on, the snapshot's moment, and before {at.isoformat()}, the moment asked about"
    advice = "; what to do: give `at`" if at == first else ""
    for number, fact in enumerate(facts):
        if not first <= fact.at < at:
            yield FieldError(field=pointer(name, number, "at"), message=expected + advice)


def _too_far(request: RankRequest, at: dt.datetime) -> Iterator[FieldError]:
    plans = [(pointer("promised_at"), request.promised_at)]
    plans += [(pointer("stated", number, "needed_on"), statement.needed_on) for number, statement in enumerate(request.stated)]
    for field, moment in plans:
        if moment is not None and abs(moment - at) > FARTHEST:
            yield FieldError(field=field, message=f"expected: within ten years of {at.isoformat()}, the moment asked about")


def _tables(request: RankRequest, customer_id: str) -> Tables:
    tables = {}
    if request.today:
        tables["events"] = _events(_once(request.today), customer_id)
    if request.stated:
        tables["preferences"] = _preferences(_once(request.stated), customer_id)
    if request.consents:
        tables["consents"] = _consents(_once(request.consents), customer_id)
    return tables


def _once(facts: Sequence[_Fact]) -> list[_Fact]:
    return list(dict.fromkeys(facts))


def _events(moves: Sequence[Move], customer_id: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "event_id": _texts([move.id for move in moves]),
            "customer_id": _texts([customer_id] * len(moves)),
            "sku": _texts([move.sku for move in moves]),
            "kind": _texts([move.kind for move in moves]),
            "at": _moments([move.at for move in moves]),
        }
    )


def _preferences(statements: Sequence[Statement], customer_id: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": _texts([customer_id] * len(statements)),
            "stated_at": _moments([statement.at for statement in statements]),
            "attribute": _texts([statement.attribute for statement in statements]),
            "value": _texts([statement.value for statement in statements]),
            "needed_on": _moments([statement.needed_on for statement in statements]),
        }
    )


def _consents(consents: Sequence[Consent], customer_id: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": _texts([customer_id] * len(consents)),
            "purpose": _texts([consent.purpose for consent in consents]),
            "granted": [consent.granted for consent in consents],
            "at": _moments([consent.at for consent in consents]),
        }
    )


def _texts(values: Sequence[str | None]) -> pd.Series:
    return pd.Series(values, dtype="str")


def _moments(values: Sequence[dt.datetime | None]) -> pd.Series:
    return pd.Series([None if value is None else value.astimezone(dt.UTC) for value in values], dtype=UTC)
