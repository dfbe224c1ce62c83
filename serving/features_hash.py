"""Names the features that a decision was made from, so that a replay can tell whether it saw the same."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
from numba import types

from features.native import native, only_read

Floats = npt.NDArray[np.float64]


def features_hash(features: Floats) -> str:
    """BLAKE2b (16 bytes, hex) of the doubles, feature by feature; 0 and -0 are one, and so is whatever is missing.

    Of a feature that all rows have in common only one value is hashed: of one shopper's offers that is half of them.

    Args:
        features: (rows, features); quickest if each feature's values lie side by side (Fortran order).

    >>> features_hash(np.array([[0.0, np.nan]])) == features_hash(np.array([[-0.0, -np.nan]]))
    True
    """
    lines = np.ascontiguousarray(features.T, dtype="float64")
    alike, values = np.empty(len(lines), dtype="uint8"), np.empty(lines.size)
    told = _told(lines, alike, values)
    hashed = hashlib.blake2b(np.array(features.shape, dtype="<i8").tobytes() + alike.tobytes(), digest_size=16)
    hashed.update(values[:told].astype("<f8", copy=False).data)
    return hashed.hexdigest()


@native(types.int64(only_read(types.float64, 2), types.uint8[::1], types.float64[::1]), lets_others_run=True)
def _told(lines: Floats, alike: npt.NDArray[np.uint8], values: Floats) -> int:
    """Into `alike` whether each line has one value, into `values` the lines' values; and how many those are."""
    told = 0
    for line in range(len(lines)):
        first = told
        same = True
        for row in range(lines.shape[1]):
            value = lines[line, row] + 0.0  # -0.0 + 0.0 is 0.0
            if np.isnan(value):
                value = np.nan
            values[told] = value
            told += 1
            same &= (value == values[first]) | (np.isnan(value) & np.isnan(values[first]))
        alike[line] = same
        if same:
            told = min(told, first + 1)
    return told
