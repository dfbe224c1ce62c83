"""Accounts for every row of an imported file: what became of it, or why it was left out.

A row has exactly one outcome, so that rows in = rows out + rows rejected; anything else is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from domain.errors import ImportRefused


@dataclass(frozen=True)
class Outcome:
    """What became of some rows, and of how many."""

    reason: str
    rows: int


@dataclass(frozen=True)
class Reconciliation:
    r"""The rows of a file, by outcome.

    Attributes:
        rows_in: rows of the file.
        rows_out: rows that went into the tables, by what they became.
        rejected: rows that were left out, by reason.

    Raises:
        ImportRefused: the rows do not add up.

    >>> print("\n".join(Reconciliation(1200, (Outcome("purchase", 1150),), (Outcome("no price", 50),)).lines()))
    rows in       1,200
    rows out      1,150
      purchase    1,150
    rows rejected    50
      no price       50
    """

    rows_in: int
    rows_out: tuple[Outcome, ...]
    rejected: tuple[Outcome, ...]

    def __post_init__(self) -> None:
        accounted = _total(self.rows_out) + _total(self.rejected)
        if accounted != self.rows_in:
            raise ImportRefused(
                f"{self.rows_in:,} rows came in, but {accounted:,} are accounted for",
                expected="rows in = rows out + rows rejected",
                advice="this is a fault of the adapter; report it with the file's name",
            )

    def lines(self) -> list[str]:
        """The account as an aligned text table, one outcome a line."""
        entries = [("rows in", self.rows_in), ("rows out", _total(self.rows_out)), *_indented(self.rows_out)]
        entries += [("rows rejected", _total(self.rejected)), *_indented(self.rejected)]
        widest_label = max(len(label) for label, _ in entries)
        widest_number = max(len(f"{rows:,}") for _, rows in entries)
        return [f"{label:<{widest_label}} {rows:>{widest_number},}" for label, rows in entries]


def reconcile(outcomes: pd.Series, *, out: Sequence[str], rejected: Sequence[str]) -> Reconciliation:
    """Count one outcome per row; a reason that no row has is listed with 0.

    Raises:
        ImportRefused: a row's outcome is none of the listed ones.
    """
    counts = outcomes.value_counts()

    def counted(reasons: Sequence[str]) -> tuple[Outcome, ...]:
        return tuple(Outcome(reason, int(counts.get(reason, 0))) for reason in reasons)

    return Reconciliation(len(outcomes), counted(out), counted(rejected))


def _total(outcomes: Sequence[Outcome]) -> int:
    return sum(outcome.rows for outcome in outcomes)


def _indented(outcomes: Sequence[Outcome]) -> list[tuple[str, int]]:
    return [(f"  {outcome.reason}", outcome.rows) for outcome in outcomes]
