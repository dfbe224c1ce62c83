from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pandas as pd
import pytest

from domain.errors import NotEnoughData
from experiments.audit import Audit, audit
from experiments.foresight import Change, Foresight, askings, foresight
from experiments.telling import Telling, Told, told
from features.asked import of_order_lines
from features.build import FEATURE_NAMES
from features.shop import Shop
from tests.support import planted
from tests.support.moments import LATE, line, moment, product, sent_back, shop_tables
from training.telling import telling

DAYS = range(1, 21)


def quietly(steps: Iterable[Any], _: str) -> Iterable[Any]:
    return steps


def busy_shop() -> Shop:
    """Every day somebody looks at something and orders it, it comes two days later, and every third line goes back."""
    who = {day: {"customer_id": f"c{day % 3}", "sku": ["s1-38", "s1-40", "s2-38"][day % 3]} for day in DAYS}
    ordered = {day: f"2024-01-{day:02d} 10:00" for day in DAYS}
    tables = shop_tables(
        products=[product(sku) for sku in ("s1-38", "s1-40", "s2-38")],
        order_lines=[line(f"l{day}", ordered[day], **who[day], delivered_at=f"2024-01-{day + 2:02d}") for day in DAYS],
        returns=[sent_back(f"l{day}", f"2024-01-{day + 3:02d}", f"2024-01-{day + 6:02d}", reason="size") for day in DAYS if day % 3 == 1],
        events=[{"event_id": f"e{day}", "kind": "view", "at": f"2024-01-{day:02d} 09:00", **who[day]} for day in DAYS],
        fit_feedback=[{**who[day], "given_at": f"2024-01-{day:02d} 20:00", "verdict": "small"} for day in DAYS],
    )
    return Shop.of(tables, {"": 3}, now=moment("2024-02-10"))


def seen(shop: Shop) -> Foresight:
    """What a week's lines see when they are asked at the moment of the fourteenth."""
    lines = of_order_lines(shop.tables).assign(line_id=shop.tables["order_lines"]["line_id"])
    return foresight(shop, lines.iloc[8:15].assign(at=moment("2024-01-14 10:00")), 1, quietly)


# Does a feature see the future?


def test_features_do_not_see_the_future() -> None:
    found = seen(busy_shop())
    assert () == found.changes
    assert (7, (moment("2024-01-14 10:00"),)) == (found.rows, found.cuts)
    assert ["order_lines", "returns", "fit_feedback", "events"] == list(found.facts)
    assert min(found.facts.values()) > 10
    assert 2 * 7 * 100 < found.compared < 2 * 7 * len(FEATURE_NAMES)


@pytest.mark.parametrize(
    ("leak", "features", "tables"),
    [
        (planted.histories_of_the_day_itself, {"style_lines", "style_return_rate", "style_verdicts"}, {"order_lines", "fit_feedback"}),
        (planted.returns_by_their_request, {"style_return_rate", "customer_returned_lines_90d"}, {"returns"}),
        (planted.kept_by_hindsight, {"style_settled_return_rate", "customer_style_kept_lines"}, {"returns"}),
        (planted.moves_of_the_moment_itself, {"today_moves", "today_views", "today_lines_ordered"}, {"events", "order_lines"}),
    ],
)
def test_a_leak_in_the_code_is_found_and_named(
    leak: Callable[[], AbstractContextManager[None]], features: set[str], tables: set[str]
) -> None:
    shop = busy_shop()
    with leak():
        found = seen(shop)
    assert set() == features - {change.feature for change in found.changes}
    assert set() == tables - {change.table for change in found.changes}
    for change in found.changes:
        assert change.before != change.after
        assert change.rows >= 1
        assert change.line_id in {f"l{day}" for day in DAYS}
    if leak is planted.moves_of_the_moment_itself:
        assert {"today"} == {change.feature.partition("_")[0] for change in found.changes}
        assert {True, False} == {math.isnan(change.before) for change in found.changes}


def test_rows_are_asked_when_somebody_ordered_and_half_are_from_around_then(shop: Shop) -> None:
    asked = askings(shop, 100, np.random.default_rng(1), cuts=2)
    ordered = shop.tables["order_lines"].set_index("line_id")["ordered_at"]
    assert (100, 2) == (len(asked), asked["at"].nunique())
    assert set(asked["at"]) <= set(ordered)
    apart = (asked["line_id"].map(ordered) - asked["at"]).abs()
    assert 50 <= (apart < pd.Timedelta("10D")).sum() < 80
    assert asked["at"].min() > ordered.quantile(0.2)
    pd.testing.assert_frame_equal(askings(shop, 100, np.random.default_rng(1), cuts=2), asked)


