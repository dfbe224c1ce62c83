from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from domain.sizes import size_positions


@pytest.mark.parametrize(
    ("printed", "position"),
    [
        ("38", 38.0),
        (" 38.5 ", 38.5),
        ("38,5", 38.5),
        ("-2", -2.0),
        ("XS", -1.0),
        ("s", 0.0),
        ("M", 1.0),
        ("xxl", 4.0),
        ("2XL", 4.0),
        ("3xs", -3.0),
    ],
)
def test_a_size_that_can_be_ordered_has_a_position(printed: str, position: float) -> None:
    assert [position] == size_positions(pd.Series([printed])).tolist()


@pytest.mark.parametrize("printed", [None, "", "one size", "34D", "inf", "nan", "1e300", "38/40", "4006381333931", "1,2,3"])
def test_any_other_size_has_none(printed: str | None) -> None:
    assert np.isnan(size_positions(pd.Series([printed], dtype="str"))).all()


def test_letters_are_in_order() -> None:
    positions = size_positions(pd.Series(["XXS", "XS", "S", "M", "L", "XL", "XXL", "XXXL", "4XL"]))
    assert sorted(positions) == positions.tolist()


def test_no_sizes_have_no_positions() -> None:
    assert [] == size_positions(pd.Series([], dtype="str")).tolist()
