"""The chances of the log's impressions, against what then happened."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from experiments.demo_shop import ShopSettings, generate
from experiments.demo_shop.chances import chances

SETTINGS = ShopSettings(seed=36, customers=600, styles=100, days=200, ends_on=dt.date(2026, 9, 30))


@pytest.fixture(scope="module")
def log() -> pd.DataFrame:
    """Impressions with their chances."""
    shown = generate(SETTINGS).tables["impressions"]
    return shown.merge(chances(SETTINGS), on=["request_id", "sku"], how="left", validate="one_to_one", suffixes=("", "_known"))


def test_every_impression_has_its_chances_at_the_place_where_it_was_shown(log: pd.DataFrame) -> None:
    assert (log["position"] == log["position_known"]).all()
    assert log["p_ordered"].between(0, 1).all()
    assert (log["p_ordered"] <= log["p_taken"] + 1e-12).all()


def test_what_is_looked_at_first_is_ordered_as_often_as_it_is_taken(log: pd.DataFrame) -> None:
    top = log[log["position"] == 1]
    np.testing.assert_allclose(top["p_taken"], top["p_ordered"])


@pytest.mark.parametrize("tenth", range(10))
def test_as_many_are_ordered_as_the_chances_say(log: pd.DataFrame, tenth: int) -> None:
    part = log[pd.qcut(log["p_ordered"], 10, labels=False) == tenth]
    expected, spread = part["p_ordered"].sum(), np.sqrt((part["p_ordered"] * (1 - part["p_ordered"])).sum())
    assert abs(part["line_id"].notna().sum() - expected) < 4 * spread
