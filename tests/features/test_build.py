from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.contract import checked
from domain.errors import FeaturesRefused
from domain.tables import TABLES
from features.asked import of_order_lines
from features.build import FEATURE_NAMES, FEATURES, build
from features.engine import embedded
from features.entities import Wanted
from features.feature_set import existing, needed
from features.shop import Shop
from features.source import read_tables
from tests.support.bare import rich
from tests.support.moments import line, moment, product, sent_back, shop_tables
from tests.support.tiny_shops import NOW, QUICK, WINDOWS, Row, TinyShop, asked_of, day_of, tables_of, tiny_shops

OPTIONAL = sorted({one for feature in FEATURES for need in feature.tables for one in need.split(" or ")} - {"order_lines"})
"""What a shop may lack."""

PERSONAL = [feature.name for feature in FEATURES if feature.purpose != "service"]


def in_parts(tables: dict[str, pd.DataFrame], folder: Path, random: Random) -> None:
    """Write each table in any order, cut into Parquet files."""
    for name, frame in tables.items():
        (folder / name).mkdir()
        shuffled, cut = frame.sample(frac=1, random_state=random.randrange(2**32)), random.randint(0, len(frame))
        for number, part in enumerate((shuffled[:cut], shuffled[cut:])):
            part.to_parquet(folder / name / f"{number}.parquet", index=False)


