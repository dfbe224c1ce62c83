"""What is Postgres's own: a connection that breaks is made anew, and two that make the tables at once both succeed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psycopg
import pytest

from domain.errors import LogRefused
from serving.decision_log.log import DecisionLog
from serving.decision_log.postgres import PostgresLog
from serving.decision_log.reading import entries
from serving.decision_log.settings import LogSettings
from tests.support.decisions import MORNING, decided
from tests.support.postgres_server import Server

Logs = Callable[..., DecisionLog]


def break_connections(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid != pg_backend_pid() AND datname = current_database()"
        )


def test_a_connection_that_broke_is_made_anew_and_nothing_is_lost(postgres: Server, logs: Logs, caplog: pytest.LogCaptureFixture) -> None:
    url = postgres.new_database()
    storage = PostgresLog(url)
    log = logs(storage, LogSettings(retry_ms=1))
    log.append(decided("r0"), wait=True)

    break_connections(url)
    log.append(decided("r1"))
    log.close()

    assert (2, 2, 0, 1) == (log.counts.accepted, log.counts.committed, log.counts.lost, log.counts.failed_commits)
    assert ["r0", "r1"] == [entry.request_id for entry in entries(storage)]
    assert "1 decisions were not committed" in caplog.text


def test_several_may_make_the_tables_at_once(postgres: Server, closing_all: ExitStack) -> None:
    url = postgres.new_database()

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: PostgresLog(url), range(4)))

    for storage in made:
        closing_all.callback(storage.close)
    assert [0, 0, 0, 0] == [storage.held() for storage in made]


def test_the_key_of_who_was_erased_is_not_in_its_table_s_file(postgres: Server, logs: Logs) -> None:
    url = postgres.new_database()
    log = logs(PostgresLog(url))
    log.append(decided("r0"), wait=True)
    with psycopg.connect(url, autocommit=True) as connection:
        before = connection.execute(
            "SELECT pg_relation_filepath('keeprank_decision_keys'), pg_table_size('keeprank_decision_keys')"
        ).fetchone()

        log.erase("anna", MORNING)

        after = connection.execute(
            "SELECT pg_relation_filepath('keeprank_decision_keys'), pg_relation_size('keeprank_decision_keys')"
        ).fetchone()
    assert before is not None
    assert after is not None
    assert before[0] != after[0]
    assert 0 == after[1]


def test_a_url_of_another_server_is_refused() -> None:
    with pytest.raises(LogRefused, match="does not answer"):
        PostgresLog("postgresql://127.0.0.1:1/db")
