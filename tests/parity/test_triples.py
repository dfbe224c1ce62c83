"""Training rows = snapshot + today = what the service computes, bit for bit, on ten thousand (customer, offer, moment) triples."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from domain.contract import checked
from domain.policy import parse_policy
from experiments.demo_shop import ShopSettings, generate
from features.build import build
from features.shop import Shop
from features.snapshot import load_snapshot
from features.taking import take_next, take_snapshot
from tests.conftest import POLICY
from tests.support.since import since
from tests.support.triples import of_day, triples
from training.adapters import ADAPTERS

TRIPLES = 10_000
DAYS = 3


def differences(shop: Shop, folder: Path) -> int:
    """How many triples were compared; the first in a full snapshot, the later days' each made from the night before."""
    asked = triples(shop, TRIPLES, first=shop.today - DAYS, seed=1)
    expected = build(shop, asked)
    compared, last = 0, None
    for day, rows in sorted(of_day(asked, shop).items()):
        night = folder / str(day)
        if last is None:
            take_snapshot(shop, night, day=day)
        else:
            take_next(shop, night, last, day=day)
        found = load_snapshot(night).build(rows.reset_index(drop=True), since(shop, day))
        pd.testing.assert_frame_equal(expected.loc[rows.index].reset_index(drop=True), found, check_exact=True)
        compared, last = compared + len(rows), night
    return compared


def test_in_a_shop_with_every_table(tmp_path: Path) -> None:
    policy = parse_policy(POLICY)
    tables = generate(ShopSettings(seed=2, customers=800, styles=120, days=250, ends_on=dt.date(2026, 9, 30))).tables
    assert differences(Shop.of(tables, policy.window_days, zone=policy.time_zone), tmp_path) == TRIPLES


@pytest.mark.real_data
def test_in_a_real_shop(real_data: Path, tmp_path: Path) -> None:
    policy = parse_policy(POLICY)
    imported = ADAPTERS["uci-online-retail"].convert(next((real_data / "online_retail").glob("*.parquet")))
    tables = checked(imported.tables, now=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    assert differences(Shop.of(tables, policy.window_days, zone=policy.time_zone), tmp_path) == TRIPLES
