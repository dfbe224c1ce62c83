"""What a customer allows now: the latest decision, and before any, what the night knows."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from serving.facts import Consented, Declared, OfCustomer
from serving.permissions import allowed_now, declared_since
from serving.state import Serving
from tests.support.calls import HOUR, noon

WHO = "somebody"


def decided(serving: Serving, granted: bool, hours: float, number: int = 0) -> Consented:
    at = noon(serving) + hours * HOUR
    return Consented(id=f"c{number}", customer_id=WHO, purpose="personalisation", granted=granted, at=at)


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        (True, [(False, -3.0), (True, -1.0)]),
        (False, [(True, -3.0), (False, -1.0)]),
        (False, [(False, -1.0), (True, -3.0)]),
        (False, [(True, -1.0), (False, -1.0)]),
        (False, [(False, -1.0), (True, -1.0)]),
    ],
)
def test_the_latest_decision_holds_and_of_two_at_one_moment_the_withdrawal(
    serving: Serving, expected: bool, told: list[tuple[bool, float]]
) -> None:
    facts = [decided(serving, granted, hours, number) for number, (granted, hours) in enumerate(told)]
    assert expected is allowed_now(serving.snapshot, WHO, facts)["personalisation"]


def known(serving: Serving) -> str:
    return next(f"c{number:06d}" for number in range(10**6) if serving.snapshot.knows_customer(f"c{number:06d}"))


def test_before_any_decision_the_night_s_holds(serving: Serving) -> None:
    assert [True, False] == [allowed_now(serving.snapshot, who, ())["personalisation"] for who in (known(serving), WHO)]


def test_a_decision_is_about_its_own_purpose(serving: Serving) -> None:
    before, after = (allowed_now(serving.snapshot, known(serving), facts) for facts in ((), (decided(serving, False, -1.0),)))
    assert {"personalisation"} == {purpose for purpose in before if before[purpose] is not after[purpose]}


def test_the_latest_statement_counts_and_no_occasion(serving: Serving) -> None:
    def said(number: int, attribute: str, value: str, hours: float, **fields: Any) -> OfCustomer:
        at: dt.datetime = noon(serving) + hours * HOUR
        return Declared(id=f"d{number}", customer_id=WHO, attribute=attribute, value=value, at=at, **fields)

    told = [said(1, "height_cm", "170", -1.0), said(2, "height_cm", "180", -2.0), said(3, "occasion", "wedding", -1.0)]
    assert {"height_cm": "170"} == declared_since([*told, decided(serving, True, -1.0)])
