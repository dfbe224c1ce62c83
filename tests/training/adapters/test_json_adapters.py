"""RentTheRunway and ModCloth in their authors' own layout; every line here is made up."""

import datetime as dt
import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from domain.contract import check, checked
from domain.errors import ImportRefused, NotEnoughData
from domain.policy import parse_policy
from experiments.backtest import backtest_by_time
from features.shop import Shop
from tests.conftest import POLICY
from training.adapters import ADAPTERS, Imported, modcloth_json
from training.adapters import rent_the_runway as rtr
from training.adapters.source_file import read_fields
from training.pipeline import silent
from training.settings import Settings

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def rental(**changed: object) -> dict[str, object]:
    usual: dict[str, object] = {
        "fit": "fit",
        "user_id": "77",
        "bust size": "34d",
        "item_id": "126335",
        "weight": "137lbs",
        "rating": "8923",
        "rented for": "wedding",
        "review_text": "lovely 4711",
        "body type": "pear",
        "review_summary": "lovely 4711",
        "category": "dress",
        "height": "5' 8\"",
        "size": 14,
        "age": "4711",
        "review_date": "May 2, 2016",
    }
    return usual | changed


def worn(**changed: object) -> dict[str, object]:
    usual: dict[str, object] = {
        "item_id": "123",
        "waist": "30",
        "size": 7,
        "quality": 8923,
        "cup size": "dd/e",
        "hips": "38.0",
        "bra size": "34",
        "category": "tops",
        "bust": "36",
        "height": "5ft 6in",
        "user_name": "somebody 4711",
        "length": "just right 4711",
        "fit": "small",
        "user_id": "5",
        "shoe size": "9.00",
        "shoe width": "average",
        "review_summary": "4711",
        "review_text": "4711",
    }
    return usual | changed


def without(line: dict[str, object], *keys: str) -> dict[str, object]:
    return {key: value for key, value in line.items() if key not in keys}


def written(folder: Path, *lines: dict[str, object]) -> Path:
    (folder / "data.json").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder / "data.json"


def imported(source: str, folder: Path, *lines: dict[str, object]) -> Imported:
    result = ADAPTERS[source].convert(written(folder, *lines))
    assert [] == check(result.tables, now=NOW)[1]
    return result


def declared(result: Imported) -> dict[str, str]:
    preferences = result.tables["preferences"]
    return dict(zip(preferences["attribute"], preferences["value"], strict=True))


def as_json(row: pd.Series) -> dict[str, object]:
    """A row of the Parquet layout in the authors' one; what is missing there has no key here."""
    cups = "" if pd.isna(row["bust_size_letter"]) else row["bust_size_letter"]
    told: dict[str, Any] = {
        "fit": row["fit"],
        "user_id": str(row["user_id"]),
        "item_id": str(row["item_id"]),
        "category": row["category"],
        "size": int(row["size"]),
        "review_date": f"{row['review_date']:%B} {row['review_date'].day}, {row['review_date'].year}",
        "weight": None if pd.isna(row["weight_lbs"]) else f"{row['weight_lbs']:.0f}lbs",
        "height": None if pd.isna(row["height_in"]) else f"{row['height_in'] // 12:.0f}' {row['height_in'] % 12:.0f}\"",
        "bust size": None if pd.isna(row["bust_size_num"]) else f"{row['bust_size_num']:.0f}{cups}",
        "body type": row["body_type"],
        "rented for": row["rented_for"],
    }
    return {key: value for key, value in told.items() if not pd.isna(value)}


def same_tables(expected: Imported, found: Imported) -> None:
    assert expected.reconciliation == found.reconciliation
    for name, frame in expected.tables.items():
        pd.testing.assert_frame_equal(frame, found.tables[name])


