"""What happened since the snapshot's midnight comes with the request."""

import datetime as dt
from dataclasses import replace
from typing import Any, get_args

import msgspec
import pandas as pd
import pytest

from domain.tables import CONSENT_PURPOSES, EVENT_KINDS
from features.asking import NOTHING_DONE
from features.build import FEATURES
from serving.reading import RequestRefused
from serving.since import since
from serving.state import Serving
from serving.wire import Consent, Move, Offer, RankRequest, Statement

HOUR = dt.timedelta(hours=1)
OWN = [feature.name for feature in FEATURES if feature.purpose == "personalisation"]


def midnight(serving: Serving) -> dt.datetime:
    return serving.snapshot.at.to_pydatetime()


def sized(serving: Serving) -> str:
    return next(sku for sku, product in serving.products.items() if product.sized and product.category == "dress")


def asked(serving: Serving, **fields: Any) -> RankRequest:
    """A shopper who at noon is offered a dress, and has allowed everything at one o'clock."""
    usual = {"customer_id": "somebody", "at": midnight(serving) + 12 * HOUR, "consents": decided(serving, True)}
    return RankRequest(**{"offers": [Offer(sku=sized(serving))], **usual, **fields})


def decided(serving: Serving, *granted: bool, purposes: tuple[str, ...] = CONSENT_PURPOSES) -> tuple[Consent, ...]:
    """What a shopper decided at one o'clock, at two, …"""
    return tuple(
        Consent(purpose=purpose, granted=one, at=midnight(serving) + hour * HOUR)  # type: ignore[arg-type]
        for hour, one in enumerate(granted, start=1)
        for purpose in purposes
    )


def move(serving: Serving, kind: Any = "view", hours: float = 2.0, **fields: Any) -> Move:
    return Move(**{"id": "e1", "kind": kind, "sku": sized(serving), "at": midnight(serving) + hours * HOUR, **fields})


def refused(serving: Serving, **fields: Any) -> list[tuple[str, str]]:
    with pytest.raises(RequestRefused) as found:
        serving.rank(asked(serving, **fields), request_id="r")
    return [(error.field, error.message) for error in found.value.errors]


def changed(serving: Serving, **fields: Any) -> set[str]:
    """The features that a field of the request changes."""
    before, after = (serving.inputs(asked(serving, **more)) for more in ({}, fields))
    return {name for name in before.columns if not before[name].equals(after[name])}


def test_a_request_asks_about_the_snapshots_moment_unless_it_names_another(serving: Serving) -> None:
    usual, later = (serving.rank(RankRequest(offers=[Offer(sku="x")], at=at), request_id="r") for at in (None, midnight(serving) + HOUR))

    assert (midnight(serving), midnight(serving)) == (usual.as_of, usual.snapshot_at)
    assert (midnight(serving) + HOUR, midnight(serving)) == (later.as_of, later.snapshot_at)


def test_a_reply_tells_the_moment_in_utc(serving: Serving) -> None:
    at = midnight(serving).astimezone(dt.timezone(5 * HOUR)) + HOUR

    reply = serving.rank(RankRequest(offers=[Offer(sku="x")], at=at), request_id="r")

    assert (at, dt.UTC) == (reply.as_of, reply.as_of.tzinfo)


def test_a_snapshot_serves_for_two_days(serving: Serving) -> None:
    last = midnight(serving) + 48 * HOUR

    assert last == serving.rank(asked(serving, at=last), request_id="r").as_of


@pytest.mark.parametrize("at", [dt.datetime.min, dt.datetime(2026, 10, 1, 21, 59, 59)])
def test_a_moment_before_the_snapshots_is_refused(serving: Serving, at: dt.datetime) -> None:
    ((field, message),) = refused(serving, at=at.replace(tzinfo=dt.timezone(dt.timedelta(0))))

    assert "/at" == field
    assert f"lies before {midnight(serving).isoformat()}, the snapshot's moment" in message


