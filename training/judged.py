"""The rows that judged a model, as they are kept: enough to judge another model on them, and nothing of whose they were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import RegistryRefused

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_MARK = "judged:"
_PART = f"{_MARK}part:"
"""Columns beside the features begin with a mark that no feature's name has."""


@dataclass(frozen=True, eq=False)
class Judged:
    """Rows that judged a model of one kind.

    Attributes:
        kind: as in `training.model.CLASSES`.
        inputs: features, and the training-only inputs as they were.
        y: what happened, classes.
        customer: which rows belong together, numbered; no ids.
        at: when each was asked for, UTC microseconds since 1970.
        listed: the list that each was shown in, numbered; order lines are lists of their own.
        kept, lost: margin if kept and loss if returned of each row, minor units; NaN without a price.
        parts: which rows belong to customer:new, category:dress, … (`training.evaluate.slices`).
    """

    kind: str
    inputs: pd.DataFrame
    y: Ints
    customer: Ints
    at: Ints
    listed: Ints
    kept: Floats
    lost: Floats
    parts: Mapping[str, Flags]

    def write(self, folder: Path) -> Path:
        """Write KIND.parquet into a folder, and say where."""
        beside: dict[str, Ints | Floats] = {
            "y": self.y,
            "customer": self.customer,
            "at": self.at,
            "listed": self.listed,
            "kept": self.kept,
            "lost": self.lost,
        }
        columns: dict[str, Ints | Floats | Flags] = {f"{_MARK}{name}": values for name, values in beside.items()}
        columns |= {f"{_PART}{name}": chosen for name, chosen in self.parts.items()}
        path = folder / f"{self.kind}.parquet"
        pd.concat([self.inputs.reset_index(drop=True), pd.DataFrame(columns)], axis=1).to_parquet(path, index=False)
        return path


def read_judged(kind: str, folder: Path) -> Judged | None:
    """Read KIND.parquet of a folder; None when there is none.

    Raises:
        RegistryRefused: it is no such file.
    """
    path = folder / f"{kind}.parquet"
    if not path.exists():
        return None
    try:
        frame = pd.read_parquet(path)
        beside = {name: frame[f"{_MARK}{name}"].to_numpy() for name in ("y", "customer", "at", "listed", "kept", "lost")}
    except (OSError, ValueError, KeyError) as error:
        raise RegistryRefused(f"the rows that judged the challenger cannot be read: {error!r}", advice="train anew") from error
    parts = {name.removeprefix(_PART): frame[name].to_numpy(dtype=bool) for name in frame.columns if name.startswith(_PART)}
    return Judged(kind, frame[[name for name in frame.columns if not name.startswith(_MARK)]], **beside, parts=parts)
