"""The release that serves changes under requests: in the store an alias moves, and no shopper notices."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from features.snapshot import load_snapshot
from tests.support import quiet
from tests.support.command_line import Keeprank
from tests.support.switched import Switched, answered, refused, register, serving_from, shoppers, until
from tests.support.switching import another, deadly, seal_of, tampered
from training.registry import CHAMPION, Registry, Version

pytestmark = quiet.MLFLOW


@pytest.fixture(scope="module")
def request_of(snapshot_folder: Path) -> dict[str, Any]:
    return {"offers": [{"sku": str(sku)} for sku in load_snapshot(snapshot_folder).products["sku"][:20]], "customer_id": "c000001"}


@pytest.fixture(scope="module")
def store(release_folder: Path, snapshot_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two versions, the first of them champion."""
    folder = tmp_path_factory.mktemp("store")
    registry = Registry(f"sqlite:///{folder / 'mlflow.db'}", folder / "mlruns")
    first = register(registry, release_folder, snapshot_folder, folder)
    register(registry, another(release_folder, folder / "second"), snapshot_folder, folder)
    registry.set_alias(CHAMPION, first)
    return folder


@pytest.fixture(scope="module")
def running(store: Path) -> Iterator[Switched]:
    with serving_from(store) as one:
        yield one


@pytest.fixture
def switched(running: Switched) -> Switched:
    """The service, with version 1 serving."""
    running.name(running.registry.numbered("1"))
    until(lambda: running.serves(running.registry.numbered("1")))
    return running


def test_a_moved_alias_reaches_every_worker_and_no_request_fails(switched: Switched, request_of: dict[str, Any]) -> None:
    first, second = (switched.registry.numbered(number) for number in "12")

    with shoppers(switched.url, request_of) as heard:
        until(lambda: heard.releases[first.seal] > 10)
        switched.name(second)
        until(lambda: switched.serves(second))
        heard.releases.clear()
        until(lambda: sum(heard.releases.values()) > 20)

    assert [] == heard.failures
    assert heard.releases[first.seal] <= 2, "at most what was being answered at the moment of the switch"


def test_a_rollback_reaches_every_worker(switched: Switched, store: Path, keeprank_says: Keeprank, request_of: dict[str, Any]) -> None:
    first, second = (switched.registry.numbered(number) for number in "12")
    switched.name(second)
    until(lambda: switched.serves(second))

    with shoppers(switched.url, request_of) as heard:
        done = keeprank_says("rollback", "--store", store, "--to", "1", "--why", "returns doubled")
        until(lambda: switched.serves(first))

    assert (0, []) == (done.code, heard.failures)


def broken(release: Path, folder: Path) -> Path:
    (another(release, folder, called="broken") / "return" / "trees.txt").unlink()
    return folder


def changed(release: Path, folder: Path) -> Path:
    return tampered(another(release, folder.with_name("whole"), called="changed"), folder)


def foreign(release: Path, folder: Path) -> Path:
    return another(release, folder, feature_set="0123456789abcdef")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (broken, "return/trees.txt is missing"),
        (changed, "policy.toml is changed after it was sealed"),
        (foreign, "the release was made for feature set 0123456789abcdef"),
        (deadly, "ended the process"),
    ],
)
def test_a_release_that_cannot_serve_is_refused_and_the_old_one_serves_on(
    make: Callable[[Path, Path], Path],
    reason: str,
    switched: Switched,
    release_folder: Path,
    snapshot_folder: Path,
    request_of: dict[str, Any],
    tmp_path: Path,
) -> None:
    version = register(switched.registry, make(release_folder, tmp_path / "made"), snapshot_folder, tmp_path)

    with shoppers(switched.url, request_of) as heard:
        switched.name(version)
        until(lambda: refused(switched, version) is not None)
        until(lambda: sum(heard.releases.values()) > 20)

    assert reason in (refused(switched, version) or "")
    assert ([], {seal_of(release_folder)}) == (heard.failures, set(heard.releases))


def test_a_store_that_goes_away_is_not_noticed_and_followed_again_when_it_is_back(
    switched: Switched, store: Path, request_of: dict[str, Any]
) -> None:
    first, second = (switched.registry.numbered(number) for number in "12")

    with shoppers(switched.url, request_of) as heard:
        (store / "mlflow.db").rename(store / "away.db")
        until(lambda: not answered(switched))
        until(lambda: heard.releases[first.seal] > 10)
        (store / "away.db").rename(store / "mlflow.db")
        until(lambda: answered(switched))
        switched.name(second)
        until(lambda: switched.serves(second))

    assert [] == heard.failures


def test_a_service_starts_from_its_own_copies_while_the_store_is_away(switched: Switched, store: Path, tmp_path: Path) -> None:
    first: Version = switched.registry.numbered("1")
    for name in ("build", "mlruns"):
        shutil.copytree(store / name, tmp_path / "alone" / name)

    with serving_from(tmp_path / "alone") as alone:
        until(lambda: alone.serves(first))
        assert not answered(alone)
    assert not (tmp_path / "alone" / "mlflow.db").exists()
