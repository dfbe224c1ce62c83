"""What a source leaves unsaid, and how it is filled in: when something came back, and which system a size belongs to."""

from __future__ import annotations

import pandas as pd

from domain.tables import UTC

RETURNED_AFTER_DAYS = 14
"""Days from delivery (from the order where no delivery is told): the statutory right of withdrawal of German distance selling (BGB § 355).

A return is asked for and arrives then. Features so learn of it later than the shop did, never earlier, and it lies inside any return
window of at least as many days.
"""


def returned_at(ordered_at: pd.Series, delivered_at: pd.Series) -> pd.Series:
    """The moment that a return is set to."""
    return (delivered_at.fillna(ordered_at) + pd.Timedelta(days=RETURNED_AFTER_DAYS)).astype(UTC)


def spelled_systems(sizes: pd.Series) -> pd.Series:
    """A size system by how a size is spelled, where the source names none: letters, numbers or width and length (3432).

    Sizes of different goods (shoes, dresses) that are spelled alike fall together: the source cannot tell them apart.
    """
    printed = sizes.str.strip().str.lower()
    spelled = {"letters": r"\d?x{0,3}[sml]", "numbers": r"\d{1,3}", "width and length": r"\d{4}"}
    found = pd.Series(pd.NA, index=sizes.index, dtype="str")
    for system, pattern in spelled.items():
        found = found.mask(printed.str.fullmatch(pattern, na=False), system)
    return found
