"""Too many requests are refused, late ones are not computed, and a place is taken as long as the worker is busy with it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Event
from typing import Any, TypeVar

import pytest

from serving.capacity import Capacity, Done, Full, Late, afterwards

T = TypeVar("T")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(max_workers=1) as one:
        yield one


class Prompt(ThreadPoolExecutor):
    """One thread; work that is handed to it has begun."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        begun = Event()

        def begin() -> T:
            begun.set()
            return fn(*args, **kwargs)

        future = super().submit(begin)
        begun.wait()
        return future


@pytest.fixture
def prompt() -> Iterator[Prompt]:
    with Prompt(max_workers=1) as one:
        yield one


def never() -> None:
    raise AssertionError("this must not be computed")


def test_work_is_done_in_its_turn_and_its_waiting_is_told(thread: ThreadPoolExecutor) -> None:
    clock = Clock()
    capacity = Capacity(1, deadline_ms=1_000, clock=clock)

    async def ask() -> Done[str] | Late | Full:
        arrived = capacity.clock()
        clock.passes(0.25)
        return await capacity.answered(lambda: "ranked", thread, arrived=arrived)

    assert Done("ranked", waited_seconds=0.25) == asyncio.run(ask())


def test_what_the_work_raises_is_raised(thread: ThreadPoolExecutor) -> None:
    capacity = Capacity(1, deadline_ms=1_000)

    async def ask(work: Callable[[], None]) -> None:
        await capacity.answered(work, thread, arrived=capacity.clock())

    with pytest.raises(AssertionError, match="must not be computed"):
        asyncio.run(ask(never))
    with pytest.raises(TimeoutError, match="its own"):
        asyncio.run(ask(times_out))


def times_out() -> None:
    raise TimeoutError("its own")


def test_one_too_many_is_refused_and_a_place_that_is_given_back_is_taken_again(thread: ThreadPoolExecutor) -> None:
    capacity, go = Capacity(2, deadline_ms=60_000), Event()

    async def ask() -> None:
        arrived = capacity.clock()
        first, second = (asyncio.create_task(capacity.answered(go.wait, thread, arrived=arrived)) for _ in range(2))
        await asyncio.sleep(0)
        assert 2 == capacity.inside
        assert Full(retry_after_seconds=1) == capacity.full()
        assert Full(retry_after_seconds=1) == await capacity.answered(never, thread, arrived=arrived)

        go.set()
        assert [True, True] == [done.value for done in await asyncio.gather(first, second) if isinstance(done, Done)]
        assert 0 == await until(capacity, 0)
        assert capacity.full() is None

    asyncio.run(ask())


async def until(capacity: Capacity, inside: int) -> int:
    while capacity.inside != inside:
        await asyncio.sleep(0.001)
    return capacity.inside


def test_the_time_to_come_again_is_what_those_inside_will_take(thread: ThreadPoolExecutor) -> None:
    clock, go = Clock(), Event()
    capacity = Capacity(3, deadline_ms=60_000, clock=clock)

    async def ask() -> Full | None:
        await capacity.answered(lambda: clock.passes(1.5), thread, arrived=clock())
        waiting = [asyncio.create_task(capacity.answered(go.wait, thread, arrived=clock())) for _ in range(3)]
        await asyncio.sleep(0)
        full = capacity.full()
        go.set()
        await asyncio.gather(*waiting)
        return full

    assert Full(retry_after_seconds=5) == asyncio.run(ask()), "three at 1.5 s each are 4.5 s"


def test_nobody_is_told_to_come_again_later_than_in_a_minute(thread: ThreadPoolExecutor) -> None:
    clock, go = Clock(), Event()
    capacity = Capacity(1, deadline_ms=1e9, clock=clock)

    async def ask() -> Full | None:
        await capacity.answered(lambda: clock.passes(1_000), thread, arrived=clock())
        await until(capacity, 0)
        waiting = asyncio.create_task(capacity.answered(go.wait, thread, arrived=clock()))
        await asyncio.sleep(0)
        full = capacity.full()
        go.set()
        await waiting
        return full

    assert Full(retry_after_seconds=60) == asyncio.run(ask())


