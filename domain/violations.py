"""One breach of the data contract: where it is, how often, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from domain.errors import TablesRefused

SHOWN_ROWS = 5
"""How many row numbers a violation names; it always counts them all."""


@dataclass(frozen=True)
class Violation:
    """A breach of the contract.

    Attributes:
        table: name of the table.
        column: name of the column, or "" when the whole table is meant.
        rule: what must hold.
        rows: the first few offending rows, counted from 1 (a CSV's header does not count).
        count: how many rows offend; 0 when the whole table is meant.
        advice: what to do.
    """

    table: str
    column: str
    rule: str
    rows: tuple[int, ...] = ()
    count: int = 0
    advice: str = ""

    def __str__(self) -> str:
        where = f"{self.table}.{self.column}" if self.column else self.table
        more = ", …" if self.count > len(self.rows) else ""
        rows = f" ({self.count:,} rows: {', '.join(f'{row:,}' for row in self.rows)}{more})" if self.count else ""
        advice = f": {self.advice}" if self.advice else ""
        return f"{where}: {self.rule}{rows}{advice}"


def violation_of(table: str, column: str, rule: str, offends: pd.Series | np.ndarray, advice: str) -> list[Violation]:
    """One violation for the rows where `offends` is true, or none."""
    rows = np.flatnonzero(np.asarray(offends, dtype=bool)) + 1
    if rows.size == 0:
        return []
    return [Violation(table, column, rule, tuple(int(row) for row in rows[:SHOWN_ROWS]), int(rows.size), advice)]


class ContractBroken(TablesRefused):
    """All breaches that `domain.contract.check` found, at once.

    Attributes:
        violations: every breach.
    """

    def __init__(self, violations: list[Violation]) -> None:
        self.violations = violations
        listed = "\n  ".join(str(violation) for violation in violations)
        super().__init__(f"{len(violations)} violations of the data contract:\n  {listed}", advice="see docs/data-contract.md")
