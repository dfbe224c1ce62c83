"""What is recommended: of everything sold and wanted, the likeliest, ranked like any offers."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from domain.errors import ReleaseRefused
from features.shop import Shop
from serving.assortment import Shelf, assortment
from serving.facts import Consented, Moved, OfCustomer
from serving.recommend import recommend
from serving.recommender import Recommender
from serving.state import Serving
from serving.wire import BasketLine, RankReply, RankRequest
from serving.wire_recommend import CANDIDATES, RecommendReply, RecommendRequest
from tests.support.calls import HOUR, Written, calls, noon
from tests.support.tiny_retrieval import NOW, NOW_US, counted, product, shop_of
from training.pipeline import silent
from training.retrieval.goods import Goods
from training.retrieval.inputs import INPUTS
from training.retrieval.learning import Past, learn
from training.retrieval.remembered import Remembered
from training.retrieval.retriever import SOURCES, Retriever
from training.retrieval.settings import RetrievalSettings
from training.retrieval.shopper import Deeds
from training.retrieval.train import Ready, train_retrieval

SETTINGS = RetrievalSettings(factors=4, rounds=4, most_judged=300)
DRESSES = [
    product(f"{style}-{size}", style, size=str(size), brand=brand, hidden=False)
    for style, brand in (("d", "Alba"), ("e", "Elm"))
    for size in (36, 38)
]
TINY = [*DRESSES, product("h-38", "h", size="38", hidden=True), product("t-M", "t", category="top", size="M", hidden=False)]
LINES = [*[(f"c{n}", "d-38", 40.0, "kept") for n in range(6)], *[(f"c{n}", "e-36", 50.0, "kept") for n in range(3)]]


def recommender(*, stock: dict[str, int] | None = None, lines: list[tuple[str, str, float, str]] = LINES, **weights: float) -> Recommender:
    """Names skus of the tiny shop by what these inputs say."""
    shop = shop_of(TINY, lines)
    products, goods = shop.tables["products"], Goods.of(shop.tables["products"])
    deeds = Deeds.of(shop, goods)
    learned = replace(learn(goods, Past.of(deeds, NOW_US), SETTINGS, seed=1, threads=1), weights={**dict.fromkeys(INPUTS, 0.0), **weights})
    told = assortment(products, stock or {})
    categories = tuple(told[sku].category or "" for sku in goods.skus.tolist())
    return Recommender(Retriever.of(learned, goods), Remembered.of(deeds, NOW_US), counted(stock or {}), categories)


def named(found: Recommender, *facts: OfCustomer, **fields: Any) -> set[str]:
    return set(found.candidates(RecommendRequest(**fields), NOW_US, facts, most=10)[0].sku)


SOLD = {"d-36", "d-38", "e-36", "e-38", "t-M"}


def test_all_that_is_sold_may_be_named_and_nothing_hidden() -> None:
    assert SOLD == named(recommender(popular=1.0))


@pytest.mark.parametrize(
    ("missing", "stock", "fields"),
    [
        ({"d-38"}, {"d-38": 0, "e-36": 1}, {}),
        ({"e-36", "e-38"}, None, {"without": ("e-36", "e-38", "never-heard-of")}),
        ({"d-36"}, None, {"basket": (BasketLine(sku="d-36", quantity=1),)}),
        ({"t-M"}, None, {"categories": ("dress",)}),
        (SOLD, None, {"categories": ("hat",)}),
    ],
)
def test_what_is_sold_out_unwanted_in_the_basket_or_of_another_category_is_not_named(
    missing: set[str], stock: dict[str, int] | None, fields: dict[str, Any]
) -> None:
    assert SOLD - missing == named(recommender(stock=stock, popular=1.0), **fields)


def did(sku: str, kind: Any = "basket", seconds: float = -1.0) -> Moved:
    return Moved(id="e1", customer_id="ann", kind=kind, sku=sku, at=NOW + dt.timedelta(seconds=seconds))


def test_what_she_did_a_second_ago_changes_what_is_named_first() -> None:
    found = recommender(popular=1.0, seen=5.0)
    before, after = (found.candidates(RecommendRequest(), NOW_US, facts, most=10) for facts in ((), (did("e-38", "view"),)))
    assert (("d", False), ("e", True)) == ((before[0].sku[0][0], before[1]), (after[0].sku[0][0], after[1]))


@pytest.mark.parametrize("fact", [did("e-38", seconds=0.0), did("never-heard-of"), did("e-38", "size_guide")])
def test_what_happens_later_or_says_nothing_of_a_sku_that_is_sold_leaves_her_a_stranger(fact: Moved) -> None:
    assert not recommender(seen=5.0).candidates(RecommendRequest(), NOW_US, [fact], most=10)[1]


def test_a_stranger_is_named_what_is_popular_and_by_whom() -> None:
    found, known = recommender(popular=1.0).candidates(RecommendRequest(), NOW_US, (), most=10)
    assert ("d-36", False, {"popular_in_segment": 1}) == (found.sku[0], known, found.named_by(0))


def test_without_a_memory_only_what_was_told_since_is_known() -> None:
    forgetful = replace(recommender(popular=1.0), remembered=None)
    asked = RecommendRequest(customer_id="c1")
    assert [False, True] == [forgetful.candidates(asked, NOW_US, facts, most=3)[1] for facts in ((), (did("e-38"),))]
    assert recommender(popular=1.0).candidates(asked, NOW_US, (), most=3)[1]


@pytest.fixture(scope="session")
def recommending(serving: Serving, shop: Shop, snapshot_folder: Path) -> Serving:
    """The demo shop's release with a retrieval."""
    learned = train_retrieval(Ready.of(shop), pd.Timestamp(shop.now), SETTINGS, seed=1, threads=1, progress=silent)
    release = replace(serving.release, retrieval=learned)
    return replace(serving, release=release, recommender=Recommender.of(release, serving.snapshot, snapshot_folder, serving.products))