def test_a_request_whose_deadline_has_passed_is_not_computed(thread: ThreadPoolExecutor) -> None:
    clock = Clock()
    capacity = Capacity(1, deadline_ms=80, clock=clock)

    async def ask() -> Done[None] | Late | Full:
        return await capacity.answered(never, thread, arrived=clock() - 0.08)

    assert Late(while_waiting=True) == asyncio.run(ask())


def test_a_request_whose_deadline_passes_in_the_queue_is_not_computed(thread: ThreadPoolExecutor) -> None:
    capacity, go = Capacity(2, deadline_ms=20), Event()

    async def ask() -> Done[None] | Late | Full:
        thread.submit(go.wait)
        late = await capacity.answered(never, thread, arrived=capacity.clock())
        assert 0 == await until(capacity, 0), "its place is free: it keeps nobody busy"
        go.set()
        return late

    assert Late(while_waiting=True) == asyncio.run(ask())


def test_work_that_is_left_behind_keeps_its_place_until_it_ends(prompt: Prompt) -> None:
    capacity, go = Capacity(1, deadline_ms=20, clock=Clock()), Event()

    async def ask() -> None:
        assert Late(while_waiting=False) == await capacity.answered(go.wait, prompt, arrived=capacity.clock())
        assert capacity.full() is not None
        go.set()
        assert 0 == await until(capacity, 0)

    asyncio.run(ask())


def test_the_place_of_a_caller_who_hung_up_is_given_back(thread: ThreadPoolExecutor) -> None:
    capacity, go = Capacity(1, deadline_ms=60_000), Event()

    async def ask() -> None:
        thread.submit(go.wait)
        queued = asyncio.create_task(capacity.answered(never, thread, arrived=capacity.clock()))
        await asyncio.sleep(0)
        queued.cancel()
        assert 0 == await until(capacity, 0)
        go.set()

    asyncio.run(ask())


def test_work_whose_caller_hung_up_keeps_its_place_until_it_ends(prompt: Prompt) -> None:
    capacity, go = Capacity(1, deadline_ms=60_000), Event()

    async def ask() -> None:
        running = asyncio.create_task(capacity.answered(go.wait, prompt, arrived=capacity.clock()))
        await asyncio.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert 1 == capacity.inside
        go.set()
        assert 0 == await until(capacity, 0)

    asyncio.run(ask())


def test_a_failure_of_work_that_was_left_behind_is_logged_without_what_it_says(prompt: Prompt, caplog: pytest.LogCaptureFixture) -> None:
    capacity, go = Capacity(1, deadline_ms=20, clock=Clock()), Event()

    def fails() -> None:
        go.wait()
        raise KeyError("c000017")

    async def ask() -> None:
        assert Late(while_waiting=False) == await capacity.answered(fails, prompt, arrived=capacity.clock())
        go.set()
        await until(capacity, 0)

    with caplog.at_level(logging.ERROR):
        asyncio.run(ask())
        prompt.shutdown()

    assert ["work that was left behind failed: KeyError"] == caplog.messages


def test_what_is_left_to_do_waits_for_its_turn_and_is_done_at_once_by_a_worker_that_ends() -> None:
    done: list[str] = []
    ranking, held = ThreadPoolExecutor(max_workers=1), Event()
    ranking.submit(held.wait)

    afterwards(ranking, partial(done.append, "later"))
    assert [] == done
    held.set()
    ranking.shutdown()
    afterwards(ranking, partial(done.append, "at the end"))

    assert ["later", "at the end"] == done


def test_what_fails_when_the_reply_has_gone_is_written_down(caplog: pytest.LogCaptureFixture) -> None:
    def fails() -> None:
        raise ValueError("c000017 said so")

    ranking = ThreadPoolExecutor(max_workers=1)
    afterwards(ranking, fails)
    ranking.shutdown()

    assert "ValueError" in caplog.text
    assert "c000017" not in caplog.text
