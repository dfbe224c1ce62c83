"""What every trial works on: the rows' features and what happened, with the folds, made once and read by all workers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import NotEnoughData
from features.build import FEATURE_SET_HASH, build
from features.shop import Shop
from training.blocks import Split
from training.model import CLASSES
from training.pipeline import Progress, learnable, silent
from training.rows import Rows
from training.settings import Settings
from training.tuning.folds import folds
from training.tuning.space import SPACES

Floats = npt.NDArray[np.float64]

_ABOUT, _VALUES = "about.json", "values.npy"


@dataclass(frozen=True, eq=False)
class Material:
    """Rows and folds.

    Attributes:
        kind: "return", "fit" or "order".
        columns: names of the inputs, those of training alone among them.
        values: the inputs (rows, columns).
        y: what happened (rows,).
        folds: row numbers; none of them is a row that judges releases.
        seed: seed of everything random.
    """

    kind: str
    columns: tuple[str, ...]
    values: Floats
    y: npt.NDArray[np.int64]
    folds: tuple[Split, ...]
    seed: int

    def inputs(self, numbers: npt.NDArray[np.int64]) -> pd.DataFrame:
        """The inputs of some rows."""
        return pd.DataFrame(np.asarray(self.values[numbers]), columns=list(self.columns))

    def identity(self) -> Mapping[str, str]:
        """What makes trials comparable, part by part: trials of two materials belong to one study if all of it is the same."""
        split = hashlib.sha256()
        for fold in self.folds:
            for block in (fold.train, fold.calibrate, fold.judge):
                split.update(len(block).to_bytes(8, "little") + np.ascontiguousarray(block).tobytes())
        rows = hashlib.sha256(np.ascontiguousarray(self.values).tobytes() + self.y.tobytes())
        return {
            "model": self.kind,
            "features": FEATURE_SET_HASH,
            "data": rows.hexdigest()[:12],
            "folds": split.hexdigest()[:12],
            "space": SPACES[self.kind].hash(),
            "seed": str(self.seed),
        }

    def write(self, folder: Path) -> None:
        """Write it to an empty folder, for workers in processes of their own."""
        np.save(folder / _VALUES, self.values)
        np.save(folder / "y.npy", self.y)
        for number, fold in enumerate(self.folds):
            np.savez(folder / f"fold{number}.npz", train=fold.train, calibrate=fold.calibrate, judge=fold.judge)
        about = {"kind": self.kind, "columns": self.columns, "cuts": [fold.cut.isoformat() for fold in self.folds], "seed": self.seed}
        (folder / _ABOUT).write_text(json.dumps(about))


def gather(kind: str, shop: Shop, settings: Settings, count: int, progress: Progress = silent) -> Material:
    """A shop's rows and their features, in `count` folds; features of the rows that judge releases are not even built.

    Raises:
        NotEnoughData: the shop has too few rows for the folds, or a class is missing from one.
    """
    rows = learnable(kind, shop, settings)
    split = folds(rows, settings.blocks, count)
    used = rows.at(np.arange(1 + max(int(fold.judge.max()) for fold in split)))
    return material(used, build(shop, used.asked, track=lambda entities: progress(entities, "building features")), split, settings.seed)


def material(rows: Rows, inputs: pd.DataFrame, split: tuple[Split, ...], seed: int) -> Material:
    """Rows with their features, and folds of them.

    Raises:
        NotEnoughData: a class is missing from a fold.
    """
    for number, fold in enumerate(split, 1):
        _require_every_class(rows, fold, number)
    inputs = rows.with_position(inputs)
    return Material(rows.kind, tuple(inputs.columns), inputs.to_numpy(dtype="float64"), rows.y, split, seed)


def read_material(folder: Path) -> Material:
    """What `Material.write` wrote; the inputs stay on disk, and processes share them."""
    about = json.loads((folder / _ABOUT).read_text())
    values = np.load(folder / _VALUES, mmap_mode="r", allow_pickle=False)
    folds = tuple(_read_fold(folder / f"fold{number}.npz", cut) for number, cut in enumerate(about["cuts"]))
    y = np.load(folder / "y.npy", allow_pickle=False)
    return Material(about["kind"], tuple(about["columns"]), values, y, folds, about["seed"])


def _require_every_class(rows: Rows, fold: Split, number: int) -> None:
    for name, block in (("train", fold.train), ("calibrate", fold.calibrate)):
        counts = np.bincount(rows.y[block], minlength=len(CLASSES[rows.kind]))
        if (counts == 0).any():
            raise NotEnoughData(
                f"fold {number} has no row of class {CLASSES[rows.kind][int(np.argmin(counts))]!r} to {name}", advice="give more rows"
            )


def _read_fold(file: Path, cut: str) -> Split:
    with np.load(file, allow_pickle=False) as blocks:
        return Split(blocks["train"], blocks["calibrate"], blocks["judge"], pd.Timestamp(cut))
