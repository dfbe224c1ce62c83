"""How a fact is written down, and which of a customer's recorded facts a ranking is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

import msgspec

from serving.facts import Consented, Declared, Fact, Moved, OfCustomer, PriceChanged, StockChanged
from serving.online.port import DECISIONS_STAY

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_DECODER = msgspec.json.Decoder(tuple[OfCustomer, ...])


class Part(IntEnum):
    """The parts of what is known of a customer: each is read up to a bound of its own."""

    ELSE = 0
    MOVES = 1
    DECISIONS = 2


@dataclass(frozen=True)
class Record:
    """A fact about a customer as it is stored.

    Attributes:
        type, id: what it is known by.
        customer_id: whom it is about.
        part: which part of what is known of him.
        at_us: when it happened, UTC microseconds.
        due_us: it is dropped once everything before a later moment is.
        content: the fact as JSON, the same bytes for the same fact.
    """

    type: str
    id: str
    customer_id: str
    part: Part
    at_us: int
    due_us: int
    content: bytes


@dataclass(frozen=True)
class Change:
    """A sku's new price or stock as it is stored.

    Attributes:
        type, id: what it is known by.
        sku: what it is about.
        at_us: since when, UTC microseconds.
        amount: the price in minor units, or the units that can be sold.
        currency: of a price; None for stock.
    """

    type: str
    id: str
    sku: str
    at_us: int
    amount: int
    currency: str | None


def micros(moment: dt.datetime) -> int:
    """UTC microseconds since 1970.

    >>> micros(dt.datetime(1970, 1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1))))
    0
    """
    return (moment - _EPOCH) // _MICROSECOND


def moment(us: int) -> dt.datetime:
    """The moment (UTC) of so many microseconds since 1970."""
    return _EPOCH + us * _MICROSECOND


def recorded(fact: Fact) -> Record | Change:
    """A fact as it is stored."""
    kind, at_us = str(fact.__struct_config__.tag), micros(fact.at)
    if isinstance(fact, StockChanged):
        return Change(kind, fact.id, fact.sku, at_us, fact.available, None)
    if isinstance(fact, PriceChanged):
        return Change(kind, fact.id, fact.sku, at_us, fact.price, fact.currency)
    part = _part(fact)
    due_us = at_us + DECISIONS_STAY // _MICROSECOND if part == Part.DECISIONS else at_us
    return Record(kind, fact.id, fact.customer_id, part, at_us, due_us, _content(fact))


def read(contents: Iterable[bytes]) -> tuple[OfCustomer, ...]:
    """Facts from their content, by time, then id."""
    facts = _DECODER.decode(b"[" + b",".join(contents) + b"]")
    return tuple(sorted(facts, key=lambda fact: (fact.at, fact.id)))


def served(facts: Iterable[OfCustomer], since: dt.datetime) -> tuple[OfCustomer, ...]:
    """The facts that a ranking over a snapshot of that moment is told, in their order.

    Args:
        facts: those since then, and decisions from before it.
        since: the snapshot's moment.

    Returns:
        The facts since then, and an older decision where it is a customer's latest on its purpose and withdraws.
    """
    told = tuple(facts)
    latest = {fact.purpose: fact for fact in sorted(_decisions(told), key=by_time)}
    standing = [decision for decision in latest.values() if not decision.granted]
    return tuple(fact for fact in told if fact.at >= since or fact in standing)


def by_time(decision: Consented) -> tuple[dt.datetime, bool, str]:
    """Orders decisions: of two at one moment, the withdrawal is the later one."""
    return decision.at, not decision.granted, decision.id


def _decisions(facts: Iterable[OfCustomer]) -> list[Consented]:
    return [fact for fact in facts if isinstance(fact, Consented)]


def _part(fact: OfCustomer) -> Part:
    if isinstance(fact, Moved):
        return Part.MOVES
    return Part.DECISIONS if isinstance(fact, Consented) else Part.ELSE


def _content(fact: OfCustomer) -> bytes:
    """Moments in UTC: the same moment told in another zone is the same fact."""
    fact = msgspec.structs.replace(fact, at=fact.at.astimezone(dt.UTC))
    if isinstance(fact, Declared) and fact.needed_on is not None:
        fact = msgspec.structs.replace(fact, needed_on=fact.needed_on.astimezone(dt.UTC))
    return msgspec.json.encode(fact)
