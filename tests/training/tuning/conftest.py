"""What the tests of tuning share: a storage without studies, and a demo shop's material."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.shop import Shop
from training.blocks import Split
from training.settings import Settings
from training.tuning.material import Material, gather
from training.tuning.storage import opened


@pytest.fixture(scope="session")
def empty_studies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a storage without studies; Optuna takes a second to make one, so copy it."""
    file = tmp_path_factory.mktemp("studies") / "tuning.db"
    opened(f"sqlite:///{file}")
    return file


@pytest.fixture
def url(empty_studies: Path, tmp_path: Path) -> str:
    """A storage of the test's own."""
    shutil.copy(empty_studies, tmp_path / "tuning.db")
    return f"sqlite:///{tmp_path / 'tuning.db'}"


@pytest.fixture(scope="session")
def gathered(shop: Shop, quick_settings: Settings) -> Material:
    """The demo shop's return rows in three folds."""
    return gather("return", shop, quick_settings, 3)


@pytest.fixture(scope="session")
def easy() -> Material:
    """900 rows whose first input nearly says what happened, in three folds."""
    random = np.random.default_rng(1)
    y = random.integers(0, 2, 900)
    values = np.column_stack([y + random.normal(0, 1, 900), random.normal(0, 1, 900)])
    everyone, cut = np.arange(900), pd.Timestamp("2024-01-01", tz="UTC")
    split = tuple(Split(everyone[: end - 300], everyone[end - 300 : end - 200], everyone[end - 200 : end], cut) for end in (700, 800, 900))
    return Material("return", ("telling", "noise"), values, y, split, seed=1)
