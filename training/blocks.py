"""Splits labelled rows by time: the old ones train, later ones calibrate, the newest judge; no label is used before it was known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import NotEnoughData
from training.rows import Rows
from training.settings import Blocks

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Split:
    """Row numbers of the three blocks.

    Attributes:
        train: rows that the trees learn from.
        calibrate: rows that calibrate; the models that roll (`training.rolling`) learn from both.
        judge: rows that judge.
        cut: orders whose labels were known before this moment train and calibrate; orders from it on judge.
    """

    train: Numbers
    calibrate: Numbers
    judge: Numbers
    cut: pd.Timestamp


def split_at(rows: Rows, cut: pd.Timestamp, blocks: Blocks) -> Split:
    """Split at a moment.

    Rows ordered before the cut whose label was not known then belong to no block: on that day nobody could have learned from them.

    Raises:
        NotEnoughData: a side of the cut has too few rows.
    """
    later = rows.asked["at"] >= cut
    known, judge = np.flatnonzero((rows.known_at < cut) & ~later), np.flatnonzero(later)
    if len(known) < blocks.fewest_rows or len(judge) == 0:
        raise NotEnoughData(
            f"{len(known):,} labelled {rows.kind} rows before {cut:%Y-%m-%d} and {len(judge):,} from then on",
            expected=f"at least {blocks.fewest_rows:,} before and 1 after",
            advice="choose another cut, or give more data",
        )
    border = round(len(known) * (1 - blocks.calibrate))
    return Split(known[:border], known[border:], judge, cut)


def newest_judge(rows: Rows, blocks: Blocks) -> Split:
    """Split so that the newest share of the rows judges."""
    if len(rows) < blocks.fewest_rows:
        raise NotEnoughData(f"{len(rows):,} labelled {rows.kind} rows", expected=f"at least {blocks.fewest_rows:,}")
    first = round(len(rows) * (1 - blocks.judge))
    return split_at(rows, rows.asked["at"].iloc[min(first, len(rows) - 1)].floor("D"), blocks)
