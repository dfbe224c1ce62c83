"""How a product looks, as numbers: goods whose coordinates lie close together look alike."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pandas as pd

COORDINATES = 8
"""The most that a product may have."""

FARTHEST = 100.0
"""No coordinate lies farther from 0."""

_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_LOOKS = re.compile(rf"\s*{_NUMBER}(?:\s+{_NUMBER}){{0,{COORDINATES - 1}}}\s*")


def tells_looks(text: str) -> bool:
    """Whether a text holds coordinates as the data contract wants them.

    >>> [tells_looks(text) for text in ("0.31 -1.2 5e-2", "101", "1,2", "")]
    [True, False, False, False]
    """
    return _LOOKS.fullmatch(text) is not None and all(abs(float(number)) <= FARTHEST for number in text.split())


def coordinates(looks: pd.Series) -> npt.NDArray[np.float64]:
    """The coordinates that texts tell, of shape (texts, `COORDINATES`); NaN where there is none.

    >>> coordinates(pd.Series(["0.31 -1.2", None]))[:, :3].tolist()
    [[0.31, -1.2, nan], [nan, nan, nan]]
    """
    codes, texts = pd.factorize(looks)
    found = np.full((len(texts) + 1, COORDINATES), np.nan)
    for row, text in enumerate(texts):
        numbers = text.split()
        found[row, : len(numbers)] = [float(number) for number in numbers]
    return np.asarray(found[codes])
