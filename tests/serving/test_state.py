import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from domain.errors import PolicyRefused, ReleaseRefused, SnapshotRefused
from domain.money import half_even
from features.build import FEATURE_NAMES, FEATURE_SET_HASH
from serving.reading import RequestRefused
from serving.state import Serving
from serving.wire import BasketLine, IntervalTerms, Offer, RankRequest
from training.model import load, save


def offers(serving: Serving, count: int) -> list[Offer]:
    return [Offer(sku=sku) for sku in list(serving.products)[:count]]


def test_a_reply_says_what_it_was_made_with(serving: Serving) -> None:
    reply = serving.rank(RankRequest(offers=offers(serving, 5)), request_id="r1")

    assert ("r1", serving.release.seal, serving.snapshot.seal, serving.policy.version) == (
        reply.request_id,
        reply.release,
        reply.snapshot,
        reply.policy,
    )
    assert (serving.snapshot.at, serving.snapshot.at) == (reply.as_of, reply.snapshot_at)
    assert ("EUR", "order", "new_customer") == (reply.currency, reply.per, reply.fallback)


def known_customer(serving: Serving) -> str:
    return next(f"c{number:06d}" for number in range(10**6) if serving.snapshot.knows_customer(f"c{number:06d}"))


def test_a_known_customer_is_no_new_customer(serving: Serving) -> None:
    reply = serving.rank(RankRequest(offers=offers(serving, 5), customer_id=known_customer(serving), country="DE"), request_id="r")

    assert "none" == reply.fallback


def test_the_interval_in_the_reply_is_the_release_s_own(serving: Serving) -> None:
    asked = RankRequest(offers=offers(serving, 5), customer_id=known_customer(serving))
    inputs, model = serving.inputs(asked), serving.release.models["return"]
    expected = model.interval(inputs, model.predict(inputs)[:, 1], of="returned")

    reply = serving.rank(asked, request_id="r")

    found = {offer.sku: offer.p_return_interval for offer in reply.offers}
    told = [found[offer.sku] for offer in asked.offers if offer.sku in found]
    rows = [number for number, offer in enumerate(asked.offers) if offer.sku in found]
    assert [round(float(expected.low[row]), 6) for row in rows] == [one.low for one in told if one]
    assert [round(float(expected.high[row]), 6) for row in rows] == [one.high for one in told if one]
    assert [expected.segment_names[row] for row in rows] == [one.segment for one in told if one]
    assert IntervalTerms(orders=20, coverage=0.9) == reply.intervals


def test_new_customers_and_new_items_get_a_wider_interval(serving: Serving) -> None:
    price = 5_000
    known = RankRequest(offers=[Offer(sku=next(iter(serving.products)), price=price)], customer_id=known_customer(serving))
    new = RankRequest(offers=[Offer(sku="nobody-knows-it", price=price)])

    found = [serving.rank(asked, request_id="r").offers[0] for asked in (known, new)]

    ranges = [offer.p_return_interval for offer in found]
    assert [True, True] == [one is not None and one.low <= offer.p_return <= one.high for one, offer in zip(ranges, found, strict=True)]
    low, high = (one.high - one.low for one in ranges if one is not None)
    assert low < high


def test_an_unknown_customer_is_served(serving: Serving) -> None:
    reply = serving.rank(RankRequest(offers=offers(serving, 5), customer_id="nobody"), request_id="r")

    assert "new_customer" == reply.fallback


@pytest.mark.parametrize(("country", "vat_rate"), [("DE", 0.19), ("US", 0.0), (None, 0.19)])
def test_a_reply_says_which_vat_its_prices_are_without(serving: Serving, country: str | None, vat_rate: float) -> None:
    reply = serving.rank(RankRequest(offers=[Offer(sku="x", price=11900)], country=country), request_id="r")

    assert (country, vat_rate) == (reply.country, reply.vat_rate)
    assert half_even(Decimal(11900) / (1 + Decimal(str(vat_rate)))) == reply.offers[0].money.price_net


