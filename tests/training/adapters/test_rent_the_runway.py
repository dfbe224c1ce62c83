import datetime as dt
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.contract import check
from domain.errors import ImportRefused
from training.adapters import ADAPTERS, Imported
from training.adapters import rent_the_runway as rtr
from training.adapters.source_file import read_fields

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
DAY = pd.Timestamp("2016-05-02", tz="UTC")
DAY_BEFORE = pd.Timestamp("2016-05-01", tz="UTC")
UNDECLARED: dict[str, object] = dict.fromkeys(["weight_lbs", "height_in", "bust_size_num", "bust_size_letter", "body_type", "rented_for"])


def rental(row_id: object = 1, **changed: object) -> dict[str, object]:
    usual: dict[str, object] = {
        "row_id": row_id,
        "fit": "fit",
        "user_id": 77,
        "item_id": 126335,
        "category": "dress",
        "size": 14,
        "review_date": DAY,
        "weight_lbs": 137.0,
        "height_in": 68.0,
        "bust_size_num": 34.0,
        "bust_size_letter": "d",
        "body_type": "pear",
        "rented_for": "wedding",
    }
    return usual | changed


def source(*rentals: dict[str, object]) -> pd.DataFrame:
    numbers = dict.fromkeys(["weight_lbs", "height_in", "bust_size_num"], "float64")
    texts = dict.fromkeys(["bust_size_letter", "body_type", "rented_for"], "str")
    return pd.DataFrame(list(rentals)).astype(numbers | texts)


def imported(*rentals: dict[str, object]) -> Imported:
    result = rtr.tables_of(source(*rentals))
    assert [] == check(result.tables, now=NOW)[1]
    return result


def outcomes(*rentals: dict[str, object]) -> dict[str, int]:
    account = imported(*rentals).reconciliation
    return {outcome.reason: outcome.rows for outcome in (*account.rows_out, *account.rejected)}


def declared(*rentals: dict[str, object]) -> dict[str, str]:
    preferences = imported(*rentals).tables["preferences"]
    return dict(zip(preferences["attribute"], preferences["value"], strict=True))


def test_a_rental_becomes_an_order_line_of_one_unit_without_a_price() -> None:
    assert [
        {
            "line_id": "r1",
            "order_id": "r1",
            "customer_id": "77",
            "sku": "126335-14",
            "ordered_at": DAY,
            "country": "US",
            "quantity": 1,
            "currency": "USD",
        }
    ] == imported(rental()).tables["order_lines"].to_dict("records")


def test_each_size_of_an_item_is_a_product_of_its_style() -> None:
    products = imported(rental(), rental(2, size=20), rental(3, user_id=78)).tables["products"]

    assert [
        {"sku": "126335-14", "style_id": "126335", "category": "dress", "size": "14", "size_system": "rtr", "currency": "USD"},
        {"sku": "126335-20", "style_id": "126335", "category": "dress", "size": "20", "size_system": "rtr", "currency": "USD"},
    ] == products[["sku", "style_id", "category", "size", "size_system", "currency"]].to_dict("records")


def test_a_style_in_several_categories_gets_the_most_frequent_one() -> None:
    products = imported(rental(1, category="gown"), rental(2, size=20), rental(3, user_id=78)).tables["products"]

    assert ["dress", "dress"] == products["category"].tolist()


@pytest.mark.parametrize(("fit", "verdict"), [("small", "small"), ("fit", "fits"), ("large", "large")])
def test_the_verdict_on_the_fit_belongs_to_its_line(fit: str, verdict: str) -> None:
    assert [{"customer_id": "77", "sku": "126335-14", "line_id": "r1", "given_at": DAY, "verdict": verdict}] == imported(
        rental(fit=fit)
    ).tables["fit_feedback"].to_dict("records")


def test_a_second_rental_of_the_same_customer_sku_and_day_is_wholly_rejected() -> None:
    rentals = (rental(1, fit="fit"), rental(2, fit="small", weight_lbs=150.0))
    tables = imported(*rentals).tables

    assert {rtr.RENTAL: 1, rtr.REPEATED: 1} == outcomes(*rentals)
    assert ["r1"] == tables["order_lines"]["line_id"].tolist()
    assert ["fits"] == tables["fit_feedback"]["verdict"].tolist()
    assert "62.1" == declared(*rentals)["weight_kg"]


@pytest.mark.parametrize("changed", [{"user_id": 78}, {"size": 20}, {"review_date": DAY_BEFORE}])
def test_another_customer_sku_or_day_is_another_rental(changed: dict[str, object]) -> None:
    assert {rtr.RENTAL: 2, rtr.REPEATED: 0} == outcomes(rental(1), rental(2, **changed))


def test_what_the_customer_declared_is_known_the_day_before_in_metric_units() -> None:
    assert {
        "height_cm": "172.7",
        "weight_kg": "62.1",
        "bust_band_in": "34",
        "bust_cup": "4",
        "body_shape": "pear",
        "occasion": "wedding",
    } == declared(rental())
    assert {DAY_BEFORE} == set(imported(rental()).tables["preferences"]["stated_at"])


