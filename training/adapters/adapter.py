"""What an adapter is: it turns one public data file into a shop's tables and says what became of each row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from training.adapters.reconciliation import Reconciliation


@dataclass(frozen=True)
class Imported:
    """A public data file as a shop's tables.

    Attributes:
        tables: the tables by name, as the data contract says.
        reconciliation: what became of each row of the file.
    """

    tables: dict[str, pd.DataFrame]
    reconciliation: Reconciliation


@dataclass(frozen=True)
class Adapter:
    """One public data set that can be imported.

    Attributes:
        name: what the command line calls it.
        meaning: one sentence on what the data is, where it comes from and its terms of use.
        convert: reads the file; raises `domain.errors.ImportRefused` when it is not what was expected.
        then: what the imported tables are good for next: a command without its `keeprank`, in which {dest} is their folder.
    """

    name: str
    meaning: str
    convert: Callable[[Path], Imported]
    then: str = "train {dest}"
