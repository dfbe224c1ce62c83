"""How far a rate may stray: of 20 orders that are promised 30 % each, between 2 and 10 come back, nine times in ten.

The interval of a single outcome is 0 to 1, and whether the P of a single row is right no outcome can tell (Barber 2020). What can be
checked is the rate of a batch of like rows, so that is what the interval is of:

    p ± width[segment] · √( p · (1 - p) · (1 / batch_rows + 1 / rows seen in the segment) )

The first term is the batch's luck, the second our ignorance of segments of which few rows were seen: new customers, new items. The
widths are learned by `training.conformal`; what is kept, and looked up when serving, is plain arrays (decision 0023).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

HISTORIES = ("customer_lines", "style_lines")
"""The features that tell a known customer and a known item from a new one."""

Level = Literal["none", "customer_and_item", "all", "unknown"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""Which rows a segment's width was learned from: its own, those of all risks of such customers and items, all rows, or too few."""

RISKS = ("low", "middle", "high")
SEGMENTS = tuple(
    f"customer:{customer} item:{item} risk:{risk}" for customer in ("known", "new") for item in ("known", "new") for risk in RISKS
)
"""The Mondrian categories: known or new customer, known or new item, and which third of the calibration block's probabilities."""

_TINY = 1e-12


@dataclass(frozen=True, eq=False)
class Bounds:
    """Intervals of rows.

    Attributes:
        low: lower ends (n,), 0 to 1.
        high: upper ends (n,).
        segments: numbers in `SEGMENTS` (n,).
        levels: numbers in `LEVELS` (n,).
    """

    low: Floats
    high: Floats
    segments: Ints
    levels: Ints

    @property
    def segment_names(self) -> list[str]:
        """The segment of each row."""
        return [SEGMENTS[number] for number in self.segments.tolist()]

    @property
    def fallback_levels(self) -> list[Level]:
        """Which rows each row's width was learned from."""
        return [LEVELS[number] for number in self.levels.tolist()]

    def at(self, chosen: Flags) -> Bounds:
        """Those of some of the rows."""
        return Bounds(self.low[chosen], self.high[chosen], self.segments[chosen], self.levels[chosen])


@dataclass(frozen=True, eq=False)
class Intervals:
    """What a model's intervals are looked up in.

    Attributes:
        coverage: share of batches whose rate lies inside.
        batch_rows: rows of a batch.
        edges: where the middle and the high risk begin (classes, 2).
        rows: calibration rows seen of each segment (classes, segments).
        widths: of each segment, in the unit of the formula above (classes, segments); infinite where nothing can be said.
        levels: which rows each width was learned from, a number in `LEVELS` (classes, segments).
    """

    coverage: float
    batch_rows: int
    edges: Floats
    rows: Ints
    widths: Floats
    levels: Ints

    def of(self, p: Floats, new: Flags, number: int) -> Bounds:
        """Between which rates a batch of rows like each comes true.

        Args:
            p: probabilities of a class (n,).
            new: whether the customer and the item are new (n, 2), as `newcomers` says.
            number: the class.
        """
        segments = segments_of(p, new, self.edges[number])
        width = self.widths[number][segments]
        unknown = np.isinf(width)
        reach = np.where(unknown, 1.0, np.where(unknown, 0.0, width) * unit(p, self.batch_rows, self.rows[number][segments]))
        return Bounds(np.maximum(p - reach, 0.0), np.minimum(p + reach, 1.0), segments, self.levels[number][segments])

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """What is saved; `from_arrays` is its inverse."""
        told = {"coverage": np.float64(self.coverage), "batch_rows": np.int64(self.batch_rows)}
        return {name: np.asarray(told.get(name, getattr(self, name))) for name in Intervals.__dataclass_fields__}

    @classmethod
    def unknown(cls, classes: int) -> Intervals:
        """Those of a model of which nothing is known yet: 0 to 1."""
        segments = (classes, len(SEGMENTS))
        none = LEVELS.index("unknown")
        return cls(0.5, 1, np.zeros((classes, 2)), np.zeros(segments, dtype=np.int64), np.full(segments, np.inf), np.full(segments, none))

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]], classes: int) -> Intervals:
        """What `arrays` gave, of a model of so many classes.

        Raises:
            ValueError: an array is missing, unknown, or holds what no fit gives.
        """
        if set(arrays) != set(cls.__dataclass_fields__):
            raise ValueError(f"intervals of {sorted(arrays)}; expected {sorted(cls.__dataclass_fields__)}")
        for name, (kind, shape) in _stored(classes).items():
            if (arrays[name].dtype.name, arrays[name].shape) != (kind, shape):
                raise ValueError(f"intervals' {name} are {arrays[name].dtype.name} {arrays[name].shape}; expected {kind} {shape}")
        told = {name: array.item() if array.shape == () else array for name, array in arrays.items()}
        read = cls(**told)  # type: ignore[arg-type]
        read.require_sane()
        return read

    def require_sane(self) -> None:
        """Refuse what no fit gives.

        Raises:
            ValueError: a value is outside its range.
        """
        holds = {
            "coverage": 0 < self.coverage < 1,
            "batch_rows": self.batch_rows >= 1,
            "edges": bool(((self.edges >= 0) & (self.edges <= 1)).all() and (np.diff(self.edges) >= 0).all()),
            "rows": bool((self.rows >= 0).all()),
            "widths": bool((self.widths >= 0).all()),  # also refuses NaN
            "levels": bool(((self.levels >= 0) & (self.levels < len(LEVELS))).all()),
        }
        for name, is_so in holds.items():
            if not is_so:
                raise ValueError(f"intervals' {name} are outside their range: {getattr(self, name)}")


def unit(p: Floats, batch_rows: int, rows: Ints | int) -> Floats:
    """The unit of widths: √( p · (1 - p) · (1 / batch_rows + 1 / rows) ); a segment never seen counts as one row."""
    sure = np.minimum(np.maximum(p, _TINY), 1 - _TINY)
    return np.asarray(np.sqrt(sure * (1 - sure) * (1 / batch_rows + 1 / np.maximum(rows, 1))))


def newcomers(inputs: pd.DataFrame) -> Flags:
    """Whether each row's customer and item are new (n, 2); a model that reads no such history knows nobody."""
    known = [(inputs[name] > 0).to_numpy() if name in inputs else np.zeros(len(inputs), dtype=bool) for name in HISTORIES]
    return ~np.column_stack(known)


def segments_of(p: Floats, new: Flags, edges: Floats) -> Ints:
    """The number in `SEGMENTS` of each row."""
    return np.asarray((2 * new[:, 0] + new[:, 1]) * len(RISKS) + np.searchsorted(edges, p, side="right"), dtype=np.int64)


def _stored(classes: int) -> Mapping[str, tuple[str, tuple[int, ...]]]:
    of_segments = (classes, len(SEGMENTS))
    return {
        "coverage": ("float64", ()),
        "batch_rows": ("int64", ()),
        "edges": ("float64", (classes, len(RISKS) - 1)),
        "rows": ("int64", of_segments),
        "widths": ("float64", of_segments),
        "levels": ("int64", of_segments),
    }
