from __future__ import annotations

from tests.support.moments import line, product, shop_tables
from training.fingerprints import fingerprints

LINES = [line("l1", "2024-01-01 10:00"), line("l2", "2024-02-01 00:00")]
TABLES = shop_tables(products=[product("s1-38")], order_lines=LINES)


def test_every_table_is_told_by_rows_time_range_and_hash() -> None:
    found = {table.pop("table"): table for table in fingerprints(TABLES)}
    hashes = {name: table.pop("hash") for name, table in found.items()}
    nothing = {"rows": 0, "first": None, "last": None}
    orders = {"rows": 2, "first": "2024-01-01T10:00:00+00:00", "last": "2024-02-01T00:00:00+00:00"}
    assert {"order_lines": orders, "products": {**nothing, "rows": 1}, "returns": nothing} == found
    assert {16} == {len(one) for one in hashes.values()}


def test_the_same_rows_have_the_same_hash_and_one_cent_changes_it() -> None:
    again, dearer = (
        shop_tables(products=[product("s1-38")], order_lines=[{**LINES[0], "unit_price": price}, LINES[1]]) for price in (1000, 1001)
    )
    assert fingerprints(TABLES) == fingerprints(again)
    differing = [one["table"] for one, other in zip(fingerprints(TABLES), fingerprints(dearer), strict=True) if one != other]
    assert ["order_lines"] == differing
