"""Training rows written part by part equal those that are built at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from domain.errors import TablesRefused
from domain.policy import parse_policy
from features.asked import of_order_lines
from features.batches import write_features
from features.build import build
from features.engine import embedded
from features.shop import Shop
from features.source import write_tables
from features.stored import Stored
from tests.conftest import POLICY


@pytest.fixture(scope="module")
def stored(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Stored:
    folder = tmp_path_factory.mktemp("stored") / "tables"
    write_tables(shop.tables, folder)
    return Stored.of(folder, shop.windows, shop.zone)


@pytest.fixture(scope="module")
def expected(shop: Shop) -> pd.DataFrame:
    lines = of_order_lines(shop.tables)
    return build(shop, lines).set_index(shop.tables["order_lines"]["line_id"].to_numpy(dtype=object)).sort_index()


@pytest.mark.parametrize(("rows", "in_memory"), [(333, True), (100_000, True), (700, False)])
def test_they_are_the_same_whatever_the_size_of_a_part_and_wherever_they_are_summed(
    stored: Stored, expected: pd.DataFrame, tmp_path: Path, rows: int, in_memory: bool
) -> None:
    (tmp_path / "scratch").mkdir()
    with embedded(memory_mb=500, threads=2) as engine:
        assert len(expected) == write_features(stored, tmp_path / "rows", engine, tmp_path / "scratch", rows=rows, in_memory=in_memory)
    parts = sorted((tmp_path / "rows").glob("*.parquet"))
    assert -(-len(expected) // rows) == len(parts)
    found = pd.concat([pd.read_parquet(part) for part in parts]).set_index("line_id").sort_index()
    found.index = pd.Index(found.index.to_numpy(dtype=object))
    pd.testing.assert_frame_equal(expected, found, check_exact=True)


def test_an_interrupted_run_leaves_nothing_behind(stored: Stored, tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()

    def interrupted(steps: object, sentence: str) -> object:
        if sentence == "writing features":
            raise KeyboardInterrupt
        return steps

    with embedded() as engine, pytest.raises(KeyboardInterrupt):
        write_features(stored, tmp_path / "rows", engine, tmp_path / "scratch", progress=interrupted)  # type: ignore[arg-type]
    assert ["scratch"] == [entry.name for entry in tmp_path.iterdir()]


def test_a_stored_shop_has_what_the_shop_in_memory_has(shop: Shop, stored: Stored) -> None:
    assert (shop.present, shop.now, shop.today) == (stored.present, stored.now, stored.today)


def test_tables_that_nobody_checked_are_refused(shop: Shop, tmp_path: Path) -> None:
    tables: Mapping[str, pd.DataFrame] = shop.tables
    for name, table in tables.items():
        table.to_parquet(tmp_path / f"{name}.parquet")
    policy = parse_policy(POLICY)
    with pytest.raises(TablesRefused, match="was not written by Keeprank"):
        Stored.of(tmp_path, policy.window_days, policy.time_zone)
