"""What a shop can do without Keeprank: the overall rate, a rate per category, customer or position, a logistic regression."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from training.model import CLASSES
from training.rows import Rows

Floats = npt.NDArray[np.float64]


def baselines(rows: Rows, inputs: pd.DataFrame, learn: npt.NDArray[np.int64], judge: npt.NDArray[np.int64]) -> Mapping[str, Floats]:
    """Probabilities (judged rows, classes) of each baseline, learned from the same rows as the model.

    Args:
        rows: labelled rows.
        inputs: their features; of impressions, also the positions that they were shown at.
        learn: row numbers to learn from (those that train and those that calibrate).
        judge: row numbers to predict.
    """
    overall = _rates(rows, learn)
    return {
        "global_rate": np.tile(overall, (len(judge), 1)),
        "category_rate": _rate_per(rows.category, rows, learn, judge, overall),
        **_own_rate(rows, inputs, learn, judge, overall),
        "logistic_regression": _logistic_regression(rows, inputs, learn, judge),
    }


def _rates(rows: Rows, chosen: npt.NDArray[np.int64]) -> Floats:
    counts = np.bincount(rows.y[chosen], minlength=len(CLASSES[rows.kind]))
    return np.asarray(counts / counts.sum())


def _own_rate(
    rows: Rows, inputs: pd.DataFrame, learn: npt.NDArray[np.int64], judge: npt.NDArray[np.int64], overall: Floats
) -> dict[str, Floats]:
    """The customer's rate; of impressions that of their position, as no customer has a rate of ordering what is shown.

    Nobody has returned often enough to have a mix of reasons of their own.
    """
    if rows.kind == "reason":
        return {}
    if rows.shown is None:
        return {"customer_rate": _customer_rate(rows.kind, inputs.iloc[judge], overall)}
    return {"position_rate": _rate_per(rows.shown["position"], rows, learn, judge, overall)}


def _rate_per(group: pd.Series, rows: Rows, learn: npt.NDArray[np.int64], judge: npt.NDArray[np.int64], overall: Floats) -> Floats:
    """How often each class happened in a row's group; in a group that nobody has seen, as often as overall."""
    happened = pd.DataFrame(np.eye(len(overall))[rows.y[learn]]).groupby(group.iloc[learn].to_numpy()).mean()
    return happened.reindex(group.iloc[judge]).fillna(dict(enumerate(overall))).to_numpy()


def _customer_rate(kind: str, inputs: pd.DataFrame, overall: Floats) -> Floats:
    """The customer's own rate so far, shrunk to the shop's: the features themselves."""
    if kind == "return":
        returned = inputs["customer_return_rate"].fillna(overall[1]).to_numpy()
        return np.column_stack([1 - returned, returned])
    small, large = (inputs[f"customer_{name}_rate"].fillna(overall[number]).to_numpy() for name, number in (("small", 0), ("large", 2)))
    return np.column_stack([small, 1 - small - large, large])


def _logistic_regression(rows: Rows, inputs: pd.DataFrame, learn: npt.NDArray[np.int64], judge: npt.NDArray[np.int64]) -> Floats:
    told = inputs.iloc[learn].loc[:, lambda frame: frame.notna().any()]
    model = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True), StandardScaler(), LogisticRegression(C=0.1, max_iter=500, tol=1e-3)
    )
    model.fit(told.to_numpy(), rows.y[learn])
    return np.asarray(model.predict_proba(inputs.iloc[judge][told.columns].to_numpy()))
