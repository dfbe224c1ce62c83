from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from serving.facts import Moved, PriceChanged
from serving.online.opening import open_state
from serving.online.port import DECISIONS_STAY
from serving.reading import RequestMalformed, RequestRefused
from serving.wire_events import MAX_FACTS, MAX_REJECTIONS, EventsReply, read_events, take, take_body
from tests.support.told import MIDNIGHT, NOON, at, decided, view

VIEW = {"type": "event", "id": "e1", "customer_id": "ann", "kind": "view", "sku": "shirt", "at": "2026-11-25T12:00:00+01:00"}
PRICE = {"type": "price", "id": "p1", "sku": "shirt", "price": 1990, "currency": "EUR", "at": "2026-11-25T11:00:00Z"}


def lines(*facts: Any) -> bytes:
    return b"\n".join(json.dumps(fact).encode() for fact in facts)


def only(**fields: Any) -> bytes:
    return json.dumps([PRICE, {**VIEW, **fields}]).encode()


@pytest.mark.parametrize(("body", "ndjson"), [(json.dumps([VIEW, PRICE]).encode(), False), (b"\n" + lines(VIEW, PRICE) + b"\r\n\n", True)])
def test_facts_come_as_an_array_or_as_lines(body: bytes, ndjson: bool) -> None:
    facts, rejected = read_events(body, ndjson=ndjson)

    assert [Moved, PriceChanged] == [type(fact) for fact in facts]
    assert [] == rejected


@pytest.mark.parametrize(("body", "ndjson"), [(b"[]", False), (b"", True), (b"\n\n", True)])
def test_no_facts_are_no_trouble(body: bytes, ndjson: bool) -> None:
    assert ([], []) == read_events(body, ndjson=ndjson)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (only(type="weather"), "/1/type"),
        (only(kind="dance"), "/1/kind"),
        (only(kind=None), "/1/kind"),
        (only(id=""), "/1/id"),
        (only(id="i" * 201), "/1/id"),
        (only(at="2026-11-25T12:00:00"), "/1/at"),
        (only(at="noon"), "/1/at"),
        (only(colour="red"), "/1/colour"),
        (b'[1, {"type": "event"}]', "/0"),
    ],
)
def test_a_bad_fact_is_rejected_by_its_number_and_field(body: bytes, field: str) -> None:
    facts, rejected = read_events(body, ndjson=False)

    assert ("invalid", field) == (rejected[0].reason, rejected[0].field)
    assert facts[rejected[0].index] is None


def test_a_broken_line_is_rejected_and_the_others_are_read() -> None:
    facts, rejected = read_events(lines(VIEW) + b'\n{"type": "ev\n\xff\n' + lines(PRICE), ndjson=True)

    assert [True, False, False, True] == [fact is not None for fact in facts]
    assert [(1, "malformed"), (2, "malformed")] == [(fact.index, fact.reason) for fact in rejected]


@pytest.mark.parametrize("body", [b"", b"[", b"[{]", b"\xff", b"[NaN]", b"[1] 2"])
def test_an_array_that_is_no_json_is_malformed(body: bytes) -> None:
    with pytest.raises(RequestMalformed):
        read_events(body, ndjson=False)


@pytest.mark.parametrize("body", [b"{}", b"null", json.dumps(VIEW).encode(), b"[" + b"1," * MAX_FACTS + b"1]"])
def test_what_is_no_array_or_too_long_is_refused(body: bytes) -> None:
    with pytest.raises(RequestRefused):
        read_events(body, ndjson=False)


def test_too_many_lines_are_refused() -> None:
    with pytest.raises(RequestRefused, match="1001 facts; expected: at most 1000"):
        read_events(b"1\n" * (MAX_FACTS + 1), ndjson=True)


def test_deep_nesting_is_refused() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000

    assert ["invalid"] == [fact.reason for fact in read_events(deep, ndjson=True)[1]]
    with pytest.raises(RequestMalformed):
        read_events(b"[" + deep + b"]", ndjson=False)


