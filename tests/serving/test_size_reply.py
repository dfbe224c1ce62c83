"""Which size? Asked of the demo shop's release: customers and styles that are known, that are new, and both new."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from domain.size_systems import SizeSystems
from features.keyed import hash_texts
from features.shop import Shop
from serving.size_answers import may_be_asked
from serving.size_rows import size_rows
from serving.sizes import SizeQuestion, SizeReply, size_reply
from serving.state import Serving
from serving.style_sizes import Described
from serving.wire import Consent, Offer, RankRequest, Statement


def known(serving: Serving, *, measured: bool) -> str:
    """A customer with a history who has, or has not, declared her height and weight."""
    people = serving.snapshot.people
    for number in range(600):
        customer = f"c{number:06d}"
        if serving.snapshot.knows_customer(customer):
            night = people.night(hash_texts([customer]), hash_texts([None]))
            if bool(night.allowed["measurements"][0]) and measured == (not np.isnan(night.numbers["height_cm"][0])):
                return customer
    raise LookupError("no such customer")


def assert_coherent(reply: SizeReply) -> None:
    p = np.array([[one.small, one.fits, one.large] for one in reply.chances])
    assert (p >= 0).all()
    np.testing.assert_allclose(p.sum(axis=1), 1.0, atol=1e-12)
    assert (np.diff(p[:, 0]) <= 0).all()
    assert (np.diff(p[:, 2]) >= 0).all()
    likely = [one.likely for one in reply.chances if one.likely is not None]
    assert likely == [] or pytest.approx(1.0) == sum(likely)


def test_every_style_of_the_shop_is_told_coherently(serving: Serving, systems: SizeSystems) -> None:
    products = serving.snapshot.products
    styles = products.loc[products["size"].notna(), "style_id"].unique()

    for style in styles:
        assert_coherent(size_reply(serving, systems, SizeQuestion(style, "c000003", ask=False)))

    assert len(styles) > 50


def test_sizes_come_in_order_and_the_advised_one_fits_most(serving: Serving, systems: SizeSystems, dress: str) -> None:
    reply = size_reply(serving, systems, SizeQuestion(dress, ask=False))

    assert ["34", "36", "38", "40", "42", "44", "46"] == [one.size for one in reply.chances]
    assert max(one.fits for one in reply.chances) == reply.advice.chance.fits
    assert reply.sentence.find(reply.advice.chance.size) > 0


def test_a_reply_says_with_what_it_was_made(serving: Serving, systems: SizeSystems, dress: str) -> None:
    reply = size_reply(serving, systems, SizeQuestion(dress, ask=False))

    assert (serving.release.seal, serving.snapshot.seal, "dress", True) == (reply.release, reply.snapshot, reply.category, reply.ordered)


def test_the_size_that_was_selected_is_told_as_the_ranking_tells_it(serving: Serving, systems: SizeSystems, dress: str) -> None:
    customer = known(serving, measured=False)
    ranked = serving.rank(RankRequest(offers=[Offer(sku=f"{dress}-38")], customer_id=customer), request_id="r").offers[0].fit
    assert ranked is not None

    reply = size_reply(serving, systems, SizeQuestion(dress, customer, selected="38"))

    (chosen,) = (one for one in reply.chances if one.size == "38")
    assert pytest.approx((ranked.small, ranked.fits, ranked.large), abs=2e-6) == (chosen.small, chosen.fits, chosen.large)
    assert reply.ask is None
    assert_coherent(reply)


# Who is new, and what is new.


@pytest.mark.parametrize(
    ("question", "fallback", "customer"),
    [
        (SizeQuestion("?", "nobody"), "new_customer", "nothing"),
        (SizeQuestion("?"), "new_customer", "nothing"),
        (SizeQuestion("?", stated={"height_cm": "172", "weight_kg": "64"}), "new_customer", "declared"),
        (SizeQuestion("?", usual="UK 12"), "new_customer", "declared"),
    ],
)
def test_a_new_customer_is_advised_and_named(
    serving: Serving, systems: SizeSystems, dress: str, question: SizeQuestion, fallback: str, customer: str
) -> None:
    reply = size_reply(serving, systems, replace(question, style_id=dress, ask=False))

    assert (fallback, customer, "ordered") == (reply.fallback, reply.customer, reply.style)
    assert_coherent(reply)


def test_a_known_customer_is_known(serving: Serving, systems: SizeSystems, dress: str) -> None:
    without, with_ = (size_reply(serving, systems, SizeQuestion(dress, known(serving, measured=said), ask=False)) for said in (False, True))

    assert ("none", "history") == (without.fallback, without.customer)
    assert ("none", "history and declared") == (with_.fallback, with_.customer)


@pytest.mark.parametrize("customer", [None, "known"])
def test_a_new_style_is_advised_by_its_brand_and_category(serving: Serving, systems: SizeSystems, customer: str | None) -> None:
    who = None if customer is None else known(serving, measured=False)

    reply = size_reply(serving, systems, SizeQuestion("new", who, described=Described("dress", brand="Alba", material="cotton")))

    expected = "new_customer_and_offer" if customer is None else "new_offer"
    assert (expected, "described", "dress") == (reply.fallback, reply.style, reply.category)
    assert ["34", "36", "38", "40", "42", "44", "46"] == [one.size for one in reply.chances], "the usual sizes of the category"
    assert {"EU"} == {one.size_system for one in reply.chances}
    assert_coherent(reply)


def test_the_brand_of_a_new_style_matters(serving: Serving, systems: SizeSystems) -> None:
    brands = serving.snapshot.products["brand"].dropna().unique()[:4]

    told = {
        size_reply(serving, systems, SizeQuestion("new", described=Described("dress", brand=brand), ask=False)).advice.chance.fits
        for brand in brands
    }

    assert len(told) > 1


def test_a_style_comes_in_the_sizes_that_are_described(serving: Serving, systems: SizeSystems) -> None:
    described = Described("dress", sizes=("S", "M", "one size"), size_system="letters")

    reply = size_reply(serving, systems, SizeQuestion("new", described=described, ask=False))

    assert [("S", 0.0), ("M", 1.0), ("one size", None)] == [(one.size, one.position) for one in reply.chances]


def test_a_style_that_is_described_otherwise_is_another_one(serving: Serving, systems: SizeSystems) -> None:
    """Also where it goes by the same name: what was found out of the one is not told of the other."""
    questions = [
        SizeQuestion("new", described=Described(category, sizes=("36", "38")), ask=False) for category in ("dress", "shoes", "dress")
    ]

    dress, shoes, again = (size_reply(serving, systems, question) for question in questions)

    assert ("dress", "shoes", again) == (dress.category, shoes.category, dress)
    assert dress.chances != shoes.chances


def test_a_described_style_does_not_replace_one_of_the_shop(serving: Serving, systems: SizeSystems, dress: str) -> None:
    reply = size_reply(serving, systems, SizeQuestion(dress, described=Described("shoes"), ask=False))

    assert ("dress", "ordered") == (reply.category, reply.style)


# What the shopper says.


def advised(serving: Serving, systems: SizeSystems, question: SizeQuestion) -> float:
    return size_reply(serving, systems, replace(question, ask=False)).advice.chance.position or 0.0


def test_who_wears_a_larger_size_is_advised_a_larger_one(serving: Serving, systems: SizeSystems, dress: str) -> None:
    small, large = (advised(serving, systems, SizeQuestion(dress, usual=size)) for size in ("36", "44"))

    assert small < large


def test_a_usual_size_of_another_system_is_the_same_size(serving: Serving, systems: SizeSystems, dress: str) -> None:
    plain = size_reply(serving, systems, SizeQuestion(dress, usual="40", ask=False))

    for usual in ("EU 40", "UK 14", "M"):
        assert plain == size_reply(serving, systems, SizeQuestion(dress, usual=usual, ask=False))


def test_who_is_heavier_is_advised_no_smaller_size(serving: Serving, systems: SizeSystems, dress: str) -> None:
    sizes = [advised(serving, systems, SizeQuestion(dress, stated={"height_cm": "168", "weight_kg": str(kg)})) for kg in (52, 64, 88)]

    assert sizes[0] <= sizes[-1]
    assert sizes[0] != sizes[-1]


def test_the_advised_size_is_told_in_other_systems(serving: Serving, systems: SizeSystems, dress: str) -> None:
    reply = size_reply(serving, systems, SizeQuestion(dress, usual="38", ask=False))

    expected = systems.equivalents(reply.advice.chance.size, "dress", "EU")
    assert expected == reply.equivalents
    assert expected


# What to ask.


def test_who_is_new_is_asked_for_something_she_has_not_said(serving: Serving, systems: SizeSystems, dress: str) -> None:
    nothing = size_reply(serving, systems, SizeQuestion(dress))
    assert nothing.ask is not None
    assert nothing.ask.gain >= 0.02

    usual = size_reply(serving, systems, SizeQuestion(dress, usual="38"))
    measured = size_reply(serving, systems, SizeQuestion(dress, stated={"height_cm": "170", "weight_kg": "66"}, usual="38"))

    assert usual.ask is None or "size:dress" not in usual.ask.attributes
    assert measured.ask is None, "the demo shop's customers declare nothing else"


def test_many_answers_at_once_are_as_one_by_one(serving: Serving, dress: str) -> None:
    sizes = serving.styles.sizes(dress)
    answers: list[dict[str, str]] = [{"height_cm": "160"}, {"weight_kg": "80"}, {"size:dress": "42"}, {}]
    customer = known(serving, measured=False)

    together = size_rows(sizes, customer_id=customer, country="DE", stated={}, answers=answers)

    for answer, rows in zip(answers, together, strict=True):
        (alone,) = size_rows(sizes, customer_id=customer, country="DE", stated=answer)
        np.testing.assert_array_equal(alone.features, rows.features)


@pytest.mark.parametrize("stated", [{}, {"height_cm": "170", "size:dress": "40"}])
def test_sizes_are_scored_by_the_features_that_a_ranking_of_them_has(serving: Serving, dress: str, stated: dict[str, str]) -> None:
    sizes, midnight = serving.styles.sizes(dress), serving.snapshot.at.to_pydatetime()
    customer = known(serving, measured=False)

    (rows,) = size_rows(sizes, customer_id=customer, country="DE", stated=stated)

    request = RankRequest(
        offers=[Offer(sku=sku) for sku in sizes.skus],
        customer_id=customer,
        country="DE",
        at=midnight + dt.timedelta(seconds=1),
        stated=tuple(Statement(attribute=attribute, value=value, at=midnight) for attribute, value in stated.items()),
        consents=(Consent(purpose="measurements", granted=True, at=midnight),) if stated else (),
    )
    np.testing.assert_array_equal(serving.matrix(request), rows.features)
    assert (set(serving.snapshot.names), len(sizes.skus)) == (set(rows), len(rows.ordered))
    assert stated == {} or not np.isnan(rows["customer_height_cm"]).any()


def test_who_does_not_allow_the_use_of_measurements_is_not_asked_for_them(serving: Serving, shop: Shop) -> None:
    said = shop.tables["consents"]
    refused = said[(said["purpose"] == "measurements") & ~said["granted"]]["customer_id"].iloc[-1]

    assert not may_be_asked(serving.snapshot, refused)
    assert may_be_asked(serving.snapshot, known(serving, measured=False))
    assert may_be_asked(serving.snapshot, "nobody")
    assert may_be_asked(serving.snapshot, None)


def test_who_may_not_be_asked_is_advised_without_a_question(serving: Serving, shop: Shop, systems: SizeSystems, dress: str) -> None:
    said = shop.tables["consents"]
    refused = said[(said["purpose"] == "measurements") & ~said["granted"]]["customer_id"].iloc[-1]

    assert size_reply(serving, systems, SizeQuestion(dress, refused)).ask is None
