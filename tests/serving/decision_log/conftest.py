"""Logs to append to: in a folder, and in a Postgres server that the tests start."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from serving.decision_log.folder import LogFolder
from serving.decision_log.log import DecisionLog
from serving.decision_log.postgres import PostgresLog
from serving.decision_log.settings import LogSettings
from serving.decision_log.storage import LogStorage
from tests.support.decisions import MORNING, pseudonym
from tests.support.postgres_server import Server, binaries, running

Opens = Callable[[], LogStorage]


def this_morning() -> dt.datetime:
    return MORNING


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A Postgres server, for all tests."""
    programs = binaries()
    if programs is None:
        pytest.skip("initdb and postgres are not installed")
    with running(programs) as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a log in a folder is."""
    return tmp_path / "decisions"


@pytest.fixture
def closing_all() -> Iterator[ExitStack]:
    """Closes what is handed to it, after the test."""
    with ExitStack() as open_ones:
        yield open_ones


@pytest.fixture
def in_folder(folder: Path, closing_all: ExitStack) -> Callable[..., LogFolder]:
    """Opens the log in the folder, as often as it is called."""

    def opened(settings: LogSettings = LogSettings()) -> LogFolder:  # noqa: B008  (frozen)
        storage = LogFolder(folder, settings, this_morning)
        closing_all.callback(storage.close)
        return storage

    return opened


@pytest.fixture(params=["folder", "postgres"])
def opens(request: pytest.FixtureRequest, in_folder: Callable[..., LogFolder], closing_all: ExitStack) -> Opens:
    """Opens one and the same log, as often as it is called."""
    if request.param == "folder":
        return in_folder
    url = request.getfixturevalue("postgres").new_database()

    def opened() -> PostgresLog:
        storage = PostgresLog(url)
        closing_all.callback(storage.close)
        return storage

    return opened


@pytest.fixture
def logs(closing_all: ExitStack) -> Callable[..., DecisionLog]:
    """Starts logs over storages."""

    def start(storage: LogStorage, settings: LogSettings = LogSettings()) -> DecisionLog:  # noqa: B008  (frozen)
        log = DecisionLog(storage, pseudonym=pseudonym, settings=settings)
        closing_all.callback(log.close)
        return log

    return start
