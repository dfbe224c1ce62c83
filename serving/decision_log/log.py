"""Writes decisions down without holding up who decides: a bounded queue, and one thread that commits what has gathered in it.

What was accepted is committed, or counted as lost; what is not accepted is refused to who appends. A commit that fails (the disk is full,
the database is away) is tried again until it succeeds or the log is closed, and the log is not healthy meanwhile. Those who asked to wait
for their commit are told of its failure, and what they appended is not tried again.

`kill -9` costs what was gathered and not yet committed: at most `commit_every_ms` of decisions, and a commit's duration.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Lock, Thread

from domain.errors import LogRefused
from serving.decision_log.decision import LoggedDecision
from serving.decision_log.inbox import Inbox, InboxEndedError
from serving.decision_log.rows import Draft, Row, SubjectKey, draft, microseconds, subject_of
from serving.decision_log.settings import LogSettings
from serving.decision_log.storage import LogStorage

logger = logging.getLogger("keeprank.decisions")


@dataclass(frozen=True)
class LogCounts:
    """What became of the decisions that this process appended.

    Attributes:
        accepted: taken in; where the caller waits, once committed.
        committed: of those, how many are on disk.
        denied: refused to the caller: it could not be drafted, the queue was full, the commit that was waited for failed or took too
            long, or the log was closed.
        lost: accepted and given up: they could not be committed before the log was closed.
        failed_commits: commits that failed; what nobody waits for is tried again.
    """

    accepted: int = 0
    committed: int = 0
    denied: int = 0
    lost: int = 0
    failed_commits: int = 0


@dataclass(frozen=True, eq=False)
class _Drafted:
    """One that is ready to be sealed; `committed` is there where the caller waits."""

    draft: Draft
    served_at: dt.datetime
    subject: str
    committed: Future[None] | None


class DecisionLog:
    """Appends to a storage from one process; what has gathered is written when it is closed."""

    def __init__(self, storage: LogStorage, *, pseudonym: Callable[[str], str], settings: LogSettings) -> None:
        """Start the writer.

        Args:
            storage: where decisions go; the log closes it.
            pseudonym: what stands for a customer_id.
            settings: how it queues and commits.
        """
        self._storage, self._pseudonym, self._settings = storage, pseudonym, settings
        self._inbox: Inbox[_Drafted] = Inbox(settings.longest_queue)
        self._lock = Lock()
        self._counts = dict.fromkeys(LogCounts.__dataclass_fields__, 0)
        self._succeeded = True
        self._writer = Thread(target=self._write, name="decisions", daemon=True)
        self._writer.start()

    @property
    def counts(self) -> LogCounts:
        """What became of what was appended so far."""
        with self._lock:
            return LogCounts(**self._counts)

    @property
    def healthy(self) -> bool:
        """Whether the last commit succeeded and the writer is at work."""
        return self._succeeded and self._writer.is_alive()

    @property
    def waiting(self) -> int:
        """How many decisions are in the queue."""
        return len(self._inbox)

    def append(self, decision: LoggedDecision, *, wait: bool = False) -> None:
        """Write a decision down soon, or, with `wait`, before this returns.

        It is drafted in the caller's time, so that nothing holds its reply longer; sealed and committed it is in the writer's.

        Args:
            decision: what was decided.
            wait: until it is committed.

        Raises:
            LogRefused: it cannot be drafted, the queue is full, the log is closed, or the commit waited for failed or took too long. The
                decision is not in the log (unless a Postgres went away while it committed).
        """
        customer = decision.question.customer_id
        subject = subject_of(decision, None if customer is None else self._pseudonym(customer))
        appended = _Drafted(self._draft(decision), decision.served_at, subject, Future() if wait else None)
        block_ms = self._settings.longest_block_ms if self._settings.when_full == "wait" else 0
        try:
            room = self._inbox.put(appended, urgent=wait, block_seconds=block_ms / 1e3)
        except InboxEndedError as ended:
            raise self._denied("the decision log is closed") from ended
        if not room:
            raise self._denied(f"the decision log's queue is full: {self._settings.longest_queue} decisions wait to be written")
        if appended.committed is not None:
            self._wait_for(appended.committed)
        self._count("accepted")

    def erase(self, customer_id: str, at: dt.datetime) -> bool:
        """Make everything about a customer that was served up to `at` unreadable for good, also what waits in any worker's queue.

        Returns:
            Whether the log held a key of the customer.

        Raises:
            LogRefused: the keys cannot be written; ask again.
        """
        return self._storage.shred(self._pseudonym(customer_id), at)

    def forget(self, before: dt.datetime) -> int:
        """Remove what is older than it may become: the oldest decisions, served before a moment.

        In a folder whole segments go, so some stay a little longer.

        Returns:
            How many went.

        Raises:
            LogRefused: they cannot be removed.
        """
        return self._storage.forget(before)

    def close(self) -> None:
        """Commit what has gathered, stop the writer and close the storage."""
        self._inbox.end()
        self._writer.join()
        self._storage.close()

    def _wait_for(self, committed: Future[None]) -> None:
        try:
            try:
                committed.result(self._settings.longest_commit_ms / 1e3)
            except TimeoutError as late:
                if committed.cancel():
                    raise LogRefused(f"no commit of the decision log within {self._settings.longest_commit_ms} ms") from late
                committed.result()  # it has just begun
        except LogRefused:
            self._count("denied")
            raise

    def _draft(self, decision: LoggedDecision) -> Draft:
        uid = uuid.uuid4().hex
        try:
            return draft(decision, uid)
        except Exception as failure:
            logger.exception("decision %s cannot be sealed and is given up", uid)
            raise self._denied("the decision cannot be sealed; the service's log says why") from failure

    def _write(self) -> None:
        """The writer's work, until nothing will come any more."""
        ended = False
        while not ended:
            taken, ended = self._inbox.take(self._settings.commit_every_ms / 1e3)
            self._commit([one for one in taken if one.committed is None or one.committed.set_running_or_notify_cancel()])

    def _commit(self, batch: list[_Drafted]) -> None:
        """Commit a batch, however often that takes; once the log is closed, one try is the last."""
        closing = False
        while batch:
            try:
                self._storage.commit(self._sealed(batch))
            except Exception as failure:
                logger.exception("%d decisions were not committed", len(batch))
                batch = self._after(failure, batch)
            else:
                self._succeeded = True
                self._count("committed", len(batch))
                _tell(batch, None)
                return
            if closing:
                logger.error("%d decisions are lost: the log was closed and could not be written", len(batch))
                self._count("lost", len(batch))
                return
            closing = self._inbox.ends_within(self._settings.retry_ms / 1e3)

    def _after(self, failure: Exception, batch: Sequence[_Drafted]) -> list[_Drafted]:
        """What is tried again: all that nobody waits for."""
        self._succeeded = False
        self._count("failed_commits")
        _tell(batch, LogRefused(f"the decision was not committed: {failure}"))
        return [one for one in batch if one.committed is None]

    def _sealed(self, batch: Sequence[_Drafted]) -> list[Row]:
        served = {one.subject: one.served_at for one in sorted(batch, key=lambda one: one.served_at)}
        keys = self._storage.keys_for(served)
        return [one.draft.sealed(_key(one, keys.get(one.subject))) for one in batch]

    def _denied(self, why: str) -> LogRefused:
        self._count("denied")
        return LogRefused(why, advice="look at the disk or the database of the decision log, or lengthen its queue")

    def _count(self, name: str, by: int = 1) -> None:
        with self._lock:
            self._counts[name] += by


def _key(one: _Drafted, key: SubjectKey | None) -> SubjectKey:
    """The subject's key; of who was erased since the decision was served, one that nobody keeps."""
    erased = key is None or microseconds(one.served_at) <= key.erased_at
    return SubjectKey.new(one.subject) if key is None or erased else key


def _tell(batch: Sequence[_Drafted], failure: LogRefused | None) -> None:
    for one in batch:
        if one.committed is None:
            continue
        if failure is None:
            one.committed.set_result(None)
        else:
            one.committed.set_exception(failure)