def test_a_rental_reads_the_same_in_both_layouts(tmp_path: Path) -> None:
    row = {
        "row_id": 0,
        "fit": "fit",
        "user_id": 77,
        "item_id": 126335,
        "category": "dress",
        "size": 14,
        "review_date": pd.Timestamp("2016-05-02"),
        "weight_lbs": 137.0,
        "height_in": 68.0,
        "bust_size_num": 34.0,
        "bust_size_letter": "d",
        "body_type": "pear",
        "rented_for": "wedding",
    }
    pd.DataFrame([row]).to_parquet(tmp_path / "rentals.parquet")

    same_tables(rtr.convert(tmp_path / "rentals.parquet"), imported("rent-the-runway-json", tmp_path, rental()))


@pytest.mark.parametrize(
    ("key", "value", "attribute", "expected"),
    [
        ("bust size", "34aa", "bust_cup", "0"),
        ("bust size", "34d+", "bust_cup", "4"),
        ("bust size", "34dd", "bust_cup", "4"),
        ("bust size", "34ddd/e", "bust_cup", "5"),
        ("bust size", "broad", "bust_cup", None),
        ("weight", "62kg", "weight_kg", None),
        ("height", "5' 11\"", "height_cm", "180.3"),
        ("height", "tall", "height_cm", None),
        ("rented for", "party: cocktail", "occasion", "party"),
    ],
)
def test_measurements_are_read_as_they_are_spelled_or_not_declared(
    tmp_path: Path, key: str, value: str, attribute: str, expected: str | None
) -> None:
    assert expected == declared(imported("rent-the-runway-json", tmp_path, rental(**{key: value}))).get(attribute)


@pytest.mark.parametrize("value", [None, float("nan")])
def test_an_absent_key_null_and_nan_are_not_declared(tmp_path: Path, value: object) -> None:
    keys = ("weight", "body type", "rented for")
    lines = (rental(user_id=1), without(rental(user_id=2), *keys), rental(user_id=3, **dict.fromkeys(keys, value)))
    preferences = imported("rent-the-runway-json", tmp_path, *lines).tables["preferences"]

    assert {"1"} == set(preferences["customer_id"][preferences["attribute"].isin(["weight_kg", "body_shape", "occasion"])])


@pytest.mark.parametrize("line", [("rent-the-runway-json", rental()), ("modcloth-json", worn())])
def test_nothing_tells_of_age_of_names_or_of_what_is_known_only_afterwards(tmp_path: Path, line: tuple[str, dict[str, object]]) -> None:
    tables = imported(line[0], tmp_path, line[1]).tables
    words = {str(value) for frame in tables.values() for value in [*frame.columns, *frame.to_numpy().ravel()]}

    assert set() == {word for word in words if any(trace in word for trace in ("4711", "8923", "rating", "age", "review", "length"))}


def test_a_packed_file_reads_like_the_file(tmp_path: Path) -> None:
    plain = imported("modcloth-json", tmp_path, worn())
    (tmp_path / "data.json.gz").write_bytes(gzip.compress((tmp_path / "data.json").read_bytes()))

    same_tables(plain, ADAPTERS["modcloth-json"].convert(tmp_path / "data.json.gz"))


def test_what_is_worn_is_ordered_at_the_one_moment_that_stands_for_all(tmp_path: Path) -> None:
    tables = imported("modcloth-json", tmp_path, worn(), worn(user_id="6")).tables

    assert {modcloth_json.MOMENT} == set(tables["order_lines"]["ordered_at"]) == set(tables["fit_feedback"]["given_at"])
    assert [("m0", "5", "123-7", "small"), ("m1", "6", "123-7", "small")] == list(
        tables["fit_feedback"][["line_id", "customer_id", "sku", "verdict"]].itertuples(index=False, name=None)
    )
    assert ["modcloth tops"] == tables["products"]["size_system"].tolist()


def test_what_the_customer_measures_is_declared_in_centimetres(tmp_path: Path) -> None:
    assert {"height_cm": "167.6", "bust_band_in": "34", "bust_cup": "5", "waist_cm": "76.2", "hips_cm": "96.5"} == declared(
        imported("modcloth-json", tmp_path, worn())
    )


