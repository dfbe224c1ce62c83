"""Look-ups of a few keys find what the stack holds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.entities import Entity, Sum, Wanted
from features.keyed import GONE, MISSING, Layer, Stack, fold, hash_few, hash_texts
from features.lookups import Alike, Crosses, Lookups
from features.state import nothing_of

CROSS = Wanted(Entity("customer_brand", ("customer_id", "brand")), (Sum("ordered_lines"), Sum("viewed")), days=False)
DATED = Wanted(Entity("customer", ("customer_id",)), (Sum("ordered_lines"),), days=True)
ENTRIES = st.dictionaries(st.integers(1, 20), st.tuples(st.integers(0, 5), st.just(MISSING) | st.integers(0, 9)), max_size=12)


def layer(entries: Mapping[int, tuple[int, ...]], columns: int) -> Layer:
    return Layer.of(np.array(list(entries), dtype="uint64"), np.array(list(entries.values()), dtype="int64").reshape(-1, columns))


@given(layers=st.lists(ENTRIES, min_size=1, max_size=3), gone=st.sets(st.integers(1, 20), max_size=5))
def test_they_find_what_the_stack_finds(layers: list[dict[int, tuple[int, int]]], gone: set[int]) -> None:
    told = [{key: (lines, day, day) for key, (lines, day) in entries.items()} for entries in layers]
    stack = Stack(tuple(layer(entries, 3) for entries in (*told, dict.fromkeys(gone, (GONE,) * 3))))
    keys, found = np.arange(1, 25).astype("uint64"), Lookups(DATED, stack)

    expected = stack.look_up(keys, nothing_of(DATED))

    np.testing.assert_array_equal(np.where(expected == MISSING, np.nan, expected.astype("float64")), found.find(keys).T)
    held = {key for entries in layers for key in entries} - gone
    assert [int(key) in held for key in keys] == found.has(keys).tolist()


def test_each_row_of_goods_has_its_own_key_of_the_shopper_and_them() -> None:
    brands = hash_texts(["a", "b", "a", None, "c", None])
    customer, other = hash_few(["me"]), hash_few(["b"])
    table = Lookups(CROSS, Stack((layer({int(fold([customer, other], 1)[0]): (3, 4)}, 2),)))
    cross, rows = Crosses(table, {"brand": brands}), np.array([1, 0, -1, 4, 1])

    found = table.find(cross.fold([customer], fold([customer], 1), rows))

    np.testing.assert_array_equal([[3, 4], [0, 0], [np.nan, np.nan], [0, 0], [3, 4]], found.T)


def test_goods_are_alike_where_all_their_keys_are() -> None:
    brand, size = hash_texts(["a", "a", "b", "a", None]), hash_texts(["38", "40", "38", "38", None])

    found = Alike.of([brand, size])

    assert 4 == len(found.folded)
    assert found.group[0] == found.group[3]
    assert [False, False, False, True] == sorted(found.unknown.tolist())


@given(st.lists(st.text(max_size=5) | st.none(), max_size=8))
def test_a_few_texts_have_the_hashes_of_many(texts: list[str | None]) -> None:
    assert hash_texts(texts).tolist() == hash_few(texts).tolist()
