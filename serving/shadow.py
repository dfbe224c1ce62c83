"""The challenger in the shadow: asked what the champion was asked, after the reply has gone and when there is time, and never shown."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition, Event

from serving.decision_log.decision import LoggedDecision
from serving.request_lines import where_of
from serving.state import Serving
from serving.wire import RankReply

logger = logging.getLogger("keeprank.shadow")

TOP = 10
"""How many places count as the top of a list."""

_LOOK_AGAIN_SECONDS = 0.01


@dataclass(frozen=True)
class Asked:
    """What the champion was asked and said.

    Attributes:
        reply: what the shopper was shown.
        again: asks another release the very same, and tells it as it is written down.
    """

    reply: RankReply
    again: Callable[[Serving], LoggedDecision]


@dataclass(frozen=True)
class Shadowed:
    """What a challenger would have shown.

    Attributes:
        decision: its decision, under the same request_id.
        same_first: whether it would have put the same offer first; None where one of them ranked nothing.
        shared_top: share of the champion's first `TOP` offers that are among its own first `TOP`; None likewise.
    """

    decision: LoggedDecision
    same_first: bool | None
    shared_top: float | None


@dataclass(frozen=True)
class Counts:
    """What became of the requests that were handed over: scored, dropped for want of time, or failed."""

    scored: int
    dropped: int
    failed: int


def shadow(challenger: Serving, asked: Asked) -> Shadowed:
    """Ask the challenger what the champion was asked, and compare the two lists."""
    decision = asked.again(challenger)
    shown, would = ([offer.sku for offer in one.offers[:TOP]] for one in (asked.reply, decision.reply))
    if not shown or not would:
        return Shadowed(decision, None, None)
    return Shadowed(decision, shown[0] == would[0], len(set(shown) & set(would)) / len(shown))


class Shadows:
    """Requests that wait to be asked again, no more than a few; one is taken when the worker has nothing else to do.

    Args:
        idle: whether no request is being answered.
        log: is told what the challenger would have shown.
        most: how many may wait; one more is dropped.
    """

    def __init__(self, idle: Callable[[], bool], log: Callable[[Shadowed], object], *, most: int = 32) -> None:
        self._idle, self._log, self._most = idle, log, most
        self._waiting: deque[tuple[Serving, Asked]] = deque()
        self._changed = Condition()
        self._scored = self._dropped = self._failed = 0

    def offer(self, challenger: Serving, asked: Asked) -> None:
        """Hand over a request whose reply has gone; it takes microseconds, and drops the request where too many wait."""
        with self._changed:
            if len(self._waiting) >= self._most:
                self._dropped += 1
                return
            self._waiting.append((challenger, asked))
            self._changed.notify()

    def counts(self) -> Counts:
        """What became of the requests so far."""
        return Counts(self._scored, self._dropped, self._failed)

    def step(self) -> bool:
        """Ask one request again, if one waits and the worker is idle. Returns whether it did."""
        if not self._waiting or not self._idle():
            return False
        challenger, asked = self._waiting.popleft()
        try:
            self._log(shadow(challenger, asked))
            self._scored += 1
        except Exception as error:  # noqa: BLE001  (told without its text, which may quote a customer)
            self._failed += 1
            logger.error("request %s failed in the shadow: %s %s", asked.reply.request_id, type(error).__name__, where_of(error))
        return True

    def run(self, stop: Event) -> None:
        """Ask again whatever waits, one by one, until `stop` is set."""
        while not stop.is_set():
            with self._changed:
                self._changed.wait_for(lambda: bool(self._waiting), timeout=1.0)
            if not self.step():
                stop.wait(_LOOK_AGAIN_SECONDS)
