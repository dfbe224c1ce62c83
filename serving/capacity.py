"""Lets no more requests wait than can be answered in time, and tells the others when to come again.

A worker ranks one request at a time. More than a few that wait would all be late, so one too many is refused at once, and one whose
deadline passed while it waited is not ranked any more: the time goes to those that can still be answered.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from domain.errors import KeeprankError

_WEIGHT_OF_THE_LATEST = 0.1
_AT_MOST_SECONDS = 60

logger = logging.getLogger("keeprank.serving")

T = TypeVar("T")


class TooBusy(KeeprankError):  # noqa: N818  (named for what it says)
    """A request is not answered: too many wait, or its time is over."""


@dataclass(frozen=True)
class Full:
    """One request too many.

    Attributes:
        retry_after_seconds: when those that wait now are likely to be answered, whole seconds, 1 to 60.
    """

    retry_after_seconds: int


@dataclass(frozen=True)
class Late:
    """The deadline passed.

    Attributes:
        while_waiting: before the work began, so that nothing was computed; otherwise while it was under way.
    """

    while_waiting: bool


@dataclass(frozen=True)
class Done(Generic[T]):
    """What the work returned.

    Attributes:
        value: it.
        waited_seconds: how long it waited for its turn.
    """

    value: T
    waited_seconds: float


class Capacity:
    """How many requests a worker takes; it belongs to one event loop.

    Attributes:
        inside: requests that wait or are ranked now.
    """

    def __init__(self, most: int, *, deadline_ms: float, clock: Callable[[], float] = time.monotonic) -> None:
        """At most `most` requests at a time, each answered within `deadline_ms` of its arrival; `clock` tells seconds."""
        self._most = most
        self._deadline_seconds = deadline_ms / 1_000
        self._mean_seconds = 0.0
        self.inside = 0
        self.clock = clock

    def full(self) -> Full | None:
        """Whether one more request is too many: asked before its body is read, so that refusing it costs next to nothing."""
        if self.inside < self._most:
            return None
        return Full(min(_AT_MOST_SECONDS, max(1, math.ceil(self.inside * self._mean_seconds))))

    async def answered(
        self, work: Callable[[], T], thread: Executor, *, arrived: float, within_ms: float | None = None
    ) -> Done[T] | Late | Full:
        """Do the work in a thread when it is its turn, unless too many wait or the deadline passes before.

        Whoever stops waiting (the deadline passed, the caller hung up) leaves the work behind. If it has not begun it never will; if it
        has, it goes on to its end, and counts as inside until then, since it keeps the worker busy.

        Args:
            work: ranks.
            thread: an executor of one thread, or of a few where one request need not wait for the one before.
            arrived: when the request was there, all of it, by `clock`.
            within_ms: another deadline than the ranking's.

        Raises:
            Exception: what the work raised.
        """
        if full := self.full():
            return full
        self.inside += 1
        deadline = arrived + (self._deadline_seconds if within_ms is None else within_ms / 1_000)
        turn = thread.submit(self._in_turn, work, arrived, deadline)
        turn.add_done_callback(partial(_on, asyncio.get_running_loop(), self._left))
        try:
            return await asyncio.wait_for(asyncio.wrap_future(turn), max(0.0, deadline - self.clock()))
        except TimeoutError:
            if turn.done() and not turn.cancelled():
                return turn.result()  # it ended at the very moment, or the TimeoutError is its own
            turn.add_done_callback(_tell)
            return Late(while_waiting=turn.cancelled())
        except asyncio.CancelledError:
            turn.add_done_callback(_tell)
            raise

    def _in_turn(self, work: Callable[[], T], arrived: float, deadline: float) -> Done[T] | Late:
        began = self.clock()
        if began >= deadline:
            return Late(while_waiting=True)
        value = work()
        self._learn(self.clock() - began)
        return Done(value, began - arrived)

    def _learn(self, seconds: float) -> None:
        """The mean of the latest."""
        self._mean_seconds += (_WEIGHT_OF_THE_LATEST if self._mean_seconds else 1.0) * (seconds - self._mean_seconds)

    def _left(self) -> None:
        self.inside -= 1


def afterwards(thread: Executor, work: Callable[[], None]) -> None:
    """Do what nobody waits for in a thread, behind those who wait for their turn now; at once where the thread ends and none will come."""
    try:
        thread.submit(work).add_done_callback(_tell)
    except RuntimeError:
        work()


def _on(loop: asyncio.AbstractEventLoop, left: Callable[[], None], _: Future[Any]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(left)


def _tell(turn: Future[Any]) -> None:
    """Nobody waits for it any more, but a failure is one all the same."""
    if not turn.cancelled() and (error := turn.exception()) is not None:
        logger.error("work that was left behind failed: %s", type(error).__name__)
