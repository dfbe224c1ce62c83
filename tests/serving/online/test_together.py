from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from serving.online.together import Together


class Committed:
    """A store whose first commit takes until the others have come."""

    def __init__(self) -> None:
        self.commits: list[list[int]] = []
        self.begun, self.go_on = threading.Event(), threading.Event()

    def __call__(self, brought: Sequence[int]) -> list[int]:
        self.commits.append(sorted(brought))
        self.begun.set()
        assert self.go_on.wait(30)
        if 13 in brought:
            raise ValueError("unlucky")
        return [number * 10 for number in brought]


def test_who_comes_alone_is_not_kept_waiting() -> None:
    store = Committed()
    store.go_on.set()
    together = Together(store)

    assert (10, 20) == (together.bring(1), together.bring(2))
    assert [[1], [2]] == store.commits


@pytest.mark.parametrize(("late", "expected"), [((2, 3, 4), [20, 30, 40]), ((2, 13), [])])
def test_who_comes_during_a_commit_shares_the_next_one(late: tuple[int, ...], expected: list[int]) -> None:
    store = Committed()
    together = Together(store)
    with ThreadPoolExecutor(8) as threads:
        first = threads.submit(together.bring, 1)
        assert store.begun.wait(30)
        others = [threads.submit(together.bring, number) for number in late]
        while len(together._queue) < len(late):
            pass
        store.go_on.set()

        assert 10 == first.result()
        if expected:
            assert expected == [other.result() for other in others]
        for other in others if not expected else ():
            with pytest.raises(ValueError, match="unlucky"):
                other.result()
    assert [[1], list(late)] == store.commits


def test_after_a_commit_that_failed_the_next_one_is_as_good_as_any() -> None:
    store = Committed()
    store.go_on.set()
    together = Together(store)
    with pytest.raises(ValueError, match="unlucky"):
        together.bring(13)

    assert 20 == together.bring(2)
