from __future__ import annotations

import pandas as pd
import pytest

from features.consent import as_of, granted
from tests.support.moments import moment, table

Said = tuple[str, str, bool]


def allowed(at: str, *said: Said, who: str | None = "c1", purpose: str = "measurements") -> bool:
    rows = [{"customer_id": customer, "purpose": "measurements", "granted": yes, "at": when} for customer, when, yes in said]
    asked = pd.Series([who], dtype="str"), pd.Series([moment(at)])
    return bool(granted(table("consents", *rows), *asked)[purpose][0])


def test_consent_counts_from_the_moment_after_it_was_given() -> None:
    said = ("c1", "2024-01-01 12:00", True)
    assert not allowed("2024-01-01 11:00", said)
    assert not allowed("2024-01-01 12:00", said)
    assert allowed("2024-01-01 12:00:00.000001", said)


def test_withdrawn_consent_no_longer_counts() -> None:
    said = ("c1", "2024-01-01", True), ("c1", "2024-02-01", False)
    assert allowed("2024-02-01", *said)
    assert not allowed("2024-02-02", *said)


def test_consent_given_again_counts_again_whatever_the_order_of_rows() -> None:
    said = ("c1", "2024-03-01", True), ("c1", "2024-02-01", False), ("c1", "2024-01-01", True)
    assert [True, False, True] == [allowed(at, *said) for at in ("2024-01-15", "2024-02-15", "2024-03-15")]


@pytest.mark.parametrize("who", ["c2", None])
def test_nobody_consents_for_another(who: str | None) -> None:
    assert not allowed("2024-02-01", ("c1", "2024-01-01", True), who=who)


def test_consent_to_one_purpose_is_none_to_another() -> None:
    assert not allowed("2024-02-01", ("c1", "2024-01-01", True), purpose="personalisation")


def test_a_shop_that_keeps_no_consents_answers_for_itself_and_one_with_none_given_has_none() -> None:
    asked = pd.Series(["c1", None], dtype="str"), pd.Series([moment("2024-01-01")] * 2)
    assert [True, True] == granted(None, *asked)["personalisation"].tolist()
    assert [False, False] == granted(table("consents"), *asked)["personalisation"].tolist()


def test_the_latest_fact_before_each_row_is_found_in_the_order_of_the_rows() -> None:
    facts = pd.DataFrame(
        {"customer_id": ["c1", "c1", "c2"], "known_at": [moment("2024-01-03"), moment("2024-01-01"), moment("2024-01-02")]}
    )
    facts["said"] = ["later", "early", "other"]
    at = pd.Series([moment("2024-01-09"), moment("2024-01-02"), moment("2024-01-02"), moment("2024-01-03")])
    found = as_of(facts, pd.Series(["c1", "c1", "c2", "c2"]), at)
    assert ["later", "early", None, "other"] == found["said"].astype(object).where(found["said"].notna(), None).tolist()