@pytest.mark.parametrize(("letter", "place"), [("aa", "0"), ("a", "1"), ("e", "5"), ("j", "10")])
def test_a_cup_becomes_its_place_in_the_order_of_cups(letter: str, place: str) -> None:
    assert place == declared(rental(bust_size_letter=letter))["bust_cup"]


def test_what_is_not_declared_has_no_row() -> None:
    assert {} == declared(rental(**UNDECLARED))


@pytest.mark.parametrize(
    ("column", "value", "attribute"),
    [
        ("height_in", 47.0, "height_cm"),
        ("height_in", 87.0, "height_cm"),
        ("weight_lbs", 0.0, "weight_kg"),
        ("weight_lbs", 70.0, "weight_kg"),
        ("weight_lbs", 560.0, "weight_kg"),
        ("bust_size_num", 3.0, "bust_band_in"),
        ("bust_size_letter", "z", "bust_cup"),
    ],
)
def test_an_implausible_measurement_counts_as_not_declared(column: str, value: object, attribute: str) -> None:
    assert {"height_cm", "weight_kg", "bust_band_in", "bust_cup", "body_shape", "occasion"} - {attribute} == set(
        declared(rental(**{column: value}))
    )


def test_of_several_rentals_on_one_day_the_last_stated_value_counts() -> None:
    rentals = (rental(1, rented_for="wedding"), rental(2, size=20, rented_for="party", weight_lbs=None))

    assert "party" == declared(*rentals)["occasion"]
    assert "62.1" == declared(*rentals)["weight_kg"]


def test_a_rental_is_never_a_return() -> None:
    assert 0 == len(imported(rental()).tables["returns"])


def test_neither_age_nor_rating_appears_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "rentals.parquet"
    source(rental(age=4711.0, rating=8923.0)).to_parquet(path)
    tables = rtr.convert(path).tables
    words = {str(value) for frame in tables.values() for value in [*frame.columns, *frame.to_numpy().ravel()]}

    assert set() == {word for word in words if any(trace in word for trace in ("age", "rating", "4711", "8923"))}


@given(st.lists(st.tuples(st.sampled_from([77, 78]), st.sampled_from([14, 20]), st.integers(1, 3)), min_size=1, max_size=10))
@settings(max_examples=30, deadline=None)
def test_every_rental_has_one_outcome(drawn: list[tuple[int, int, int]]) -> None:
    rentals = [
        rental(number, user_id=user, size=size, review_date=pd.Timestamp(2016, 5, day, tz="UTC"))
        for number, (user, size, day) in enumerate(drawn)
    ]

    assert {rtr.RENTAL: len(set(drawn)), rtr.REPEATED: len(drawn) - len(set(drawn))} == outcomes(*rentals)


def test_the_adapter_reads_a_parquet_file(tmp_path: Path) -> None:
    source(rental()).to_parquet(tmp_path / "rentals.parquet")

    assert 1 == ADAPTERS["rent-the-runway"].convert(tmp_path / "rentals.parquet").reconciliation.rows_in


@pytest.mark.parametrize(
    ("rentals", "message"),
    [
        ((rental(fit="tight"),), "fit holds tight; expected: small, fit or large"),
        ((rental(1), rental(1, size=20)), "row_id holds a number twice"),
        ((rental(fit=None),), "fit is empty in 1 row"),
        ((rental(item_id="dress"),), "item_id is no whole number in 1 row"),
    ],
)
def test_values_that_the_source_does_not_have_are_refused(tmp_path: Path, rentals: tuple[dict[str, object], ...], message: str) -> None:
    source(*rentals).to_parquet(tmp_path / "rentals.parquet")

    with pytest.raises(ImportRefused, match=message):
        rtr.convert(tmp_path / "rentals.parquet")


def test_a_file_with_other_columns_is_refused(tmp_path: Path) -> None:
    source(rental()).drop(columns=["fit", "height_in"]).to_parquet(tmp_path / "rentals.parquet")

    with pytest.raises(ImportRefused, match=r"rentals\.parquet lacks fit, height_in; expected: columns row_id \(whole number\)"):
        rtr.convert(tmp_path / "rentals.parquet")


@pytest.mark.real_data
def test_the_real_file_keeps_the_contract(real_data: Path) -> None:
    path = real_data / "rent_the_runway" / "rentals.parquet"
    result = rtr.convert(path)
    tables, violations = check(result.tables, now=dt.datetime.now(dt.UTC))

    assert pq.read_metadata(path).num_rows == result.reconciliation.rows_in
    assert [] == violations
    assert len(tables["fit_feedback"]) == len(tables["order_lines"])
    assert {"small", "fits", "large"} == set(tables["fit_feedback"]["verdict"])
    assert {"height_cm", "weight_kg", "bust_band_in", "bust_cup", "body_shape", "occasion"} == set(tables["preferences"]["attribute"])
    assert read_fields(path, rtr.FIELDS)["item_id"].nunique() == tables["products"]["style_id"].nunique()
