"""What waits to be written: a bounded queue that one writer empties all at once, and that ends."""

from __future__ import annotations

from threading import Condition, Lock
from typing import Generic, TypeVar

Item = TypeVar("Item")


class InboxEndedError(Exception):
    """Nothing is taken in any more."""


class Inbox(Generic[Item]):
    """Takes items from many threads and hands them to one; nothing that was taken in is left behind when it ends."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._items: list[Item] = []
        self._urgent, self._ended = False, False
        lock = Lock()
        self._filled, self._room = Condition(lock), Condition(lock)

    def __len__(self) -> int:
        """How many items wait."""
        return len(self._items)

    def put(self, item: Item, *, urgent: bool, block_seconds: float) -> bool:
        """Take an item in; False if there was no room for so long.

        Args:
            item: what to take in.
            urgent: whether the writer is called at once.
            block_seconds: how long to wait for room.

        Raises:
            InboxEndedError: it has ended.
        """
        with self._room:
            self._room.wait_for(lambda: self._ended or len(self._items) < self._longest, block_seconds)
            if self._ended:
                raise InboxEndedError
            if len(self._items) >= self._longest:
                return False
            self._items.append(item)
            self._urgent |= urgent
            if urgent or len(self._items) in (1, self._longest):
                self._filled.notify()
            return True

    def take(self, gather_seconds: float) -> tuple[list[Item], bool]:
        """Wait for an item, and then for others for so long, unless it is urgent, full or ended.

        Returns:
            All that waited, and whether nothing will come any more.
        """
        with self._filled:
            self._filled.wait_for(lambda: self._items or self._ended)
            self._filled.wait_for(lambda: self._urgent or self._ended or len(self._items) >= self._longest, gather_seconds)
            taken, self._items, self._urgent = self._items, [], False
            self._room.notify_all()
            return taken, self._ended

    def ends_within(self, seconds: float) -> bool:
        """Wait for so long, or until it ends; whether it has."""
        with self._filled:
            return bool(self._filled.wait_for(lambda: self._ended, seconds))

    def end(self) -> None:
        """Take nothing in any more."""
        with self._filled:
            self._ended = True
            self._filled.notify_all()
            self._room.notify_all()
