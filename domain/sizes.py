"""Puts printed sizes in order, 36 before 38, S before M, and says which returns are for a reason of size."""

from __future__ import annotations

import numpy as np
import pandas as pd

SIZE_REASONS = ("too_small", "too_large", "size")
"""Return reasons that count as size-related."""

_LETTERS = {"xxxs": -3.0, "xxs": -2.0, "xs": -1.0, "s": 0.0, "m": 1.0, "l": 2.0, "xl": 3.0, "xxl": 4.0, "xxxl": 5.0}
_LETTERS |= {"2xs": -2.0, "3xs": -3.0, "2xl": 4.0, "3xl": 5.0, "4xl": 6.0, "5xl": 7.0}


_NUMBER = r"[+-]?[0-9]{1,6}(?:[.,][0-9]{1,6})?"


def size_positions(sizes: pd.Series) -> np.ndarray:
    """The position of each printed size inside its own size system.

    Numbers stand for themselves, letters for XS = -1, S = 0, M = 1, …; positions of two systems must not be compared.

    Returns:
        float64, NaN where the size is missing or cannot be ordered (one size, 34D).

    >>> size_positions(pd.Series(["38", "M", None, "one size"])).tolist()
    [38.0, 1.0, nan, nan]
    """
    printed = sizes.astype("str").str.strip().str.lower()
    numbers = printed.str.replace(",", ".", regex=False).where(printed.str.fullmatch(_NUMBER, na=False)).astype("float64")
    return numbers.fillna(printed.map(_LETTERS)).to_numpy(dtype="float64", na_value=np.nan)
