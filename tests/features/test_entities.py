from __future__ import annotations

import pytest

from features.entities import ENTITIES, Sum, wanted
from features.fact_text import KEYS


def test_what_features_read_is_wanted_by_entity_in_their_order() -> None:
    found = wanted(
        ["style.returned_lines_90d", "unit_price", "shop.orders", "style.returned_lines", "today.views", "style.last_day", "day"]
    )
    assert ["shop", "style"] == [one.entity.name for one in found]
    assert ("shop.orders",) == found[0].columns
    assert (Sum("returned_lines"), Sum("returned_lines", 90)) == found[1].sums
    assert ("style.returned_lines", "style.returned_lines_90d", "style.first_day", "style.last_day") == found[1].columns
    assert ("returned_lines",) == found[1].measures


def test_what_is_read_twice_is_wanted_once_and_what_reads_nothing_wants_nothing() -> None:
    assert wanted(["shop.orders"]) == wanted(["shop.orders", "shop.orders"])
    assert () == wanted(["unit_price", "today.views"])


def test_days_alone_are_no_sums() -> None:
    (one,) = wanted(["customer.first_day"])
    assert ((), True, ("first_day", "last_day")) == (one.sums, one.days, one.names)


@pytest.mark.parametrize(
    ("read", "named"),
    [
        ("shopp.orders", "no entity is called 'shopp'"),
        ("shop.", "'' is no history"),
        ("shop.Orders", "'Orders' is no history"),
        ("shop.orders_91d", "'orders_91d' is no history"),
        ("shop.style.orders", "'style.orders' is no history"),
    ],
)
def test_what_is_named_like_a_history_and_is_none_is_refused(read: str, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        wanted([read])


def test_every_entity_has_a_name_and_keys_of_its_own() -> None:
    assert len(ENTITIES) == len({entity.name for entity in ENTITIES}) == len({frozenset(entity.keys) for entity in ENTITIES})
    assert {key for entity in ENTITIES for key in entity.keys} <= set(KEYS)
    assert "today" not in {entity.name for entity in ENTITIES}