def test_offers_that_nobody_knows_are_scored_by_the_models_without_their_histories(serving: Serving) -> None:
    cheap, dear = (Offer(sku=f"x{price}", price=price) for price in (500, 50_000))

    reply = serving.rank(RankRequest(offers=[cheap, dear], customer_id=known_customer(serving)), request_id="r")

    assert ["new_offer", "new_offer"] == [offer.fallback for offer in reply.offers]
    assert serving.policy.economics(None).return_rate_prior not in {offer.p_return for offer in reply.offers}
    assert 2 == len({offer.p_return for offer in reply.offers}), "what is known of an offer, its price, moves its score"


def test_offers_that_nobody_knows_are_ranked_and_named(serving: Serving) -> None:
    strangers = [Offer(sku="x", price=4000), Offer(sku="y", price=9000), Offer(sku="z")]

    reply = serving.rank(RankRequest(offers=strangers), request_id="r")

    assert ["y", "x"] == [offer.sku for offer in reply.offers]
    assert ["x", "y", "z"] == reply.unknown_offers
    assert {"new_customer_and_offer"} == {offer.fallback for offer in reply.offers}
    assert [None, None] == [offer.fit for offer in reply.offers]


def test_the_basket_matters(serving: Serving) -> None:
    sku = next(sku for sku, product in serving.products.items() if product.stock)
    basket = (BasketLine(sku=sku, quantity=1), BasketLine(sku=sku, quantity=2), BasketLine(sku="unknown", quantity=1))

    alone, together = (serving.rank(RankRequest(offers=[Offer(sku=sku)], basket=lines), request_id="r") for lines in ((), basket))

    assert alone.offers[0].p_return != together.offers[0].p_return


def test_the_first_twenty_offers_are_explained_when_asked(serving: Serving) -> None:
    request = RankRequest(offers=offers(serving, 60), explain=True)

    reply = serving.rank(request, request_id="r")

    found = [len(offer.reasons) for offer in reply.offers]
    assert [3] * 20 == found[:20]
    assert [0] * len(found[20:]) == found[20:]
    first = reply.offers[0].reasons
    assert {reason.feature for reason in first} <= set(FEATURE_NAMES)
    assert sorted((abs(reason.log_odds) for reason in first), reverse=True) == [abs(reason.log_odds) for reason in first]
    assert all((reason.effect == "raises") == (reason.log_odds > 0) for reason in first)


def test_what_an_explained_offer_would_come_back_for_adds_up_to_its_risk(serving: Serving) -> None:
    reply = serving.rank(RankRequest(offers=offers(serving, 60), explain=True), request_id="r")

    shared = [offer.p_return_for for offer in reply.offers]
    assert [None] * len(shared[20:]) == shared[20:]
    for offer, shares in zip(reply.offers[:20], shared, strict=False):
        assert shares is not None
        assert ["size", "quality", "taste", "other"] == list(shares)
        assert offer.p_return == pytest.approx(sum(shares.values()), abs=5e-6)
    assert 1 < len({shares["size"] for shares in shared[:20] if shares})


def test_a_release_without_a_reason_model_explains_without_a_mix(serving: Serving) -> None:
    models = {kind: model for kind, model in serving.release.models.items() if kind != "reason"}
    without = replace(serving, release=replace(serving.release, models=models))

    reply = without.rank(RankRequest(offers=offers(serving, 2), explain=True), request_id="r")

    assert [(3, None), (3, None)] == [(len(offer.reasons), offer.p_return_for) for offer in reply.offers]


def test_no_reasons_unless_asked(serving: Serving) -> None:
    reply = serving.rank(RankRequest(offers=offers(serving, 5)), request_id="r")

    assert all(not offer.reasons and offer.p_return_for is None for offer in reply.offers)


def test_without_a_callers_p_order_the_order_model_tells_it(ordering: Serving) -> None:
    request = RankRequest(offers=[Offer(sku="x", price=1500), Offer(sku="y", price=15_000)], customer_id=known_customer(ordering))

    reply = ordering.rank(request, request_id="r")

    model, inputs = ordering.release.models["order"], ordering.inputs(request)
    told, further_down = model.predict(inputs)[:, 1], model.predict(inputs.assign(shown_position=8.0), as_seen=True)[:, 1]
    assert ("view", {"x": round(float(told[0]), 6), "y": round(float(told[1]), 6)}) == (
        reply.per,
        {offer.sku: offer.p_order for offer in reply.offers},
    )
    assert told[0] < told[1]
    assert (told > further_down).all()


