from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.clock import micros
from features.told import Told, as_of, personal_keys
from tests.support.moments import moment, table


def stated(stated_at: str, attribute: str, value: str, customer_id: str = "c1", needed_on: str | None = None) -> dict[str, Any]:
    return {"customer_id": customer_id, "stated_at": stated_at, "attribute": attribute, "value": value, "needed_on": needed_on}


def decided(at: str, granted: bool, purpose: str = "measurements", customer_id: str = "c1") -> dict[str, Any]:
    return {"customer_id": customer_id, "purpose": purpose, "granted": granted, "at": at}


def told(*preferences: dict[str, Any], consents: list[dict[str, Any]] | None = None) -> Told:
    tables = {"preferences": table("preferences", *preferences)} if preferences else {}
    return Told.of(tables if consents is None else {**tables, "consents": table("consents", *consents)})


def known(spans: pd.DataFrame, at: str, who: str | None = "c1") -> dict[str, Any]:
    """What a span says of a customer at a moment, but for what is missing."""
    asked = pd.DataFrame({"customer_id": pd.Series([who], dtype="str")})
    found = as_of(spans, ["customer_id"], asked, micros(pd.Series([moment(at)])))
    return {str(name): value for name, value in found.iloc[0].items() if pd.notna(value) and not str(name).endswith("_us")}


OF_ALL = {"personalisation": True, "measurements": True}


def test_a_statement_counts_from_the_moment_after_it_was_made() -> None:
    spans = told(stated("2024-01-01", "height_cm", "172.5")).spans
    assert {} == known(spans, "2024-01-01")
    assert {**OF_ALL, "height_cm": 172.5} == known(spans, "2024-01-01 00:00:00.000001")


def test_the_latest_statement_of_each_attribute_counts() -> None:
    rows = stated("2024-01-03", "weight_kg", "62"), stated("2024-01-01", "weight_kg", "60"), stated("2024-01-02", "occasion", "wedding")
    assert {**OF_ALL, "weight_kg": 62.0, "occasion": "wedding"} == known(told(*rows).spans, "2024-02-01")
    assert {**OF_ALL, "weight_kg": 60.0, "occasion": "wedding"} == known(told(*rows).spans, "2024-01-03")


def test_the_day_of_an_occasion_is_that_of_its_latest_statement() -> None:
    rows = stated("2024-01-01", "occasion", "wedding", needed_on="2024-06-01"), stated("2024-01-03", "occasion", "work")
    needed = told(*rows).spans.set_index("from_us")["needed_us"]
    assert [micros(pd.Series([moment("2024-06-01")]))[0], True] == [needed.iloc[0], pd.isna(needed.iloc[1])]


@pytest.mark.parametrize("text", ["tall", "inf", "-inf", "nan", "1e9", "-3", "1000"])
def test_what_is_no_measurement_is_missing_though_an_earlier_one_was(text: str) -> None:
    spans = told(stated("2024-01-01", "height_cm", "170"), stated("2024-01-02", "height_cm", text)).spans
    assert OF_ALL == known(spans, "2024-02-01")


def test_the_smallest_cup_is_a_measurement() -> None:
    assert 0.0 == known(told(stated("2024-01-01", "bust_cup", "0")).spans, "2024-02-01")["bust_cup"]


def test_nobody_speaks_for_another() -> None:
    spans = told(stated("2024-01-01", "height_cm", "180", "c2"), consents=[decided("2024-01-01", True, customer_id="c2")]).spans
    assert [{}, {}] == [known(spans, "2024-02-01", who) for who in ("c1", None)]


def test_other_attributes_say_nothing() -> None:
    assert not told(stated("2024-01-01", "body_shape", "pear"), stated("2024-01-01", "age", "40"))


