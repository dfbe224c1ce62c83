"""Names the features that a decision was made from, so that a replay can tell whether it saw the same."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt


def features_hash(features: npt.NDArray[np.float64]) -> str:
    """BLAKE2b (16 bytes, hex) of the doubles, row by row; 0 and -0 are one, and so is whatever is missing.

    >>> features_hash(np.array([[0.0, np.nan]])) == features_hash(np.array([[-0.0, -np.nan]]))
    True
    """
    canonical = np.ascontiguousarray(features + 0.0, dtype="<f8")  # -0.0 + 0.0 is 0.0
    canonical[np.isnan(canonical)] = np.nan
    return hashlib.blake2b(canonical.tobytes(), digest_size=16).hexdigest()