def test_a_callers_own_p_order_is_taken_as_it_is_and_the_model_not_asked(ordering: Serving) -> None:
    request = RankRequest(offers=[Offer(sku="x", price=1500, p_order=0.03), Offer(sku="y", price=15_000, p_order=0.0)])

    unreadable = replace(ordering.release.models["order"], features=("mood",))
    release = replace(ordering.release, models={**ordering.release.models, "order": unreadable})

    reply = replace(ordering, release=release).rank(request, request_id="r")

    assert ("view", {"x": 0.03, "y": 0.0}) == (reply.per, {offer.sku: offer.p_order for offer in reply.offers})


def test_a_release_with_an_order_model_reads_nothing_that_the_snapshot_does_not_tell(
    ordering: Serving, snapshot_folder: Path, tmp_path: Path
) -> None:
    release = ordering.release
    save(release.models, tmp_path / "release", feature_set=FEATURE_SET_HASH, policy=release.policy, about={})

    loaded = Serving.load(tmp_path / "release", snapshot_folder)

    request = RankRequest(offers=offers(ordering, 5))
    assert ["fit", "order", "reason", "return"] == loaded.info().models
    assert ordering.rank(request, request_id="r").offers == loaded.rank(request, request_id="r").offers


@pytest.mark.parametrize("currency", ["USD", "JPY", "XXX"])
def test_a_currency_that_is_not_the_shops_is_refused(serving: Serving, currency: str) -> None:
    with pytest.raises(RequestRefused, match="expected one of: EUR") as refused:
        serving.rank(RankRequest(offers=offers(serving, 1), currency=currency), request_id="r")

    assert ["/currency"] == [error.field for error in refused.value.errors]


def changed(
    release_folder: Path, folder: Path, *, feature_set: str = FEATURE_SET_HASH, policy: str | None = None, models: bool = True
) -> Path:
    release = load(release_folder, feature_set=FEATURE_SET_HASH)
    kept = release.models if models else {}
    save(kept, folder, feature_set=feature_set, policy=release.policy if policy is None else policy, about={})
    return folder


def test_without_a_return_model_the_policys_prior_serves(release_folder: Path, snapshot_folder: Path, tmp_path: Path) -> None:
    serving = Serving.load(changed(release_folder, tmp_path / "release", models=False), snapshot_folder)

    reply = serving.rank(RankRequest(offers=offers(serving, 5), explain=True), request_id="r")

    assert "prior" == reply.fallback
    assert [None] * 6 == [reply.intervals, *(offer.p_return_interval for offer in reply.offers)]
    assert {("prior", None, 0.38)} == {(offer.fallback, offer.fit, offer.p_return) for offer in reply.offers}


def test_a_release_for_other_features_is_refused(release_folder: Path, snapshot_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ReleaseRefused, match="feature set abc"):
        Serving.load(changed(release_folder, tmp_path / "release", feature_set="abc"), snapshot_folder)


def test_a_snapshot_that_cannot_tell_what_a_model_reads_is_refused(release_folder: Path, snapshot_folder: Path, tmp_path: Path) -> None:
    release = load(release_folder, feature_set=FEATURE_SET_HASH)
    model = release.models["fit"]
    models = {**release.models, "fit": replace(model, features=("shoe_width", *model.features[1:-1], "mood"))}
    save(models, tmp_path / "release", feature_set=FEATURE_SET_HASH, policy=release.policy, about={})

    with pytest.raises(SnapshotRefused, match="cannot tell what the fit model reads: shoe_width, mood; expected: "):
        Serving.load(tmp_path / "release", snapshot_folder)


def test_a_release_whose_policy_cannot_be_read_is_refused(release_folder: Path, snapshot_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(PolicyRefused, match="surprise"):
        Serving.load(changed(release_folder, tmp_path / "release", policy="[surprise]"), snapshot_folder)


def test_a_tampered_snapshot_is_refused(release_folder: Path, snapshot_folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(snapshot_folder, tmp_path / "snapshot")
    (copy / "stock.parquet").write_bytes((copy / "products.parquet").read_bytes())

    with pytest.raises(SnapshotRefused, match=r"stock\.parquet is changed"):
        Serving.load(release_folder, copy)
