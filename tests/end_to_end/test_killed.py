"""What the service acknowledged is there, once, whatever of it is killed meanwhile; benchmarks.kill does it ten times."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.kill import Outcome, service_killed, worker_killed
from serving.worker import Places


@pytest.mark.parametrize("kill", [worker_killed, service_killed])
def test_what_was_acknowledged_is_there_once(
    release_folder: Path, snapshot_of_today: Path, tmp_path: Path, kill: Callable[[Places, str], Outcome]
) -> None:
    found = kill(Places(state=tmp_path / "state", release=release_folder, snapshot=snapshot_of_today), "k")

    assert (0, 0, []) == (found.lost, found.twice, found.refused)
    assert 1_000 < found.acknowledged
