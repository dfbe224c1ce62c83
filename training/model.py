"""The one door to the models: fit, predict, save, load."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import ReleaseRefused
from features.sealed import read_sealed, write_sealed
from training.calibrated_forest import Model
from training.calibration import Calibration, fit_calibration, uncalibrated
from training.intervals import Intervals, newcomers
from training.learned import CLASSES, FIXED, SHOWN_POSITION, Binned, Floats, binned, parameters
from training.retrieval.learned import Learned
from training.settings import USUAL_BATCHES, Batches, Forest

__all__ = ["CLASSES", "FIXED", "SHOWN_POSITION", "Binned", "Floats", "binned"]
__all__ += ["Model", "Release", "calibrated", "fit", "grow", "load", "save"]

_TREES, _CALIBRATION, _INTERVALS, _ABOUT = "trees.txt", "calibration.npz", "intervals.npz", "about.json"
_RETRIEVAL = "retrieval"
_LAST_TREE_ENDS = "end of trees"


@dataclass(frozen=True, eq=False)
class Release:
    """What the service loads: models and everything they need to be understood.

    Attributes:
        seal: identifies the content.
        models: by kind; a shop without returns has no "return", one without their reasons no "reason", one without verdicts no
            "fit", one without impressions no "order".
        feature_set: the feature set's hash.
        policy: the content of policy.toml that the release was made with.
        about: what else is said of it, as JSON: data fingerprints, settings, time ranges.
        retrieval: what candidates are found with; None where the shop had too little data.
    """

    seal: str
    models: Mapping[str, Model]
    feature_set: str
    policy: str
    about: Mapping[str, Any]
    retrieval: Learned | None = None


def fit(
    kind: str,
    train: tuple[pd.DataFrame, npt.NDArray[np.int64]] | Binned,
    calibrate: tuple[pd.DataFrame, npt.NDArray[np.int64]],
    forest: Forest,
    *,
    seed: int,
    threads: int,
    shift: float = 0.0,
    intervals: Batches = USUAL_BATCHES,
    track: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> Model:
    """Train and calibrate a model; the same rows, settings and seed give the same bytes.

    Args:
        kind: "return", "reason", "fit" or "order".
        train: features, the training-only inputs of `FIXED`, and classes (0, 1, …) of the rows the trees learn from; or those, binned.
        calibrate: the same of a later block; it calibrates at the positions where things happened.
        forest: settings.
        seed: seed of the draws of rows and features.
        threads: LightGBM's threads; they do not change the result.
        shift: log-odds of the last class to add when it serves.
        intervals: what the intervals are of; they are learned on the block that calibrates.
        track: wraps the loop over trees, to show progress.

    Raises:
        NotEnoughData: a class is missing from either block.
        KeyError: a training-only input is missing.
    """
    model = grow(kind, train, forest, seed=seed, threads=threads, shift=shift, track=track)
    later, happened = calibrate
    return calibrated(model, model.raw(later, threads=threads), later, happened, intervals, seed=seed)


def calibrated(model: Model, raw: Floats, inputs: pd.DataFrame, y: npt.NDArray[np.int64], intervals: Batches, *, seed: int) -> Model:
    """The model with a calibration and intervals that are learned from rows that its trees have not seen.

    Args:
        model: as `grow` made it.
        raw: what trees that had not seen the rows said of them (n, classes).
        inputs: the rows' features.
        y: what happened, classes (n,).
        intervals: what the intervals are of.
        seed: seed of the draws of batches.

    Raises:
        NotEnoughData: a class never happened.
    """
    from training.conformal import fit_intervals  # only who trains needs crepes: what serves looks up

    calibration = fit_calibration(raw, y)
    strays = fit_intervals(calibration.apply(raw), y, newcomers(inputs), intervals, seed=seed)
    return replace(model, calibration=calibration, intervals=strays)


def grow(
    kind: str,
    train: tuple[pd.DataFrame, npt.NDArray[np.int64]] | Binned,
    forest: Forest,
    *,
    seed: int,
    threads: int,
    shift: float = 0.0,
    track: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> Model:
    """Train a model that is not calibrated yet, as in `fit`; of its intervals nothing is known.

    Raises:
        NotEnoughData: a class is missing.
        KeyError: a training-only input is missing.
    """
    learned = train if isinstance(train, Binned) else binned(kind, train)
    booster = lgb.Booster(parameters(kind, forest, seed, threads), learned.rows)
    for _ in track(range(forest.trees)):
        booster.update()
    classes = len(CLASSES[kind])
    return Model(kind, learned.features, booster, uncalibrated(classes), learned.base_rates, Intervals.unknown(classes), shift)


def save(
    models: Mapping[str, Model],
    folder: Path,
    *,
    feature_set: str,
    policy: str,
    about: Mapping[str, Any],
    retrieval: Learned | None = None,
) -> str:
    """Write a release: LightGBM text, JSON and npz under a manifest of hashes. Returns its seal."""

    def write(partial: Path) -> None:
        (partial / "policy.toml").write_text(policy)
        for kind, model in models.items():
            _write_model(model, partial / kind)
        if retrieval is not None:
            retrieval.write(partial / _RETRIEVAL)

    facts = {"kind": "release", "feature_set": feature_set, "models": sorted(models), "retrieval": retrieval is not None}
    return write_sealed(folder, write, {**facts, "about": dict(about)})


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
        retrieval = Learned.read(folder / _RETRIEVAL) if manifest.get("retrieval") else None
        return Release(seal, models, feature_set, (folder / "policy.toml").read_text(), manifest["about"], retrieval)
    except (OSError, ValueError, TypeError, LookupError, BadZipFile, lgb.basic.LightGBMError) as error:
        raise ReleaseRefused(f"the release in {folder} is damaged: {error!r}", advice="train anew") from error


def _write_model(model: Model, folder: Path) -> None:
    folder.mkdir()
    (folder / _TREES).write_text(model.booster.model_to_string())
    np.savez(folder / _CALIBRATION, slopes=model.calibration.slopes, intercepts=model.calibration.intercepts)
    np.savez(folder / _INTERVALS, allow_pickle=False, **model.intervals.arrays())
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
    with np.load(folder / _INTERVALS, allow_pickle=False) as arrays:
        intervals = Intervals.from_arrays(dict(arrays), len(CLASSES[kind]))
    features, base_rates, shift = tuple(about["features"]), tuple(about["base_rates"]), float(about["shift"])
    model = Model(kind, features, booster, calibration, base_rates, intervals, shift)
    if booster.num_feature() != len(model.columns):
        raise ReleaseRefused(f"{kind}/{_TREES} reads {booster.num_feature()} inputs", expected=f"the {len(model.columns)} of {_ABOUT}")
    return model.ready()
