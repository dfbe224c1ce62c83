"""The one door to the models: fit, predict, save, load."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import NotEnoughData, ReleaseRefused
from features.sealed import read_sealed, write_sealed
from training.calibration import Calibration, fit_calibration
from training.settings import Forest

Floats = npt.NDArray[np.float64]

CLASSES: Mapping[str, tuple[str, ...]] = {
    "return": ("kept", "returned"),
    "fit": ("small", "fits", "large"),
    "order": ("not_ordered", "ordered"),
}
"""What each model tells apart, in the order of its probabilities."""

SHOWN_POSITION = "shown_position"
"""The place in the list that an offer was shown at, 1 at the top."""

FIXED: Mapping[str, Mapping[str, float]] = {"return": {}, "fit": {}, "order": {SHOWN_POSITION: 1.0}}
"""Training-only inputs of each model, and what they are held at when it predicts.

Offers further down are seen less. A model that learns from the position does not blame the offer for it; with every offer at the top,
only what the offer and the shopper bring is left (position as a feature that is held when serving: Guo et al. 2019, PAL, its baseline).
"""

_TREES, _CALIBRATION, _ABOUT = "trees.txt", "calibration.npz", "about.json"
_LAST_TREE_ENDS = "end of trees"


@dataclass(frozen=True, eq=False)
class Model:
    """A calibrated forest.

    Attributes:
        kind: "return", "fit" or "order".
        features: names of the inputs that a caller has to give, in order; the trees read those of `fixed` after them.
        booster: the trees.
        calibration: makes their scores come true.
        base_rates: share of each class among the rows it learned from.
        shift: log-odds of the last class that it adds when it serves: what it learned from was drawn (`training.sampled`), and
            happens at another rate than in the shop. 0 for a model of what really happened.
    """

    kind: str
    features: tuple[str, ...]
    booster: lgb.Booster
    calibration: Calibration
    base_rates: tuple[float, ...]
    shift: float = 0.0

    @property
    def classes(self) -> tuple[str, ...]:
        """What it tells apart."""
        return CLASSES[self.kind]

    @property
    def fixed(self) -> Mapping[str, float]:
        """Its training-only inputs, and what they are held at."""
        return FIXED[self.kind]

    @property
    def columns(self) -> tuple[str, ...]:
        """All that its trees read, in order."""
        return (*self.features, *self.fixed)

    def predict(self, inputs: pd.DataFrame, *, threads: int = 1, as_seen: bool = False) -> Floats:
        """Calibrated probabilities (rows, classes) for rows of features; further columns are ignored.

        Args:
            inputs: a column per feature.
            threads: LightGBM's threads.
            as_seen: take the training-only inputs from columns of `inputs` instead of holding them, and add no `shift`:
                probabilities of what happened at the positions where it did, to be compared with it.
        """
        calibration = self.calibration if as_seen else self.calibration.shifted(self.shift)
        return calibration.apply(_raw(self.booster, self._read(inputs, as_seen=as_seen), threads))

    def contributions(self, inputs: pd.DataFrame, *, of: str) -> Floats:
        """What each feature adds to the raw log-odds of class `of` (rows, features): Shapley values of the trees (Lundberg 2018).

        Training-only inputs are held, and their own share is left out. Costs milliseconds a row: ask for the offers that are shown,
        never for all candidates.
        """
        rows = self._read(inputs, as_seen=False)
        found = np.asarray(self.booster.predict(rows, pred_contrib=True, num_threads=1), dtype="float64")
        blocks = found.reshape(len(rows), -1, len(self.columns) + 1)
        number = 0 if blocks.shape[1] == 1 else self.classes.index(of)
        sign = -1.0 if blocks.shape[1] == 1 and of == self.classes[0] else 1.0
        return np.asarray(sign * blocks[:, number, : len(self.features)])

    def gains(self) -> Floats:
        """What each of its columns brought: total reduction of the loss by its splits."""
        return np.asarray(self.booster.feature_importance("gain"), dtype="float64")

    def _read(self, inputs: pd.DataFrame, *, as_seen: bool) -> Floats:
        if as_seen:
            return inputs[list(self.columns)].to_numpy(dtype="float64")
        held = np.tile(np.array(list(self.fixed.values()), dtype="float64"), (len(inputs), 1))
        return np.hstack([inputs[list(self.features)].to_numpy(dtype="float64"), held])


@dataclass(frozen=True, eq=False)
class Release:
    """What the service loads: models and everything they need to be understood.

    Attributes:
        seal: identifies the content.
        models: by kind; a shop without returns has no "return", one without verdicts no "fit", one without impressions no "order".
        feature_set: the feature set's hash.
        policy: the content of policy.toml that the release was made with.
        about: what else is said of it, as JSON: data fingerprints, settings, time ranges.
    """

    seal: str
    models: Mapping[str, Model]
    feature_set: str
    policy: str
    about: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Binned:
    """Rows to learn from, sorted into LightGBM's bins.

    Attributes:
        features: names of the inputs that a caller of the model has to give.
        rows: the rows; LightGBM bins them when it first grows a tree of them, or when `construct` is called.
        base_rates: share of each class.
    """

    features: tuple[str, ...]
    rows: lgb.Dataset
    base_rates: tuple[float, ...]


def binned(kind: str, train: tuple[pd.DataFrame, npt.NDArray[np.int64]], *, reused: bool = False) -> Binned:
    """Rows to learn from, as `fit` takes them.

    Args:
        kind: "return", "fit" or "order".
        train: features, the training-only inputs of `FIXED`, and classes (0, 1, …).
        reused: several forests of different settings are grown of them; inputs that a setting makes useless are kept then.

    Raises:
        NotEnoughData: a class is missing.
        KeyError: a training-only input is missing.
    """
    inputs, y = train
    features = tuple(name for name in inputs.columns if name not in FIXED[kind])
    columns = [*features, *FIXED[kind]]
    classes = CLASSES[kind]
    counts = np.bincount(y, minlength=len(classes))
    if (counts == 0).any():
        raise NotEnoughData(f"no row of class {classes[int(np.argmin(counts))]!r} to learn from", advice="give more rows")
    kept: dict[str, object] | None = {"feature_pre_filter": False, "verbose": -1} if reused else None
    values = inputs[columns].to_numpy(dtype="float64")
    rows = lgb.Dataset(values, label=y, feature_name=columns, params=kept, free_raw_data=True)
    return Binned(features, rows, tuple((counts / counts.sum()).tolist()))


def fit(
    kind: str,
    train: tuple[pd.DataFrame, npt.NDArray[np.int64]] | Binned,
    calibrate: tuple[pd.DataFrame, npt.NDArray[np.int64]],
    forest: Forest,
    *,
    seed: int,
    threads: int,
    shift: float = 0.0,
    track: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> Model:
    """Train and calibrate a model; the same rows, settings and seed give the same bytes.

    Args:
        kind: "return", "fit" or "order".
        train: features, the training-only inputs of `FIXED`, and classes (0, 1, …) of the rows the trees learn from; or those, binned.
        calibrate: the same of a later block; it calibrates at the positions where things happened.
        forest: settings.
        seed: seed of the draws of rows and features.
        threads: LightGBM's threads; they do not change the result.
        shift: log-odds of the last class to add when it serves.
        track: wraps the loop over trees, to show progress.

    Raises:
        NotEnoughData: a class is missing from either block.
        KeyError: a training-only input is missing.
    """
    learned = train if isinstance(train, Binned) else binned(kind, train)
    columns = [*learned.features, *FIXED[kind]]
    booster = lgb.Booster(_parameters(kind, forest, seed, threads), learned.rows)
    for _ in track(range(forest.trees)):
        booster.update()
    later, happened = calibrate
    calibration = fit_calibration(_raw(booster, later[columns].to_numpy(dtype="float64"), threads), happened)
    return Model(kind, learned.features, booster, calibration, learned.base_rates, shift)


def save(models: Mapping[str, Model], folder: Path, *, feature_set: str, policy: str, about: Mapping[str, Any]) -> str:
    """Write a release: LightGBM text, JSON and npz under a manifest of hashes. Returns its seal."""

    def write(partial: Path) -> None:
        (partial / "policy.toml").write_text(policy)
        for kind, model in models.items():
            _write_model(model, partial / kind)

    return write_sealed(folder, write, {"kind": "release", "feature_set": feature_set, "models": sorted(models), "about": dict(about)})


def load(folder: Path, *, feature_set: str) -> Release:
    """Load a release.

    Args:
        folder: what `save` wrote.
        feature_set: the hash of the features that the caller can compute.

    Raises:
        ReleaseRefused: it is tampered with, incomplete, damaged, or made for other features.
    """
    seal, manifest = read_sealed(folder, ReleaseRefused)
    if manifest.get("kind") != "release":
        raise ReleaseRefused(f"{folder} holds a {manifest.get('kind')}", expected="a release")
    if manifest.get("feature_set") != feature_set:
        raise ReleaseRefused(
            f"the release was made for feature set {manifest.get('feature_set')}",
            expected=feature_set,
            advice="train anew with this version",
        )
    try:
        models = {kind: _read_model(kind, folder / kind) for kind in manifest["models"]}
        return Release(seal, models, feature_set, (folder / "policy.toml").read_text(), manifest["about"])
    except (OSError, ValueError, TypeError, KeyError, lgb.basic.LightGBMError) as error:
        raise ReleaseRefused(f"the release in {folder} is damaged: {error!r}", advice="train anew") from error


def _parameters(kind: str, forest: Forest, seed: int, threads: int) -> dict[str, object]:
    classes = len(CLASSES[kind])
    objective = {"objective": "binary"} if classes == 2 else {"objective": "multiclass", "num_class": classes}
    return {
        **objective,
        "learning_rate": forest.learning_rate,
        "num_leaves": forest.leaves,
        "min_data_in_leaf": forest.fewest_rows_per_leaf,
        "feature_fraction": forest.share_of_features,
        "bagging_fraction": forest.share_of_rows,
        "bagging_freq": 1,
        "lambda_l2": forest.l2,
        "seed": seed,
        "num_threads": threads,
        "deterministic": True,
        "force_row_wise": True,
        "verbose": -1,
    }


def _raw(booster: lgb.Booster, inputs: Floats, threads: int) -> Floats:
    predicted = np.asarray(booster.predict(inputs, num_threads=threads), dtype="float64")
    return predicted if predicted.ndim == 2 else np.column_stack([1.0 - predicted, predicted])


def _write_model(model: Model, folder: Path) -> None:
    folder.mkdir()
    (folder / _TREES).write_text(model.booster.model_to_string())
    np.savez(folder / _CALIBRATION, slopes=model.calibration.slopes, intercepts=model.calibration.intercepts)
    about = {
        "kind": model.kind,
        "classes": list(model.classes),
        "features": list(model.features),
        "fixed": dict(model.fixed),
        "base_rates": list(model.base_rates),
        "shift": model.shift,
    }
    (folder / _ABOUT).write_text(json.dumps(about, indent=1) + "\n")


def _read_model(kind: str, folder: Path) -> Model:
    about = json.loads((folder / _ABOUT).read_text())
    if kind not in CLASSES or about["classes"] != list(CLASSES[kind]):
        raise ReleaseRefused(f"the release holds a model {kind!r} of classes {about['classes']}", expected=f"one of {dict(CLASSES)}")
    if about["fixed"] != FIXED[kind]:
        raise ReleaseRefused(f"the {kind} model holds {about['fixed']} fixed", expected=str(dict(FIXED[kind])), advice="train anew")
    trees = (folder / _TREES).read_text()
    if _LAST_TREE_ENDS not in trees:  # LightGBM would end the whole process
        raise ReleaseRefused(f"{kind}/{_TREES} is cut off", expected=f"a line {_LAST_TREE_ENDS!r}", advice="train anew")
    booster = lgb.Booster(model_str=trees)
    with np.load(folder / _CALIBRATION, allow_pickle=False) as arrays:
        calibration = Calibration(arrays["slopes"], arrays["intercepts"])
    model = Model(kind, tuple(about["features"]), booster, calibration, tuple(about["base_rates"]), float(about["shift"]))
    if booster.num_feature() != len(model.columns):
        raise ReleaseRefused(f"{kind}/{_TREES} reads {booster.num_feature()} inputs", expected=f"the {len(model.columns)} of {_ABOUT}")
    return model
