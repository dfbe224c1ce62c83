"""A worker follows its deployment folder."""

import logging
import shutil
from pathlib import Path

import pytest

from domain.errors import KeeprankError, SettingsRefused, SnapshotRefused
from serving.current import Current, Serves
from serving.deployment import Deployment
from serving.releases import told
from serving.watching import Watcher, begin
from serving.wire_releases import Trial
from tests.support.switching import appoint, deployed, seal_of

SHADOW = Trial(mode="shadow")


class Worker:
    """A worker without requests."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment, self.swaps, self.refusals = deployment, list[Serves](), list[KeeprankError]()
        self.current = Current(begin(deployment))
        self.watcher = Watcher(deployment, self.current, self.swaps.append, self.refusals.append)
        self.watcher.look()

    @property
    def seal(self) -> str:
        return self.current.take().champion.release.seal


@pytest.fixture
def worker(release_folder: Path, snapshot_folder: Path, tmp_path: Path) -> Worker:
    return Worker(deployed(tmp_path / "home", release_folder, snapshot_folder))


def test_a_worker_starts_with_whom_its_deployment_appoints(worker: Worker, release_folder: Path) -> None:
    assert (seal_of(release_folder), []) == (worker.seal, worker.swaps)


def test_a_deployment_in_which_nobody_is_appointed_starts_no_worker(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match=r"holds no serve\.json"):
        begin(Deployment(tmp_path))


def test_a_worker_lets_serve_who_is_appointed_next(worker: Worker, other_folder: Path, snapshot_folder: Path) -> None:
    appoint(worker.deployment, other_folder, snapshot_folder)

    worker.watcher.look()

    assert seal_of(other_folder) == worker.seal
    assert [seal_of(other_folder)] == [one.champion.release.seal for one in worker.swaps]


def test_a_look_at_an_unchanged_folder_swaps_nothing(worker: Worker, other_folder: Path, snapshot_folder: Path) -> None:
    appoint(worker.deployment, other_folder, snapshot_folder)
    for _ in range(3):
        worker.watcher.look()

    assert 1 == len(worker.swaps)


def test_a_new_night_is_swapped_like_a_release(worker: Worker, release_folder: Path, busy_folder: Path) -> None:
    appoint(worker.deployment, release_folder, busy_folder)

    worker.watcher.look()

    took = worker.current.take().champion
    assert (seal_of(release_folder), seal_of(busy_folder)) == (took.release.seal, took.snapshot.seal)


@pytest.fixture(scope="module")
def busy_folder(snapshot_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The snapshot once more, under another seal."""
    folder = shutil.copytree(snapshot_folder, tmp_path_factory.mktemp("night") / "night")
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text() + "\n")
    return folder


def test_who_cannot_be_loaded_is_not_served_nor_tried_again_and_the_reason_is_told(
    worker: Worker, other_folder: Path, snapshot_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = worker.seal
    appoint(worker.deployment, other_folder, snapshot_folder)
    (worker.deployment.releases.path(seal_of(other_folder)) / "policy.toml").write_text("")

    for _ in range(3):
        worker.watcher.look()

    assert (before, []) == (worker.seal, worker.swaps)
    assert worker.watcher.behind is not None
    assert worker.watcher.behind.startswith(f"{seal_of(other_folder)}/policy.toml is changed")
    assert [worker.watcher.behind] == [refused.message() for refused in worker.refusals]
    assert 1 == len([one for one in caplog.records if one.levelno == logging.ERROR])
    assert worker.watcher.behind == told(worker.current.take(), worker.deployment, worker.watcher.behind).behind


def test_a_worker_that_fell_behind_catches_up(
    worker: Worker, release_folder: Path, other_folder: Path, snapshot_folder: Path, tmp_path: Path
) -> None:
    worker.deployment.appoint(appoint(worker.deployment, other_folder, snapshot_folder))
    shutil.move(worker.deployment.releases.path(seal_of(other_folder)), tmp_path / "away")
    worker.watcher.look()
    assert worker.watcher.behind is not None

    appoint(worker.deployment, release_folder, snapshot_folder)
    worker.watcher.look()

    assert seal_of(release_folder) == worker.seal
    assert None is told(worker.current.take(), worker.deployment, worker.watcher.behind).behind


def test_a_challenger_is_loaded_for_a_trial_and_not_else(
    worker: Worker, release_folder: Path, other_folder: Path, snapshot_folder: Path
) -> None:
    for trial, seals in ((Trial(), None), (SHADOW, seal_of(other_folder))):
        appoint(worker.deployment, release_folder, snapshot_folder, challenger=other_folder, trial=trial)
        worker.watcher.look()
        challenger = worker.current.take().challenger
        assert seals == (None if challenger is None else challenger.release.seal)


def test_a_challenger_that_is_promoted_is_not_loaded_again(
    worker: Worker, release_folder: Path, other_folder: Path, snapshot_folder: Path
) -> None:
    appoint(worker.deployment, release_folder, snapshot_folder, challenger=other_folder, trial=SHADOW)
    worker.watcher.look()
    tried = worker.current.take().challenger

    appoint(worker.deployment, other_folder, snapshot_folder, challenger=release_folder, trial=SHADOW)
    before = worker.current.take().champion
    worker.watcher.look()

    assert (tried, before) == (worker.current.take().champion, worker.current.take().challenger)


def test_a_challenger_that_cannot_be_loaded_leaves_the_champion_alone(
    worker: Worker, release_folder: Path, other_folder: Path, snapshot_folder: Path
) -> None:
    appoint(worker.deployment, release_folder, snapshot_folder, challenger=other_folder, trial=SHADOW)
    shutil.rmtree(worker.deployment.releases.path(seal_of(other_folder)))

    worker.watcher.look()

    assert (seal_of(release_folder), "alone") == (worker.seal, worker.current.take().mode)
    assert worker.watcher.behind is not None
    assert worker.watcher.behind.startswith("the challenger cannot be tried: ")


def test_a_copy_in_use_is_not_tidied_away(worker: Worker, release_folder: Path, other_folder: Path, snapshot_folder: Path) -> None:
    took = worker.current.take()
    appoint(worker.deployment, other_folder, snapshot_folder)
    worker.watcher.look()

    worker.deployment.tidy(keep=1)
    assert {seal_of(release_folder), seal_of(other_folder)} == set(worker.deployment.releases.seals())

    worker.swaps.clear()
    del took
    worker.deployment.tidy(keep=1)
    assert [seal_of(other_folder)] == worker.deployment.releases.seals()


def test_a_folder_that_is_broken_is_told_and_what_serves_serves_on(worker: Worker) -> None:
    before = worker.seal
    (worker.deployment.home / "serve.json").write_text('{"champion": 1}')

    worker.watcher.look()

    assert before == worker.seal
    assert worker.watcher.behind is not None
    assert "cannot be read" in worker.watcher.behind


def test_a_snapshot_that_is_gone_is_refused_by_name(release_folder: Path, snapshot_folder: Path, tmp_path: Path) -> None:
    deployment = deployed(tmp_path / "home", release_folder, snapshot_folder)
    shutil.rmtree(deployment.snapshots.path(seal_of(snapshot_folder)))

    with pytest.raises(SnapshotRefused, match=f"{seal_of(snapshot_folder)} has no manifest"):
        begin(deployment)
