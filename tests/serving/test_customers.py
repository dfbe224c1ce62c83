"""One customer's data at the customer's word: handed out, declared, decided, erased, known anew."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from domain.errors import LogRefused, StateUnavailable
from serving.api import BY_NAME
from serving.customers import Customers
from serving.decision_log.folder import LogFolder
from serving.decision_log.log import DecisionLog
from serving.decision_log.reading import entries
from serving.decision_log.settings import LogSettings
from serving.facts import Moved
from serving.pseudonyms import Pseudonyms
from serving.reading import RequestRefused
from serving.state import Serving
from serving.wire import Offer, RankRequest
from tests.support.calls import HOUR, Calls, Written, calls, noon


def known(serving: Serving) -> str:
    return next(f"c{number:06d}" for number in range(10**6) if serving.snapshot.knows_customer(f"c{number:06d}"))


@pytest.fixture
def worker(serving: Serving, tmp_path: Path) -> Calls:
    return calls(serving, tmp_path)


@pytest.fixture
def customers(worker: Calls) -> Customers:
    return Customers(worker.parts, None)


def moved(serving: Serving, who: str, hours: float = -1.0, number: int = 0) -> Moved:
    return Moved(id=f"e{number}", customer_id=who, kind="view", sku="a", at=noon(serving) + hours * HOUR)


def told(customers: Customers, name: str, who: str, **fields: Any) -> Any:
    return customers.answer(BY_NAME[name], json.dumps(fields).encode(), customer_id=who)


def test_everything_is_handed_out(serving: Serving, worker: Calls, customers: Customers) -> None:
    who = known(serving)
    worker.state.add([moved(serving, who)])
    found = told(customers, "customer", who)
    assert ([moved(serving, who)], True, [serving.release.seal], None) == (
        found.facts,
        found.in_snapshot,
        found.trained_in,
        found.erased_at,
    )


def test_of_a_stranger_there_is_nothing(customers: Customers) -> None:
    found = told(customers, "customer", "nobody")
    assert ([], False, [], None) == (found.facts, found.in_snapshot, found.trained_in, found.erased_at)


def test_preferences_and_consents_are_facts_of_now_and_count_in_the_next_reply(
    serving: Serving, customers: Customers, tmp_path: Path
) -> None:
    who = known(serving)
    withdrawn = told(customers, "consents", who, consents=[{"purpose": "personalisation", "granted": False}])
    stated = told(customers, "preferences", who, preferences=[{"attribute": "height_cm", "value": "172"}])
    later = calls(serving, tmp_path, now=noon(serving) + HOUR).answering
    found = told(customers, "customer", who)
    assert (1, 1) == (withdrawn.accepted, stated.accepted)
    assert [("personalisation", False)] == [(one.purpose, one.granted) for one in found.consents]
    assert [("height_cm", "172")] == [(one.attribute, one.value) for one in found.declared]
    assert "new_customer" == later.rank(RankRequest(offers=[Offer(sku="a")], customer_id=who), request_id="r").reply.fallback


def test_a_wrong_declaration_is_refused(customers: Customers) -> None:
    with pytest.raises(RequestRefused):
        told(customers, "consents", "ann", consents=[{"purpose": "world peace", "granted": True}])


def test_who_was_erased_is_unknown_until_she_joins_anew(serving: Serving, worker: Calls, customers: Customers) -> None:
    who = known(serving)
    worker.state.add([moved(serving, who)])
    erased = told(customers, "erase", who)
    assert (1, True, [serving.release.seal], noon(serving)) == (erased.facts, erased.in_snapshot, erased.trained_in, erased.erased_at)
    assert [(who, noon(serving))] == worker.log.erased
    assert (1, "erased") == (
        (reply := told(customers, "consents", who, consents=[{"purpose": "measurements", "granted": True}])).rejected,
        reply.rejections[0].reason,
    )
    assert [True, False] == [told(customers, "rejoin", who).rejoined for _ in range(2)]
    assert 1 == told(customers, "consents", who, consents=[{"purpose": "measurements", "granted": True}]).accepted
    assert noon(serving) == told(customers, "customer", who).rejoined_at


def test_a_log_that_refuses_is_told_and_the_state_has_forgotten(serving: Serving, tmp_path: Path) -> None:
    worker = calls(serving, tmp_path, log=Written(refuses=True))
    worker.state.add([moved(serving, "ann")])
    customers = Customers(worker.parts, None)
    with pytest.raises(LogRefused):
        customers.erase("ann")
    assert () == worker.state.known("ann").facts
    worker.log.refuses = False
    assert 0 == customers.erase("ann").facts
    assert ["ann"] == [who for who, _ in worker.log.erased]


def test_a_state_that_is_away_refuses_every_call(serving: Serving, tmp_path: Path) -> None:
    customers = Customers(calls(serving, tmp_path, away=True).parts, None)
    for name in ("customer", "erase", "rejoin"):
        with pytest.raises(StateUnavailable):
            told(customers, name, "ann")


def test_the_log_of_who_was_erased_can_be_read_no_more(serving: Serving, tmp_path: Path) -> None:
    who, log = known(serving), _log(tmp_path, noon(serving))
    worker = calls(serving, tmp_path, log=log)  # type: ignore[arg-type]
    for customer in (who, "ann"):
        worker.answering.rank(RankRequest(offers=[Offer(sku="a", price=100)], customer_id=customer), request_id=customer)
    Customers(worker.parts, None).erase(who)
    log.close()
    read = [one.decision() for one in entries(LogFolder.existing(tmp_path / "decisions", lambda: noon(serving)))]
    assert ["ann"] == [decision.reply.request_id for decision in read if decision is not None]


def _log(folder: Path, now: dt.datetime) -> DecisionLog:
    rules = LogSettings()
    return DecisionLog(LogFolder(folder / "decisions", rules, lambda: now), pseudonym=Pseudonyms.open(folder).of, settings=rules)
