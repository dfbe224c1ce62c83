"""The hash of features tells whether two rankings saw the same."""

from __future__ import annotations

import numpy as np

from serving.features_hash import features_hash


def test_the_same_doubles_have_the_same_hash() -> None:
    rows = np.array([[1.0, 0.0, np.nan], [2.0, 3.0, 4.0]])
    other_nan = np.array([0x7FF8000000000001], dtype="uint64").view("float64")[0]

    assert 32 == len(features_hash(rows))
    assert (
        features_hash(rows) == features_hash(np.array([[1.0, -0.0, other_nan], [2.0, 3.0, 4.0]])) == features_hash(np.asfortranarray(rows))
    )


def test_another_double_has_another_hash_and_nothing_is_changed() -> None:
    rows = np.array([[1.0, -0.0]])

    assert features_hash(rows) != features_hash(np.array([[np.nextafter(1.0, 2.0), 0.0]]))
    assert np.signbit(rows[0, 1])