@pytest.mark.parametrize("hours", [49.0, 24 * 365 * 5000])
def test_a_stale_snapshot_says_of_which_day_it_is(serving: Serving, hours: float) -> None:
    ((field, message),) = refused(serving, at=midnight(serving) + hours * HOUR)

    assert "/at" == field
    assert "the snapshot is of 2026-10-02; expected: at most 2 days" in message, (
        "the shop's day, which began on the first of October in UTC"
    )


@pytest.mark.parametrize("hours", [-0.001, 12.0, 13.0])
def test_what_did_not_happen_between_midnight_and_the_moment_is_named(serving: Serving, hours: float) -> None:
    when = midnight(serving) + hours * HOUR
    fields = {
        "today": (move(serving), move(serving, id="e2", hours=hours)),
        "stated": (Statement(attribute="occasion", value="wedding", at=when),),
        "consents": (Consent(purpose="measurements", granted=True, at=when),),
    }

    assert ["/today/1/at", "/stated/0/at", "/consents/0/at"] == [field for field, _ in refused(serving, **fields)]


def test_what_happened_at_midnight_belongs_to_the_day(serving: Serving) -> None:
    assert "today_views" in changed(serving, today=(move(serving, hours=0.0),))


def test_who_tells_of_the_day_has_to_say_when_it_is(serving: Serving) -> None:
    found = refused(serving, at=None, consents=(), today=(move(serving, hours=0.0),))

    assert [("/today/0/at", True)] == [(field, "give `at`" in message) for field, message in found]


@pytest.mark.parametrize("days", [-3700, 3700])
def test_plans_that_are_ten_years_away_are_slips(serving: Serving, days: int) -> None:
    then = midnight(serving) + dt.timedelta(days=days)
    statement = Statement(attribute="occasion", value="wedding", at=midnight(serving) + HOUR, needed_on=then)

    assert ["/promised_at", "/stated/0/needed_on"] == [field for field, _ in refused(serving, promised_at=then, stated=(statement,))]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("view", {"today_moves", "today_views", "today_sku_views", "today_style_dwell_s", "today_size_vs_dwelt"}),
        ("search", {"today_moves", "today_searches"}),
        ("size_guide", {"today_moves", "today_size_guides", "today_style_size_guided"}),
        ("wishlist", {"today_moves", "today_wishes", "today_style_wished"}),
        ("basket", {"today_moves", "today_basket_adds", "today_style_in_basket", "today_sku_in_basket"}),
        ("remove_from_basket", {"today_moves", "today_basket_removals", "today_style_in_basket", "today_sku_in_basket"}),
    ],
)
def test_a_move_changes_what_is_known_of_today(serving: Serving, kind: str, expected: set[str]) -> None:
    found = changed(serving, today=(move(serving, kind),))

    assert expected <= found
    assert all(name.startswith("today_") for name in found)


@pytest.mark.parametrize(
    ("attribute", "value", "expected"),
    [
        ("size:dress", "40", {"size_vs_stated"}),
        ("height_cm", "178", {"customer_height_cm"}),
        ("occasion", "wedding", {"days_to_need", "occasion_small_rate", "occasion_large_rate"}),
    ],
)
def test_a_statement_changes_what_is_known_of_the_shopper(serving: Serving, attribute: str, value: str, expected: set[str]) -> None:
    noon = midnight(serving) + 12 * HOUR

    assert expected <= changed(serving, stated=(Statement(attribute=attribute, value=value, at=noon - HOUR, needed_on=noon + 72 * HOUR),))


def test_a_statement_that_no_feature_reads_changes_nothing(serving: Serving) -> None:
    assert set() == changed(serving, stated=(Statement(attribute="age", value="44", at=midnight(serving) + HOUR),))


