"""A night's increment reads the facts of some days, or of some customers, alone: they are those of the whole."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.clock import day_starts
from features.engine import Embedded, embedded
from features.fact_text import Said
from features.facts import kinds
from features.measures import MEASURES
from features.relations import give
from features.shop import Shop
from features.told import Told
from tests.support.moments import line, moment, sent_back
from tests.support.tiny_shops import QUICK, START, TinyShop, day_of, tiny_shops
from tests.support.told_facts import Fact, shop_of


def told(engine: Embedded, said: Said) -> dict[str, list[Fact]]:
    return {kind.name: engine.fetch(kind.select).to_pylist() for kind in kinds(said)}


def counted(facts: list[Fact]) -> Counter[str]:
    """Facts that count something, in any order."""
    return Counter(str(fact) for fact in facts if any(fact.get(name) for name in MEASURES))


def of_days(shop: Shop, first: int, last: int) -> tuple[dict[str, list[Fact]], dict[str, list[Fact]]]:
    """The facts of the days [first, last): chosen from all, and told alone."""
    begins, *_, ends = day_starts(first, last, shop.zone).tolist()
    with embedded(threads=1) as engine:
        said = give(engine, shop, Told.of(shop.tables))
        whole, alone = told(engine, said), told(engine, replace(said, spans=((begins, ends),)))
    return {name: [fact for fact in facts if first <= fact["day"] < last] for name, facts in whole.items()}, alone


@given(tiny=tiny_shops(), first=st.sampled_from([2, 9, 10, 17, 23, 33, 40, 94, 136, 157]), days=st.sampled_from([1, 2, 30]))
@QUICK
def test_the_facts_of_some_days_told_alone_are_those_of_the_whole(tiny: TinyShop, first: int, days: int) -> None:
    expected, alone = of_days(tiny.shop(), day_of(START) + first, day_of(START) + first + days)
    assert {name: counted(facts) for name, facts in expected.items()} == {name: counted(facts) for name, facts in alone.items()}


@pytest.mark.parametrize("day", ["2024-01-10", "2024-01-12", "2024-01-20"])
def test_a_return_before_a_delivery_that_opens_the_window_anew_is_told_on_the_day_of_the_delivery(day: str) -> None:
    late = line("l", "2024-01-01", country="GB", delivered_at="2024-01-20")
    shop, first = shop_of(order_lines=[late], returns=[sent_back("l", "2024-01-10", "2024-01-12")]), day_of(moment(day))
    expected, alone = of_days(shop, first, first + 1)
    assert expected == alone
    assert (day == "2024-01-20") == bool(alone["returned"])


@given(tiny=tiny_shops())
@settings(QUICK, max_examples=2)
def test_the_facts_of_one_customer_told_alone_are_those_of_the_whole(tiny: TinyShop) -> None:
    with embedded(threads=1) as engine:
        said = give(engine, tiny.shop(), Told.of(tiny.shop().tables))
        whole, alone = told(engine, said), told(engine, replace(said, people="customer_id = 'c1'"))
    for name, facts in whole.items():
        mine, found = ([fact for fact in some if fact["customer_id"] == "c1"] for some in (facts, alone[name]))
        assert counted(mine) == counted(found)
