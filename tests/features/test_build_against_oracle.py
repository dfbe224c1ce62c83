"""Every feature of random tiny shops is what slow loops over plain rows find."""

from __future__ import annotations

import math

import pytest
from hypothesis import given

from features.build import FEATURE_NAMES, FEATURES, build
from tests.support import oracle
from tests.support.tiny_shops import QUICK, TinyShop, tiny_shops

COUNTS = {
    "lines",
    "orders",
    "units",
    "verdicts",
    "tickets",
    "views",
    "searches",
    "entries",
    "moves",
    "styles",
    "skus",
    "size guides",
    "returns",
}
"""Units of what is counted."""

COUNTED = {feature.name for feature in FEATURES if feature.unit in COUNTS}


def agrees(name: str, expected: float, found: float) -> bool:
    """Counts to the last digit, everything else to twelve."""
    if name in COUNTED:
        return expected == found or (math.isnan(expected) and math.isnan(found))
    return found == pytest.approx(expected, rel=1e-12, abs=1e-12, nan_ok=True)


def test_the_oracle_knows_every_feature() -> None:
    assert sorted(FEATURE_NAMES) == sorted(oracle.FORMULAS)


@given(tiny=tiny_shops())
@QUICK
def test_every_feature_is_what_slow_loops_find(tiny: TinyShop) -> None:
    built = build(tiny.shop(), tiny.asked_rows())
    assert [feature.name for feature in oracle.existing(tiny.rows)] == built.columns.tolist()
    for row, expected, found in zip(tiny.asked, oracle.expected(tiny), built.to_dict("records"), strict=True):
        differ = {name: (value, found[name]) for name, value in expected.items() if not agrees(name, value, found[name])}
        assert {} == differ, row
