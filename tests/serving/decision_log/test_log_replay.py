"""Logged decisions played again: the same bytes, and every change found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import islice

import msgspec
import pytest

from domain.policy import parse_policy
from serving.assortment import Shelf
from serving.callers_order import callers_order
from serving.decision_log.decision import LoggedDecision, logged
from serving.decision_log.folder import LogFolder
from serving.decision_log.log import DecisionLog
from serving.decision_log.reading import entries
from serving.decision_log.replay import Again, Answers, Replayed, answers, difference, replay
from serving.decision_log.settings import LogSettings
from serving.facts import Kept, Moved
from serving.reading import RequestRefused
from serving.state import Serving
from serving.wire import FieldError, Offer, RankRequest
from tests.support.decisions import MORNING, answer, decided, pseudonym

DECISIONS = 200


def answered(decision: LoggedDecision, release: str = "0123456789ab") -> Again:
    """An answer that hangs on how many facts are told, and on how much has changed on the shelf."""
    reply = answer(decision.question, request_id=decision.reply.request_id, release=release)
    bonus = 7 + len(decision.facts) + 10 * len(decision.shelf)
    return Again(msgspec.structs.replace(reply, order_bonus=bonus), "f1")


@pytest.fixture(scope="module")
def real(serving: Serving, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogFolder]:
    """A log of what the demo shop's release decided, half of it in a segment."""
    storage = LogFolder(tmp_path_factory.mktemp("real") / "decisions", LogSettings(), lambda: MORNING)
    skus, at = list(serving.products), serving.snapshot.at.to_pydatetime()
    with closing(DecisionLog(storage, pseudonym=pseudonym, settings=LogSettings())) as log:
        for number in range(DECISIONS):
            offers = [Offer(sku=sku) for sku in skus[number % 50 : number % 50 + 4]]
            customer = f"c{number:06d}" if number % 3 else None
            question = RankRequest(offers=offers, customer_id=customer, at=at + dt.timedelta(hours=1), explain=number % 50 == 0)
            log.append(ranked(serving, question, f"r{number}", at), wait=number % 100 == 99)
            if number == DECISIONS // 2:
                storage.roll()
        yield storage


def ranked(serving: Serving, question: RankRequest, request_id: str, at: dt.datetime) -> LoggedDecision:
    """What the service decides, with a move of the customer and a price that changed; where the number ends in 7, without any time."""
    told = (
        [Moved(id="m1", customer_id=question.customer_id, kind="view", sku=question.offers[0].sku, at=at)] if question.customer_id else []
    )
    shelf = {question.offers[1].sku: Shelf(price=1_990, currency="EUR", available=3)}
    if request_id.endswith("7"):
        reply, hashed = callers_order(question, serving, request_id, "deadline", shelf=shelf, arm="champion"), ""
    else:
        found = serving.ranked(question, request_id=request_id, facts=told, shelf=shelf, arm="champion")
        reply, hashed = found.reply, found.features_hash
    encoded = msgspec.json.encode(reply)
    return logged(question, reply, encoded, served_at=MORNING, settings="s1", features_hash=hashed, facts=told, shelf=shelf)


def test_200_decisions_give_the_same_bytes_again(real: LogFolder, serving: Serving) -> None:
    found = list(replay(entries(real), lambda *_: answers(serving)))

    assert [(number, f"r{number - 1}", "same", "") for number in range(1, DECISIONS + 1)] == [
        (one.number, one.request_id, one.outcome, one.why) for one in found
    ]


def test_a_changed_policy_is_found_and_the_first_field_that_differs_is_named(real: LogFolder, serving: Serving) -> None:
    with_another = replace(serving, policy=replace(serving.policy, version="another"))

    found = list(replay(islice(entries(real), 5), lambda *_: answers(with_another)))

    assert [f'/policy: logged "{serving.policy.version}", now "another" (from the same features)'] * 5 == [one.why for one in found]


