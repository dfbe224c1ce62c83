"""Plays logged decisions again: the same question, facts and shelf, the same release and snapshot, have to give the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from serving.callers_order import callers_order
from serving.decision_log.decision import LoggedDecision, hash_of
from serving.decision_log.reading import Entry
from serving.decision_log.rows import Row
from serving.reading import RequestRefused, pointer
from serving.state import Serving
from serving.wire import RankReply

Outcome = Literal["same", "different", "not possible"]
_SHREDDED: tuple[Outcome, str] = ("not possible", "its key was destroyed")


@dataclass(frozen=True)
class Again:
    """What a logged question is answered now.

    Attributes:
        reply: the answer.
        features_hash: of what the models read; empty where nothing was ranked.
    """

    reply: RankReply
    features_hash: str


Answers = Callable[[LoggedDecision], Again]
"""A release and a snapshot, which answer a logged question; RequestRefused where they refuse it."""


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


def answers(serving: Serving) -> Answers:
    """A release and a snapshot, loaded: they rank, or, where there had been no time to, keep the caller's order once more."""

    def again(decision: LoggedDecision) -> Again:
        question, told = decision.question, decision.reply
        if told.fallback == "deadline":
            return Again(callers_order(question, serving, told.request_id, told.fallback, shelf=decision.shelf, arm=told.arm), "")
        ranked = serving.ranked(
            question,
            request_id=told.request_id,
            facts=decision.facts,
            shelf=decision.shelf,
            arm=told.arm,
            degraded=told.degraded,
        )
        return Again(ranked.reply, ranked.features_hash)

    return again


def replay(decisions: Iterable[Entry], answering: Callable[[str, str], Answers | None]) -> Iterator[Replayed]:
    """Play decisions again, one by one.

    Args:
        decisions: from the log.
        answering: a release and a snapshot by their seals; None where one of them is not there.

    Raises:
        LogRefused: the log was tampered with.
    """
    for entry in decisions:
        decision = entry.decision()
        outcome, why = _SHREDDED if decision is None else _again(entry.row, decision, answering)
        yield Replayed(entry.number, None if decision is None else decision.reply.request_id, outcome, why)


def _again(row: Row, decision: LoggedDecision, answering: Callable[[str, str], Answers | None]) -> tuple[Outcome, str]:
    if hash_of(decision.encoded) != row.reply_hash:
        return "different", "the logged reply is not the one whose hash was logged"
    if (answer := answering(row.release, row.snapshot)) is None:
        return "not possible", f"release {row.release} or snapshot {row.snapshot} is not there"
    try:
        again = answer(decision)
    except RequestRefused as refused:
        return "different", f"it is refused now: {refused.message()}"
    encoded = msgspec.json.encode(again.reply)
    if hash_of(encoded) == row.reply_hash:
        return "same", ""
    read = "the same features" if again.features_hash == row.features_hash else "other features"
    return "different", f"{difference(decision.encoded, encoded)} (from {read})"


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
