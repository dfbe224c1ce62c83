"""The customer state: what became known between two nights, and who was erased; every store of it keeps these promises."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from serving.assortment import Shelf
from serving.facts import Fact, OfCustomer

DECISIONS_STAY = dt.timedelta(days=7)
"""How long past the snapshot's moment decisions on consent stay: a shop's tables may learn of a withdrawal some nights late."""

MOST_DECISIONS = 200
"""Only a customer's latest so many decisions on consent are looked at."""

MOST_ELSE = 1_000
"""Only a customer's latest so many other facts, moves apart, are handed to a ranking; `known` has them all."""


class Outcome(StrEnum):
    """What became of a fact that was told."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    """The same fact is there already."""
    CONFLICT = "conflict"
    """Another fact of this type bears the id; it stays."""
    ERASED = "erased"
    """It is about somebody who was erased and has not joined anew, or happened before he did."""
    SETTLED = "settled"
    """It happened before the moment up to which facts were dropped: the night's tables tell it."""


@dataclass(frozen=True)
class Tombstone:
    """Somebody who was erased, by pseudonym.

    Attributes:
        pseudonym: as `serving.pseudonyms` says.
        erased_at: when (UTC).
        rejoined_at: since when the shop knows the person anew (UTC); None: not at all.
    """

    pseudonym: str
    erased_at: dt.datetime
    rejoined_at: dt.datetime | None = None

    def hides(self, since: dt.datetime) -> bool:
        """Whether a snapshot of that moment may still hold what was erased, so that the person is to be served as unknown."""
        return self.rejoined_at is None or since <= self.rejoined_at

    def bars(self, at: dt.datetime) -> bool:
        """Whether a fact that happened at a moment is about the person who was erased, and is refused."""
        return self.rejoined_at is None or at < self.rejoined_at


@dataclass(frozen=True)
class Erased:
    """What an erasure did.

    Attributes:
        tombstone: what remains.
        facts: facts that it removed; 0 when there were none, or when it was done before.
        wiped: whether the store's files hold no trace any more; if not, somebody was reading: erase once more.
    """

    tombstone: Tombstone
    facts: int
    wiped: bool


@dataclass(frozen=True)
class Known:
    """Everything that the state holds about a person.

    Attributes:
        pseudonym: the person's.
        facts: by time, then id.
        tombstone: what is left of an earlier erasure.
    """

    pseudonym: str
    facts: tuple[OfCustomer, ...]
    tombstone: Tombstone | None


class CustomerState(Protocol):
    """What became known since the snapshot. Every method raises StateUnavailable when the store does not answer.

    A fact's identity is its type and id: ids of order lines and of events come from different tables of the shop. Several threads and
    processes may use one store at once.
    """

    def add(self, facts: Sequence[Fact]) -> list[Outcome]:
        """Take facts in; when this returns, all that it accepted outlives the process, and a power cut if the store is set to that."""

    def of_customer(self, customer_id: str, *, since: dt.datetime) -> tuple[OfCustomer, ...]:
        """What a ranking over a snapshot of the moment `since` needs to know of a customer, by time, then id; nothing if he was erased.

        At most the latest `features.today.LATEST` moves and `MOST_ELSE` other facts. An older decision on a purpose is among them where
        it is the latest and withdraws: whether the snapshot has learned of it is not known.
        """

    def shelf(self, skus: Collection[str], *, since: dt.datetime) -> dict[str, Shelf]:
        """Of the skus whose price or stock changed from `since` on: the latest of each; the greater id holds of two at one moment."""

    def known(self, customer_id: str) -> Known:
        """Everything about one person, to be handed out."""

    def erase(self, customer_id: str, *, now: dt.datetime) -> Erased:
        """Forget a person at once; facts about him are refused from then on. Erasing twice is erasing once."""

    def rejoin(self, customer_id: str, *, now: dt.datetime) -> bool:
        """Know a person anew who was erased: facts that happen from now on are taken. False if he was not erased, or rejoined already."""

    def is_erased(self, customer_id: str, *, since: dt.datetime) -> bool:
        """Whether a ranking over a snapshot of the moment `since` must treat a person as unknown."""

    def tombstones(self) -> tuple[Tombstone, ...]:
        """Everybody who was erased, by pseudonym."""

    def drop_before(self, moment: dt.datetime) -> None:
        """Drop what happened before the moment of the oldest snapshot in use; decisions on consent stay for `DECISIONS_STAY` more.

        In small steps, so that nobody waits long. Facts from before the moment are then refused as settled, decisions as much later.
        """

    def prove(self) -> None:
        """Return if the state can be read and written."""

    def close(self) -> None:
        """Let go of the store."""