def test_a_cost_that_changed_under_the_same_version_is_found(real: LogFolder, serving: Serving) -> None:
    dearer = parse_policy(serving.release.policy.replace("eu_fashion_ehi2023", "us_apparel"))
    same_name = replace(serving, policy=replace(dearer, version=serving.policy.version))

    found = list(replay(islice(entries(real), 5), lambda *_: answers(same_name)))

    assert ["different"] * 5 == [one.outcome for one in found]
    assert all(one.why.startswith(("/offers/", "/order_bonus")) for one in found)


def played(folder: LogFolder, answer_again: Answers | None) -> list[Replayed]:
    return list(replay(entries(folder), lambda *_: answer_again))


def test_facts_and_shelf_are_handed_on(in_folder: Callable[[], LogFolder], logs: Callable[..., DecisionLog]) -> None:
    storage = in_folder()
    fact, shelf = Kept(id="k1", customer_id="anna", line_id="l1", at=MORNING), {"red-38": Shelf(price=None, currency=None, available=0)}
    decision = decided("r1", facts=[fact], shelf=shelf)
    reply = answered(decision).reply
    logs(storage).append(msgspec.structs.replace(decision, reply=reply, encoded=msgspec.json.encode(reply)), wait=True)

    assert ["same"] == [one.outcome for one in played(storage, answered)]
    assert 18 == reply.order_bonus


def test_what_was_shredded_or_whose_release_is_gone_cannot_be_played_again(
    in_folder: Callable[[], LogFolder], logs: Callable[..., DecisionLog]
) -> None:
    storage = in_folder()
    log = logs(storage)
    log.append(decided("r1", "anna"), wait=True)
    log.append(decided("r2", "bert"), wait=True)
    log.erase("anna", MORNING)

    assert [
        (None, "not possible", "its key was destroyed"),
        ("r2", "not possible", "release 0123456789ab or snapshot ba9876543210 is not there"),
    ] == [(one.request_id, one.outcome, one.why) for one in played(storage, None)]


def test_another_reply_is_told_by_its_first_field(in_folder: Callable[[], LogFolder], logs: Callable[..., DecisionLog]) -> None:
    storage = in_folder()
    logs(storage).append(decided("r1"), wait=True)

    [found] = played(storage, partial(answered, release="another"))

    assert ("different", '/release: logged "0123456789ab", now "another" (from the same features)') == (found.outcome, found.why)


def test_a_question_that_is_refused_now_differs(in_folder: Callable[[], LogFolder], logs: Callable[..., DecisionLog]) -> None:
    def refuse(_: LoggedDecision) -> Again:
        raise RequestRefused(FieldError(field="/at", message="too late"))

    storage = in_folder()
    logs(storage).append(decided("r1"), wait=True)

    assert [("different", "it is refused now: /at: too late")] == [(one.outcome, one.why) for one in played(storage, refuse)]


def test_other_features_are_told_apart_from_another_policy(in_folder: Callable[[], LogFolder], logs: Callable[..., DecisionLog]) -> None:
    storage = in_folder()
    logs(storage).append(decided("r1"), wait=True)

    [found] = played(storage, lambda decision: replace(answered(decision, release="another"), features_hash="f2"))

    assert found.why.endswith("(from other features)")


@pytest.mark.parametrize(
    ("expected", "old", "new"),
    [
        ("/offers/1/price: logged 2, now 3", b'{"offers":[{"price":1},{"price":2}]}', b'{"offers":[{"price":1},{"price":3}]}'),
        ("/offers/length: logged 1, now 0", b'{"offers":[1]}', b'{"offers":[]}'),
        ("/a: logged 1, now nothing", b'{"a":1}', b"{}"),
        ("/b: logged nothing, now null", b"{}", b'{"b":null}'),
        ("/a: logged 1, now 1.0", b'{"a":1}', b'{"a":1.0}'),
        ("the same values, written in other bytes", b'{"a":1,"b":2}', b'{"b":2,"a":1}'),
    ],
)
def test_the_first_field_that_differs_is_named(expected: str, old: bytes, new: bytes) -> None:
    assert expected == difference(old, new)
