"""Writes that wait for each other go to the disk together: whoever's turn it is commits what all the others brought meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

_Brought = TypeVar("_Brought")
_Found = TypeVar("_Found")


class _Waiting(Generic[_Brought, _Found]):
    """What one thread brought, and in the end what came of it."""

    def __init__(self, brought: _Brought) -> None:
        self.brought = brought
        self.found: list[_Found] = []
        self.failed: Exception | None = None


class Together(Generic[_Brought, _Found]):
    """Threads that bring something at once share one commit.

    Attributes:
        turn: held while something is committed; who writes something else takes it too, for threads wait for it in order.
    """

    def __init__(self, commit: Callable[[Sequence[_Brought]], Sequence[_Found]]) -> None:
        """Nobody waits yet.

        Args:
            commit: writes down what several threads brought, all or nothing, and returns what came of each; called in one thread at a time.
        """
        self.turn = threading.RLock()
        self._commit, self._queue = commit, list[_Waiting[_Brought, _Found]]()
        self._joining = threading.Lock()

    def bring(self, brought: _Brought) -> _Found:
        """Have something written down; returns what came of it once it is.

        Raises:
            Exception: what `commit` raised: nothing of what was committed together is written down.
        """
        mine = _Waiting[_Brought, _Found](brought)
        with self._joining:
            self._queue.append(mine)
        with self.turn:
            if not mine.found and mine.failed is None:
                self._commit_all()
        if mine.failed is not None:
            raise mine.failed
        return mine.found[0]

    def _commit_all(self) -> None:
        with self._joining:
            group, self._queue = self._queue, []
        try:
            found = self._commit([waiting.brought for waiting in group])
        except Exception as error:  # noqa: BLE001  (it is raised again, in every thread whose commit failed)
            for waiting in group:
                waiting.failed = error
            return
        for waiting, one in zip(group, found, strict=True):
            waiting.found.append(one)
