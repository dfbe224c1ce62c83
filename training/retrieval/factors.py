"""Who keeps this also keeps that: numbers for every style, and the same numbers for a shopper from what she did.

Alternating least squares on confidences (Hu, Koren and Volinsky 2008). A style that was kept is liked with confidence c = 1 + alpha w, one
that was sent back is disliked with the same confidence, and all others are not liked with confidence 1.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from training.retrieval.goods import Floats, Ints

Factors = npt.NDArray[np.float32]


def confidences(liking: Floats, confidence: float) -> Floats:
    """C of each liking as `implicit` reads it: the sign says whether the style was liked, the size how sure that is; 0 says nothing.

    >>> confidences(np.array([1.0, -0.5, 0.0]), 10.0).tolist()
    [11.0, -6.0, 0.0]
    """
    return np.asarray(np.sign(liking) * (1.0 + confidence * np.abs(liking)) * (liking != 0))


def fold_in(factors: Factors, gram: Floats, style: Ints, c: Floats, regularisation: float) -> Floats:
    """A shopper's own numbers, in closed form.

    x solves (YᵀY + lambda I + Yᵀ(|C| - I)Y) x = Yᵀ c⁺, where C holds the confidences and c⁺ those of liked styles.

    Args:
        factors: (styles, factors) Y.
        gram: (factors, factors) YᵀY.
        style: (deeds,) rows of Y, each once.
        c: (deeds,) confidences.
        regularisation: lambda.

    Returns:
        (factors,); zeros without any deed.
    """
    y = factors[style].astype("float64")
    left = gram + regularisation * np.eye(len(gram)) + (y * (np.abs(c) - 1.0)[:, None]).T @ y
    return np.asarray(np.linalg.solve(left, np.maximum(c, 0.0) @ y))
