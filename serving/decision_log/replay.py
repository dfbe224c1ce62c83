"""Plays logged decisions again: the same question, facts and shelf, the same release and snapshot, have to give the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import msgspec

from serving.assortment import Shelf
from serving.decision_log.decision import LoggedDecision, hash_of
from serving.decision_log.reading import Entry
from serving.decision_log.rows import Row
from serving.facts import OfCustomer
from serving.reading import RequestRefused, pointer
from serving.wire import Arm, Degraded, RankReply, RankRequest

Outcome = Literal["same", "different", "not possible"]
_SHREDDED: tuple[Outcome, str] = ("not possible", "its key was destroyed")


class Ranks(Protocol):
    """What can rank: a release and a snapshot, loaded."""

    def rank(
        self,
        request: RankRequest,
        *,
        request_id: str,
        facts: Sequence[OfCustomer],
        shelf: Mapping[str, Shelf],
        arm: Arm | None,
        degraded: Sequence[Degraded],
    ) -> RankReply:
        """Rank a request's offers; the same arguments give the same reply."""
        ...


@dataclass(frozen=True)
class Replayed:
    """What became of one logged decision.

    Attributes:
        number: its place in the log.
        request_id: the request's; None where the decision was shredded.
        outcome: whether the reply's bytes are the same again.
        why: why it was not possible, or the first field that differs, with what was logged and what came now.
    """

    number: int
    request_id: str | None
    outcome: Outcome
    why: str = ""


def replay(decisions: Iterable[Entry], serving: Callable[[str, str], Ranks | None]) -> Iterator[Replayed]:
    """Play decisions again, one by one.

    Args:
        decisions: from the log.
        serving: what ranks with a release and a snapshot, by their seals; None where one of them is not there.

    Raises:
        LogRefused: the log was tampered with.
    """
    for entry in decisions:
        decision = entry.decision()
        outcome, why = _SHREDDED if decision is None else _again(entry.row, decision, serving)
        yield Replayed(entry.number, None if decision is None else decision.reply.request_id, outcome, why)


def _again(row: Row, decision: LoggedDecision, serving: Callable[[str, str], Ranks | None]) -> tuple[Outcome, str]:
    if hash_of(decision.encoded) != row.reply_hash:
        return "different", "the logged reply is not the one whose hash was logged"
    if (ranks := serving(row.release, row.snapshot)) is None:
        return "not possible", f"release {row.release} or snapshot {row.snapshot} is not there"
    try:
        reply = ranks.rank(
            decision.question,
            request_id=decision.reply.request_id,
            facts=decision.facts,
            shelf=decision.shelf,
            arm=decision.reply.arm,
            degraded=decision.reply.degraded,
        )
    except RequestRefused as refused:
        return "different", f"it is refused now: {refused.message()}"
    encoded = msgspec.json.encode(reply)
    return ("same", "") if hash_of(encoded) == row.reply_hash else ("different", difference(decision.encoded, encoded))


def difference(logged: bytes, now: bytes) -> str:
    """The first field that differs between two replies, and both its values.

    >>> difference(b'{"a": 1, "b": [1, 2]}', b'{"a": 1, "b": [1, 3]}')
    '/b/1: logged 2, now 3'
    """
    found = next(_differing(msgspec.json.decode(logged), msgspec.json.decode(now), ()), None)
    if found is None:
        return "the same values, written in other bytes"
    steps, old, new = found
    return f"{pointer(*steps)}: logged {_told(old)}, now {_told(new)}"


def _differing(old: Any, new: Any, steps: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in [*old, *(name for name in new if name not in old)]:
            yield from _differing(old.get(name, msgspec.UNSET), new.get(name, msgspec.UNSET), (*steps, name))
    elif isinstance(old, list) and isinstance(new, list):
        for place, (one, other) in enumerate(zip(old, new, strict=False)):
            yield from _differing(one, other, (*steps, place))
        if len(old) != len(new):
            yield (*steps, "length"), len(old), len(new)
    elif old != new or type(old) is not type(new):
        yield steps, old, new


def _told(value: Any) -> str:
    return "nothing" if value is msgspec.UNSET else msgspec.json.encode(value).decode()[:100]