@given(tiny=tiny_shops(), random=st.randoms(use_true_random=True))
@settings(QUICK, max_examples=2)
def test_the_order_of_rows_their_files_and_what_else_is_asked_do_not_matter(tiny: TinyShop, random: Random) -> None:
    expected = build(tiny.shop(), tiny.asked_rows())
    with tempfile.TemporaryDirectory() as folder:
        in_parts(tables_of(tiny.rows), Path(folder), random)
        shop = Shop.of(read_tables(Path(folder), now=NOW), WINDOWS, now=NOW, zone=tiny.zone)
    some = random.sample(range(len(tiny.asked)), len(tiny.asked) // 2)
    found = build(shop, tiny.asked_rows().iloc[some])
    pd.testing.assert_frame_equal(expected.iloc[some].reset_index(drop=True), found, check_exact=True)


@given(tiny=tiny_shops())
@settings(QUICK, max_examples=2)
def test_an_event_that_is_told_twice_is_one(tiny: TinyShop) -> None:
    once = {"events": [], **tiny.rows}
    twice = checked(tables_of({**once, "events": [*once["events"], *once["events"]]}), now=NOW)
    pd.testing.assert_frame_equal(checked(tables_of(once), now=NOW)["events"], twice["events"])


def test_a_shop_with_the_three_needed_tables_has_only_features_that_need_no_more() -> None:
    tables = {name: frame for name, frame in rich().items() if TABLES[name].needed}
    bare = {name: _without_optional_columns(name, frame) for name, frame in tables.items()}
    built = build(Shop.of(bare, WINDOWS, now=NOW), of_order_lines(bare))
    expected = [feature.name for feature in FEATURES if set(feature.tables) <= {"products", "order_lines", "returns"}]
    assert expected == built.columns.tolist()
    assert 40 < len(expected) < 80


def _without_optional_columns(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Only what the contract needs, and when returns arrive."""
    optional = [column for column, about in TABLES[name].schema.columns.items() if not about.required and frame[column].dtype != bool]
    return frame.assign(**{column: frame[column].mask(frame[column].notna()) for column in optional if column != "received_at"})


@pytest.mark.parametrize("need", OPTIONAL)
def test_a_feature_of_what_the_shop_lacks_is_absent_by_name(need: str) -> None:
    name, _, column = need.partition(".")
    frame = rich()[name]
    lacking = frame.assign(**{column: frame[column].mask(frame[column].notna())}) if column else frame[:0]
    shop = Shop.of(rich(), WINDOWS, now=NOW)
    gone = set(existing(shop.present)) - set(existing(replace(shop, tables={**rich(), name: lacking}).present))
    assert {feature.name for feature in FEATURES if _needs(feature.tables, need)} == {feature.name for feature in gone}


def _needs(tables: tuple[str, ...], lacking: str) -> bool:
    """Without a table its columns are gone too."""
    return any(all(one == lacking or one.startswith(f"{lacking}.") for one in need.split(" or ")) for need in tables)


@given(tiny=tiny_shops())
@settings(QUICK, max_examples=2)
def test_without_consent_every_feature_of_the_purpose_is_missing_and_no_other_changes(tiny: TinyShop) -> None:
    asked = tiny.asked_rows()
    everybody = {name: given for name, given in tiny.rows.items() if name != "consents"}
    nobody, all_of_them = (build(TinyShop(rows, [], tiny.zone).shop(), asked) for rows in ({**everybody, "consents": []}, everybody))
    personal = [name for name in PERSONAL if name in nobody.columns]
    assert nobody[personal].isna().all(axis=None)
    pd.testing.assert_frame_equal(nobody.drop(columns=personal), all_of_them.drop(columns=personal), check_exact=True)


ASKED: dict[str, Row] = {
    "an offer": {"customer_id": "c1", "sku": "s1-38", "quantity": 2.0, "unit_price": 4000.0, "basket_value": 16000.0},
    "an unknown shopper": {"customer_id": None, "sku": "s1-38"},
    "an unknown sku": {"customer_id": "c1", "sku": "?"},
    "nothing known": {"customer_id": "nobody", "sku": "s2-M"},
    "in letters": {"customer_id": "c1", "sku": "s2-M"},
}


def small_shop() -> Shop:
    """c1 sent s1-38 back and kept s1-40 and s2-S, whose size is in letters."""
    bought = [line("a", "2024-01-01"), line("b", "2024-01-02", sku="s1-40", unit_price=3000), line("c", "2024-01-02", sku="s2-S")]
    tables = shop_tables(
        products=[product("s1-38"), product("s1-40"), *(product(sku, size_system="letters") for sku in ("s2-S", "s2-M"))],
        order_lines=bought,
        returns=[sent_back("a", "2024-01-03", "2024-01-04")],
        preferences=[{"customer_id": "c1", "stated_at": "2023-12-01", "attribute": "height_cm", "value": "inf"}],
    )
    return Shop.of(tables, WINDOWS, now=NOW)


def asked_at(at: str) -> pd.DataFrame:
    return asked_of([{**row, "at": moment(at)} for row in ASKED.values()])


@pytest.fixture(scope="module")
def built() -> pd.DataFrame:
    return build(small_shop(), asked_at("2024-03-01")).set_axis(list(ASKED))


def test_the_formulas_say_what_they_mean(built: pd.DataFrame) -> None:
    values = built.loc["an offer"]
    assert 0.5 == values["share_of_basket"]
    assert 8000.0 == values["line_value"]
    assert np.log(2.0) == pytest.approx(values["price_vs_style"])
    assert 5000.0 / 3 == pytest.approx(values["customer_mean_price"])
    assert 60.0 == values["customer_tenure_days"]
    assert 59.0 == values["customer_days_since_order"]
    assert 0.0 == values["customer_pending_lines"]
    assert -2.0 == values["size_vs_customer"]
    assert (1 + 100 * 0.05) / (3 + 100) < values["style_return_rate"] < 1 / 2


def test_an_unknown_shopper_has_no_feature_of_a_customer(built: pd.DataFrame) -> None:
    values = built.loc["an unknown shopper"]
    assert values[[feature.name for feature in FEATURES if feature.kind == "customer" and feature.name in built.columns]].isna().all()
    assert 2.0 == values["style_lines"]


def test_an_unknown_sku_has_no_history(built: pd.DataFrame) -> None:
    values = built.loc["an unknown sku"]
    assert values[["style_lines", "size_position", "category_return_rate"]].isna().all()
    assert (3.0, 0.0) == (values["customer_lines"], values["sku_lines"])


def test_a_known_offer_without_facts_counts_zero(built: pd.DataFrame) -> None:
    assert (0.0, 0.0) == (built.loc["nothing known", "sku_lines"], built.loc["nothing known", "customer_lines"])


def test_positions_of_two_size_systems_are_never_compared(built: pd.DataFrame) -> None:
    assert 1.0 == built.loc["in letters", "size_vs_customer"]


def test_an_unreadable_measurement_is_missing(built: pd.DataFrame) -> None:
    assert built["customer_height_cm"].isna().all()


def test_every_feature_is_a_float_column_in_the_declared_order(built: pd.DataFrame) -> None:
    assert [name for name in FEATURE_NAMES if name in built.columns] == built.columns.tolist()
    assert {"float64"} == {str(dtype) for dtype in built.dtypes}


def test_histories_may_be_taken_as_they_stood_on_another_day() -> None:
    found = build(small_shop(), asked_at("2024-01-02 12:00"), history_day=day_of(moment("2024-03-01")))
    assert [3.0, 60.0, 2.0] == found[["customer_lines", "customer_tenure_days", "today_lines_ordered"]].iloc[0].tolist()


def test_no_rows_give_no_features() -> None:
    assert 0 == len(build(small_shop(), asked_of([])))


def test_an_engine_of_ones_own_and_a_watched_loop_give_the_same(built: pd.DataFrame) -> None:
    watched: list[Wanted] = []

    def watch(plan: Iterable[Wanted]) -> Iterable[Wanted]:
        watched.extend(plan)
        return watched

    with embedded(threads=1) as engine:
        found = build(small_shop(), asked_at("2024-03-01"), engine=engine, track=watch)
    pd.testing.assert_frame_equal(built, found.set_axis(list(ASKED)), check_exact=True)
    assert [one.entity.name for one in needed(existing(small_shop().present))] == [one.entity.name for one in watched]


def test_a_shop_that_records_no_return_has_no_return_rate() -> None:
    tables = shop_tables(products=[product("s1-38")], order_lines=[line("a", "2024-01-01")])
    found = build(Shop.of(tables, WINDOWS, now=NOW), asked_of([{"customer_id": "c1", "sku": "s1-38", "at": moment("2024-03-01")}]))
    assert set() == {feature.name for feature in FEATURES if "returns" in feature.tables} & set(found.columns)
    assert [1.0] == found["style_lines"].tolist()


def test_rows_that_lack_a_column_are_refused() -> None:
    with pytest.raises(FeaturesRefused, match="lack basket_units"):
        build(small_shop(), asked_at("2024-03-01").drop(columns="basket_units"))


def test_a_time_after_the_shops_now_is_refused() -> None:
    later = asked_of([{"customer_id": "c1", "sku": "s1-38", "at": NOW + dt.timedelta(seconds=1)}])
    with pytest.raises(FeaturesRefused, match="up to the shop's now"):
        build(small_shop(), later)
