from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from serving.online.opening import open_state
from serving.online.port import CustomerState
from tests.support.redis_server import RedisServer, redis_server

Opened = Callable[[], CustomerState]
_prefixes = itertools.count()


@pytest.fixture(scope="session")
def one_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis for all tests that neither stop it nor look into its files."""
    with redis_server(tmp_path_factory.mktemp("redis") / "data") as server:
        yield server


@pytest.fixture(params=["sqlite", "redis"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    """Opens one and the same new state, as often as it is called: as several workers do."""
    states: list[CustomerState] = []
    url: str | None = None
    if request.param == "redis":
        from redis import Redis

        url = request.getfixturevalue("one_redis").url
        with Redis.from_url(url) as client:
            client.flushall()

    def open_one() -> CustomerState:
        states.append(open_state(tmp_path / "state", redis_url=url))
        return states[-1]

    yield open_one
    for state in states:
        state.close()


@pytest.fixture
def state(opened: Opened) -> CustomerState:
    """A new state."""
    return opened()
