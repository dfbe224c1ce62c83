from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from features.shop import Shop
from features.source import write_tables
from keeprank import app


@pytest.fixture(scope="module")
def folder(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    dest = tmp_path_factory.mktemp("recall") / "shop"
    write_tables(shop.tables, dest)
    return dest


def test_recall_prints_what_was_found_and_writes_it(shop: Shop, folder: Path, tmp_path: Path) -> None:
    cut = (pd.Timestamp(shop.now) - pd.Timedelta(days=60)).strftime("%Y-%m-%d")
    done = CliRunner().invoke(
        app, ["recall", str(folder), "--cut", cut, "--days", "14", "--most", "40", "--json", str(tmp_path / "found.json")]
    )
    assert 0 == done.exit_code, done.output
    assert all(name in done.output for name in ("Keeprank", "popular in the market", "seen_lately", "style:looked at before"))
    found = json.loads((tmp_path / "found.json").read_text())
    assert 0 < found["all"]["lines"] <= 40
    assert 0 <= found["all"]["recall"]["random"]["200"]["value"] <= found["all"]["recall"]["Keeprank"]["200"]["value"] <= 1


def test_a_cut_that_is_no_day_is_refused(folder: Path) -> None:
    assert 2 == CliRunner().invoke(app, ["recall", str(folder), "--cut", "soon"]).exit_code
