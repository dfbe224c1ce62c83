"""What the shopper did, declared and decided since the snapshot's midnight: told by the request, or by the shop before it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterator, Sequence
from zoneinfo import ZoneInfo

from features.asking import NOTHING_DONE, Day, Decided, Did, Stated
from features.snapshot import Snapshot
from serving.facts import Consented, Declared, Exchanged, Moved, OfCustomer, Ordered, ReturnRequested
from serving.reading import RequestRefused, pointer
from serving.wire import Consent, FieldError, Move, RankRequest, Statement

FRESH = dt.timedelta(days=2)
"""How long a snapshot serves; later, what it lacks would be too much for a request to tell."""

FARTHEST = dt.timedelta(days=3653)
"""A plan (a delivery, an occasion) that lies farther away is a slip."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_US = dt.timedelta(microseconds=1)


def micros_of(moment: dt.datetime) -> int:
    """Microseconds since 1970-01-01 in UTC."""
    return (moment - _EPOCH) // _US


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


def since(request: RankRequest, snapshot: Snapshot, facts: Sequence[OfCustomer] = ()) -> Day:
    """What is known of the customer's day: what the request tells, and what had been told before.

    Nothing is told of a shopper whom the request does not name. What is told twice is one: a move or a return by its id, a statement by
    its attribute and moment, a decision by its purpose and moment; where the two differ, the request's holds, else the earliest, and of
    two decisions the withdrawal. What a customer allows is what she allows now: her decisions count whatever moment is asked about.

    Args:
        request: what was asked.
        snapshot: what was known before.
        facts: what else the service was told of the customer; but for decisions, those outside the day, up to the moment asked about,
            do not count.

    Raises:
        RequestRefused: in the request something happened before the snapshot's moment or not before the one asked about, or a plan is
            too far away.
    """
    first, at = snapshot.at.to_pydatetime(), asked_at(request, snapshot)
    told = (("today", request.today), ("stated", request.stated), ("consents", request.consents))
    misplaced = [error for name, said in told for error in _misplaced(name, said, first, at)]
    if errors := [*misplaced, *_too_far(request, at)]:
        raise RequestRefused(*errors)
    if request.customer_id is None or not (facts or request.today or request.stated or request.consents):
        return NOTHING_DONE
    counting = (fact for fact in facts if isinstance(fact, Consented) or first <= fact.at < at)
    return _day(request, sorted(counting, key=lambda fact: (fact.at, isinstance(fact, Consented) and fact.granted)))


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


def _day(request: RankRequest, facts: Sequence[OfCustomer]) -> Day:
    moves: dict[Hashable, Did] = {}
    statements: dict[Hashable, Stated] = {}
    decisions: dict[Hashable, Decided] = {}
    for told in (*request.today, *request.stated, *request.consents, *facts):
        us = micros_of(told.at)
        if isinstance(told, Move | Moved):
            moves.setdefault(("event", told.id), Did(told.kind, told.sku, us, told.id))
        elif isinstance(told, Ordered):
            moves.setdefault(("order", told.id), Did("order", told.sku, us, told.id))
        elif isinstance(told, Exchanged) or (isinstance(told, ReturnRequested) and not told.received):
            moves.setdefault(("return", told.id), Did("return_request", told.sku, us, told.id))
        elif isinstance(told, Statement | Declared):
            needed_us = None if told.needed_on is None else micros_of(told.needed_on)
            statements.setdefault((told.attribute, us), Stated(told.attribute, told.value, us, needed_us))
        elif isinstance(told, Consent | Consented):
            decisions.setdefault((told.purpose, us), Decided(told.purpose, told.granted, us))
    return Day(tuple(moves.values()), tuple(statements.values()), tuple(decisions.values()))
