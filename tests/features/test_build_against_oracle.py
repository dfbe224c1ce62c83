from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from features.build import build
from features.clock import days
from features.entities import ENTITIES
from features.facts import KEYS, facts, subjects
from features.histories import run
from features.shop import Shop
from tests.support import oracle
from tests.support.tiny_shops import QUICK, TinyShop, day_of, tiny_shops


def histories(shop: Shop, asked: pd.DataFrame) -> dict[str, pd.DataFrame]:
    about = subjects(shop.tables, asked["customer_id"], asked["sku"], asked["at"], asked["country"])
    spine = about[list(KEYS)].assign(day=days(asked["at"]), row_number=np.arange(len(asked)))
    with duckdb.connect() as connection:
        connection.register("facts", facts(shop))
        connection.register("asked", spine)
        return {entity.name: run(entity, connection).reindex(range(len(asked))) for entity in ENTITIES}


@given(tiny=tiny_shops())
@QUICK
def test_every_history_of_every_entity_is_what_slow_loops_find(tiny: TinyShop) -> None:
    found = histories(tiny.shop(), tiny.asked_rows())
    all_facts = oracle.facts(tiny.rows)
    for number, row in enumerate(tiny.asked):
        keys = oracle.about(tiny.rows, row["customer_id"], row["sku"], row["at"], row["country"])
        for entity in ENTITIES:
            expected = oracle.histories(all_facts, entity, keys, day_of(row["at"]))
            assert expected == pytest.approx(found[entity.name].loc[number].to_dict(), nan_ok=True, abs=0)


@given(tiny=tiny_shops())
@QUICK
def test_features_are_what_slow_loops_find(tiny: TinyShop) -> None:
    built = build(tiny.shop(), tiny.asked_rows())
    all_facts = oracle.facts(tiny.rows)
    for number, row in enumerate(tiny.asked):
        who, at, day = row["customer_id"], row["at"], day_of(row["at"])
        keys = oracle.about(tiny.rows, who, row["sku"], at, row["country"])
        found: dict[str, float] = {}
        for entity in ENTITIES:
            found |= oracle.histories(all_facts, entity, keys, day)
        own, body = (oracle.consented(tiny.rows, purpose, who, at) for purpose in ("personalisation", "measurements"))
        expected = oracle.features(found, row, keys, day, own=own, body=body)
        assert expected == pytest.approx(built.loc[number, list(expected)].to_dict(), nan_ok=True)
