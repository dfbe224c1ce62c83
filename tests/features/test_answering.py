"""What a storefront is answered is what `Snapshot.build` gives for the same rows: the same doubles, and missing where they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import FeaturesRefused
from features.asked import NUMBERS
from features.asking import Asking, Day, Did
from features.shop import Shop
from features.snapshot import Snapshot, load_snapshot
from features.taking import take_next, take_snapshot
from tests.support.askings import askings, rows, tables
from tests.support.since import since

HOUR_US = 3_600_000_000


def without(shop: Shop, name: str) -> Shop:
    return Shop.of({key: frame for key, frame in shop.tables.items() if key != name}, shop.windows, now=shop.now, zone=shop.zone)


def with_half_its_goods(snapshot: Snapshot) -> Snapshot:
    """The same night of a shop that took every other sku out of its assortment: their histories stay."""
    return snapshot.of_other_goods(snapshot.products.iloc[::2].reset_index(drop=True))


@pytest.fixture(scope="module")
def nights(shop: Shop, snapshot_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Snapshot]:
    folder, whole = tmp_path_factory.mktemp("nights"), load_snapshot(snapshot_folder)
    take_snapshot(shop, folder / "last", day=shop.today - 2)
    take_next(shop, folder / "next", folder / "last", day=shop.today)
    take_snapshot(without(shop, "consents"), folder / "everybody")
    return {
        "whole": whole,
        "made from the night before": load_snapshot(folder / "next"),
        "without consents": load_snapshot(folder / "everybody"),
        "with half its goods": with_half_its_goods(whole),
    }


def same(snapshot: Snapshot, asking: Asking) -> None:
    expected = snapshot.build(rows(asking), tables(asking))
    found = snapshot.answer(asking)
    np.testing.assert_array_equal(expected.to_numpy(), found.features)
    assert snapshot.knows_customer(asking.customer_id) == found.known_customer
    assert snapshot.known_skus(pd.Series(asking.skus, dtype="str")).tolist() == found.known_skus.tolist()


@pytest.mark.parametrize("night", ["whole", "made from the night before", "without consents", "with half its goods"])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_an_answer_is_what_the_tables_give(shop: Shop, nights: dict[str, Snapshot], night: str, data: st.DataObject) -> None:
    snapshot = nights[night]
    customers = shop.tables["order_lines"]["customer_id"].drop_duplicates().tolist()[:40]
    products = shop.tables["products"]
    skus, categories = products["sku"].tolist()[:200], products["category"].dropna().unique().tolist()

    asking = data.draw(askings(int(snapshot.at.value // 1000), customers, skus, categories))

    same(snapshot, asking)


def alone(count: int) -> dict[str, np.ndarray]:
    return {name: np.ones(count) for name in NUMBERS}


def test_every_customer_of_the_shop_is_answered_alike(shop: Shop, nights: dict[str, Snapshot]) -> None:
    snapshot, skus = nights["made from the night before"], shop.tables["products"]["sku"].tolist()
    at_us = int(snapshot.at.value // 1000) + HOUR_US
    for customer in shop.tables["order_lines"]["customer_id"].drop_duplicates().tolist()[::9]:
        same(snapshot, Asking(skus, alone(len(skus)), at_us, customer, "DE"))


def test_a_day_that_the_shop_saw_is_answered_alike(shop: Shop, tmp_path: Path) -> None:
    day = shop.today - 1
    take_snapshot(shop, tmp_path / "night", day=day)
    snapshot = load_snapshot(tmp_path / "night")
    events = since(shop, day)["events"].dropna(subset="customer_id")
    busy = events["customer_id"].value_counts().index[:5].tolist()
    first = int(snapshot.at.value // 1000)
    for customer in busy:
        told = events[events["customer_id"] == customer]
        moves = [
            Did(one.kind, one.sku if isinstance(one.sku, str) else None, int(one.at.value // 1000), one.event_id)
            for one in told.itertuples()
        ]
        skus = list(dict.fromkeys([*told["sku"].dropna(), *shop.tables["products"]["sku"][:20]]))
        at_us = max(move.us for move in moves) + 1
        assert first <= min(move.us for move in moves)
        same(snapshot, Asking(skus, alone(len(skus)), at_us, customer, day=Day(moves)))


def test_who_asks_about_yesterday_is_refused(nights: dict[str, Snapshot]) -> None:
    with pytest.raises(FeaturesRefused, match="rows ask about"):
        nights["whole"].answer(Asking(["x"], alone(1), int(nights["whole"].at.value // 1000) - 1))


def test_goods_without_a_picture_are_told_like_any_where_the_shop_has_pictures(nights: dict[str, Snapshot]) -> None:
    whole = nights["whole"]
    assert "products.looks" in whole.present
    goods = whole.products.iloc[:3].assign(looks=pd.Series([None] * 3, dtype="str"))

    found = whole.of_other_goods(goods).answer(Asking(goods["sku"].tolist(), {}, int(whole.at.value // 1000)))

    kept = [place for place, name in enumerate(whole.names) if "looks" not in name]
    before = whole.answer(Asking(goods["sku"].tolist(), {}, int(whole.at.value // 1000)))
    np.testing.assert_array_equal(before.features[:, kept], found.features[:, kept])
