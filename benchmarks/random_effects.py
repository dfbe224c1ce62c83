"""A made-up truth about the fit that looks like a real shop's: every style, size, customer and body pulls the verdict its own way.

A multinomial logistic regression with a Gaussian prior on every effect (a mixed model, at its mode), fitted to all verdicts of a shop.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from features.shop import Shop
from training.metrics import Floats
from training.rows import Rows

BODY = ("size_position", "customer_weight_kg", "customer_height_cm", "customer_bust_band", "customer_bust_cup")
ROUNDS = 15
"""Of L-BFGS; on columns of like curvature the fit has settled by then."""

_P_TIMES_NOT_P = 0.12
"""Roughly the curvature that a row adds: p (1 - p) of a class of one in seven."""


def probabilities(shop: Shop, rows: Rows, inputs: pd.DataFrame) -> Floats:
    """P(small, fits, large) of each row, in a world like this one.

    Args:
        shop: its products tell the style.
        rows: the verdicts.
        inputs: their features: size and declared body.
    """
    effects = _effects(shop, rows, inputs)
    scale = 1 / np.sqrt(_P_TIMES_NOT_P * np.asarray(effects.multiply(effects).sum(axis=0)).ravel() + 1)
    columns = (effects @ sp.diags(scale)).tocsr()
    classes = int(rows.y.max()) + 1
    usual = np.log(np.bincount(rows.y) / len(rows))
    back, happened, prior = columns.T.tocsr(), np.eye(classes)[rows.y], (scale**2)[:, None]

    def loss(flat: Floats) -> tuple[float, Floats]:
        w = flat.reshape(-1, classes)
        logs = log_softmax(columns @ w + usual, axis=1)
        gradient = back @ (np.exp(logs) - happened) + prior * w
        return float(-(happened * logs).sum() + (prior * w * w).sum() / 2), gradient.ravel()

    found = minimize(loss, np.zeros(columns.shape[1] * classes), jac=True, method="L-BFGS-B", options={"maxiter": ROUNDS})
    return np.asarray(softmax(columns @ found.x.reshape(-1, classes) + usual, axis=1))


def _effects(shop: Shop, rows: Rows, inputs: pd.DataFrame) -> sp.csr_matrix:
    """A column per effect, as large as the effect is expected to be."""
    size, weight, height, *bust = (_standard(inputs[name]) for name in BODY)
    sku = rows.asked["sku"].reset_index(drop=True)
    style = sku.map(shop.tables["products"].set_index("sku")["style_id"])
    pairs = [size, weight, height, *bust, size * size, weight * weight, size * weight, size * height, height * weight]
    blocks = [sp.csr_matrix(np.column_stack([*pairs, inputs["customer_weight_kg"].isna()]).astype("float64"))]
    blocks += [_of(style, 0.7), _of(sku, 0.3), _of(rows.asked["customer_id"], 0.7)]
    blocks += [_of(rows.category.astype("str") + inputs["size_position"].astype("str").to_numpy(), 0.5)]
    blocks += [_of(style, spread, by) for spread, by in ((0.15, size), (0.15, weight), (0.1, height))]
    return sp.hstack(blocks).tocsr()


def _of(key: pd.Series, spread: float, by: Floats | None = None) -> sp.csr_matrix:
    """One effect per key, or one slope per key; none where the key is missing."""
    codes, keys = pd.factorize(key)
    values = spread * (np.ones(len(codes)) if by is None else by)
    known = np.flatnonzero(codes >= 0)
    return sp.csr_matrix((values[known], (known, codes[known])), shape=(len(codes), len(keys)))


def _standard(values: pd.Series) -> npt.NDArray[np.float64]:
    """In standard deviations from the mean; the mean where it is missing."""
    numbers = ((values - values.mean()) / values.std()).fillna(0.0).clip(-4, 4)
    return numbers.to_numpy(dtype="float64")
