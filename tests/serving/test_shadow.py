"""The challenger in the shadow: never shown, and never in the way."""

from dataclasses import dataclass, field
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any, cast

import pytest

from serving.admission import probe
from serving.decision_log.decision import LoggedDecision
from serving.shadow import TOP, Asked, Counts, Shadowed, Shadows, shadow
from serving.state import Serving
from serving.wire import RankReply


def reply(*skus: str) -> RankReply:
    """As much of a reply as is compared."""
    found = SimpleNamespace(request_id="r", offers=[SimpleNamespace(sku=sku) for sku in skus])
    return cast("RankReply", found)


def decided(reply: RankReply) -> LoggedDecision:
    """As much of a decision as is compared."""
    return cast("LoggedDecision", SimpleNamespace(reply=reply))


def asked(*skus: str, would: tuple[str, ...] = ()) -> Asked:
    return Asked(reply(*skus), lambda _: decided(reply(*would)))


CHALLENGER: Any = object()


@dataclass
class Worker:
    """Is idle when it is told to be."""

    idle: bool = True
    log: list[Shadowed] = field(default_factory=list)

    def shadows(self, most: int = 32) -> Shadows:
        return Shadows(lambda: self.idle, self.log.append, most=most)


def test_the_challenger_is_asked_the_very_same(serving: Serving) -> None:
    request = probe(serving)
    shown = serving.rank(request, request_id="r")

    found = shadow(serving, Asked(shown, lambda other: decided(other.rank(request, request_id="r"))))

    assert (shown, True, 1.0) == (found.decision.reply, found.same_first, found.shared_top)


@pytest.mark.parametrize(
    ("shown", "would", "same_first", "shared_top"),
    [
        (("a", "b"), ("a", "b"), True, 1.0),
        (("a", "b"), ("b", "a"), False, 1.0),
        (("a", "b", "c", "d"), ("a", "x", "y", "d"), True, 0.5),
        ((*"abcdefghij", "k"), ("k", *"abcdefghij"), False, (TOP - 1) / TOP),
        ((), ("a",), None, None),
        (("a",), (), None, None),
    ],
)
def test_two_lists_are_compared_at_their_top(
    shown: tuple[str, ...], would: tuple[str, ...], same_first: bool | None, shared_top: float | None
) -> None:
    found = shadow(CHALLENGER, asked(*shown, would=would))

    assert (same_first, shared_top) == (found.same_first, found.shared_top)


def test_nothing_is_asked_while_a_request_is_being_answered() -> None:
    worker = Worker(idle=False)
    shadows = worker.shadows()
    shadows.offer(CHALLENGER, asked("a", would=("a",)))
    assert not shadows.step()

    worker.idle = True

    assert shadows.step()
    assert (1, Counts(scored=1, dropped=0, failed=0)) == (len(worker.log), shadows.counts())
    assert not shadows.step()


def test_what_there_is_no_time_for_is_dropped_and_counted() -> None:
    worker = Worker()
    shadows = worker.shadows(most=2)
    for sku in "abc":
        shadows.offer(CHALLENGER, asked(sku, would=(sku,)))

    while shadows.step():
        pass

    assert Counts(scored=2, dropped=1, failed=0) == shadows.counts()
    assert [["a"], ["b"]] == [[offer.sku for offer in one.decision.reply.offers] for one in worker.log]


def test_a_challenger_that_fails_is_counted_and_hurts_nobody(caplog: pytest.LogCaptureFixture) -> None:
    def fails(_: Serving) -> LoggedDecision:
        raise ZeroDivisionError("of customer c17")

    worker = Worker()
    shadows = worker.shadows()
    shadows.offer(CHALLENGER, Asked(reply("a"), fails))
    shadows.offer(CHALLENGER, asked("b", would=("b",)))

    assert [True, True, False] == [shadows.step() for _ in range(3)]
    assert Counts(scored=1, dropped=0, failed=1) == shadows.counts()
    (told,) = [one.getMessage() for one in caplog.records]
    assert told.startswith("request r failed in the shadow: ZeroDivisionError ['shadow.py:")
    assert "c17" not in caplog.text


def test_a_thread_asks_whatever_comes_until_it_is_stopped() -> None:
    seen, stop = Event(), Event()
    shadows = Shadows(lambda: True, lambda _: seen.set())
    thread = Thread(target=shadows.run, args=(stop,))
    thread.start()

    shadows.offer(CHALLENGER, asked("a", would=("a",)))

    assert seen.wait(30)
    stop.set()
    thread.join(30)
    assert not thread.is_alive()