def test_the_reply_counts_what_became_of_every_fact(tmp_path: Path) -> None:
    state = open_state(tmp_path)
    state.erase("eve", now=NOON)
    facts = [view(1), view(1), view(2, id="view-1"), view(3, "eve"), None, view(4)]
    read = read_events(b"[1]", ndjson=False)[1]
    rejected = [replace(fact, index=4, field="/4") for fact in read]
    reply = take(state, facts, rejected, now=NOON)

    assert (2, 1, 3) == (reply.accepted, reply.duplicate, reply.rejected)
    assert [(2, "conflict"), (3, "erased"), (4, "invalid")] == [(fact.index, fact.reason) for fact in reply.rejections]
    state.close()


def test_a_body_is_read_and_taken(tmp_path: Path) -> None:
    state = open_state(tmp_path)

    assert EventsReply(accepted=2, duplicate=0, rejected=0, rejections=[]) == take_body(state, lines(VIEW, PRICE), ndjson=True, now=NOON)
    assert 1990 == state.shelf(["shirt"], since=MIDNIGHT)["shirt"].price
    state.close()


def test_of_many_rejected_facts_the_first_are_named(tmp_path: Path) -> None:
    state = open_state(tmp_path)
    reply = take_body(state, b"[" + b"1," * 499 + b"1]", ndjson=False, now=NOON)

    assert (500, MAX_REJECTIONS) == (reply.rejected, len(reply.rejections))
    assert list(range(MAX_REJECTIONS)) == [fact.index for fact in reply.rejections]
    state.close()


@pytest.mark.parametrize(
    ("moment", "since", "reasons"),
    [
        (NOON + dt.timedelta(minutes=1), None, []),
        (NOON + dt.timedelta(minutes=1, microseconds=1), None, ["in_the_future"]),
        (NOON - dt.timedelta(days=2), None, []),
        (NOON - dt.timedelta(days=2, microseconds=1), None, ["too_old"]),
        (MIDNIGHT, MIDNIGHT, []),
        (MIDNIGHT - dt.timedelta(microseconds=1), MIDNIGHT, ["before_snapshot"]),
        (dt.datetime.min.replace(tzinfo=dt.UTC), MIDNIGHT, ["too_old"]),
        (dt.datetime.max.replace(tzinfo=dt.UTC), MIDNIGHT, ["in_the_future"]),
    ],
)
def test_a_fact_of_another_time_is_rejected_by_name(
    tmp_path: Path, moment: dt.datetime, since: dt.datetime | None, reasons: list[str]
) -> None:
    state = open_state(tmp_path)
    reply = take(state, [view(1, at=moment)], now=NOON, since=since)

    assert reasons == [fact.reason for fact in reply.rejections]
    assert {"/0/at"} >= {fact.field for fact in reply.rejections}
    state.close()


def test_a_decision_on_consent_is_taken_late(tmp_path: Path) -> None:
    state = open_state(tmp_path)
    late = [decided(1, granted=False)]

    assert 1 == take(state, late, now=at(1) + DECISIONS_STAY, since=NOON).accepted
    assert ["too_old"] == [fact.reason for fact in take(state, late, now=at(2) + DECISIONS_STAY, since=NOON).rejections]
    state.close()


def test_a_plan_that_is_too_far_away_is_rejected(tmp_path: Path) -> None:
    state = open_state(tmp_path)
    said = {"type": "preference", "id": "s", "customer_id": "ann", "attribute": "occasion", "value": "wedding"}
    body = json.dumps([{**said, "needed_on": "2046-11-25T00:00:00Z", "at": "2026-11-25T11:00:00Z"}]).encode()

    assert ["/0/needed_on"] == [fact.field for fact in take_body(state, body, ndjson=False, now=NOON).rejections]
    state.close()
