from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from tests.support.tiny_retrieval import DAY_US, NOW, NOW_US, goods_of, product, shop_of, view
from training.retrieval.goods import NOWHERE, Goods
from training.retrieval.inputs import INPUTS
from training.retrieval.learned import Learned
from training.retrieval.learning import Past, learn
from training.retrieval.retriever import SOURCES, Candidates, Retriever, first_by
from training.retrieval.settings import RetrievalSettings
from training.retrieval.shopper import Deeds, Shopper, nobody
from training.retrieval.train import Ready

SETTINGS = RetrievalSettings(factors=4, rounds=8, regularisation=0.5)
PRODUCTS = [
    product(f"{style}-{size}", style, size=str(size), size_system="EU", brand=brand, hidden=False, launched_at=NOW - dt.timedelta(days=200))
    for style, brand in (("s1", "Alba"), ("s2", "Alba"), ("s3", "Elm"), ("s4", "Elm"))
    for size in (36, 38)
]
LINES = [*[(f"c{number}", "s1-36", 40.0, "kept") for number in range(6)], *[(f"c{number}", "s3-38", 50.0, "kept") for number in range(3)]]
PERSONAL = {"kept_together", "familiar_brand", "alike_looks", "replenishment_due", "seen_lately"}


def _learned(goods: Goods, deeds: Deeds, **weights: float) -> Learned:
    found = learn(goods, Past.of(deeds, NOW_US), SETTINGS, seed=1, threads=1)
    return replace(found, weights={**dict.fromkeys(INPUTS, 0.0), **weights})


def _offered(
    customer: str | None,
    *,
    products: list[dict[str, object]] = PRODUCTS,
    lines: list[tuple[str, str, float, str]] = LINES,
    allowed: bool = True,
    most: int = 8,
    events: list[dict[str, object]] | None = None,
    **weights: float,
) -> Candidates:
    """What is offered when only these inputs count."""
    goods = goods_of(*products)
    deeds = Deeds.of(shop_of(products, lines, **({} if events is None else {"events": events})), goods)
    row = NOWHERE if customer is None else deeds.customers.tolist().index(customer)
    shopper = deeds.shopper(row, NOW_US, allowed=allowed)
    retriever = Retriever.of(_learned(goods, deeds, **weights), goods)
    return retriever.candidates(shopper, NOW_US, goods.sold(NOW_US), most=most)


def test_without_history_the_popular_is_offered_first() -> None:
    assert ("s1-36", "s1-38", "s3-36", "s3-38") == _offered(None, popular=1.0).sku[:4]


def test_the_kept_size_comes_before_the_other_one_of_a_style() -> None:
    lines = [*LINES, ("anna", "s4-38", 40.0, "kept")]
    assert ("s1-38", "s1-36") == _offered("anna", lines=lines, popular=1.0, size=0.1).sku[:2]


def test_a_kept_brand_lifts_its_other_styles_and_a_returned_one_does_not() -> None:
    kept, returned = ([*LINES, ("anna", "s4-38", 40.0, became)] for became in ("kept", "quality"))
    assert {"s3", "s4"} == {sku[:2] for sku in _offered("anna", lines=kept, brand=1.0).sku[:4]}
    assert {"s3", "s4"} != {sku[:2] for sku in _offered("anna", lines=returned, brand=1.0).sku[:4]}


def test_what_was_kept_together_is_offered_and_what_was_returned_is_not() -> None:
    both = [
        *((f"f{n}", sku, 40.0, "kept") for n in range(5) for sku in ("s1-36", "s2-36")),
        ("g", "s3-36", 40.0, "kept"),
        ("g", "s4-36", 40.0, "kept"),
    ]
    offered = _offered("anna", lines=[*both, ("anna", "s1-36", 40.0, "kept")], together=1.0).sku
    assert "s2-36" == next(sku for sku in offered if not sku.startswith("s1"))


def test_a_style_that_was_sent_back_falls_behind_its_equals() -> None:
    lines = [*LINES, ("anna", "s2-36", 40.0, "quality"), ("anna", "s3-36", 40.0, "too_small")]
    assert ("s2-36", "s2-38") == _offered("anna", lines=lines, sent_back=-1.0).sku[-2:]


