"""What was told before midnight counts if it was allowed then; what is told and decided today counts at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from features.clock import micros
from features.persons import Persons, nightly, persons
from features.told import Told
from tests.support.moments import moment, table

NIGHT, MORNING, NOON, EVENING = "2024-01-09 20:00", "2024-01-10 08:00", "2024-01-10 12:00", "2024-01-10 18:00"
MIDNIGHT = "2024-01-10"


def says(at: str, attribute: str, value: str, needed_on: str | None = None) -> dict[str, Any]:
    return {"customer_id": "c1", "stated_at": at, "attribute": attribute, "value": value, "needed_on": needed_on}


def decides(at: str, granted: bool, *purposes: str) -> list[dict[str, Any]]:
    return [{"customer_id": "c1", "purpose": one, "granted": granted, "at": at} for one in purposes or ("personalisation", "measurements")]


def known(
    *preferences: dict[str, Any], consents: list[dict[str, Any]] | None = None, at: str = NOON, joined: str = NIGHT, who: str | None = "c1"
) -> dict[str, Any]:
    """What may be known of the one who asks at noon, but for what is missing."""
    tables = {
        "preferences": table("preferences", *preferences),
        "customers": table("customers", {"customer_id": "c1", "joined_at": joined}),
    }
    told = Told.of(tables if consents is None else {**tables, "consents": table("consents", *consents)})
    asked = pd.DataFrame({"customer_id": [who], "category": ["dress"]}, dtype="str")
    midnight_us, at_us = (micros(pd.Series([moment(text)])) for text in (MIDNIGHT, at))
    return _plain(persons(nightly(told, asked, midnight_us), told, asked, at_us, midnight_us))


def _plain(found: Persons) -> dict[str, Any]:
    numbers = {name: values[0] for name, values in found.inputs.items() if not np.isnan(values[0])}
    keys = {name: values[0] for name, values in found.keys.items() if values[0] is not None}
    return {**numbers, **keys, **{purpose: bool(flags[0]) for purpose, flags in found.allowed.items()}}


def us(at: str) -> int:
    return int(micros(pd.Series([moment(at)]))[0])


ALL = {"personalisation": True, "measurements": True}
HEIGHT, WEIGHT = {"height_cm": 170.0, "height_band": "34"}, {"weight_kg": 60.0, "weight_band": "20"}
JOINED = {"joined_us": us(NIGHT)}


def test_without_a_consents_table_everything_told_before_the_row_counts() -> None:
    told = says(NIGHT, "height_cm", "170"), says(MORNING, "weight_kg", "60"), says(NOON, "bust_cup", "2")
    assert {**ALL, **JOINED, **HEIGHT, **WEIGHT} == known(*told)


def test_what_was_told_before_midnight_counts_if_it_was_allowed_at_midnight() -> None:
    told, granted = says(NIGHT, "height_cm", "170"), decides(NIGHT, True)
    assert {**ALL, **JOINED, **HEIGHT} == known(told, consents=granted)
    assert {"personalisation": False, "measurements": False} == known(told, consents=[])


def test_a_consent_of_today_opens_the_past_with_the_next_night() -> None:
    told, granted = says(NIGHT, "height_cm", "170"), decides(MORNING, True)
    assert ALL == known(told, consents=granted)
    assert ALL == known(told, consents=decides(MIDNIGHT, True))
    assert {**ALL, **JOINED, **HEIGHT} == known(told, consents=decides("2024-01-09 23:59:59.999999", True))


def test_what_is_told_today_counts_at_once_whatever_was_allowed_at_midnight() -> None:
    told = says(NIGHT, "height_cm", "199"), says(MORNING, "height_cm", "170"), says(MIDNIGHT, "weight_kg", "60")
    assert {**ALL, **HEIGHT, **WEIGHT} == known(*told, consents=decides(MORNING, True))


def test_a_withdrawal_of_today_counts_at_once_and_leaves_the_night_as_it_was() -> None:
    found = known(says(NIGHT, "height_cm", "170"), consents=[*decides(NIGHT, True), *decides(MORNING, False, "measurements")])
    assert {"personalisation": True, "measurements": False} == {name: found[name] for name in ALL}
    assert HEIGHT.items() <= found.items()  # features of the purpose are missing all the same


def test_what_is_decided_and_told_at_the_rows_moment_or_later_does_not_count() -> None:
    told = says(NOON, "height_cm", "170"), says(EVENING, "weight_kg", "60")
    assert {**ALL, **JOINED} == known(*told, consents=[*decides(NIGHT, True), *decides(NOON, False)])


def test_an_unreadable_statement_of_today_hides_the_nights() -> None:
    assert {**ALL, **JOINED} == known(says(NIGHT, "height_cm", "170"), says(MORNING, "height_cm", "tall"))


def test_an_occasion_comes_with_its_day() -> None:
    wedding, party = says(NIGHT, "occasion", "wedding", "2024-06-01"), says(MORNING, "occasion", "party")
    assert {**ALL, **JOINED, "occasion": "wedding", "needed_us": us("2024-06-01")} == known(wedding)
    assert {**ALL, **JOINED, "occasion": "party"} == known(wedding, party)


def test_the_usual_size_is_that_of_the_offers_category() -> None:
    told = says(NIGHT, "size:dress", "M"), says(NIGHT, "size:bag", "38")
    assert {**ALL, **JOINED, "stated_size": 1.0} == known(*told)
    assert {**ALL, **JOINED, "stated_size": 2.0} == known(*told, says(MORNING, "size:dress", "L"))
    assert {**ALL, **JOINED} == known(*told, says(MORNING, "size:dress", "one size"))
    assert {**ALL, "stated_size": 2.0} == known(*told, says(MORNING, "size:dress", "L"), consents=decides(MORNING, True))
    assert ALL == known(*told, consents=decides(MORNING, True))


def test_an_account_opened_today_is_no_old_one() -> None:
    assert [ALL, ALL] == [known(says(NIGHT, "body_shape", "pear"), joined=joined) for joined in (MIDNIGHT, MORNING)]


def test_of_an_unknown_shopper_nothing_is_known() -> None:
    told = says(NIGHT, "height_cm", "170")
    assert ALL == known(told, who=None)
    assert dict.fromkeys(ALL, False) == known(told, who=None, consents=decides(NIGHT, True)) == known(told, who="c2", consents=[])


def test_at_midnight_today_has_brought_nothing() -> None:
    told = says(NIGHT, "height_cm", "170"), says(MIDNIGHT, "weight_kg", "60")
    assert {**ALL, **JOINED, **HEIGHT} == known(*told, at=MIDNIGHT, consents=[*decides(NIGHT, True), *decides(MIDNIGHT, False)])
