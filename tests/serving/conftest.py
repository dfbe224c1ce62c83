from pathlib import Path

import numpy as np
import pytest

from features.clock import days
from features.shop import Shop
from features.taking import take_snapshot
from serving.state import Serving


@pytest.fixture(scope="session")
def serving(release_folder: Path, snapshot_folder: Path) -> Serving:
    """The demo shop's release and snapshot, loaded."""
    return Serving.load(release_folder, snapshot_folder)


@pytest.fixture(scope="session")
def busy(shop: Shop, release_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Serving:
    """The same release on the busiest morning: what then happened is in the shop's tables."""
    day = int(np.bincount(days(shop.tables["order_lines"]["ordered_at"], shop.zone)).argmax())
    folder = tmp_path_factory.mktemp("busy") / "snapshot"
    take_snapshot(shop, folder, day=day)
    return Serving.load(release_folder, folder)