def asked(serving: Serving, *facts: OfCustomer, shelf: dict[str, Shelf] | None = None, **fields: Any) -> RecommendReply:
    """The pure call at noon."""

    def ranked(request: RankRequest) -> RankReply:
        return serving.rank(request, request_id="r", facts=facts, shelf=shelf or {})

    request = RecommendRequest(**{"at": noon(serving), **fields})
    return recommend(serving, serving.recommender, request, ranked, facts=facts, request_id="r")


def skus(reply: RecommendReply) -> list[str]:
    assert reply.ranking is not None
    return [offer.sku for offer in reply.ranking.offers]


def known(serving: Serving) -> str:
    """Somebody whom the night remembers."""
    return next(
        who
        for number in range(10**6)
        if serving.snapshot.knows_customer(who := f"c{number:06d}") and asked(serving, customer_id=who, limit=1).known
    )


def test_one_sku_of_a_style_is_recommended_unless_all_are_wanted(recommending: Serving) -> None:
    one, all_ = (skus(asked(recommending, limit=50, one_per_style=only)) for only in (True, False))
    styles = [[recommending.products[sku].style_id for sku in found] for found in (one, all_)]
    assert 50 == len(set(styles[0])) > len(set(styles[1]))


def test_as_many_candidates_are_ranked_as_are_told_and_as_few_returned_as_asked(recommending: Serving) -> None:
    reply = asked(recommending, one_per_style=False, limit=7)
    assert (CANDIDATES, 7) == (reply.candidates, len(skus(reply)))


