"""What the service was told before a request counts as if the request told it, once, and only on its day."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest

from serving.assortment import Shelf
from serving.facts import (
    Consented,
    Declared,
    Exchanged,
    Kept,
    Moved,
    OfCustomer,
    Ordered,
    ReturnRequested,
    TicketOpened,
)
from serving.state import Serving
from serving.wire import BasketLine, Consent, Move, Offer, RankRequest, Statement

HOUR = dt.timedelta(hours=1)
WHO = "somebody"


def noon(serving: Serving) -> dt.datetime:
    first: dt.datetime = serving.snapshot.at.to_pydatetime()
    return first + 12 * HOUR


def sku(serving: Serving) -> str:
    return next(sku for sku, product in serving.products.items() if product.sized and product.category == "dress")


def allowed(serving: Serving) -> tuple[OfCustomer, ...]:
    when = noon(serving) - 11 * HOUR
    return tuple(
        Consented(id=f"c-{purpose}", customer_id=WHO, purpose=purpose, granted=True, at=when)
        for purpose in ("personalisation", "measurements")
    )


def asked(serving: Serving, **fields: Any) -> RankRequest:
    return RankRequest(**{"offers": [Offer(sku=sku(serving))], "customer_id": WHO, "at": noon(serving), **fields})


def moved(serving: Serving, **fields: Any) -> Moved:
    return Moved(**{"id": "e1", "customer_id": WHO, "kind": "view", "sku": sku(serving), "at": noon(serving) - HOUR, **fields})


def inputs(serving: Serving, *facts: OfCustomer, **fields: Any) -> pd.DataFrame:
    return serving.inputs(asked(serving, **fields), [*allowed(serving), *facts])


def test_a_day_told_before_counts_like_a_day_told_in_the_request(serving: Serving) -> None:
    when, day = noon(serving) - HOUR, noon(serving) + 72 * HOUR
    facts: tuple[OfCustomer, ...] = (
        *allowed(serving),
        moved(serving),
        Declared(id="d1", customer_id=WHO, attribute="occasion", value="wedding", needed_on=day, at=when),
        Declared(id="d2", customer_id=WHO, attribute="size:dress", value="40", at=when),
    )
    told = asked(
        serving,
        today=(Move(id="e1", kind="view", sku=sku(serving), at=when),),
        stated=(
            Statement(attribute="occasion", value="wedding", needed_on=day, at=when),
            Statement(attribute="size:dress", value="40", at=when),
        ),
        consents=tuple(Consent(purpose=p, granted=True, at=when) for p in ("personalisation", "measurements")),
    )

    pd.testing.assert_frame_equal(serving.inputs(told), serving.inputs(asked(serving), facts))
    pd.testing.assert_frame_equal(serving.inputs(told), serving.inputs(told, facts))


@pytest.mark.parametrize(
    ("fact", "feature"),
    [
        (Ordered(id="l1", order_id="o1", customer_id=WHO, sku="", at=dt.datetime.max), "today_lines_ordered"),
        (ReturnRequested(id="r1", customer_id=WHO, line_id="l0", sku="", at=dt.datetime.max), "today_returns_requested"),
        (Exchanged(id="x1", customer_id=WHO, line_id="l0", sku="", for_sku="b", at=dt.datetime.max), "today_returns_requested"),
    ],
    ids=lambda one: type(one).__name__ if not isinstance(one, str) else one,
)
def test_orders_returns_and_exchanges_of_the_day_are_moves(serving: Serving, fact: Any, feature: str) -> None:
    told = type(fact)(**{name: getattr(fact, name) for name in fact.__struct_fields__} | {"sku": sku(serving), "at": noon(serving) - HOUR})

    assert [0.0, 1.0] == [inputs(serving)[feature][0], inputs(serving, told, told)[feature][0]]


def test_keeping_asking_and_what_arrives_change_nothing_before_the_next_night(serving: Serving) -> None:
    when = noon(serving) - HOUR
    facts: tuple[OfCustomer, ...] = (
        Kept(id="k1", customer_id=WHO, line_id="l0", at=when),
        TicketOpened(id="t1", customer_id=WHO, topic="size", sku=sku(serving), at=when),
        ReturnRequested(id="r1", customer_id=WHO, line_id="l0", sku=sku(serving), received=True, at=when),
    )

    pd.testing.assert_frame_equal(inputs(serving), inputs(serving, *facts))


@pytest.mark.parametrize("hours", [-0.001, 12.0, 13.0])
def test_what_was_not_told_of_the_day_up_to_the_moment_does_not_count(serving: Serving, hours: float) -> None:
    other = moved(serving, at=serving.snapshot.at.to_pydatetime() + hours * HOUR)

    pd.testing.assert_frame_equal(inputs(serving), inputs(serving, other))


def test_of_two_tellings_that_differ_the_requests_holds_and_else_the_earliest(serving: Serving) -> None:
    early, late = moved(serving, kind="wishlist", at=noon(serving) - 2 * HOUR), moved(serving)
    own = Move(id="e1", kind="size_guide", sku=sku(serving), at=noon(serving) - HOUR)

    first, overruled = inputs(serving, late, early), inputs(serving, late, early, today=(own,))

    assert (1.0, 1.0, 0.0) == (first["today_moves"][0], first["today_wishes"][0], first["today_views"][0])
    assert (1.0, 1.0) == (overruled["today_moves"][0], overruled["today_size_guides"][0])


def known(serving: Serving) -> str:
    return next(f"c{number:06d}" for number in range(10**6) if serving.snapshot.knows_customer(f"c{number:06d}"))


def test_who_withdrew_before_is_new(serving: Serving) -> None:
    who = known(serving)
    withdrew = Consented(id="c1", customer_id=who, purpose="personalisation", granted=False, at=noon(serving) - HOUR)
    request = asked(serving, customer_id=who)

    found = [serving.rank(request, request_id="r", facts=facts).fallback for facts in ((), (withdrew,))]

    assert ["none", "new_customer"] == found


@pytest.mark.parametrize("hours", [-30.0, 0.0, 30.0])
def test_a_withdrawal_holds_whatever_moment_is_asked_about(serving: Serving, hours: float) -> None:
    who = known(serving)
    withdrew = Consented(id="c1", customer_id=who, purpose="personalisation", granted=False, at=noon(serving) + hours * HOUR)

    assert "new_customer" == serving.rank(asked(serving, customer_id=who), request_id="r", facts=[withdrew]).fallback


def test_of_two_decisions_at_one_moment_the_withdrawal_holds(serving: Serving) -> None:
    who, when = known(serving), noon(serving) - HOUR
    both = [Consented(id=f"c{one}", customer_id=who, purpose="personalisation", granted=one, at=when) for one in (True, False)]

    found = [serving.rank(asked(serving, customer_id=who), request_id="r", facts=facts).fallback for facts in (both, both[::-1])]

    assert ["new_customer"] * 2 == found


def test_without_personalization_nothing_of_the_customer_is_used(serving: Serving) -> None:
    who = known(serving)
    plain = asked(serving, customer_id=who, personalization=False, today=(Move(id="e", kind="view", at=noon(serving) - HOUR),))
    stranger = asked(serving, customer_id=None)

    pd.testing.assert_frame_equal(serving.inputs(stranger), serving.inputs(plain, [moved(serving, customer_id=who)]))
    assert serving.rank(stranger, request_id="r") == serving.rank(plain, request_id="r", facts=[moved(serving, customer_id=who)])


def test_prices_and_stock_that_changed_hold_where_the_request_tells_none(serving: Serving) -> None:
    one = sku(serving)
    shelf = {one: Shelf(price=12_345, currency="EUR", available=7), "never-heard-of": Shelf(price=900, currency="EUR")}
    request = RankRequest(offers=[Offer(sku=one), Offer(sku="never-heard-of")], basket=(BasketLine(sku=one, quantity=1),))

    before, now = (serving.inputs(request, (), told) for told in ({}, shelf))
    reply = serving.rank(request, request_id="r", shelf=shelf)

    assert [12_345.0, 900.0] == now["unit_price"].tolist()
    assert 2 * 12_345.0 == now["basket_value"][0] != before["basket_value"][0]
    assert {one: 12_345, "never-heard-of": 900} == {offer.sku: offer.price for offer in reply.offers}
    assert ["never-heard-of"] == reply.unknown_offers


def test_a_sku_that_sold_out_is_left_out_unless_the_request_knows_better(serving: Serving) -> None:
    one = sku(serving)
    gone = {one: Shelf(available=0)}

    found = [
        serving.rank(RankRequest(offers=[offer]), request_id="r", shelf=gone) for offer in (Offer(sku=one), Offer(sku=one, available=1))
    ]

    assert [["out_of_stock"], []] == [[left.reason for left in reply.excluded] for reply in found]


def test_a_price_in_another_currency_leaves_the_cost_unknown(serving: Serving) -> None:
    one = sku(serving)
    reply = serving.rank(RankRequest(offers=[Offer(sku=one, price=4000)]), request_id="r", shelf={one: Shelf(price=4000, currency="USD")})

    assert reply.offers[0].money.unit_cost_assumed


def test_a_ranking_says_what_it_was_made_of(serving: Serving) -> None:
    request = asked(serving)

    one, other = (serving.ranked(told, request_id="r", arm="challenger") for told in (request, asked(serving, country="DE")))

    assert ["features", "scores", "decide"] == list(one.phases)
    assert all(seconds > 0 for seconds in one.phases.values())
    assert ("challenger", 12 * 3600) == (one.reply.arm, one.reply.stale_seconds)
    assert one.features_hash == serving.ranked(request, request_id="r2").features_hash != other.features_hash
