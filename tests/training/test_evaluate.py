from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from tests.support.moments import moment
from training.evaluate import DECIDED, RATIOS, SLICE_CATEGORIES, SLICE_ROWS, clusters, compare, evaluate, score, slices
from training.metrics import NAMES
from training.rows import Rows


def _rows(kind: str, y: list[int], category: list[str] | None = None) -> Rows:
    n = len(y)
    names = pd.Series([f"c{number}" for number in range(n)])
    at = pd.Series([moment("2024-01-01")] * n)
    categories = pd.Series(category or ["dress"] * n)
    return Rows(kind, names, pd.DataFrame({"customer_id": names, "at": at}), np.array(y, dtype="int64"), at, categories)


def _inputs(customer_lines: list[float], style_lines: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"customer_lines": customer_lines, "style_lines": style_lines})


def _returned(*p: float) -> npt.NDArray[np.float64]:
    return np.column_stack([1 - np.array(p), p])


def test_return_models_are_judged_by_ratios_too_and_fit_models_by_what_they_decide() -> None:
    assert [*NAMES, *RATIOS] == list(score(_rows("return", [0, 1]), _returned(0.2, 0.6), seed=1))
    assert [*NAMES, *DECIDED] == list(score(_rows("fit", [0, 1, 2]), np.eye(3) * 0.4 + 0.2, seed=1))


def test_order_models_are_judged_like_return_models() -> None:
    found = [score(_rows(kind, [0, 1, 0, 1]), _returned(0.1, 0.2, 0.3, 0.8), seed=1) for kind in ("order", "return")]
    assert found[0] == found[1]
    assert (
        0.75
        == compare(_rows("order", [0, 1, 0, 1]), _returned(*[0.5] * 4), _returned(0.1, 0.2, 0.3, 0.8), ("auc",), seed=1)["auc"].value + 0.5
    )


def test_what_an_unknown_shopper_was_shown_belongs_together_reply_by_reply() -> None:
    shown = pd.DataFrame({"request_id": ["r1", "r1", "r2", "r2"], "position": [1, 2, 1, 2]})
    rows = replace(_rows("order", [0, 1, 0, 1]), shown=shown)
    rows.asked["customer_id"] = pd.Series(["c1", None, None, None], dtype="str")
    assert ["c1", "request r1", "request r2", "request r2"] == clusters(rows).tolist()


def test_metrics_are_those_of_the_probability_to_come_back() -> None:
    found = score(_rows("return", [0, 1, 0, 1]), _returned(0.1, 0.2, 0.3, 0.8), seed=1)
    assert 0.75 == found["auc"].value
    assert pytest.approx(-np.mean(np.log([0.9, 0.2, 0.7, 0.8]))) == found["log_loss"].value
    assert pytest.approx(1.4 / 2) == found["mean_ratio"].value


def test_customers_and_items_are_known_or_new_and_the_largest_categories_are_told() -> None:
    n = SLICE_ROWS
    inputs = _inputs([3.0] * n + [0.0] * n + [math.nan] * n, [1.0] * (2 * n) + [0.0] * n)
    found = slices(_rows("return", [0] * 3 * n, ["dress"] * (2 * n) + ["hat"] * (n - 1) + ["bag"]), inputs)
    assert {"customer:known": n, "customer:new": 2 * n, "item:known": 2 * n, "item:new": n, "category:dress": 2 * n} == {
        name: int(chosen.sum()) for name, chosen in found.items()
    }


def test_no_more_categories_are_told_than_a_person_reads() -> None:
    n = SLICE_ROWS * (SLICE_CATEGORIES + 1)
    names = [f"k{number % (SLICE_CATEGORIES + 1)}" for number in range(n)]
    found = slices(_rows("return", [0] * n, names), _inputs([1.0] * n, [1.0] * n))
    assert SLICE_CATEGORIES == sum(name.startswith("category:") for name in found)


def test_every_slice_is_judged_on_its_own_rows() -> None:
    n = SLICE_ROWS
    y = [0, 1] * n
    p = _returned(*([0.2, 0.8] * (n // 2)), *([0.8, 0.2] * (n // 2)))
    found = evaluate(_rows("return", y, ["good"] * n + ["bad"] * n), _inputs([1.0] * 2 * n, [1.0] * 2 * n), p, seed=1)
    assert {"category:good": 1.0, "category:bad": 0.0} == {
        part.name: part.metrics["auc"].value for part in found.slices if part.name.startswith("category:")
    }
    assert 2 * n == found.rows


def test_undefined_metrics_are_null_in_json() -> None:
    n = SLICE_ROWS
    found = evaluate(_rows("return", [0] * n), _inputs([1.0] * n, [1.0] * n), _returned(*[0.2] * n), seed=1)
    told = json.loads(json.dumps(found.slices[0].to_json(), allow_nan=False))
    assert {"slice", "rows", "metrics"} == set(told)
    assert {"value": None, "low": None, "high": None} == told["metrics"]["auc"]


def test_a_comparison_is_b_minus_a() -> None:
    rows = _rows("return", [0, 1, 0, 1])
    found = compare(rows, _returned(0.8, 0.2, 0.8, 0.2), _returned(0.2, 0.8, 0.2, 0.8), ("auc", "log_loss"), seed=1)
    assert 1.0 == found["auc"].value
    assert pytest.approx(math.log(0.2 / 0.8)) == found["log_loss"].value
