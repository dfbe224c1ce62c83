from pathlib import Path

import pytest

from serving.state import Serving


@pytest.fixture(scope="session")
def serving(release_folder: Path, snapshot_folder: Path) -> Serving:
    """The demo shop's release and snapshot, loaded."""
    return Serving.load(release_folder, snapshot_folder)
