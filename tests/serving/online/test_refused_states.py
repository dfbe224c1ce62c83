"""A state that cannot be trusted, or does not answer, says so by name."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from domain.errors import StateRefused, StateUnavailable
from serving.online.opening import open_state
from serving.online.port import Outcome
from serving.online.sqlite_state import FILE, SqliteState
from serving.pseudonyms import Pseudonyms
from tests.support.redis_server import RedisServer, redis_server
from tests.support.told import MIDNIGHT, NOON, stock, view


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE) as other:
        other.execute("CREATE TABLE something (else_ TEXT)")

    with pytest.raises(StateRefused, match="of something else"):
        open_state(tmp_path)


def test_a_state_of_another_format_is_refused(tmp_path: Path) -> None:
    open_state(tmp_path).close()
    sqlite3.connect(tmp_path / FILE).execute("PRAGMA user_version = 2")

    with pytest.raises(StateRefused, match="format 2; expected: format 1"):
        open_state(tmp_path)


def test_a_state_that_was_written_under_another_secret_is_refused(tmp_path: Path) -> None:
    open_state(tmp_path).close()
    (tmp_path / "secret").unlink()

    with pytest.raises(StateRefused, match="another secret"):
        open_state(tmp_path)


def test_what_is_no_database_does_not_answer(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database" * 1000)

    with pytest.raises(StateUnavailable, match="not a database"):
        open_state(tmp_path)


def test_a_state_that_was_closed_does_not_answer(tmp_path: Path) -> None:
    state = open_state(tmp_path)
    state.close()

    with pytest.raises(StateUnavailable):
        state.shelf(["shirt"], since=MIDNIGHT)


def test_nobody_else_may_read_the_state(tmp_path: Path) -> None:
    state = open_state(tmp_path / "state")
    state.add([view(1)])

    assert {0o600} == {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "state").iterdir()}
    assert 0o700 == stat.S_IMODE((tmp_path / "state").stat().st_mode)
    state.close()


def test_while_somebody_reads_an_erasure_says_that_traces_are_left_and_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.online.schema.BUSY_MS", 50)
    state = SqliteState(tmp_path, Pseudonyms.open(tmp_path))
    state.add([view(1)])
    with sqlite3.connect(tmp_path / FILE, isolation_level=None) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM told").fetchone()
        assert (1, False) == ((erased := state.erase("ann", now=NOON)).facts, erased.wiped)
        assert () == state.known("ann").facts
        reader.execute("COMMIT")

    assert (0, True) == ((again := state.erase("ann", now=NOON)).facts, again.wiped)
    state.close()


def test_who_has_to_wait_too_long_for_another_writer_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.online.schema.BUSY_MS", 50)
    state = SqliteState(tmp_path, Pseudonyms.open(tmp_path))
    with sqlite3.connect(tmp_path / FILE, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StateUnavailable, match="locked"):
            state.add([view(1)])
        other.execute("ROLLBACK")

    assert [Outcome.ACCEPTED] == state.add([view(1)])
    state.close()


@pytest.mark.parametrize("power_cut_safe", [True, False])
def test_many_threads_tell_and_read_at_once(tmp_path: Path, power_cut_safe: bool) -> None:
    state, ready = SqliteState(tmp_path, Pseudonyms.open(tmp_path), power_cut_safe=power_cut_safe), threading.Barrier(8)

    def tell(thread: int) -> list[Outcome]:
        ready.wait()
        found = []
        for number in range(20):
            found += state.add([view(number, f"c{number}"), view(thread * 100 + number, "ann", id=f"{thread}-{number}"), stock(number, 1)])
            state.shelf(["shirt"], since=MIDNIGHT)
            state.of_customer("ann", since=MIDNIGHT)
        return found

    with ThreadPoolExecutor(8) as threads:
        outcomes = Counter(outcome for found in threads.map(tell, range(8)) for outcome in found)

    assert {Outcome.ACCEPTED: 20 + 160 + 20, Outcome.DUPLICATE: 140 * 2} == outcomes
    assert 160 == len(state.known("ann").facts)
    state.close()


def test_a_redis_that_is_away_is_named_and_when_it_is_back_everything_is_there(tmp_path: Path) -> None:
    with redis_server(tmp_path / "redis") as server:
        state = open_state(tmp_path / "state", redis_url=server.url)
        state.add([view(1), stock(1, 5)])
        state.shelf(["shirt"], since=MIDNIGHT)
        server.kill()
        for asked in (
            lambda: state.add([view(2)]),
            lambda: state.of_customer("ann", since=MIDNIGHT),
            lambda: state.shelf(["shirt"], since=MIDNIGHT),
            state.prove,
        ):
            with pytest.raises(StateUnavailable, match="does not answer"):
                asked()
        server.start()

        state.prove()
        assert [Outcome.ACCEPTED, Outcome.DUPLICATE] == state.add([view(2), view(1)])
        assert (view(1), view(2)) == state.of_customer("ann", since=MIDNIGHT)
        assert 5 == state.shelf(["shirt"], since=MIDNIGHT)["shirt"].available
        state.close()


def test_a_redis_that_was_emptied_is_not_remembered(tmp_path: Path) -> None:
    from redis import Redis

    with redis_server(tmp_path / "redis") as server:
        state = open_state(tmp_path / "state", redis_url=server.url)
        state.add([stock(1, 5)])
        assert {"shirt"} == set(state.shelf(["shirt"], since=MIDNIGHT))
        with Redis.from_url(server.url) as client:
            client.flushall()

        assert {} == state.shelf(["shirt"], since=MIDNIGHT)
        state.close()


@pytest.mark.parametrize(
    ("setting", "value"), [("appendonly", "no"), ("appendfsync", "everysec"), ("save", "60 1"), ("maxmemory-policy", "allkeys-lru")]
)
def test_a_redis_that_forgets_or_keeps_copies_is_refused(one_redis: RedisServer, tmp_path: Path, setting: str, value: str) -> None:
    from redis import Redis

    with Redis.from_url(one_redis.url) as client:
        before = client.config_get(setting)[setting]
        client.config_set(setting, value)
        try:
            with pytest.raises(StateRefused, match=f"{setting} '{value}'"):
                open_state(tmp_path, redis_url=one_redis.url)
        finally:
            client.config_set(setting, before)


def test_a_redis_that_writes_every_second_will_do_if_a_power_cut_may_take_a_second_back(one_redis: RedisServer, tmp_path: Path) -> None:
    from redis import Redis

    with Redis.from_url(one_redis.url) as client:
        client.flushall()
        client.config_set("appendfsync", "everysec")
        try:
            open_state(tmp_path, redis_url=one_redis.url, power_cut_safe=False).close()
        finally:
            client.config_set("appendfsync", "always")


def test_a_redis_of_another_shop_or_format_is_refused(one_redis: RedisServer, tmp_path: Path) -> None:
    from redis import Redis

    with Redis.from_url(one_redis.url) as client:
        client.flushall()
        open_state(tmp_path / "one", redis_url=one_redis.url).close()
        with pytest.raises(StateRefused, match="another secret"):
            open_state(tmp_path / "two", redis_url=one_redis.url)
        client.hset("keeprank:about", "format", "9")
        with pytest.raises(StateRefused, match="of format"):
            open_state(tmp_path / "one", redis_url=one_redis.url)