def test_how_it_is_sold_paid_discounted_and_delivered_is_used(serving: Serving) -> None:
    promised = midnight(serving) + 60 * HOUR

    assert "days_to_delivery" in changed(serving, promised_at=promised)
    assert "payment_return_rate" in changed(serving, payment_method="invoice")
    assert "discount_share" in changed(serving, offers=[Offer(sku=sized(serving), discount=500)])


def test_what_is_told_twice_happened_once(serving: Serving) -> None:
    once, twice = ((move(serving),) * times for times in (1, 2))
    statement = Statement(attribute="size:dress", value="40", at=midnight(serving) + 2 * HOUR)

    pd.testing.assert_frame_equal(
        serving.inputs(asked(serving, today=once, stated=(statement,))),
        serving.inputs(asked(serving, today=twice, stated=(statement,) * 2)),
    )


def known_customer(serving: Serving) -> str:
    return next(f"c{number:06d}" for number in range(10**6) if serving.snapshot.knows_customer(f"c{number:06d}"))


def test_who_withdraws_all_consents_is_scored_like_a_stranger(serving: Serving) -> None:
    moves = (move(serving, "size_guide"), move(serving, "view", id="e2"))
    withdrawn = asked(serving, customer_id=known_customer(serving), today=moves, consents=decided(serving, False))
    stranger = asked(serving, customer_id="nobody", consents=())

    pd.testing.assert_frame_equal(serving.inputs(stranger), serving.inputs(withdrawn))
    assert serving.rank(stranger, request_id="r") == serving.rank(withdrawn, request_id="r")


def test_a_withdrawn_consent_takes_only_what_it_was_given_for(serving: Serving) -> None:
    known = known_customer(serving)
    own = serving.inputs(asked(serving, customer_id=known, consents=decided(serving, False, purposes=("personalisation",))))
    before = serving.inputs(asked(serving, customer_id=known, consents=()))

    assert before[OWN].notna().any(axis=None)
    assert own[OWN].isna().all(axis=None)
    pd.testing.assert_frame_equal(before.drop(columns=OWN), own.drop(columns=OWN))


def test_the_latest_decision_holds(serving: Serving) -> None:
    known = known_customer(serving)
    back, away = decided(serving, False, True), decided(serving, True, False)[::-1]

    found = [serving.rank(asked(serving, customer_id=known, consents=consents), request_id="r").fallback for consents in ((), back, away)]

    assert ["none", "none", "new_customer"] == found


def test_a_consent_of_today_lets_today_count_and_opens_the_past_with_the_next_night(serving: Serving) -> None:
    granted = asked(serving, today=(move(serving),))

    assert 1.0 == serving.inputs(granted)["today_views"][0]
    assert "new_customer" == serving.rank(granted, request_id="r").fallback


def test_moves_of_a_shopper_whom_nobody_names_are_not_used(serving: Serving) -> None:
    told = asked(serving, customer_id=None, today=(move(serving),))

    assert NOTHING_DONE == since(told, serving.snapshot)
    pd.testing.assert_frame_equal(serving.inputs(msgspec.structs.replace(told, today=(), consents=())), serving.inputs(told))


def test_nothing_is_known_of_what_is_not_told(serving: Serving) -> None:
    assert NOTHING_DONE == since(asked(serving, consents=()), serving.snapshot)
    assert 1 == len(since(asked(serving, consents=(), today=(move(serving),)), serving.snapshot).moves)


def test_a_request_knows_the_contracts_kinds_of_events_and_purposes() -> None:
    kinds, purposes = (get_args(msgspec.structs.fields(struct)[place].type) for struct, place in ((Move, 1), (Consent, 0)))

    assert (set(EVENT_KINDS), set(CONSENT_PURPOSES)) == (set(kinds), set(purposes))


def test_a_newer_snapshot_makes_yesterdays_moves_refused(serving: Serving, busy: Serving) -> None:
    yesterday = replace(serving, snapshot=busy.snapshot)

    assert ["/at"] == [field for field, _ in refused(yesterday, at=midnight(serving))]
