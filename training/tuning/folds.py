"""Folds for tuning: each learns from what was known on a day and is judged on the rows that followed; the judge's rows are left alone."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import NotEnoughData
from training.blocks import Split, newest_judge, split_at
from training.rows import Rows
from training.settings import Blocks

FEWEST_FOLDS = 3

JUDGED_SHARE = 0.45
"""Share of the rows, the newest, that the folds are judged on, each on an equal part; the oldest fold learns from the others."""


def folds(rows: Rows, blocks: Blocks, count: int = FEWEST_FOLDS) -> tuple[Split, ...]:
    """Folds by time, the oldest first, each learning from all that came before it.

    The newest rows, which judge what `keeprank train` makes, belong to no fold, nor does a row whose label became known only in their
    time. In each fold a row ordered before its cut trains or calibrates only if its label was known by then: the embargo (de Prado
    2018, Advances in Financial Machine Learning, section 7.4) is as long as the label's delay.

    Args:
        rows: labelled rows, oldest first.
        blocks: the settings' blocks: the share that judges is set aside, the share that calibrates is that of each fold.
        count: how many folds.

    Returns:
        Row numbers and cut of each fold.

    Raises:
        NotEnoughData: fewer than three folds are asked for, or one has too few rows.
    """
    if count < FEWEST_FOLDS:
        raise NotEnoughData(f"{count} folds", expected=f"at least {FEWEST_FOLDS}: fewer say too little about other months")
    usable = np.flatnonzero((rows.known_at < newest_judge(rows, blocks).cut).to_numpy())
    borders = [*_starts(rows, usable, count), None]
    return tuple(_fold(rows, usable, begins, ends, blocks) for begins, ends in pairwise(borders) if begins is not None)


def _starts(rows: Rows, usable: npt.NDArray[np.int64], count: int) -> list[pd.Timestamp]:
    """The days on which the folds' judged rows begin."""
    shares = 1 - JUDGED_SHARE * (1 - np.arange(count) / count)
    starts = rows.asked["at"].iloc[usable[(shares * len(usable)).astype("int64")]].dt.floor("D")
    if starts.nunique() < count:
        raise NotEnoughData(f"{len(usable):,} labelled {rows.kind} rows on too few days for {count} folds", advice="give more days of data")
    return list(starts)


def _fold(rows: Rows, usable: npt.NDArray[np.int64], begins: pd.Timestamp, ends: pd.Timestamp | None, blocks: Blocks) -> Split:
    seen = usable if ends is None else usable[(rows.asked["at"].iloc[usable] < ends).to_numpy()]
    split = split_at(rows.at(seen), begins, blocks)
    return Split(seen[split.train], seen[split.calibrate], seen[split.judge], begins)
