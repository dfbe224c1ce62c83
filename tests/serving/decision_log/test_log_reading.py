"""The log as a table: what shoppers were shown, in the words of the data contract."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pandas as pd
import pytest

from domain.conform import conform
from domain.errors import LogRefused
from domain.tables import TABLES
from serving.decision_log.folder import LogFolder
from serving.decision_log.log import DecisionLog
from serving.decision_log.postgres import PostgresLog, hidden
from serving.decision_log.reading import Where, decisions_table, entries, offers_table, stored_at
from serving.decision_log.storage import LogStorage
from tests.support.decisions import MORNING, decided, pseudonym

Opens = Callable[[], LogStorage]
Logs = Callable[..., DecisionLog]


def test_the_table_is_the_contract_s_impressions(opens: Opens, logs: Logs) -> None:
    logs(opens()).append(decided("r1"), wait=True)

    table = decisions_table(opens())

    assert [
        ("r1", MORNING, pseudonym("anna"), "visit-1", "blue-38", 1, 1.0, "p1@0123456789ab", 1000),
        ("r1", MORNING, pseudonym("anna"), "visit-1", "red-38", 2, 0.5, "p1@0123456789ab", 1001),
    ] == list(table.itertuples(index=False, name=None))
    assert [] == conform(TABLES["impressions"], table)[1]


def test_an_empty_log_is_an_empty_table(opens: Opens) -> None:
    assert 0 == len(decisions_table(opens()))
    assert [] == conform(TABLES["impressions"], decisions_table(opens()))[1]


def test_shadows_and_shredded_decisions_are_no_impressions(opens: Opens, logs: Logs) -> None:
    log = logs(opens())
    log.append(decided("r1", "anna"), wait=True)
    log.append(decided("r2", "bert", arm="challenger", shown=False), wait=True)
    log.append(decided("r3", None), wait=True)
    log.erase("anna", MORNING)

    table = decisions_table(opens())

    assert ["r3", "r3"] == table["request_id"].tolist()
    assert table["customer_id"].isna().all()


def test_of_a_request_that_was_asked_twice_the_last_reply_counts(opens: Opens, logs: Logs) -> None:
    log = logs(opens())
    log.append(decided("r1"), wait=True)
    log.append(decided("r1", minute=1), wait=True)

    assert [MORNING + dt.timedelta(minutes=1)] * 2 == decisions_table(opens())["at"].tolist()


def test_estimators_find_every_arm_and_both_chances(opens: Opens, logs: Logs) -> None:
    log = logs(opens())
    log.append(decided("r1"), wait=True)
    log.append(decided("r2", arm="challenger", shown=False, p_order=None), wait=True)

    table = offers_table(opens(), Where(arm="challenger")).to_pandas()

    assert {"r2"} == set(table["request_id"])
    assert ([False, False], [39, 38], [7, 7]) == (
        table["shown"].tolist(),
        table["expected_kept_margin"].tolist(),
        table["order_bonus"].tolist(),
    )
    assert table["p_order"].isna().all()
    assert [0.1, 0.1] == offers_table(opens(), Where(arm="champion")).to_pandas()["p_order"].tolist()
    assert [0.25, 0.25] == table["p_return"].tolist()


def test_what_was_not_ranked_for_want_of_time_is_the_caller_s_order(opens: Opens, logs: Logs) -> None:
    logs(opens()).append(decided("r1", fallback="deadline"), wait=True)

    assert {"callers_order"} == set(decisions_table(opens())["policy"])


def test_before_and_after_a_segment_the_table_is_the_same(in_folder: Callable[[], LogFolder], logs: Logs) -> None:
    storage = in_folder()
    log = logs(storage)
    for number in range(5):
        log.append(decided(f"r{number}", None if number % 2 else "anna", p_order=None if number == 3 else 0.2), wait=True)
    before = list(entries(storage))

    storage.roll()

    assert before == list(entries(storage))
    assert before[0].decision() == next(entries(storage)).decision()
    pd.testing.assert_frame_equal(decisions_table(storage), decisions_table(in_folder()))


def test_every_row_that_is_looked_at_is_a_step(opens: Opens, logs: Logs) -> None:
    log = logs(opens())
    for name in ("r1", "r2"):
        log.append(decided(name), wait=True)
    steps: list[int] = []

    list(entries(opens(), Where(request_id="r2"), step=lambda: steps.append(1)))

    assert 2 == len(steps)


def test_a_log_is_opened_by_its_folder_and_refused_where_there_is_none(folder: object, in_folder: Callable[[], LogFolder]) -> None:
    with pytest.raises(LogRefused, match=r"holds no journal\.db"):
        stored_at(str(folder), lambda: MORNING)

    in_folder()

    found = stored_at(str(folder), lambda: MORNING)
    assert 0 == found.held()
    found.close()


def test_a_server_that_does_not_answer_is_refused_without_its_password() -> None:
    with pytest.raises(LogRefused, match="does not answer") as refused:
        PostgresLog("postgresql://shop:secret@127.0.0.1:1/db")

    assert "secret" not in refused.value.message()
    assert "postgresql://shop:***@127.0.0.1:1/db" == hidden("postgresql://shop:secret@127.0.0.1:1/db")
