"""The inspector over the demo shop's release and snapshot."""

from dataclasses import replace

import msgspec
import pytest

from domain.policy import Exploration
from serving.assortment import Shelf
from serving.inspector.of_serving import Advises, Gathered, OfServing
from serving.inspector.respond import respond
from serving.reading import RequestRefused
from serving.state import Serving
from serving.wire import Offer, RankRequest
from training.model import Release


@pytest.fixture
def house(ordering: Serving, advises: Advises) -> OfServing:
    return OfServing(ordering, "settings", advises)


@pytest.fixture
def request_(house: OfServing) -> RankRequest:
    return RankRequest(offers=[Offer(sku=sku) for sku in house.offers(None, 12, 1)], customer_id="c000001", country="DE", explain=True)


def without(serving: Serving, *kinds: str) -> Serving:
    release = serving.release
    models = {kind: model for kind, model in release.models.items() if kind not in kinds}
    return replace(serving, release=Release(release.seal, models, release.feature_set, release.policy, release.about))


def test_by_conversion_the_likeliest_order_is_first(house: OfServing, request_: RankRequest) -> None:
    p_order = [offer.p_order or 0.0 for offer in house.rank(request_, "conversion").offers]

    assert sorted(p_order, reverse=True) == p_order


def test_by_kept_margin_it_is_what_the_service_itself_replies(house: OfServing, request_: RankRequest, ordering: Serving) -> None:
    served = ordering.rank(request_, request_id="inspector")

    assert msgspec.json.encode(served) == msgspec.json.encode(house.rank(request_, "kept_margin"))


def test_chance_is_left_out_so_that_what_moved_did_so_for_money(request_: RankRequest, ordering: Serving, advises: Advises) -> None:
    exploring = replace(ordering, policy=replace(ordering.policy, exploration=Exploration(temperature=0.2)))

    told = OfServing(exploring, "settings", advises)

    assert told.about().explores
    assert {1.0} == {offer.propensity for offer in told.rank(request_, "kept_margin").offers}


def test_what_became_known_since_is_gathered_once_a_page_and_used(request_: RankRequest, ordering: Serving, advises: Advises) -> None:
    gone, asked = request_.offers[0].sku, []

    def gathers(request: RankRequest) -> Gathered:
        asked.append(request)
        return Gathered(msgspec.structs.replace(request, customer_id=None), shelf={gone: Shelf(available=0)})

    house = OfServing(ordering, "settings", advises, gathers)
    replies = [house.rank(request_, "conversion"), house.rank(request_, "kept_margin")]
    house.evidence(request_, request_.offers[1].sku)

    assert [request_] == asked
    assert [[gone], [gone]] == [[one.sku for one in reply.excluded] for reply in replies]
    assert "new_customer" == replies[0].fallback


def test_evidence_agrees_with_the_reasons_of_the_reply(house: OfServing, request_: RankRequest) -> None:
    best = house.rank(request_, "kept_margin").offers[0]

    pieces = house.evidence(request_, best.sku)

    assert [(reason.meaning, reason.log_odds) for reason in best.reasons] == [(piece.meaning, piece.log_odds) for piece in pieces[:3]]
    assert any(piece.value for piece in pieces)


def test_without_a_return_model_there_is_no_evidence(request_: RankRequest, ordering: Serving, advises: Advises) -> None:
    house = OfServing(without(ordering, "return", "reason"), "settings", advises)

    assert () == house.evidence(request_, request_.offers[0].sku)
    assert "prior" == house.rank(request_, "kept_margin").fallback


def test_sizes_are_told_of_styles_that_have_some_by_releases_that_can(
    house: OfServing, request_: RankRequest, ordering: Serving, advises: Advises
) -> None:
    sized = next(one for one in ordering.products.values() if one.sized)
    unsized = next(one for one in ordering.products.values() if not one.sized)

    advice = house.size(sized.style_id or "", request_)

    assert advice is not None
    assert sized.style_id == advice.style_id
    assert house.size(unsized.style_id or "", request_) is None
    assert OfServing(without(ordering, "fit"), "settings", advises).size(sized.style_id or "", request_) is None


def test_drawn_offers_can_be_sold_and_another_draw_draws_others(house: OfServing, ordering: Serving) -> None:
    first, second = house.offers("dress", 5, 1), house.offers("dress", 5, 2)

    assert 5 == len(set(first))
    assert first == house.offers("dress", 5, 1) != second
    for sku in (*first, *second):
        product = ordering.products[sku]
        assert ("dress", False) == (product.category, product.hidden)
        assert 0 != product.stock
    assert [] == house.offers("hat", 5, 1)


def test_what_serves_is_told(house: OfServing, ordering: Serving) -> None:
    about = house.about()

    assert (ordering.release.seal, ordering.snapshot.seal, ordering.policy.version, "settings") == (
        about.release,
        about.snapshot,
        about.policy,
        about.settings,
    )
    assert "dress" in about.categories
    assert "DE" in about.countries
    assert 0.92 == about.attention


def test_an_unknown_sku_has_no_name(house: OfServing) -> None:
    assert house.describe("nothing") == house.describe("")


def test_a_whole_page_comes_of_it(house: OfServing) -> None:
    status, page = respond({"customer": "c000001", "country": "DE", "count": "12"}, house)

    assert 200 == status
    assert b"12 offers for customer c000001" in page
    assert b"advised" in page


def test_what_ranking_refuses_is_said_in_the_page(house: OfServing) -> None:
    status, page = respond({"how": "paste", "json": '{"offers": [{"sku": "x"}], "at": "2001-01-01T00:00:00Z"}'}, house)

    assert 422 == status
    assert b"/at" in page
    with pytest.raises(RequestRefused):
        house.rank(RankRequest(offers=[Offer(sku="x")], currency="USD"), "conversion")
