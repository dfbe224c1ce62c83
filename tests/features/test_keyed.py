"""Numbers by key: what was put in is found, the newest layer first, and what was taken out is gone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import SnapshotRefused
from features.keyed import GONE, Layer, Stack, fold, hash_texts

NOTHING = np.array([0, -1])
ENTRIES = st.dictionaries(st.integers(1, 30), st.tuples(st.integers(-5, 5), st.integers(0, 9)), max_size=12)


def layer(entries: dict[int, tuple[int, int]]) -> Layer:
    numbers = np.array(list(entries.values()), dtype="int64").reshape(-1, 2)
    return Layer.of(np.array(list(entries), dtype="uint64"), numbers)


@given(layers=st.lists(ENTRIES, min_size=1, max_size=3), gone=st.sets(st.integers(1, 30), max_size=5))
def test_a_stack_is_a_dict_that_was_updated_layer_by_layer(layers: list[dict[int, tuple[int, int]]], gone: set[int]) -> None:
    out = dict.fromkeys(gone, (GONE, GONE))
    stack = Stack(tuple(layer(entries) for entries in (*layers, out)))
    expected: dict[int, tuple[int, int]] = {}
    for entries in layers:
        expected |= entries
    for key in gone:
        expected.pop(key, None)
    keys = np.arange(1, 31).astype("uint64")
    assert [list(expected.get(int(key), tuple(NOTHING))) for key in keys] == stack.look_up(keys, NOTHING).tolist()
    whole = stack.whole()
    assert sorted(expected) == whole.keys.tolist()
    assert [list(expected[key]) for key in sorted(expected)] == whole.numbers.tolist()


def test_layers_are_mapped_from_disk_and_cannot_be_written_to(tmp_path: Path) -> None:
    layer({5: (1, 2), 3: (4, 5)}).write(tmp_path / "layer")
    found = Layer.load(tmp_path / "layer")
    assert ([3, 5], [[4, 5], [1, 2]]) == (found.keys.tolist(), found.numbers.tolist())
    assert tmp_path / "layer" == found.folder
    with pytest.raises(ValueError, match="read-only"):
        found.numbers[0, 0] = 7


def test_two_keys_of_one_hash_are_refused() -> None:
    with pytest.raises(SnapshotRefused, match="the same 64-bit hash"):
        Layer.of(np.array([7, 7], dtype="uint64"), np.zeros((2, 1), dtype="int64"))


@given(texts=st.lists(st.text(max_size=8) | st.none(), min_size=1, max_size=20))
def test_alike_texts_have_alike_hashes_and_nothing_has_none(texts: list[str | None]) -> None:
    hashes = hash_texts(texts).tolist()
    assert [text is None for text in texts] == [value == 0 for value in hashes]
    assert len({text for text in texts if text is not None}) == len({value for value in hashes if value})


def test_the_order_of_a_keys_parts_matters() -> None:
    one, other = hash_texts(["a"]), hash_texts(["b"])
    assert fold([one, other], 1).tolist() != fold([other, one], 1).tolist()
    assert fold([], 3).tolist() == fold([], 3).tolist()