@pytest.mark.parametrize(("height", "expected"), [("5ft", "152.4"), ("9ft", None), ("167cm", None)])
def test_a_height_is_feet_and_perhaps_inches(tmp_path: Path, height: str, expected: str | None) -> None:
    assert expected == declared(imported("modcloth-json", tmp_path, worn(height=height))).get("height_cm")


def test_a_second_line_of_the_same_customer_style_and_size_is_rejected(tmp_path: Path) -> None:
    account = imported("modcloth-json", tmp_path, worn(), worn(fit="large"), worn(size=8)).reconciliation

    assert (3, {modcloth_json.WORN: 2}, {modcloth_json.REPEATED: 1}) == (
        account.rows_in,
        {outcome.reason: outcome.rows for outcome in account.rows_out},
        {outcome.reason: outcome.rows for outcome in account.rejected},
    )


def test_a_split_by_time_of_a_source_without_dates_is_refused(tmp_path: Path, quick_settings: Settings) -> None:
    lines = [worn(user_id=str(number), fit=("small", "fit", "large")[number % 3]) for number in range(150)]
    shop = Shop.of(checked(imported("modcloth-json", tmp_path, *lines).tables, now=NOW), parse_policy(POLICY).window_days)

    with pytest.raises(NotEnoughData, match="0 labelled fit rows before 2018-10-02 and 150 from then on"):
        backtest_by_time("fit", shop, quick_settings, None, silent)


@pytest.mark.parametrize(
    ("source", "content", "message"),
    [
        ("rent-the-runway-json", json.dumps(worn()), "lacks review_date, weight, bust size, body type, rented for"),
        ("modcloth-json", json.dumps(rental()), "lacks bra size, cup size, waist, hips"),
        ("rent-the-runway-json", json.dumps(rental(fit="tight")), "fit holds tight; expected: small, fit or large"),
        ("rent-the-runway-json", json.dumps(rental(review_date="2016-05-02")), r"review_date is no day in 1 lines \(1, …\)"),
        ("rent-the-runway-json", json.dumps(rental(size="M", item_id=None)), "item_id is empty in 1 row .1.; size is no whole number in 1"),
        ("modcloth-json", json.dumps(worn()) + "\n{cut off", "line 2 is no JSON"),
        ("modcloth-json", json.dumps([worn()]), "line 1 is no JSON object"),
        ("modcloth-json", "", "holds no rows"),
    ],
)
def test_another_layout_is_refused_with_all_that_is_wrong(tmp_path: Path, source: str, content: str, message: str) -> None:
    (tmp_path / "data.json").write_text(content)

    with pytest.raises(ImportRefused, match=message):
        ADAPTERS[source].convert(tmp_path / "data.json")


@pytest.mark.parametrize("content", [b"no gzip", gzip.compress(b'{"fit": "fit"}\n' * 1000)[:-20]])
def test_a_damaged_packed_file_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "data.json.gz").write_bytes(content)

    with pytest.raises(ImportRefused, match=r"data\.json\.gz cannot be read"):
        ADAPTERS["modcloth-json"].convert(tmp_path / "data.json.gz")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match=r"data\.json is no file"):
        ADAPTERS["modcloth-json"].convert(tmp_path / "data.json")


@pytest.mark.real_data
def test_the_real_rentals_read_the_same_in_both_layouts(real_data: Path, tmp_path: Path) -> None:
    source = read_fields(real_data / "rent_the_runway" / "rentals.parquet", rtr.FIELDS).iloc[::40].reset_index(drop=True)
    renumbered = source.assign(row_id=range(len(source)))

    same_tables(rtr.tables_of(renumbered), imported("rent-the-runway-json", tmp_path, *(as_json(row) for _, row in source.iterrows())))
