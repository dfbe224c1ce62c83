"""The decision log in a folder: a journal that all workers append to, behind it segments that never change, and the keys.

    journal.db    the newest decisions
    segments/     the older ones, as Parquet
    keys.db       what opens them, a key for each customer
    roll.lock     held by whoever writes a segment, or opens the log

A segment is there before its rows leave the journal. Who is killed in between leaves them in both; readers take what the segments do not
hold, and the next one to roll removes the rest.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import logging
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from domain.errors import LogRefused
from serving.decision_log import journal, keys
from serving.decision_log.journal import Journal
from serving.decision_log.keys import KeyBook
from serving.decision_log.rows import Row, SubjectKey, microseconds
from serving.decision_log.segments import clear_partials, require_next, segments, write_segment
from serving.decision_log.settings import LogSettings
from serving.decision_log.sqlite import refusing
from serving.decision_log.storage import Numbered

logger = logging.getLogger("keeprank.decisions")
_SEGMENTS, _LOCK = "segments", "roll.lock"


class LogFolder:
    """Keeps a decision log in a folder; several processes may append to it at once."""

    def __init__(self, folder: Path, settings: LogSettings, now: Callable[[], dt.datetime]) -> None:
        """Open a log, made where there is none.

        Args:
            folder: where it is.
            settings: when the journal rolls into a segment.
            now: the clock, for the age of the journal.

        Raises:
            LogRefused: it cannot be written, or its segments are no sequence.
        """
        self._folder, self._settings, self._now = folder, settings, now
        self._rolling: Thread | None = None
        with refusing(folder):
            (folder / _SEGMENTS).mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._alone(wait=True):  # SQLite lets only one at a time make a database
            self._require_keys()
            self._keys = KeyBook(folder / keys.FILE)
            self._journal = Journal(folder / journal.FILE)
            held = segments(folder / _SEGMENTS)
            self._journal.numbers_from(held[-1].last if held else 0)

    @classmethod
    def existing(cls, folder: Path, now: Callable[[], dt.datetime]) -> LogFolder:
        """Open a log to read it.

        Raises:
            LogRefused: there is none.
        """
        if not (folder / journal.FILE).is_file():
            raise LogRefused(f"{folder} holds no {journal.FILE}", expected="the folder of a decision log")
        return cls(folder, LogSettings(), now)

    def keys_for(self, served: Mapping[str, dt.datetime]) -> dict[str, SubjectKey]:
        """The key of each subject, made where there is none, unless it was erased at the moment that goes with it or later."""
        return self._keys.keys_for(served)

    def keys_of(self, tokens: Collection[str]) -> dict[str, SubjectKey]:
        """The keys that are left, by token."""
        return self._keys.keys_of(tokens)

    def shred(self, subject: str, at: dt.datetime) -> bool:
        """Destroy a subject's key; False where there is none."""
        return self._keys.shred(subject, at)

    def commit(self, rows: Sequence[Row]) -> None:
        """Add rows at the end, on disk when it returns, and roll in the background if the journal is large or old enough."""
        self._journal.append(rows)
        if self._due() and (self._rolling is None or not self._rolling.is_alive()):
            self._rolling = Thread(target=self._roll_and_tell, name="rolling", daemon=True)
            self._rolling.start()

    def rows(self) -> Iterator[Numbered]:
        """All committed rows, in order, each once, whatever is committed or rolled meanwhile.

        The journal is read first: rows that roll afterwards are seen in both places, and never in none.

        Raises:
            LogRefused: a segment is missing, truncated or changed.
        """
        waiting = journal.read_rows(self._folder / journal.FILE)
        held, last = segments(self._folder / _SEGMENTS), 0
        for segment in held:
            yield from segment.rows()
            last = segment.last
        for number, row in waiting:
            if number > last:
                if held:
                    require_next(number, last, self._folder)
                    last = number
                yield number, row

    def held(self) -> int:
        """How many rows there are."""
        found = segments(self._folder / _SEGMENTS)
        waiting = journal.count_rows(self._folder / journal.FILE, found[-1].last if found else 0)
        return waiting + sum(segment.last - segment.first + 1 for segment in found)

    def roll(self) -> bool:
        """Move the journal's rows into a segment; False where there are none, or another process is at it."""
        with self._alone() as mine:
            if not mine:
                return False
            self._settle()
            rows = journal.read_rows(self._folder / journal.FILE)
            if rows:
                segment = write_segment(self._folder / _SEGMENTS, rows)
                journal.delete_up_to(self._folder / journal.FILE, segment.last)
            return bool(rows)

    def forget(self, before: dt.datetime) -> int:
        """Remove the oldest segments, as long as all that they hold was served before a moment; how many decisions they held."""
        gone = 0
        with self._alone() as mine, refusing(self._folder / _SEGMENTS):
            for segment in segments(self._folder / _SEGMENTS) if mine else []:
                if segment.newest() >= microseconds(before):
                    break
                segment.file.unlink()
                gone += segment.last - segment.first + 1
        return gone

    def close(self) -> None:
        """Wait for a segment that is being written, and close the files."""
        if self._rolling is not None:
            self._rolling.join()
        self._journal.close()
        self._keys.close()

    def _due(self) -> bool:
        oldest = self._journal.oldest()
        if oldest is None:
            return False
        age = dt.timedelta(microseconds=microseconds(self._now()) - oldest)
        return age.total_seconds() > self._settings.segment_seconds or self._journal.bytes_held() > self._settings.segment_bytes

    def _roll_and_tell(self) -> None:
        try:
            self.roll()
        except (LogRefused, OSError):
            logger.exception("the journal of %s was not rolled; its decisions stay there and are tried again", self._folder)

    def _require_keys(self) -> None:
        """A log whose keys were lost is not to go on as if everybody had been erased."""
        if (self._folder / journal.FILE).is_file() and not (self._folder / keys.FILE).is_file():
            raise LogRefused(
                f"{self._folder} holds decisions and no {keys.FILE}",
                advice="bring it back from a backup, or, if the keys are lost, so is the log: begin a new one in another folder",
            )

    def _settle(self) -> None:
        """Finish what somebody who was killed left."""
        clear_partials(self._folder / _SEGMENTS)
        if held := segments(self._folder / _SEGMENTS):
            journal.delete_up_to(self._folder / journal.FILE, held[-1].last)

    @contextmanager
    def _alone(self, *, wait: bool = False) -> Iterator[bool]:
        """Whether nobody else rolls or opens the log; the system gives the lock back when its holder dies."""
        descriptor = os.open(self._folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
        finally:
            os.close(descriptor)
