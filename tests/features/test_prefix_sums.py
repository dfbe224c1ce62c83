"""Running sums in memory are the sums of the SQL, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import FeaturesRefused
from features.build import aligned
from features.coded import UNKNOWN, Coded, Numbered, NumberedFacts, coded
from features.engine import Embedded, embedded
from features.entities import WINDOWS, Wanted, wanted
from features.histories import history_sql
from features.prefix_sums import Summed, summed, summing
from tests.support.happened import KINDS, Asked, Happened, assortment, given_to

READ = [
    f"{entity}.{history}"
    for entity in ("shop", "sku", "style", "customer", "customer_style")
    for history in ("ordered_lines", "returned_lines", *(f"ordered_lines_{days}d" for days in WINDOWS), "first_day", "last_day")
]
PLAN = wanted(READ)

customers = st.sampled_from(["c", "d", None])
skus = st.sampled_from(["a-1", "a-2", "b-1", "x", None])
days = st.sampled_from([-5, 0, 1, 2, 29, 30, 31, 89, 90, 91, 365, 366, 20_000])


@pytest.fixture(scope="module")
def engine() -> Iterator[Embedded]:
    with embedded(threads=1) as opened:
        yield opened


def both(engine: Embedded, one: Wanted, happened: list[Happened], asked: list[Asked]) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """What the SQL gives, and what is summed in memory."""
    given_to(engine, happened, asked, defined=True)
    expected = aligned(one, engine.fetch(history_sql(one, KINDS)), len(asked))
    found = summed(one, coded(engine, KINDS, PLAN, assortment()))
    return {name: column.tobytes() for name, column in expected.items()}, {
        column: found.column(name).tobytes() for name, column in zip(one.names, one.columns, strict=True)
    }


@given(
    happened=st.lists(st.tuples(customers, skus, days, st.sampled_from(["ordered", "returned"])), max_size=20),
    asked=st.lists(st.tuples(customers, skus, days), max_size=12),
)
@settings(max_examples=60, deadline=None)
def test_they_are_the_sums_of_the_sql_for_any_facts_and_rows(happened: list[Happened], asked: list[Asked]) -> None:
    with embedded(threads=1) as engine:
        for one in PLAN:
            expected, found = both(engine, one, happened, asked)
            assert expected == found


def test_the_rows_own_day_is_excluded_and_a_window_reaches_back_its_length(engine: Embedded) -> None:
    (one,) = wanted(["style.ordered_lines", "style.ordered_lines_30d"])
    given_to(engine, [("c", "a-1", 10, "ordered")], [(None, "a-2", day) for day in (10, 11, 40, 41)], defined=True)
    found = summed(one, coded(engine, KINDS, (one,), assortment()))
    assert [0.0, 2.0, 2.0, 2.0] == found.column("ordered_lines").tolist()
    assert [0.0, 2.0, 2.0, 0.0] == found.column("ordered_lines_30d").tolist()


def test_sums_beyond_the_whole_numbers_of_a_double_lose_nothing_on_the_way() -> None:
    (one,) = wanted(["customer.ordered_value_30d"])
    large = 2**53 + 1
    facts = NumberedFacts(
        {"customer_id": np.zeros(3, "int8")}, np.array([0, 1, 2], "int32"), {"ordered_value": np.array([large, large, 7])}
    )
    told = Coded((facts,), Numbered({"customer_id": np.zeros(1, "int8")}, np.array([32], "int32")), {}, {"customer_id": 1})
    assert [7.0] == summed(one, told).column("ordered_value_30d").tolist()


def test_more_entries_than_a_number_can_tell_apart_are_refused() -> None:
    keys = {"customer_id": np.zeros(1, "int8"), "sku": np.zeros(1, "int8")}
    rows = Numbered(keys, np.zeros(1, "int32"))
    told = Coded((), rows, {"style_id": np.array([0, UNKNOWN, UNKNOWN])}, {"customer_id": 2**40, "sku": 1, "style_id": 2**30})
    (one,) = wanted(["customer_style.ordered_lines"])
    with pytest.raises(FeaturesRefused, match="more entries of customer_style"):
        summed(one, told)


def test_a_failure_in_the_background_reaches_who_asks() -> None:
    def full(_: Wanted) -> Summed:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"), summing(PLAN, full) as result:
        result(PLAN[0])


def test_a_measure_of_two_kinds_is_kept_when_both_are_summed() -> None:
    (one,) = wanted(["customer.good_sized_lines"])
    keys, day = {"customer_id": np.zeros(1, "int8")}, np.array([0], "int32")
    facts = tuple(NumberedFacts(keys, day, {"good_sized_lines": np.array([number])}) for number in (2, 3))
    kept: list[float] = []
    told = Coded(facts, Numbered(keys, np.array([1], "int32")), {}, {"customer_id": 1})
    summed(one, told, lambda _, column: (kept.extend(column), column)[1])  # type: ignore[func-returns-value]
    assert [5.0] == kept
