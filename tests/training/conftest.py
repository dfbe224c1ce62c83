"""What the tests of training share: one training of the demo shop, and an empty MLflow store."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from features.shop import Shop
from training.pipeline import Training, train
from training.registry import CHAMPION, Registry
from training.settings import Settings


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
