"""Days as whole numbers, so that every engine counts them alike."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

_US_PER_DAY = 86_400_000_000


def days(moments: pd.Series) -> npt.NDArray[np.int64]:
    """Days since 1970-01-01 in UTC.

    Raises:
        ValueError: a moment is missing.
    """
    if moments.isna().any():
        raise ValueError("a missing moment has no day")
    microseconds = moments.dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[us]").to_numpy().astype("int64")
    return np.asarray(microseconds // _US_PER_DAY, dtype="int64")


def midnight(day: int) -> pd.Timestamp:
    """The first moment of a day.

    >>> midnight(0).isoformat()
    '1970-01-01T00:00:00+00:00'
    """
    return pd.Timestamp(day, unit="D", tz="UTC").as_unit("us")