# Does a feature tell too much?


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2, 3, 4], 1.0),
        ([4, 3, 2, 1], 1.0),
        ([1, 3, 2, 4], 0.75),
        ([5, 5, 5, 5], 0.5),
        ([np.nan] * 4, 0.5),
        ([1, 1, np.nan, np.nan], 1.0),
        ([np.nan, np.nan, 1, 2], 1.0),
        ([1, np.nan, np.nan, 2], 0.625),
        ([1, 2, np.nan, 3], 1.0),
    ],
)
def test_an_auc_counts_in_both_directions_and_missing_values_stand_together(values: list[float], expected: float) -> None:
    assert expected == telling(np.array(values, dtype="float64"), np.array([False, False, True, True]))


def test_a_column_filled_in_after_the_fact_is_too_good_to_be_true(shop: Shop) -> None:
    found = told("return", planted.with_told_discounts(shop), np.random.default_rng(1), quietly)
    assert Telling("return", "discount_share", "returned", 1.0) == found.features[0]
    assert found.features[0].auc > 0.99 > found.features[3].auc  # discount_vs_customer tells it too


def test_no_honest_feature_tells_too_much(shop: Shop) -> None:
    returned, fit = (told(kind, shop, np.random.default_rng(1), quietly) for kind in ("return", "fit"))
    assert returned.features[0].auc < 0.8
    assert fit.features[0].auc < 0.9
    assert {"small", "large"} <= {one.of for one in fit.features}
    assert len(returned.features) == len({one.feature for one in returned.features}) > 100


def test_a_few_labels_are_not_asked_about() -> None:
    assert Told(20, (), "20 labelled rows; two classes with at least 10 rows each are needed") == told(
        "return", busy_shop(), np.random.default_rng(1), quietly
    )


# The audit.

CHANGE = Change("style_lines", "returns", "taken away", moment("2024-01-14"), 2, "l9", math.nan, 1.0)
SUSPECT = Telling("return", "discount_share", "returned", 0.95)


def audited(*changes: Change, suspicious: float = 0.9) -> Audit:
    looked_at = Foresight(7, (moment("2024-01-14"),), {"returns": 12}, 700, changes)
    return Audit(1, suspicious, looked_at, {"return": Told(99, (SUSPECT,)), "fit": Told(0, (), "none")})


def test_an_audit_fails_for_either_reason() -> None:
    assert audited(suspicious=0.95).passed
    assert not audited(suspicious=0.94).passed
    assert not audited(CHANGE, suspicious=0.95).passed


def test_an_audit_as_json_says_what_was_found() -> None:
    said = json.loads(json.dumps(audited(CHANGE).to_json(), allow_nan=False))
    suspect = {"kind": "return", "feature": "discount_share", "of": "returned", "auc": 0.95}
    at = "2024-01-14T00:00:00+00:00"
    row = {"rows": 2, "line_id": "l9", "at": at, "before": None, "after": 1.0}
    assert {
        "passed": False,
        "seed": 1,
        "suspicious": 0.9,
        "rows": 7,
        "cuts": [at],
        "values_compared": 700,
        "tables": {"returns": {"facts_rewritten": 12}},
        "changes": [{"feature": "style_lines", "table": "returns", "future": "taken away", **row}],
        "labels": {
            "return": {"rows": 99, "skipped": None, "features": [suspect]},
            "fit": {"rows": 0, "skipped": "none", "features": []},
        },
        "suspects": [suspect],
    } == said


def test_a_shop_of_one_line_is_audited_and_its_labels_are_skipped() -> None:
    shop = Shop.of(shop_tables(products=[product("s1-38")], order_lines=[line("l", "2024-01-01")]), {"": 14}, now=LATE)
    found = audit(shop, rows=8, seed=1, suspicious=0.9, progress=quietly)
    assert found.passed
    assert {"return", "reason", "fit"} == {kind for kind, one in found.told.items() if one.skipped}


def test_a_shop_without_order_lines_cannot_be_audited() -> None:
    shop = Shop.of(shop_tables(products=[product("s1-38")]), {"": 14}, now=LATE)
    with pytest.raises(NotEnoughData, match="the shop has no order lines"):
        audit(shop, rows=8, seed=1, suspicious=0.9, progress=quietly)
