"""What the tests of training share: one training of the demo shop, and an empty MLflow store."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from domain.conform import conform
from domain.tables import TABLES
from features.shop import Shop
from training.pipeline import Training, train
from training.registry import CHAMPION, Registry
from training.settings import Settings


@pytest.fixture(scope="session")
def shop(shop: Shop) -> Shop:
    """The demo shop, and three offers that were shown around each of its order lines, the bought one mostly at the top."""
    return replace(shop, tables={**shop.tables, "impressions": _shown(shop, np.random.default_rng(1))})


def _shown(shop: Shop, draw: np.random.Generator) -> pd.DataFrame:
    lines, sold = shop.tables["order_lines"], shop.tables["products"].dropna(subset="price")
    bought = lines.assign(request_id="r" + lines["line_id"], at=lines["ordered_at"] - pd.Timedelta(minutes=10), price=lines["unit_price"])
    others = bought.loc[bought.index.repeat(2)].assign(line_id=None)
    chosen = sold.iloc[draw.integers(0, len(sold), len(others))]
    others = others.assign(sku=chosen["sku"].to_numpy(), price=chosen["price"].to_numpy())
    everything = pd.concat([bought, others], ignore_index=True).drop_duplicates(["request_id", "sku"], ignore_index=True)
    place = pd.Series(draw.random(len(everything)) - 0.7 * everything["line_id"].notna().to_numpy())
    position = place.groupby(everything["request_id"]).rank(method="first").astype("int64")
    told = ["request_id", "at", "customer_id", "sku", "position", "price", "line_id"]
    found, violations = conform(TABLES["impressions"], everything.assign(position=position)[told])
    assert [] == violations
    return found


@pytest.fixture(scope="session")
def training(shop: Shop, quick_settings: Settings) -> Training:
    """The demo shop's models."""
    return train(shop, quick_settings)


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a store in which nothing was logged; MLflow takes seconds to make one, so copy it."""
    file = tmp_path_factory.mktemp("store") / "mlflow.db"
    assert Registry(f"sqlite:///{file}").version(CHAMPION) is None
    return file


@pytest.fixture
def registry(empty_store: Path, tmp_path: Path) -> Registry:
    """A store of the test's own."""
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    return Registry(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path / "mlruns")