def test_consent_counts_from_the_moment_after_it_was_given_until_and_with_that_of_its_withdrawal() -> None:
    spans = told(consents=[decided("2024-01-02", False), decided("2024-01-01", True), decided("2024-01-03", True)]).spans
    moments = ["2024-01-01", "2024-01-01 00:00:00.000001", "2024-01-02", "2024-01-02 00:00:00.000001", "2024-01-04"]
    assert [None, True, True, False, True] == [known(spans, at).get("measurements") for at in moments]


def test_consent_to_one_purpose_is_none_to_another() -> None:
    assert {"measurements": True, "personalisation": False} == known(told(consents=[decided("2024-01-01", True)]).spans, "2024-02-01")


@pytest.mark.parametrize(("consents", "expected"), [(None, True), ([], False)])
def test_a_shop_that_keeps_no_consents_answers_for_itself_and_one_with_none_given_has_none(
    consents: list[dict[str, Any]] | None, expected: bool
) -> None:
    found = told(stated("2024-01-01", "height_cm", "170"), consents=consents)
    assert [expected, expected] == [found.everybody, known(found.spans, "2024-02-01")["measurements"]]


@pytest.mark.parametrize(("weight", "band"), [("59.9", "19"), ("60", "20"), ("62.9", "20"), ("63", "21"), ("0", "0")])
def test_weights_fall_into_bands_of_3_kg(weight: str, band: str) -> None:
    (row,) = personal_keys(told(stated("2024-01-01", "weight_kg", weight)).spans).to_dict("records")
    assert (band, round(float(weight) * 10)) == (row["weight_band"], row["weight_hg"])


def test_facts_have_no_body_and_no_occasion_while_their_use_is_not_allowed() -> None:
    rows = stated("2024-01-01", "weight_kg", "60"), stated("2024-01-01", "height_cm", "171"), stated("2024-01-01", "occasion", "work")
    consents = [decided("2024-01-02", True), decided("2024-01-03", False), decided("2024-01-01", True, "personalisation")]
    keys = personal_keys(told(*rows, consents=consents).spans)[["weight_band", "height_band", "occasion", "weight_hg", "height_mm"]]
    assert [[], ["20", "34", "work", 600, 1710], []] == [row.dropna().tolist() for _, row in keys.iterrows()]


def test_a_usual_size_is_of_a_category_and_has_a_position() -> None:
    sizes = told(
        stated("2024-01-01", "size:dress", "M"), stated("2024-01-02", "size:", "38"), stated("2024-01-03", "size:bag", "one size")
    ).sizes
    assert [("dress", 1.0), ("", 38.0)] == list(zip(sizes["category"], sizes["position"], strict=True))[:2]
    assert sizes["position"].isna().tolist() == [False, False, True]


def test_the_latest_fact_before_each_row_is_found_in_the_order_of_the_rows() -> None:
    facts = pd.DataFrame({"who": ["c1", "c1", "c2", "c1"], "from_us": [3, 1, 2, 9], "said": ["later", "early", "other", "last"]})
    asked = pd.DataFrame({"who": ["c1", "c1", "c2", "c2", None, "c3"]})
    found = as_of(facts, ["who"], asked, np.array([9, 2, 2, 3, 9, 9]))["said"]
    assert ["later", "early", None, "other", None, None] == [text if isinstance(text, str) else None for text in found]


def test_who_and_what_have_to_agree() -> None:
    facts = pd.DataFrame({"who": ["c1", "c1"], "what": ["dress", "bag"], "from_us": [1, 2], "said": ["M", "L"]})
    asked = pd.DataFrame({"who": ["c1", "c1", "c1", None], "what": ["dress", "shoe", None, "dress"]})
    found = as_of(facts, ["who", "what"], asked, np.array([9] * 4))["said"]
    assert ["M", None, None, None] == [text if isinstance(text, str) else None for text in found]


def test_a_shop_without_any_of_it_knows_nothing_of_anybody() -> None:
    nothing = Told.of({})
    assert (False, True, 0, 0, 0) == (bool(nothing), nothing.everybody, len(nothing.spans), len(nothing.sizes), len(nothing.joined_us))
