"""Probabilities as a reply tells them: six decimals, and as whole millionths, so that whoever reads them can recompute its money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

MILLION = 10**6
_DECIMALS = 6
_NEAR = 1e-6


@dataclass(frozen=True)
class Rounded:
    """Probabilities.

    Attributes:
        values: as `round(p, 6)` gives them.
        millionths: the same, as whole numbers.
    """

    values: Sequence[float]
    millionths: Sequence[int]


def rounded(p: npt.NDArray[np.float64]) -> Rounded:
    """Round probabilities (n,) to six decimals, each as Python's `round` does.

    A million times p is rounded to a double itself, so where that is all but a half, p is rounded on its own.

    >>> rounded(np.array([0.1234565, 1.0])).values
    [0.123456, 1.0]
    """
    scaled = p * MILLION
    whole = np.rint(scaled)
    for row in np.flatnonzero(np.abs(np.abs(scaled - whole) - 0.5) < _NEAR).tolist():
        whole[row] = round(round(float(p[row]), _DECIMALS) * MILLION)
    return Rounded((whole / MILLION).tolist(), whole.astype("int64").tolist())
