"""One worker, opened from its settings over a release and a snapshot, and closed in order."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from threading import Event
from threading import enumerate as running_threads

import httpx
import pytest
from msgspec.structs import replace

from domain.errors import KeysRefused, SettingsRefused
from serving.app import Application
from serving.decision_log.folder import LogFolder
from serving.decision_log.reading import entries
from serving.settings import Settings
from serving.worker import DECISIONS, Places, _running, opened
from tests.support.doors import patient


@pytest.fixture
def places(release_folder: Path, snapshot_folder: Path, tmp_path: Path) -> Places:
    return Places(state=tmp_path / "state", release=release_folder, snapshot=snapshot_folder)


def ranked(application: Application, headers: dict[str, str] | None = None) -> httpx.Response:
    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=application), base_url="http://shop") as client:
            content = json.dumps({"offers": [{"sku": "a", "price": 100}], "request_id": "mine"})
            return await client.post("/v1/rank", content=content, headers={"content-type": "application/json", **(headers or {})})

    return asyncio.run(ask())


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def test_what_a_worker_answered_is_written_when_it_has_closed(places: Places) -> None:
    with opened(places, patient(), {}) as application:
        assert 200 == ranked(application).status_code
    log = LogFolder.existing(places.state / DECISIONS, now)
    assert ["mine"] == [decision.reply.request_id for one in entries(log) if (decision := one.decision()) is not None]
    log.close()


def test_a_closed_worker_leaves_no_thread_behind(places: Places) -> None:
    before = set(running_threads())
    with opened(places, patient(), {}) as application:
        ranked(application)
        assert set(running_threads()) - before  # one of `before` may be of an earlier test, and end meanwhile
    assert set() == {thread.name for thread in set(running_threads()) - before if thread.name != "asyncio_0"}


def test_what_runs_beside_a_worker_ends_before_what_it_uses_is_closed() -> None:
    told: list[str] = []

    def slow(name: str) -> Callable[[Event], None]:
        def run(stop: Event) -> None:
            stop.wait(30)
            told.append(name)

        return run

    with _running([slow("shadows"), slow("watcher")]):
        assert [] == told
    assert {"shadows", "watcher"} == set(told)


def test_without_keys_a_worker_that_asks_for_them_does_not_open(places: Places) -> None:
    with pytest.raises(KeysRefused, match="keeprank keys create"), opened(places, patient(authentication=True), {}):
        pytest.fail("it opened")


def test_without_anything_that_serves_it_does_not_open(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match="a deployment folder, or a release and a snapshot"), opened(Places(tmp_path), patient(), {}):
        pytest.fail("it opened")


def with_stores(settings: Settings, *, state: str = "sqlite", log: str = "parquet") -> Settings:
    return replace(settings, state=replace(settings.state, kind=state), log=replace(settings.log, kind=log))


@pytest.mark.parametrize(
    ("stores", "missing"), [({"state": "redis"}, "KEEPRANK_REDIS_URL"), ({"log": "postgres"}, "KEEPRANK_POSTGRES_DSN")]
)
def test_a_secret_that_is_not_set_is_named(places: Places, stores: dict[str, str], missing: str) -> None:
    with pytest.raises(SettingsRefused, match=f"names {missing}, which is not set"), opened(places, with_stores(patient(), **stores), {}):
        pytest.fail("it opened")


def test_a_worker_without_a_log_answers(places: Places) -> None:
    with opened(places, with_stores(patient(), log="off"), {}) as application:
        assert 200 == ranked(application).status_code
    assert not (places.state / DECISIONS).exists()
