"""Logged decisions played again: the same bytes, and every change found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice

import msgspec
import pytest

from domain.policy import parse_policy
from serving.assortment import Shelf
from serving.decision_log.decision import logged
from serving.decision_log.folder import LogFolder
from serving.decision_log.log import DecisionLog
from serving.decision_log.reading import entries
from serving.decision_log.replay import Ranks, Replayed, difference, replay
from serving.decision_log.settings import LogSettings
from serving.facts import Kept, OfCustomer
from serving.state import Serving
from serving.wire import Offer, RankReply, RankRequest
from tests.support.decisions import MORNING, answer, decided, pseudonym

DECISIONS = 200


@dataclass(frozen=True)
class WithoutFacts:
    """The real service, asked where there are no facts."""

    serving: Serving

    def rank(
        self, request: RankRequest, *, request_id: str, facts: Sequence[OfCustomer], shelf: Mapping[str, Shelf], **_: object
    ) -> RankReply:
        assert not facts
        assert not shelf
        return self.serving.rank(request, request_id=request_id)


@dataclass(frozen=True)
class Answers:
    """Answers from what it is handed, and dearer where a fact is told."""

    release: str = "0123456789ab"

    def rank(
        self, request: RankRequest, *, request_id: str, facts: Sequence[OfCustomer], shelf: Mapping[str, Shelf], **_: object
    ) -> RankReply:
        reply = answer(request, request_id=request_id, release=self.release)
        return msgspec.structs.replace(reply, order_bonus=7 + len(facts) + len(shelf))


@pytest.fixture(scope="module")
def real(serving: Serving, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogFolder]:
    """A log of what the demo shop's release decided, half of it in a segment."""
    storage = LogFolder(tmp_path_factory.mktemp("real") / "decisions", LogSettings(), lambda: MORNING)
    skus, at = list(serving.products), serving.snapshot.at.to_pydatetime()
    with closing(DecisionLog(storage, pseudonym=pseudonym, settings=LogSettings())) as log:
        for number in range(DECISIONS):
            offers = [Offer(sku=sku) for sku in skus[number % 50 : number % 50 + 4]]
            question = RankRequest(offers=offers, customer_id=f"c{number:06d}" if number % 3 else None, at=at, explain=number % 50 == 0)
            reply = serving.rank(question, request_id=f"r{number}")
            encoded = msgspec.json.encode(reply)
            log.append(logged(question, reply, encoded, served_at=MORNING, settings="s1", features_hash="f1"), wait=number % 100 == 99)
            if number == DECISIONS // 2:
                storage.roll()
        yield storage


def test_200_decisions_give_the_same_bytes_again(real: LogFolder, serving: Serving) -> None:
    found = list(replay(entries(real), lambda *_: WithoutFacts(serving)))

    assert [(number, f"r{number - 1}", "same", "") for number in range(1, DECISIONS + 1)] == [
        (one.number, one.request_id, one.outcome, one.why) for one in found
    ]


def test_a_changed_policy_is_found_and_the_first_field_that_differs_is_named(real: LogFolder, serving: Serving) -> None:
    with_another = replace(serving, policy=replace(serving.policy, version="another"))

    found = list(replay(islice(entries(real), 5), lambda *_: WithoutFacts(with_another)))

    assert [f'/policy: logged "{serving.policy.version}", now "another"'] * 5 == [one.why for one in found]


def test_a_cost_that_changed_under_the_same_version_is_found(real: LogFolder, serving: Serving) -> None:
    dearer = parse_policy(serving.release.policy.replace("eu_fashion_ehi2023", "us_apparel"))
    same_name = replace(serving, policy=replace(dearer, version=serving.policy.version))

    found = list(replay(islice(entries(real), 5), lambda *_: WithoutFacts(same_name)))

    assert ["different"] * 5 == [one.outcome for one in found]
    assert all(one.why.startswith(("/offers/", "/order_bonus")) for one in found)


def played(folder: LogFolder, ranks: Ranks | None) -> list[Replayed]:
    return list(replay(entries(folder), lambda *_: ranks))


def test_facts_and_shelf_are_handed_on(in_folder: Callable[[], LogFolder], logs: Callable[..., DecisionLog]) -> None:
    storage = in_folder()
    fact, shelf = Kept(id="k1", customer_id="anna", line_id="l1", at=MORNING), {"red-38": Shelf(price=None, currency=None, available=0)}
    question = RankRequest(offers=[Offer(sku="blue-38"), Offer(sku="red-38")], customer_id="anna")
    reply = Answers().rank(question, request_id="r1", facts=[fact], shelf=shelf)
    decision = logged(
        question, reply, msgspec.json.encode(reply), served_at=MORNING, settings="s", features_hash="f", facts=[fact], shelf=shelf
    )
    logs(storage).append(decision, wait=True)

    assert ["same"] == [one.outcome for one in played(storage, Answers())]


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

    [found] = played(storage, Answers(release="another"))

    assert ("different", '/release: logged "0123456789ab", now "another"') == (found.outcome, found.why)


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
