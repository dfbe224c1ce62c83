from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.random_effects import BODY, probabilities
from training.rows import Rows


def test_a_style_pulls_the_verdicts_and_rows_sum_to_one() -> None:
    """Of 120 verdicts on a 38, every style of the first half is too small two times in three, of the second never."""
    skus = pd.Series([f"s{number % 4}-38" for number in range(120)])
    first = skus.isin(["s0-38", "s1-38"]).to_numpy()
    y = np.where(first, np.resize([0, 0, 0, 0, 1, 2], 120), np.resize([1, 1, 1, 1, 2, 1], 120)).astype("int64")
    shop: Any = SimpleNamespace(tables={"products": pd.DataFrame({"sku": skus.unique(), "style_id": [sku[:2] for sku in skus.unique()]})})
    moments = pd.Series([pd.Timestamp("2017-01-01", tz="UTC")] * 120)
    customers = pd.Series([f"c{number}" for number in range(120)])
    rows = Rows("fit", customers, pd.DataFrame({"sku": skus, "customer_id": customers}), y, moments, pd.Series(["dress"] * 120))
    body = pd.DataFrame({name: np.resize([1.0, 2.0, np.nan], 120) for name in BODY})

    p = probabilities(shop, rows, body)

    assert pytest.approx(1.0) == p.sum(axis=1)
    assert 0.5 < p[first, 0].mean()
    assert 0.1 > p[~first, 0].mean()
    assert pytest.approx(np.bincount(y) / 120, abs=0.05) == p.mean(axis=0)