def test_the_ranking_is_that_of_the_same_candidates(recommending: Serving) -> None:
    seen: list[RankRequest] = []

    def ranked(request: RankRequest) -> RankReply:
        seen.append(request)
        return recommending.rank(request, request_id="r")

    fields: dict[str, Any] = {"customer_id": known(recommending), "country": "DE", "currency": "EUR", "channel": "app"}
    request = RecommendRequest(**fields, payment_method="invoice", session_id="v", limit=5, explain=True, at=noon(recommending))
    reply = recommend(recommending, recommending.recommender, request, ranked, request_id="r")
    assert ("invoice", "v", 5, True, noon(recommending)) == (
        seen[0].payment_method,
        seen[0].session_id,
        seen[0].limit,
        seen[0].explain,
        seen[0].at,
    )
    assert fields == {name: getattr(seen[0], name) for name in fields}
    assert recommending.rank(seen[0], request_id="r") == reply.ranking
    assert [one.sku for one in reply.named] == skus(reply)
    assert set(SOURCES) >= {source for one in reply.named for source in one.sources} != set()


def test_what_sold_out_since_the_night_is_not_recommended(recommending: Serving) -> None:
    first = skus(asked(recommending))[0]
    assert first not in skus(asked(recommending, shelf={first: Shelf(available=0)}))


def test_where_nothing_wanted_is_sold_nothing_is_ranked(recommending: Serving) -> None:
    reply = asked(recommending, categories=("submarine",))
    assert (0, None, []) == (reply.candidates, reply.ranking, reply.named)


def test_a_release_without_a_retrieval_refuses(serving: Serving) -> None:
    with pytest.raises(ReleaseRefused, match="no retrieval"):
        asked(serving)


def test_who_withdrew_since_the_night_is_recommended_what_a_stranger_is(recommending: Serving) -> None:
    who = known(recommending)
    sku = skus(asked(recommending))[-1]
    moved = Moved(id="e1", customer_id=who, kind="basket", sku=sku, at=noon(recommending) - HOUR)
    withdrew = Consented(id="c1", customer_id=who, purpose="personalisation", granted=False, at=noon(recommending) - HOUR)
    stranger, usual, after = (
        asked(recommending),
        asked(recommending, moved, customer_id=who),
        asked(recommending, moved, withdrew, customer_id=who),
    )
    assert [False, True, False] == [stranger.known, usual.known, after.known]
    assert stranger.named == after.named != usual.named


@pytest.mark.parametrize("why", ["erased", "opted out", "state away"])
def test_whose_history_may_not_be_used_is_a_stranger(recommending: Serving, tmp_path: Path, why: str) -> None:
    who, log = known(recommending), Written()
    shop = calls(recommending, tmp_path, log=log, away=why == "state away")
    if why == "erased":
        shop.state.erase(who, now=noon(recommending) - HOUR)
    request = RecommendRequest(customer_id=who, personalization=why != "opted out")
    found = shop.answering.recommend(request, request_id="r")
    stranger = calls(recommending, tmp_path / "other").answering.recommend(RecommendRequest(), request_id="r")
    assert found.ranking is not None
    assert ([] if why != "state away" else ["customer_state"]) == found.ranking.degraded
    assert (stranger.named, False) == (found.named, found.known)
    assert [None] == [decision.question.customer_id for decision in log.decisions]


def test_what_was_told_of_her_a_second_ago_counts_and_the_ranking_is_logged(recommending: Serving, tmp_path: Path) -> None:
    who, second = known(recommending), dt.timedelta(seconds=1)
    shop = calls(recommending, tmp_path)
    before = shop.answering.recommend(RecommendRequest(customer_id=who, limit=100, request_id="mine"), request_id="made up")
    rarely = before.named[-1].sku
    moved = Moved(id="e1", customer_id=who, kind="basket", sku=rarely, at=noon(recommending) - second)
    shop.state.add([moved])
    after = shop.answering.recommend(RecommendRequest(customer_id=who, limit=100, request_id="mine"), request_id="made up")
    assert {one.sku: one.sources for one in before.named} != {one.sku: one.sources for one in after.named}
    assert ["mine", "mine"] == [decision.reply.request_id for decision in shop.log.decisions]
    assert [(), (moved,)] == [decision.facts for decision in shop.log.decisions]
    assert after.ranking == shop.log.decisions[1].reply
