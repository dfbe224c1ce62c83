"""The writer between who decides and what keeps: nothing is dropped unsaid, whatever fails."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from threading import Event
from typing import Literal

import msgspec
import pytest

from domain.errors import LogRefused, SettingsRefused
from serving.decision_log.inbox import Inbox, InboxEndedError
from serving.decision_log.log import DecisionLog, LogCounts
from serving.decision_log.rows import Row, SubjectKey, microseconds
from serving.decision_log.settings import LogSettings
from serving.decision_log.storage import Numbered
from tests.support.decisions import decided

Logs = Callable[..., DecisionLog]
SOON = LogSettings(commit_every_ms=1, retry_ms=1, longest_block_ms=1)
PATIENCE_SECONDS = 30.0


class Memory:
    """Keeps rows in memory; commits only while `open` is set, and fails while `broken`."""

    def __init__(self) -> None:
        self.kept: list[Row] = []
        self.sizes: list[int] = []
        self.open, self.began, self.failed = Event(), Event(), Event()
        self.open.set()
        self.broken = False

    def keys_for(self, served: Mapping[str, dt.datetime]) -> dict[str, SubjectKey]:
        return {subject: SubjectKey.new(subject) for subject in served}

    def keys_of(self, tokens: Collection[str]) -> dict[str, SubjectKey]:
        return {token: SubjectKey.new(token) for token in tokens}

    def shred(self, subject: str, at: dt.datetime) -> bool:
        return bool(subject and at)

    def commit(self, rows: Sequence[Row]) -> None:
        self.began.set()
        assert self.open.wait(PATIENCE_SECONDS)
        if self.broken:
            self.failed.set()
            raise LogRefused("the disk is full")
        self.kept += rows
        self.sizes.append(len(rows))

    def rows(self) -> Iterator[Numbered]:
        return iter(enumerate(self.kept, start=1))

    def forget(self, before: dt.datetime) -> int:
        kept = [row for row in self.kept if row.served_at >= microseconds(before)]
        gone, self.kept = len(self.kept) - len(kept), kept
        return gone

    def held(self) -> int:
        return len(self.kept)

    def close(self) -> None:
        self.open.set()


def until(happened: Callable[[], bool]) -> None:
    """Wait for what the writer does right after."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_a_commit_that_fails_is_tried_again_and_nothing_is_lost(logs: Logs) -> None:
    memory = Memory()
    memory.broken = True
    log = logs(memory, SOON)
    log.append(decided("r0"))
    assert memory.failed.wait(PATIENCE_SECONDS)
    until(lambda: not log.healthy)

    memory.broken = False
    log.append(decided("r1"), wait=True)

    assert log.healthy
    assert 2 == len(memory.kept)
    assert (2, 2, 0, 0) == (log.counts.accepted, log.counts.committed, log.counts.denied, log.counts.lost)
    assert log.counts.failed_commits >= 1


def test_who_waits_is_told_of_the_failure_and_it_is_not_tried_again(logs: Logs, caplog: pytest.LogCaptureFixture) -> None:
    memory = Memory()
    memory.broken = True
    log = logs(memory, SOON)

    with pytest.raises(LogRefused, match="the disk is full"):
        log.append(decided("r0"), wait=True)
    memory.broken = False
    log.close()

    assert [] == memory.kept
    assert LogCounts(denied=1, failed_commits=1) == log.counts
    assert "1 decisions were not committed" in caplog.text


def test_what_cannot_be_written_before_the_log_is_closed_is_counted_as_lost(logs: Logs, caplog: pytest.LogCaptureFixture) -> None:
    memory = Memory()
    memory.broken = True
    log = logs(memory, SOON)
    log.append(decided("r0"))
    log.append(decided("r1"))

    log.close()

    assert (2, 0, 2) == (log.counts.accepted, log.counts.committed, log.counts.lost)
    assert "are lost" in caplog.text


@pytest.mark.parametrize("when_full", ["wait", "refuse"])
def test_a_full_queue_refuses_and_counts_it(logs: Logs, when_full: Literal["wait", "refuse"]) -> None:
    memory = Memory()
    memory.open.clear()
    log = logs(memory, LogSettings(commit_every_ms=1, longest_queue=2, longest_block_ms=1, when_full=when_full))
    log.append(decided("taken by the writer"))
    assert memory.began.wait(PATIENCE_SECONDS)
    log.append(decided("r1"))
    log.append(decided("r2"))

    with pytest.raises(LogRefused, match="queue is full"):
        log.append(decided("r3"))
    assert 2 == log.waiting
    memory.open.set()
    log.close()

    assert LogCounts(accepted=3, committed=3, denied=1) == log.counts


def test_who_waits_for_room_gets_it(logs: Logs) -> None:
    memory = Memory()
    log = logs(memory, LogSettings(commit_every_ms=1, longest_queue=1, longest_block_ms=int(1e3 * PATIENCE_SECONDS)))

    for number in range(20):
        log.append(decided(f"r{number}"))
    log.close()

    assert LogCounts(accepted=20, committed=20) == log.counts


def test_who_waits_too_long_behind_a_commit_that_hangs_is_refused_and_it_is_not_written(logs: Logs) -> None:
    memory = Memory()
    memory.open.clear()
    log = logs(memory, LogSettings(commit_every_ms=1, longest_commit_ms=1))
    log.append(decided("hangs"))
    assert memory.began.wait(PATIENCE_SECONDS)

    with pytest.raises(LogRefused, match="no commit"):
        log.append(decided("behind it"), wait=True)
    memory.open.set()
    log.close()

    assert LogCounts(accepted=1, committed=1, denied=1) == log.counts


def test_what_gathers_meanwhile_is_committed_together(logs: Logs) -> None:
    memory = Memory()
    memory.open.clear()
    log = logs(memory, SOON)
    log.append(decided("hangs"))
    assert memory.began.wait(PATIENCE_SECONDS)
    for number in range(10):
        log.append(decided(f"r{number}"))

    memory.open.set()
    log.close()

    assert [1, 10] == memory.sizes


def test_a_decision_that_cannot_be_sealed_is_counted_and_holds_up_nobody(logs: Logs, caplog: pytest.LogCaptureFixture) -> None:
    memory = Memory()
    log = logs(memory, SOON)
    unwritable = msgspec.structs.replace(decided("r0"), facts=(object(),))

    for wait in (False, True):
        with pytest.raises(LogRefused, match="cannot be sealed"):
            log.append(unwritable, wait=wait)
    log.append(decided("r1"), wait=True)

    assert LogCounts(accepted=1, committed=1, denied=2) == log.counts
    assert "cannot be sealed" in caplog.text


def test_an_inbox_that_has_ended_hands_out_what_it_has_and_takes_nothing_in() -> None:
    inbox: Inbox[str] = Inbox(3)
    inbox.put("a", urgent=False, block_seconds=0)
    inbox.end()

    with pytest.raises(InboxEndedError):
        inbox.put("b", urgent=False, block_seconds=0)
    assert (["a"], True) == inbox.take(PATIENCE_SECONDS)


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(SettingsRefused, match="longest_queue is 0"):
        LogSettings(longest_queue=0)
    with pytest.raises(SettingsRefused, match="when_full is 'drop'"):
        LogSettings(when_full="drop")  # type: ignore[arg-type]
