from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from domain.contract import check
from domain.tables import TABLES
from experiments.demo_shop import DemoShop, ShopSettings, generate
from features.source import read_tables, write_tables

END = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
SMALL = ShopSettings(seed=7, customers=60, styles=20, days=60)


def _written(settings: ShopSettings, folder: Path) -> dict[str, bytes]:
    write_tables(generate(settings).tables, folder)
    return {file.name: file.read_bytes() for file in sorted(folder.glob("*.parquet"))}


def test_the_tables_keep_the_data_contract(shop: DemoShop) -> None:
    _, violations = check(shop.tables, now=END)

    assert not violations


def test_nothing_is_dated_after_the_last_day(shop: DemoShop) -> None:
    for name, frame in shop.tables.items():
        known_at = TABLES[name].known_at
        if known_at:
            assert frame[known_at].max() < END, name
        if "known_at" in frame and frame["known_at"].notna().any():
            assert frame["known_at"].max() < END, name


def test_tables_survive_being_written_and_read(tmp_path: Path) -> None:
    tables = generate(SMALL).tables
    write_tables(tables, tmp_path / "shop")
    read = read_tables(tmp_path / "shop", now=END)

    assert set(tables) == set(read)
    for name, frame in tables.items():
        pd.testing.assert_frame_equal(frame, read[name])


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    assert _written(SMALL, tmp_path / "one") == _written(SMALL, tmp_path / "two")


def test_another_seed_gives_other_bytes(tmp_path: Path) -> None:
    one = _written(SMALL, tmp_path / "one")
    two = _written(dataclasses.replace(SMALL, seed=8), tmp_path / "two")

    assert all(one[name] != two[name] for name in one)


def test_nothing_is_ordered_before_it_is_launched(lines: pd.DataFrame) -> None:
    assert (lines["launched_at"] <= lines["ordered_at"]).all()


def test_nobody_acts_before_joining(shop: DemoShop) -> None:
    joined = shop.tables["customers"].set_index("customer_id")["joined_at"]
    for name in ("order_lines", "events", "preferences", "consents", "fit_feedback"):
        frame, known_at = shop.tables[name], TABLES[name].known_at
        assert (frame[known_at] >= frame["customer_id"].map(joined)).all(), name


def test_returns_and_verdicts_follow_the_delivery(shop: DemoShop) -> None:
    delivered = shop.tables["order_lines"].set_index("line_id")["delivered_at"]
    returns, verdicts = shop.tables["returns"], shop.tables["fit_feedback"]

    assert (returns["requested_at"] > returns["line_id"].map(delivered)).all()
    assert (verdicts["given_at"] > verdicts["line_id"].map(delivered)).all()


def test_few_returns_miss_the_thirty_day_window(shop: DemoShop) -> None:
    delivered = shop.tables["order_lines"].set_index("line_id")["delivered_at"]
    returns = shop.tables["returns"]
    days = (returns["requested_at"] - returns["line_id"].map(delivered)).dt.total_seconds() / 86_400

    assert 0 < (days > 14).mean() < 0.03
    assert (days > 30).mean() < 0.02


def test_parcels_on_their_way_have_brought_nothing_yet(shop: DemoShop) -> None:
    returns = shop.tables["returns"]
    on_their_way = returns[returns["received_at"].isna()]

    assert len(on_their_way) > 0
    assert on_their_way[["condition", "refund", "recovered_value"]].isna().all(axis=None)


def test_the_whole_price_is_refunded(shop: DemoShop) -> None:
    returns = shop.tables["returns"].dropna(subset="refund").merge(shop.tables["order_lines"], on="line_id")

    assert (returns["refund"] == returns["unit_price"] * returns["quantity_x"]).all()
    assert (returns["recovered_value"] <= returns["refund"]).all()


def test_some_customers_withdraw_a_consent_they_gave(shop: DemoShop) -> None:
    consents = shop.tables["consents"].sort_values("at")
    answers = consents.groupby(["customer_id", "purpose"])["granted"].agg(["first", "last", "size"])
    withdrawn = answers[answers["size"] == 2]

    assert len(withdrawn) > 0
    assert withdrawn["first"].all()
    assert not withdrawn["last"].any()


def test_some_skus_are_sold_out(shop: DemoShop) -> None:
    assert 0.05 < (shop.tables["stock"]["available"] == 0).mean() < 0.5


def test_about_a_quarter_of_the_delivered_sizes_get_a_verdict(shop: DemoShop, lines: pd.DataFrame) -> None:
    delivered = lines["size"].notna() & lines["delivered_at"].notna()

    assert len(shop.tables["fit_feedback"]) / delivered.sum() == pytest.approx(0.28, abs=0.04)
