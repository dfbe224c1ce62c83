"""What every storage of the decision log has to do: one suite for the folder and for Postgres."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from domain.errors import LogRefused
from serving.assortment import Shelf
from serving.decision_log.folder import LogFolder
from serving.decision_log.log import DecisionLog, LogCounts
from serving.decision_log.reading import Where, entries
from serving.decision_log.storage import LogStorage
from serving.facts import Declared, Kept
from tests.support.decisions import MORNING, decided, pseudonym

Opens = Callable[[], LogStorage]
Logs = Callable[[LogStorage], DecisionLog]
JUST_AFTER = MORNING + dt.timedelta(seconds=1)


def asked(storage: LogStorage, where: Where = Where()) -> list[str | None]:  # noqa: B008  (frozen)
    return [entry.request_id for entry in entries(storage, where)]


def test_what_was_appended_is_read_in_order(opens: Opens, logs: Logs) -> None:
    log, storage = logs(opens()), opens()

    for name in ("r1", "r2", "r3"):
        log.append(decided(name), wait=True)

    assert ["r1", "r2", "r3"] == asked(storage)
    assert 3 == storage.held()
    assert LogCounts(accepted=3, committed=3) == log.counts
    assert log.healthy


def test_a_decision_comes_back_as_it_was(opens: Opens, logs: Logs) -> None:
    facts = (
        Declared(id="d1", customer_id="anna", attribute="size:dress", value="38", at=MORNING),
        Kept(id="k1", customer_id="anna", line_id="l1", at=MORNING),
    )
    shelf = {"blue-38": Shelf(price=900, currency="EUR", available=None), "asked-by-nobody": Shelf(price=None, currency=None, available=0)}
    decision = decided("r1", facts=facts, shelf=shelf, arm="challenger", shown=False)
    logs(opens()).append(decision, wait=True)

    [entry] = entries(opens())

    assert decision == entry.decision()
    assert {"blue-38"} == set(decision.shelf)
    assert ("challenger", False, pseudonym("anna")) == (entry.row.arm, entry.row.shown, entry.customer)


def test_closing_writes_what_has_gathered(opens: Opens, logs: Logs) -> None:
    log = logs(opens())

    for number in range(40):
        log.append(decided(f"r{number}"))
    log.close()

    assert [f"r{number}" for number in range(40)] == asked(opens())
    assert LogCounts(accepted=40, committed=40) == log.counts


def test_a_closed_log_refuses(opens: Opens, logs: Logs) -> None:
    log = logs(opens())
    log.close()

    with pytest.raises(LogRefused, match="closed"):
        log.append(decided("r1"))
    assert LogCounts(denied=1) == log.counts


def test_a_request_id_that_comes_twice_is_two_decisions(opens: Opens, logs: Logs) -> None:
    log = logs(opens())

    log.append(decided("r1"), wait=True)
    log.append(decided("r1"), wait=True)

    assert ["r1", "r1"] == asked(opens())


def test_a_row_that_is_committed_again_is_one_row(opens: Opens, logs: Logs) -> None:
    storage = opens()
    logs(storage).append(decided("r1"), wait=True)
    [(_, row)] = storage.rows()

    storage.commit([row])

    assert ["r1"] == asked(storage)


@pytest.mark.parametrize(
    ("expected", "where"),
    [
        (["r1", "r2"], Where(begins=MORNING + dt.timedelta(minutes=1))),
        (["r0"], Where(ends=MORNING + dt.timedelta(minutes=1))),
        (["r1"], Where(release="another")),
        (["r2"], Where(arm="challenger")),
        (["r0"], Where(request_id="r0")),
    ],
)
def test_decisions_are_found_by_time_release_arm_and_request(opens: Opens, logs: Logs, expected: list[str], where: Where) -> None:
    log = logs(opens())
    log.append(decided("r0"), wait=True)
    log.append(decided("r1", minute=1, release="another"), wait=True)
    log.append(decided("r2", minute=2, arm="challenger"), wait=True)

    assert expected == asked(opens(), where)


def test_who_was_erased_cannot_be_read_and_others_can(opens: Opens, logs: Logs) -> None:
    log, storage = logs(opens()), opens()
    log.append(decided("r1", "anna"), wait=True)
    log.append(decided("r2", "bert"), wait=True)
    log.append(decided("r3", None), wait=True)

    assert log.erase("anna", JUST_AFTER)

    assert [None, "r2", "r3"] == asked(storage)
    assert [None, pseudonym("bert"), None] == [entry.customer for entry in entries(storage)]
    assert [True, False, False] == [entry.shredded for entry in entries(storage)]
    assert next(entries(storage)).decision() is None


def test_who_is_unknown_cannot_be_erased(opens: Opens, logs: Logs) -> None:
    assert not logs(opens()).erase("nobody", JUST_AFTER)


def test_what_was_served_before_an_erasure_and_written_after_it_cannot_be_read(opens: Opens, logs: Logs) -> None:
    log = logs(opens())
    log.erase("anna", JUST_AFTER)

    log.append(decided("late", minute=0), wait=True)
    log.append(decided("again", minute=1), wait=True)
    log.append(decided("later still", minute=0), wait=True)

    assert [None, "again", None] == asked(opens())


def test_two_decisions_of_a_customer_share_a_key_and_no_token_leads_to_another(opens: Opens, logs: Logs) -> None:
    log, storage = logs(opens()), opens()
    log.append(decided("r1", "anna"), wait=True)
    log.append(decided("r2", "anna"), wait=True)
    log.append(decided("r3", "bert"), wait=True)

    first, second, third = (row.token for _, row in storage.rows())

    assert first == second != third
    assert not {pseudonym("anna"), "anna"} & {first, third}


def test_without_p_order_the_log_has_none(opens: Opens, logs: Logs) -> None:
    logs(opens()).append(decided("r1", p_order=None), wait=True)

    [(_, row)] = opens().rows()

    assert row.p_order is None


def test_two_logs_append_side_by_side(opens: Opens, logs: Logs) -> None:
    one, other = logs(opens()), logs(opens())

    for number in range(50):
        one.append(decided(f"one-{number}", f"customer-{number % 5}"))
        other.append(decided(f"other-{number}", f"customer-{number % 5}"))
    one.close()
    other.close()

    found = list(map(str, asked(opens())))
    assert [f"one-{number}" for number in range(50)] == [name for name in found if name.startswith("one")]
    assert [f"other-{number}" for number in range(50)] == [name for name in found if name.startswith("other")]
    assert 5 == len({row.token for _, row in opens().rows()})


def test_what_is_too_old_goes_and_what_is_not_stays(opens: Opens, logs: Logs) -> None:
    storage = opens()
    log = logs(storage)
    for minute in range(3):
        log.append(decided(f"r{minute}", minute=minute), wait=True)
        if isinstance(storage, LogFolder):
            storage.roll()

    assert 2 == log.forget(MORNING + dt.timedelta(minutes=2))
    log.append(decided("r3", minute=3), wait=True)

    assert ["r2", "r3"] == asked(opens())
    assert 2 == opens().held()
    assert 0 == log.forget(MORNING + dt.timedelta(minutes=2))
