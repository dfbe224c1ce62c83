from __future__ import annotations

import datetime as dt
import json
from typing import Any

import msgspec
import pytest

from serving.facts import Consented
from serving.online.port import Erased, Known, Tombstone
from serving.reading import RequestMalformed, RequestRefused
from serving.wire_customers import (
    ConsentInForce,
    CustomerReply,
    DeclaredNow,
    consents_in_force,
    declared_now,
    read_consents,
    read_preferences,
    told_of,
    told_of_erasure,
)
from tests.support.told import NOON, at, decided, height, view

HEIGHT = {"attribute": "height_cm", "value": "178"}
GRANT = {"purpose": "measurements", "granted": True, "notice_version": "3"}


def preferences(*stated: Any) -> bytes:
    return json.dumps({"preferences": stated}).encode()


def consents(*decisions: Any) -> bytes:
    return json.dumps({"consents": decisions}).encode()


def test_what_a_customer_declares_becomes_facts() -> None:
    (fact,) = read_preferences(preferences(HEIGHT), "ann", now=NOON)

    assert ("ann", "height_cm", "178", None, NOON) == (fact.customer_id, fact.attribute, fact.value, fact.needed_on, fact.at)


def test_what_a_customer_decides_becomes_facts() -> None:
    (fact,) = read_consents(consents({**GRANT, "at": "2026-11-25T11:00:00+01:00"}), "ann", now=NOON)

    assert ("measurements", True, "3", NOON - dt.timedelta(hours=2)) == (fact.purpose, fact.granted, fact.notice_version, fact.at)


def test_what_is_sent_again_is_the_same_fact_and_another_value_at_that_moment_bears_its_id() -> None:
    when = {"at": "2026-11-25T11:00:00+01:00"}
    (first,) = read_preferences(preferences({**HEIGHT, **when}), "ann", now=NOON)
    (again,) = read_preferences(preferences({**HEIGHT, "at": "2026-11-25T10:00:00Z"}), "ann", now=at(1))
    (other,) = read_preferences(preferences({**HEIGHT, **when, "value": "180"}), "ann", now=NOON)
    (of_bob,) = read_preferences(preferences({**HEIGHT, **when}), "bob", now=NOON)

    assert first == again
    assert first.id == other.id
    assert first.id != of_bob.id


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_that_utc_cannot_tell_is_read_like_any_other(moment: str) -> None:
    assert dt.datetime.fromisoformat(moment) == read_preferences(preferences({**HEIGHT, "at": moment}), "anna", now=NOON)[0].at


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{}", "/preferences"),
        (preferences(), "/preferences"),
        (preferences(*[HEIGHT] * 101), "/preferences"),
        (preferences({"attribute": "height_cm"}), "/preferences/0/value"),
        (preferences({**HEIGHT, "value": 178}), "/preferences/0/value"),
        (preferences({**HEIGHT, "id": "x"}), "/preferences/0/id"),
        (preferences({**HEIGHT, "at": "2026-11-25"}), "/preferences/0/at"),
        (preferences(HEIGHT, {**HEIGHT, "value": "180"}), "/preferences/1"),
    ],
)
def test_a_wrong_preference_is_refused_by_its_field(body: bytes, field: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        read_preferences(body, "ann", now=NOON)
    assert [field] == [error.field for error in refused.value.errors]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (consents({**GRANT, "purpose": "marketing"}), "/consents/0/purpose"),
        (consents({**GRANT, "granted": "yes"}), "/consents/0/granted"),
        (consents(GRANT, {**GRANT, "granted": False}), "/consents/1"),
    ],
)
def test_a_wrong_decision_is_refused_by_its_field(body: bytes, field: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        read_consents(body, "ann", now=NOON)
    assert [field] == [error.field for error in refused.value.errors]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"preferences": [NaN}'])
def test_what_is_no_json_is_malformed(body: bytes) -> None:
    with pytest.raises(RequestMalformed):
        read_preferences(body, "ann", now=NOON)


def test_the_latest_decision_is_in_force_and_of_two_at_one_moment_the_withdrawal() -> None:
    yes = Consented(id="z", customer_id="ann", purpose="personalisation", granted=True, at=at(2))
    facts = [decided(3, granted=True, purpose="measurements"), decided(2, granted=False), yes, decided(1, granted=True)]

    assert [("measurements", True, at(3)), ("personalisation", False, at(2))] == [
        (one.purpose, one.granted, one.at) for one in consents_in_force(facts)
    ]


def test_the_latest_statement_holds() -> None:
    assert [DeclaredNow(attribute="height_cm", value="180", needed_on=None, at=at(2))] == declared_now([height(2, "180"), height(1, "178")])


def test_everything_that_is_known_is_told() -> None:
    known = Known("abc", (view(1), height(2), decided(3, granted=True)), Tombstone("abc", at(0), at(1)))
    reply = told_of(known, "ann", in_snapshot=True, trained_in=["r1"])

    assert (at(0), at(1), ["r1"], True) == (reply.erased_at, reply.rejoined_at, reply.trained_in, reply.in_snapshot)
    assert [ConsentInForce(purpose="personalisation", granted=True, notice_version=None, at=at(3))] == reply.consents
    assert ["178"] == [one.value for one in reply.declared]
    assert reply == msgspec.json.decode(msgspec.json.encode(reply), type=CustomerReply)


def test_of_a_stranger_there_is_nothing_to_tell() -> None:
    reply = told_of(Known("abc", (), None), "ann", in_snapshot=False, trained_in=[])

    assert (None, None, [], [], []) == (reply.erased_at, reply.rejoined_at, reply.facts, reply.consents, reply.declared)


def test_an_erasure_tells_what_it_did_and_what_is_left() -> None:
    reply = told_of_erasure(Erased(Tombstone("abc", at(0)), 3, wiped=True), in_snapshot=True, trained_in=["r1"])

    assert ("abc", at(0), 3, True, True, ["r1"]) == msgspec.structs.astuple(reply)
