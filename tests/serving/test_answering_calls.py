"""What the calls do around the pure functions: moments, outages, arms, and what is written down."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from domain.errors import LogRefused, ReleaseRefused
from serving.assortment import Shelf
from serving.facts import Moved, StockChanged
from serving.shadow import Shadows
from serving.since import FRESH
from serving.state import Serving
from serving.wire import Offer, RankReply, RankRequest
from serving.wire_basket import BasketRequest, Line
from serving.wire_explain import ExplainRequest
from serving.wire_releases import Trial
from serving.wire_size import SizeRequest
from serving.worker import _log_shadow, _offer
from tests.support.calls import HOUR, Calls, Written, calls, noon
from tests.support.doors import application


def known(serving: Serving) -> str:
    return next(f"c{number:06d}" for number in range(10**6) if serving.snapshot.knows_customer(f"c{number:06d}"))


def question(serving: Serving, **fields: Any) -> RankRequest:
    return RankRequest(**{"offers": [Offer(sku=sku) for sku in list(serving.products)[:4]], "customer_id": known(serving), **fields})


def ranked(shop: Calls, asked: RankRequest) -> RankReply:
    return shop.answering.rank(asked, request_id="r").reply


@pytest.mark.parametrize(("hours", "expected"), [(-5.0, 0.0), (0.0, 0.0), (12.0, 12.0), (48.0, 48.0), (480.0, 48.0)])
def test_no_moment_means_now_or_the_nearest_that_the_snapshot_serves(
    serving: Serving, tmp_path: Path, hours: float, expected: float
) -> None:
    first = serving.snapshot.at.to_pydatetime()
    shop = calls(serving, tmp_path, now=first + hours * HOUR)
    assert first + expected * HOUR == ranked(shop, question(serving)).as_of <= first + FRESH
    assert first + expected * HOUR == shop.log.decisions[0].question.at
    asked_of_offer = ExplainRequest(sku=question(serving).offers[0].sku)
    assert first + expected * HOUR == shop.answering.explain(asked_of_offer, request_id="r").as_of


def test_a_ranking_is_written_down_with_all_that_it_hung_on(serving: Serving, tmp_path: Path) -> None:
    who, asked = known(serving), question(serving)
    shop = calls(serving, tmp_path)
    moved = Moved(id="e1", customer_id=who, kind="view", sku=asked.offers[0].sku, at=noon(serving) - HOUR)
    gone = StockChanged(id="k1", sku=asked.offers[1].sku, available=0, at=noon(serving) - HOUR)
    shop.state.add([moved, gone])
    answer = shop.answering.rank(asked, request_id="r")
    (logged,) = shop.log.decisions
    assert ((moved,), {asked.offers[1].sku: Shelf(available=0)}, "champion", True, "s1") == (
        logged.facts,
        logged.shelf,
        logged.arm,
        logged.shown,
        logged.settings,
    )
    assert (answer.reply, answer.encoded, [False]) == (logged.reply, logged.encoded, shop.log.waited)
    assert serving.rank(logged.question, request_id="r", facts=logged.facts, shelf=logged.shelf) == answer.reply
    assert answer.reply == msgspec.json.decode(answer.encoded, type=RankReply)


@pytest.mark.parametrize("who", ["known", None])
def test_while_the_state_is_away_everybody_is_a_stranger_and_the_reply_says_so(serving: Serving, tmp_path: Path, who: str | None) -> None:
    shop = calls(serving, tmp_path, away=True)
    reply = ranked(shop, question(serving, customer_id=who and known(serving)))
    stranger = serving.rank(question(serving, customer_id=None, at=noon(serving)), request_id="r", degraded=("customer_state",))
    assert stranger == reply
    assert [None] == [decision.question.customer_id for decision in shop.log.decisions]


def test_baskets_sizes_and_explanations_go_on_as_for_a_stranger_without_the_state_and_say_so(serving: Serving, tmp_path: Path) -> None:
    away, there = calls(serving, tmp_path, away=True).answering, calls(serving, tmp_path / "there").answering
    sku = next(sku for sku, product in serving.products.items() if product.sized and not product.hidden)
    who, style = known(serving), serving.products[sku].style_id or ""
    lines, silent = (Line(sku=sku),), ["customer_state"]

    basket = there.basket(BasketRequest(lines=lines), request_id="r")
    size = there.size(SizeRequest(style_id=style))
    why = there.explain(ExplainRequest(sku=sku), request_id="r")

    for asked in (who, None):
        assert msgspec.structs.replace(basket, degraded=silent) == away.basket(
            BasketRequest(lines=lines, customer_id=asked), request_id="r"
        )
        told = away.explain(ExplainRequest(sku=sku, customer_id=asked), request_id="r")
        assert msgspec.structs.replace(why, degraded=silent, summary=told.summary) == told
    assert replace(size, degraded=("customer_state",)) == away.size(SizeRequest(style_id=style, customer_id=who))
    assert size == away.size(SizeRequest(style_id=style)), "nothing was asked about anybody"


def test_what_cannot_be_written_down_is_sent_all_the_same_unless_it_has_to_wait(serving: Serving, tmp_path: Path) -> None:
    assert "r" == ranked(calls(serving, tmp_path, log=Written(refuses=True)), question(serving)).request_id
    with pytest.raises(LogRefused):
        ranked(calls(serving, tmp_path, log=Written(refuses=True), wait=True), question(serving))
    waiting = calls(serving, tmp_path, wait=True)
    ranked(waiting, question(serving))
    assert [True] == waiting.log.waited


def test_past_the_deadline_the_caller_s_order_is_sent_and_written_down_about_nobody(serving: Serving, tmp_path: Path) -> None:
    shop, asked = calls(serving, tmp_path), question(serving, offers=[Offer(sku="b", price=100), Offer(sku="a", price=9_000)])
    encoded = shop.answering.in_callers_order(asked, request_id="r")
    reply = msgspec.json.decode(encoded, type=RankReply)
    assert (["b", "a"], "deadline", noon(serving)) == ([offer.sku for offer in reply.offers], reply.fallback, reply.as_of)
    assert [(reply, encoded, None)] == [(one.reply, one.encoded, one.question.customer_id) for one in shop.log.decisions]


@pytest.mark.parametrize("late", [False, True])
def test_who_wants_no_personalization_is_written_down_without_a_name(serving: Serving, tmp_path: Path, late: bool) -> None:
    shop, asked = calls(serving, tmp_path), question(serving, personalization=False)
    (shop.answering.in_callers_order if late else shop.answering.rank)(asked, request_id="r")
    assert [None] == [decision.question.customer_id for decision in shop.log.decisions]


def other(serving: Serving, seal: str = "f" * 12) -> Serving:
    """The same under another seal."""
    return replace(serving, release=replace(serving.release, seal=seal))


@pytest.mark.parametrize(("share", "expected"), [(1.0, "challenger"), (0.0, "champion")])
@pytest.mark.parametrize("late", [False, True])
def test_in_a_split_the_reply_tells_the_arm_and_it_is_written_down(
    serving: Serving, tmp_path: Path, share: float, expected: str, late: bool
) -> None:
    challenger = other(serving)
    shop = calls(serving, tmp_path, challenger=challenger, trial=Trial(mode="split", share=share, salt="s"))
    (shop.answering.in_callers_order if late else shop.answering.rank)(question(serving), request_id="r")
    (logged,) = shop.log.decisions
    seal = (challenger if expected == "challenger" else serving).release.seal
    assert (expected, expected, seal, True) == (logged.arm, logged.reply.arm, logged.reply.release, logged.shown)


def test_alone_no_arm_is_told(serving: Serving, tmp_path: Path) -> None:
    assert ranked(calls(serving, tmp_path), question(serving)).arm is None


@pytest.mark.parametrize("away", [False, True])
def test_in_the_shadow_the_challenger_is_asked_the_very_same_and_logged_unshown(serving: Serving, tmp_path: Path, away: bool) -> None:
    challenger = other(serving)
    shop = calls(serving, tmp_path, away=away, challenger=challenger, trial=Trial(mode="shadow"))
    if not away:
        gone = StockChanged(id="k1", sku=question(serving).offers[1].sku, available=0, at=noon(serving) - HOUR)
        moved = Moved(id="e1", customer_id=known(serving), kind="view", sku=gone.sku, at=noon(serving) - HOUR)
        shop.state.add([gone, moved])
    shadows = Shadows(lambda: True, partial(_log_shadow, shop.parts))
    reply = ranked(shop, question(serving))
    (handed,) = shop.shadowed
    _offer(shadows, shop.parts, *handed)
    assert shadows.step()
    shown, unshown = shop.log.decisions
    assert (shown.question, shown.facts, shown.shelf) == (unshown.question, unshown.facts, unshown.shelf)
    assert [("champion", True), ("challenger", False)] == [(one.arm, one.shown) for one in (shown, unshown)]
    told = (challenger.release.seal, reply.request_id, reply.offers, reply.excluded, reply.degraded, "challenger")
    again = unshown.reply
    assert told == (again.release, again.request_id, again.offers, again.excluded, again.degraded, again.arm)


def test_nothing_is_tried_in_the_shadow_where_the_challenger_is_shown(serving: Serving, tmp_path: Path) -> None:
    shop = calls(serving, tmp_path, challenger=other(serving), trial=Trial(mode="split", share=0.5, salt="s"))
    shadows = Shadows(lambda: True, partial(_log_shadow, shop.parts))
    ranked(shop, question(serving))
    _offer(shadows, shop.parts, *shop.shadowed[0])
    assert not shadows.step()


def test_a_release_without_a_fit_model_advises_no_size_and_assesses_baskets(serving: Serving, tmp_path: Path) -> None:
    models = {kind: model for kind, model in serving.release.models.items() if kind != "fit"}
    shop = calls(replace(serving, release=replace(serving.release, models=models)), tmp_path).answering
    sku = next(sku for sku, product in serving.products.items() if product.sized)
    with pytest.raises(ReleaseRefused, match="no fit model"):
        shop.size(SizeRequest(style_id=serving.products[sku].style_id or ""))
    assert [] == shop.basket(BasketRequest(lines=(Line(sku=sku),)), request_id="r").considered


def test_over_http_a_release_without_a_retrieval_does_not_offer_recommendations(serving: Serving, tmp_path: Path) -> None:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=application(serving, tmp_path))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            return await client.post("/v1/recommend", content=b"{}", headers={"content-type": "application/json"})

    response = asyncio.run(ask())
    assert (409, "/problems/not-offered") == (response.status_code, response.json()["type"])


def test_facts_are_taken_from_the_snapshot_s_moment_on(serving: Serving, tmp_path: Path) -> None:
    shop = calls(serving, tmp_path)
    told = [Moved(id=f"e{n}", customer_id="ann", kind="view", sku="a", at=noon(serving) - dt.timedelta(hours=n)) for n in (1, 13)]
    reply = shop.answering.events(msgspec.json.encode(told), ndjson=False)
    assert (1, 1, "before_snapshot") == (reply.accepted, reply.rejected, reply.rejections[0].reason)
