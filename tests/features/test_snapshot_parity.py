"""The service's features equal the training rows' features at the same midnight."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import SnapshotRefused
from features.build import build
from features.consent import granted
from features.sealed import MANIFEST
from features.shop import Shop
from features.snapshot import Snapshot, load_snapshot, take_snapshot
from tests.support.tiny_shops import QUICK, SKUS, START, TinyShop, asked_of, day_of, tiny_shops


def snapshot_of(tiny: TinyShop, day: int) -> Snapshot:
    with tempfile.TemporaryDirectory() as folder:
        take_snapshot(tiny.shop(), Path(folder) / "snapshot", day=day)
        return load_snapshot(Path(folder) / "snapshot")


@given(tiny=tiny_shops(), further=st.booleans(), days=st.sampled_from([0, 1, 5, 11, 30, 95, 101, 139]))
@QUICK
def test_a_snapshot_builds_what_the_shop_builds_at_that_midnight(tiny: TinyShop, further: bool, days: int) -> None:
    if not further:
        tiny = TinyShop({name: tiny.rows[name] for name in ("products", "order_lines", "returns")}, tiny.asked)
    midnight = START + dt.timedelta(days=days)
    everyone = [{"customer_id": who, "sku": sku, "at": midnight} for who in ("c1", "c2", "nobody", None) for sku in (*SKUS, "unheard-of")]
    asked = asked_of([*everyone, *({**row, "at": midnight} for row in tiny.asked)])
    found = snapshot_of(tiny, day_of(midnight)).build(asked)
    pd.testing.assert_frame_equal(build(tiny.shop(), asked), found, check_exact=True)


def test_the_demo_shops_snapshot_builds_what_the_demo_shop_builds(shop: Shop, snapshot_folder: Path) -> None:
    snapshot = load_snapshot(snapshot_folder)
    lines = shop.tables["order_lines"].iloc[::10]
    rows = [
        {"customer_id": who, "sku": sku, "country": country, "at": snapshot.at, "quantity": 2.0, "unit_price": 999.0}
        for who, sku, country in zip(
            lines["customer_id"], lines["sku"], lines["country"].where(lines["country"].notna(), None), strict=True
        )
    ]
    asked = asked_of(rows)
    pd.testing.assert_frame_equal(build(shop, asked), snapshot.build(asked), check_exact=True)


@pytest.fixture
def copied(snapshot_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(snapshot_folder, tmp_path / "copy"))


def test_a_changed_file_is_refused(copied: Path) -> None:
    file = copied / "histories" / "style.parquet"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(SnapshotRefused, match=r"histories/style\.parquet is changed after it was sealed"):
        load_snapshot(copied)


def test_a_deleted_file_is_refused(copied: Path) -> None:
    (copied / "products.parquet").unlink()
    with pytest.raises(SnapshotRefused, match=r"products\.parquet is missing"):
        load_snapshot(copied)


def test_an_added_file_is_refused(copied: Path) -> None:
    (copied / "consents_.parquet").write_bytes(b"")
    with pytest.raises(SnapshotRefused, match=r"consents_\.parquet is unknown"):
        load_snapshot(copied)


def test_a_snapshot_of_another_feature_set_is_refused(copied: Path) -> None:
    manifest = (copied / MANIFEST).read_text()
    start = manifest.index('"feature_set": "') + len('"feature_set": "')
    (copied / MANIFEST).write_text(manifest[:start] + "0" * 16 + manifest[start + 16 :])
    with pytest.raises(SnapshotRefused, match="holds feature set 0000000000000000"):
        load_snapshot(copied)


def test_a_folder_that_is_no_snapshot_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SnapshotRefused, match=r"has no manifest\.json"):
        load_snapshot(tmp_path / "nothing")


def test_a_snapshot_knows_who_and_what_was_there_before_its_day(shop: Shop, snapshot_folder: Path) -> None:
    snapshot = load_snapshot(snapshot_folder)
    line = shop.tables["order_lines"].iloc[0]
    assert snapshot.knows_customer(line["customer_id"])
    assert not snapshot.knows_customer("nobody")
    assert not snapshot.knows_customer(None)
    assert [True, False] == np.asarray(snapshot.known_skus(pd.Series([line["sku"], "unheard-of"]))).tolist()


def test_a_release_is_no_snapshot(release_folder: Path) -> None:
    with pytest.raises(SnapshotRefused, match="holds a release"):
        load_snapshot(release_folder)


def test_a_snapshot_of_a_day_that_has_not_begun_is_refused(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(SnapshotRefused, match="up to the shop's now"):
        take_snapshot(shop, tmp_path / "snapshot", day=day_of(shop.now) + 1)


def test_an_earlier_days_snapshot_knows_no_later_customer_and_no_later_count(shop: Shop, tmp_path: Path) -> None:
    lines = shop.tables["order_lines"]
    first = lines.groupby("customer_id")["ordered_at"].min().sort_values()
    day = day_of(first.iloc[len(first) // 2])
    take_snapshot(shop, tmp_path / "snapshot", day=day)
    snapshot = load_snapshot(tmp_path / "snapshot")
    assert not snapshot.knows_customer(str(first.index[-1]))
    assert {} == snapshot.stock


def test_a_snapshot_holds_of_customers_what_their_consent_allows(shop: Shop, snapshot_folder: Path) -> None:
    at = pd.Series([pd.Timestamp(shop.now).as_unit("us")] * shop.tables["order_lines"]["customer_id"].nunique())
    customers = pd.Series(shop.tables["order_lines"]["customer_id"].unique())
    allowed = granted(shop.tables["consents"], customers, at)
    held = set(pd.read_parquet(snapshot_folder / "histories" / "customer.parquet")["customer_id"])
    assert held
    assert held <= set(customers[allowed["personalisation"]])
    persons = pd.read_parquet(snapshot_folder / "persons.parquet").set_index("customer_id")
    assert persons.loc[persons.index.isin(customers[~allowed["measurements"]]), "height_cm"].isna().all()
    snapshot = load_snapshot(snapshot_folder)
    assert {False} == {snapshot.knows_customer(who) for who in customers[~allowed["personalisation"]]}
