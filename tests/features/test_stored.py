"""A shop on disk is the same shop."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given

from domain.errors import TablesRefused
from features.shop import Shop
from features.source import write_tables
from features.stored import SMALL, AnyShop, Stored
from features.taking import take_snapshot
from tests.support.bare import rich
from tests.support.tiny_shops import QUICK, WINDOWS, TinyShop, tables_of, tiny_shops


@pytest.fixture(scope="module")
def stored(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Stored:
    """The demo shop on disk."""
    folder = tmp_path_factory.mktemp("stored") / "shop"
    write_tables(shop.tables, folder)
    return Stored.of(folder, shop.windows, shop.zone)


def about(shop: AnyShop) -> tuple[object, ...]:
    return shop.now, shop.today, shop.zone, dict(shop.windows), shop.present


def test_it_says_the_same_of_itself(shop: Shop, stored: Stored) -> None:
    assert about(shop) == about(stored)


@given(tiny=tiny_shops())
@QUICK
def test_so_does_a_tiny_one_in_which_columns_and_tables_are_empty(tmp_path_factory: pytest.TempPathFactory, tiny: TinyShop) -> None:
    tables = {**tables_of(tiny.rows), "stock": rich()["products"].head(0)[[]], "impressions": rich()["products"].head(0)[[]]}
    tables = {name: frame for name, frame in tables.items() if len(frame.columns)}
    folder = tmp_path_factory.mktemp("tiny") / "shop"
    write_tables(tables, folder)
    assert about(Shop.of(tables, WINDOWS, zone=tiny.zone)) == about(Stored.of(folder, WINDOWS, tiny.zone))


def test_small_tables_are_in_memory_and_big_ones_stay_where_they_lie(shop: Shop, stored: Stored) -> None:
    assert set(shop.tables) == {*stored.tables, *stored.sources}
    assert set(stored.tables) == set(SMALL) & set(shop.tables)
    for name, frame in stored.tables.items():
        pd.testing.assert_frame_equal(shop.tables[name], frame)
    assert all(path.is_file() for path in stored.sources.values())


def test_a_big_table_may_be_a_folder_of_parts(shop: Shop, stored: Stored, tmp_path: Path) -> None:
    write_tables(shop.tables, tmp_path / "shop")
    for name in ("events", "order_lines"):
        whole = tmp_path / "shop" / f"{name}.parquet"
        whole.unlink()
        whole.mkdir()
        for number, part in enumerate((shop.tables[name].iloc[:700], shop.tables[name].iloc[700:])):
            part.to_parquet(whole / f"{number}.parquet", index=False)
    parts = Stored.of(tmp_path / "shop", shop.windows, shop.zone)
    assert about(stored) == about(parts)
    assert take_snapshot(stored, tmp_path / "whole") == take_snapshot(parts, tmp_path / "parts")


def test_files_that_do_not_tell_their_latest_moment_are_read(shop: Shop, stored: Stored, tmp_path: Path) -> None:
    write_tables(shop.tables, tmp_path / "shop")
    for name in stored.sources:
        shop.tables[name].to_parquet(tmp_path / "shop" / f"{name}.parquet", index=False, write_statistics=False)
    told = Stored.of(tmp_path / "shop", shop.windows, shop.zone)
    assert (stored.now, stored.today) == (told.now, told.today)


def test_its_snapshot_is_the_same(shop: Shop, stored: Stored, tmp_path: Path) -> None:
    assert take_snapshot(shop, tmp_path / "memory") == take_snapshot(stored, tmp_path / "disk")


def test_a_folder_that_keeprank_did_not_write_is_refused(shop: Shop, tmp_path: Path) -> None:
    for name, frame in shop.tables.items():
        frame.to_parquet(tmp_path / f"{name}.parquet", index=False)
    with pytest.raises(TablesRefused, match=r"was not written by Keeprank.*keeprank check DIR --write DEST"):
        Stored.of(tmp_path, shop.windows, shop.zone)
