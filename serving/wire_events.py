"""What comes to `POST /v1/events`, and what became of it: a bad fact is refused by its number, and the others are taken."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from serving.facts import Consented, Declared, Fact
from serving.online.port import DECISIONS_STAY, CustomerState, Outcome
from serving.reading import RequestMalformed, RequestRefused, pointer
from serving.reading import _field_error as field_error
from serving.since import FARTHEST
from serving.wire import FieldError

MAX_FACTS = 1_000
MAX_REJECTIONS = 100
"""So many refused facts are named; the rest are counted."""

LATE, EARLY = dt.timedelta(days=2), dt.timedelta(minutes=1)
"""Facts that happened longer ago reach the shop's tables by the night; clocks differ by no more than a minute."""

Why = Literal["malformed", "invalid", "too_old", "before_snapshot", "in_the_future", "conflict", "erased"]

_SAYS = {
    Outcome.CONFLICT: "another fact of this type was told under this id; the first one stays",
    Outcome.ERASED: "the customer was erased; what to do: let him rejoin if he is a customer anew, and tell what happens from then on",
    Outcome.SETTLED: "it happened before the snapshot that serves; the night's tables tell it",
}
_WHY: dict[Outcome, Why] = {Outcome.CONFLICT: "conflict", Outcome.ERASED: "erased", Outcome.SETTLED: "before_snapshot"}


class RejectedFact(Struct, frozen=True, kw_only=True):
    """A fact that was not taken."""

    index: Annotated[int, Meta(ge=0, description="Which one, counted from 0: its place in the array, or its line, empty ones left out.")]
    reason: Annotated[Why, Meta(description="Stable code.")]
    field: Annotated[str, Meta(description="JSON pointer into the array, such as /3/sku.")]
    message: str


class EventsReply(Struct, frozen=True, kw_only=True):
    """What became of the facts; accepted + duplicate + rejected is how many were sent."""

    accepted: Annotated[int, Meta(ge=0, description="Taken, and safe: they outlive the service's processes.")]
    duplicate: Annotated[int, Meta(ge=0, description="Told before, in the same words.")]
    rejected: Annotated[int, Meta(ge=0, description="Not taken.")]
    rejections: Annotated[list[RejectedFact], Meta(max_length=MAX_REJECTIONS, description="Of them the first ones, by index.")]


_FACT = msgspec.json.Decoder(Fact)
_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])


def read_events(body: bytes, *, ndjson: bool) -> tuple[list[Fact | None], list[RejectedFact]]:
    """The facts that a body holds, each for itself.

    Args:
        body: a JSON array, or lines of JSON.
        ndjson: whether it is lines; empty ones are passed over.

    Returns:
        Every fact, None where it cannot be read; and why not.

    Raises:
        RequestMalformed: the body is no JSON.
        RequestRefused: it is no array, or there are more than `MAX_FACTS`.
    """
    texts = [line for line in body.splitlines() if line.strip()] if ndjson else _array(body)
    if len(texts) > MAX_FACTS:
        raise RequestRefused(FieldError(field="", message=f"{len(texts)} facts; expected: at most {MAX_FACTS}; what to do: send several"))
    facts: list[Fact | None] = []
    rejected = []
    for index, text in enumerate(texts):
        read = _fact(text, index)
        facts.append(None if isinstance(read, RejectedFact) else read)
        rejected += [read] if isinstance(read, RejectedFact) else []
    return facts, rejected


def take_body(state: CustomerState, body: bytes, *, ndjson: bool, now: dt.datetime, since: dt.datetime | None = None) -> EventsReply:
    """Read facts and take them into the state.

    Args:
        state: the customer state.
        body: as in `read_events`.
        ndjson: likewise.
        now: the present moment.
        since: the moment of the snapshot that serves; what happened before is the night's, but for decisions on consent.

    Raises:
        RequestMalformed, RequestRefused: as in `read_events`.
        StateUnavailable: the state does not answer; nothing was taken, or all of it: send it again.
    """
    facts, rejected = read_events(body, ndjson=ndjson)
    return take(state, facts, rejected, now=now, since=since)


def take(
    state: CustomerState,
    facts: Sequence[Fact | None],
    rejected: Sequence[RejectedFact] = (),
    *,
    now: dt.datetime,
    since: dt.datetime | None = None,
) -> EventsReply:
    """Take facts into the state; those that are None were rejected before.

    Raises:
        StateUnavailable: the state does not answer.
    """
    timely: dict[int, Fact] = {}
    refused = list(rejected)
    for index, fact in enumerate(facts):
        if fact is not None:
            misplaced = next(_misplaced(fact, index, now, since), None)
            refused += [] if misplaced is None else [misplaced]
            timely |= {} if misplaced else {index: fact}
    outcomes = dict(zip(timely, state.add(list(timely.values())), strict=True))
    refused += [
        RejectedFact(index=index, reason=_WHY[outcome], field=pointer(index), message=_SAYS[outcome])
        for index, outcome in outcomes.items()
        if outcome in _WHY
    ]
    count = Counter(outcomes.values())
    return EventsReply(
        accepted=count[Outcome.ACCEPTED],
        duplicate=count[Outcome.DUPLICATE],
        rejected=len(refused),
        rejections=sorted(refused, key=lambda fact: fact.index)[:MAX_REJECTIONS],
    )


def _array(body: bytes) -> list[msgspec.Raw]:
    try:
        return _ARRAY.decode(body)
    except msgspec.ValidationError as error:
        raise RequestRefused(field_error(str(error))) from error
    except (ValueError, RecursionError) as error:  # msgspec.DecodeError, UnicodeDecodeError
        raise RequestMalformed(str(error), expected="a JSON array in UTF-8") from error


def _fact(text: bytes | msgspec.Raw, index: int) -> Fact | RejectedFact:
    try:
        fact: Fact = _FACT.decode(text)
    except msgspec.ValidationError as error:
        wrong = field_error(str(error))
        return RejectedFact(index=index, reason="invalid", field=pointer(index) + wrong.field, message=wrong.message)
    except (ValueError, RecursionError) as error:
        return RejectedFact(index=index, reason="malformed", field=pointer(index), message=f"{error}; expected: JSON in UTF-8")
    return fact


def _misplaced(fact: Fact, index: int, now: dt.datetime, since: dt.datetime | None) -> Iterator[RejectedFact]:
    at = pointer(index, "at")
    if fact.at > now + EARLY:
        message = f"expected: at most a minute after {now.isoformat()}, the service's time; what to do: check the time zone"
        yield RejectedFact(index=index, reason="in_the_future", field=at, message=message)
    longest = DECISIONS_STAY if isinstance(fact, Consented) else LATE
    if fact.at < now - longest:
        message = f"expected: at most {longest.days} days ago; what to do: nothing, the night's tables tell it"
        yield RejectedFact(index=index, reason="too_old", field=at, message=message)
    if since is not None and fact.at < since and not isinstance(fact, Consented):
        message = f"expected: from {since.isoformat()} on, the snapshot's moment; what to do: nothing, the night's tables tell it"
        yield RejectedFact(index=index, reason="before_snapshot", field=at, message=message)
    if isinstance(fact, Declared) and fact.needed_on is not None and abs(fact.needed_on - now) > FARTHEST:
        message = f"expected: within ten years of {now.isoformat()}"
        yield RejectedFact(index=index, reason="invalid", field=pointer(index, "needed_on"), message=message)
