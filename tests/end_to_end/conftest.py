"""The command line at work on a small demo shop: made, and trained on, once for all tests of this folder."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import pytest

import keeprank
from domain.policy import parse_policy
from experiments.demo_shop import ShopSettings, generate
from features.shop import Shop
from features.snapshot import load_snapshot
from features.taking import take_snapshot
from tests.support.command_line import Keeprank, Said
from tests.support.live import Live, live
from training.retrieval.remembered import remembering

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def keeprank_says(tmp_path_factory: pytest.TempPathFactory) -> Keeprank:
    """Runs the command line as the console script does, in a folder of its own; output is long-lined, as in a file."""
    folder = tmp_path_factory.mktemp("cwd")

    def run(*arguments: object, cwd: Path = folder) -> Said:
        command = [sys.executable, "-m", "keeprank", *map(str, arguments)]
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, env=None, check=False)
        assert "Traceback" not in done.stderr
        return Said(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Keeprank:
    """The same within this process: quicker, and every warning is an error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["keeprank", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            keeprank.main()
        return Said(int(ended.value.code or 0), *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, keeprank_says: Keeprank) -> Path:
    """A folder with a small demo shop without verdicts as Parquet, CSV and DuckDB, and quick settings."""
    folder = tmp_path_factory.mktemp("home")
    done = keeprank_says("demo-shop", folder / "shop", "--customers", 1500, "--styles", 60, "--days", 200)
    assert (0, "") == (done.code, done.err)
    (folder / "shop" / "fit_feedback.parquet").unlink()
    _as_csv(folder / "shop", folder / "csv")
    _as_duckdb(folder / "shop", folder / "shop.duckdb")
    text = (ROOT / "config/training.toml").read_text()
    for name, value in {"trees": 40, "fewest_rows_per_leaf": 20, "fewest_rows": 100, "most_rows": 20_000}.items():
        text = "\n".join(f"{name} = {value}" if line.split(" ")[0] == name else line for line in text.splitlines())
    (folder / "training.toml").write_text(text)
    return folder


def _as_csv(parquet: Path, folder: Path) -> None:
    folder.mkdir()
    for file in parquet.glob("*.parquet"):
        pd.read_parquet(file).to_csv(folder / f"{file.stem}.csv", index=False, date_format="%Y-%m-%dT%H:%M:%S.%fZ")


def _as_duckdb(parquet: Path, file: Path) -> None:
    with duckdb.connect(str(file)) as connection:
        for table in parquet.glob("*.parquet"):
            connection.execute(f"CREATE TABLE {table.stem} AS SELECT * FROM read_parquet(?)", [str(table)])  # noqa: S608


@pytest.fixture(scope="session")
def trained(home: Path, keeprank_says: Keeprank) -> Said:
    """What `keeprank train` said of the CSV folder, in an empty store."""
    return keeprank_says("train", home / "csv", "--store", home / "store", "--settings", home / "training.toml")


@pytest.fixture(scope="session")
def snapshot_of_today(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot of the midnight before now, over which facts that are told now count."""
    policy = parse_policy((ROOT / "config/policy.toml").read_text())
    today = dt.datetime.now(ZoneInfo(policy.time_zone)).date()
    recent = generate(ShopSettings(seed=36, customers=600, styles=100, days=200, ends_on=today - dt.timedelta(days=2)))
    folder = tmp_path_factory.mktemp("today") / "snapshot"
    shop = Shop.of(recent.tables, policy.window_days, zone=policy.time_zone)
    take_snapshot(shop, folder, beside=remembering(shop))
    assert today == load_snapshot(folder).at.tz_convert(policy.time_zone).date()
    return folder


@pytest.fixture(scope="session")
def service_of_today(release_folder: Path, snapshot_of_today: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The real service with two workers and keys, for all tests that neither stop it nor count what it wrote."""
    with live(release_folder, snapshot_of_today, tmp_path_factory.mktemp("of-today") / "state") as one:
        yield one
