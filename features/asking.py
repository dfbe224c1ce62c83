"""A shopper is offered some skus at one moment: what `features.asked` tells, in columns, with what all rows share told once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.catalogue import Values


@dataclass(frozen=True)
class Did:
    """Something that the shopper did.

    Attributes:
        kind: one of `features.today.KINDS`.
        sku: what it was about, if anything.
        us: when, UTC microseconds.
        id: of the event, the order line or the return; it orders what was done in one moment.
    """

    kind: str
    sku: str | None
    us: int
    id: str


@dataclass(frozen=True)
class Stated:
    """Something that the shopper declared.

    Attributes:
        attribute: what, as in the contract's preferences.
        value: the declared value, as text.
        us: when, UTC microseconds.
        needed_us: the day of the occasion, UTC microseconds; None where there is none.
    """

    attribute: str
    value: str
    us: int
    needed_us: int | None


@dataclass(frozen=True)
class Decided:
    """A consent that the shopper granted or withdrew.

    Attributes:
        purpose: one of `domain.tables.CONSENT_PURPOSES`.
        granted: False withdraws.
        us: when, UTC microseconds.
    """

    purpose: str
    granted: bool
    us: int


@dataclass(frozen=True)
class Day:
    """What the shopper did and declared since the snapshot's moment and before the one asked about, and decided; each once, in no order."""

    moves: Sequence[Did] = ()
    statements: Sequence[Stated] = ()
    decisions: Sequence[Decided] = ()

    def allows(self, purpose: str) -> bool | None:
        """What the shopper decided last of a purpose; None where nothing was decided."""
        latest = max((one for one in self.decisions if one.purpose == purpose), key=lambda one: one.us, default=None)
        return None if latest is None else latest.granted


NOTHING_DONE = Day()


@dataclass(frozen=True, eq=False)
class Asking:
    """One shopper, one moment, some skus.

    Attributes:
        skus: what is offered, (n,).
        numbers: `features.asked.NUMBERS` of each, (n,), or (1,) where all have the same; NaN is missing.
        at_us: the moment, UTC microseconds.
        customer_id: who; None for an unknown shopper, of whom `day` tells nothing.
        country, channel, payment_method: market, and where and how it is sold and paid, if known.
        promised_us: when it will be delivered, UTC microseconds; NaN if nothing is promised.
        day: what the shopper did since the snapshot's moment.
    """

    skus: Sequence[str]
    numbers: Mapping[str, Values]
    at_us: int
    customer_id: str | None = None
    country: str | None = None
    channel: str | None = None
    payment_method: str | None = None
    promised_us: float = np.nan
    day: Day = NOTHING_DONE