def test_without_consent_the_candidates_are_those_of_nobody_in_the_market() -> None:
    looked = [view("e", "c0", "s4-36", 0.1)]
    known, withheld, unknown = (
        _offered(who, allowed=allowed, events=looked, popular=1.0, together=1.0, brand=1.0, again=1.0, seen=1.0, size=1.0)
        for who, allowed in (("c0", True), ("c0", False), (None, True))
    )
    assert withheld.sku == unknown.sku
    assert withheld.sku != known.sku
    assert set() == PERSONAL & {source for number in range(8) for source in withheld.named_by(number)}


def test_only_what_is_sold_is_offered_and_no_more_than_there_is() -> None:
    products = [*PRODUCTS[:-1], {**PRODUCTS[-1], "hidden": True}]
    offered = _offered(None, products=products, popular=1.0, most=50).sku
    assert 7 == len(offered)
    assert "s4-38" not in offered


def test_a_style_is_due_again_when_others_have_ordered_it_again_by_then() -> None:
    again = [*LINES, ("bert", "s2-36", 60.0, "kept"), ("bert", "s2-36", 30.0, "kept")]
    early, late = (_offered("anna", lines=[*again, ("anna", "s2-36", days, "kept")], due=1.0, popular=0.01) for days in (20.0, 40.0))
    assert ("s1-36", "s2-36") == (early.sku[0], late.sku[0])
    assert 1 == late.named_by(0)["replenishment_due"]


def test_what_was_looked_at_lately_comes_first_and_says_so() -> None:
    offered = _offered("c0", events=[view("e", "c0", "s4-36", 0.1)], seen=1.0, popular=0.01)
    assert "s4" == offered.sku[0][:2]
    assert 1 == offered.named_by(0)["seen_lately"]


def test_a_style_that_nobody_has_ordered_is_found_by_its_looks() -> None:
    like = {"Alba": "0.9 0.1", "Elm": "-0.9 0.1"}
    old = [{**one, "looks": like[str(one["brand"])]} for one in PRODUCTS]
    new = [product(f"n{number}", f"n{number}", hidden=False, looks=looks) for number, looks in ((1, "1 0"), (2, "-1 0"))]
    offered = _offered("c5", products=[*old, *new], looks=1.0, most=20).sku
    assert "n1" == next(sku for sku in offered if sku.startswith("n"))


def test_equal_scores_go_by_id() -> None:
    assert tuple(sorted(str(row["sku"]) for row in PRODUCTS)) == _offered(None).sku


def test_scores_fall_and_ranks_belong_to_the_sources() -> None:
    offered = _offered("c0", popular=1.0, size=1.0)
    assert (np.diff(offered.score) <= 0).all()
    assert (len(SOURCES), 8) == offered.rank.shape


@pytest.mark.parametrize("most", [0, 3, 6])
def test_the_first_by_score_are_those_of_a_stable_sort(most: int) -> None:
    scores = np.array([1.0, 2.0, 2.0, -np.inf, 2.0, 0.0])
    assert np.argsort(-scores, kind="stable")[:most].tolist() == first_by(scores, most).tolist()


def test_of_the_demo_shop_nothing_hidden_or_sold_out_is_offered(retriever: Retriever, ready: Ready) -> None:
    at_us = int(ready.deeds.at_us.max())
    sold = ready.sold(at_us)
    for row in range(0, len(ready.deeds.customers), 60):
        offered = retriever.candidates(ready.deeds.shopper(row, at_us, allowed=True), at_us, sold)
        assert sold[np.searchsorted(ready.goods.skus, offered.sku)].all()
        assert 200 == len(set(offered.sku))


def test_the_same_shopper_is_offered_the_same(retriever: Retriever, ready: Ready, learned: Learned) -> None:
    at_us = int(ready.deeds.at_us.max())
    shopper: Shopper = ready.deeds.shopper(3, at_us, allowed=True)
    twice = [one.candidates(shopper, at_us, ready.sold(at_us)) for one in (retriever, Retriever.of(learned, ready.goods))]
    assert twice[0].sku == twice[1].sku
    assert np.array_equal(twice[0].score, twice[1].score)


def test_a_day_makes_a_new_style_older(retriever: Retriever, ready: Ready) -> None:
    at_us = int(ready.deeds.at_us.max())
    new = list(INPUTS).index("new")
    today, tomorrow = (retriever.inputs.of_shopper(nobody(), at_us + days * DAY_US)[new] for days in (0, 1))
    assert (tomorrow <= today).all()
    assert tomorrow.max() < today.max()
