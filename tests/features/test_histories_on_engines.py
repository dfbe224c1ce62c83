"""The same numbers wherever histories are summed: in memory, or by one text on DuckDB, on Spark in one process, on a Spark cluster."""

from __future__ import annotations

from features.asked import of_order_lines
from features.build import Background, histories_of, rows_of, spine
from features.engine import Engine
from features.feature_set import existing, needed
from features.moves import moves
from features.shop import Shop

ENTITIES = ("shop", "style", "body", "customer", "customer_size")
"""No key, one of a product, those of a person, one of a line, and several: with all kinds of facts and every window."""


def test_histories_are_equal_on_every_engine(shop: Shop, engine: Engine) -> None:
    asked = of_order_lines(shop.tables).iloc[::10].reset_index(drop=True)
    background = Background.of(shop)
    rows = rows_of(background, asked, moves(shop.tables))
    plan = tuple(one for one in needed(existing(shop.present)) if one.entity.name in ENTITIES)
    assert len(ENTITIES) == len(plan)
    expected = histories_of(shop, background.told, plan, spine(rows, rows.day))
    found = histories_of(shop, background.told, plan, spine(rows, rows.day), engine=engine)
    assert {name: values.tobytes() for name, values in expected.items()} == {name: values.tobytes() for name, values in found.items()}
