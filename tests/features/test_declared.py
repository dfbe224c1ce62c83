from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from features.declared import MEASUREMENTS, declared
from tests.support.moments import moment, table


def stated(stated_at: str, attribute: str, value: str, customer_id: str = "c1") -> dict[str, Any]:
    return {"customer_id": customer_id, "stated_at": stated_at, "attribute": attribute, "value": value}


def known(at: str, *rows: dict[str, Any], who: str | None = "c1", consents: pd.DataFrame | None = None) -> dict[str, Any]:
    tables = {"preferences": table("preferences", *rows)} | ({} if consents is None else {"consents": consents})
    frame = declared(tables, pd.Series([who], dtype="str"), pd.Series([moment(at)]))
    return {str(name): value for name, value in frame.iloc[0].items() if pd.notna(value)}


def test_a_measurement_counts_from_the_moment_after_it_was_stated() -> None:
    row = stated("2024-01-01", "height_cm", "172.5")
    assert {} == known("2024-01-01", row)
    assert {"height_cm": 172.5, "height_band": "34"} == known("2024-01-02", row)


def test_the_latest_statement_of_each_attribute_counts() -> None:
    rows = stated("2024-01-03", "weight_kg", "62"), stated("2024-01-01", "weight_kg", "60"), stated("2024-01-02", "occasion", "wedding")
    assert {"weight_kg": 62.0, "weight_band": "20", "occasion": "wedding"} == known("2024-02-01", *rows)
    assert {"weight_kg": 60.0, "weight_band": "20", "occasion": "wedding"} == known("2024-01-03", *rows)


@pytest.mark.parametrize(("weight", "band"), [("59.9", "19"), ("60", "20"), ("62.9", "20"), ("63", "21")])
def test_weights_fall_into_bands_of_3_kg(weight: str, band: str) -> None:
    assert band == known("2024-02-01", stated("2024-01-01", "weight_kg", weight))["weight_band"]


@pytest.mark.parametrize("text", ["tall", "inf", "-inf", "nan", "1e9", "-3", "1000"])
def test_what_is_no_measurement_is_missing(text: str) -> None:
    assert {} == known("2024-02-01", stated("2024-01-01", "height_cm", text))


def test_the_smallest_cup_is_a_measurement() -> None:
    assert {"bust_cup": 0.0} == known("2024-02-01", stated("2024-01-01", "bust_cup", "0"))


def test_other_attributes_and_other_customers_say_nothing() -> None:
    assert {} == known("2024-02-01", stated("2024-01-01", "size:dress", "38"), stated("2024-01-01", "height_cm", "180", "c2"))
    assert {} == known("2024-02-01", stated("2024-01-01", "height_cm", "180"), who=None)


def test_without_consent_nothing_is_used() -> None:
    row = stated("2024-01-01", "height_cm", "172.5")
    yes = table("consents", {"customer_id": "c1", "purpose": "measurements", "granted": True, "at": "2024-01-05"})
    assert {} == known("2024-01-03", row, consents=yes)
    assert 172.5 == known("2024-01-06", row, consents=yes)["height_cm"]


def test_a_shop_without_preferences_knows_nothing_of_anybody() -> None:
    frame = declared({}, pd.Series(["c1"]), pd.Series([moment("2024-01-01")]))
    assert frame.isna().all(axis=None)
    assert {*MEASUREMENTS, "occasion", "height_band", "weight_band"} == set(frame.columns)
