"""`keeprank replay` on a log of a few decisions, as it is typed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from commands import replay
from features.sealed import by_seal, write_sealed
from serving.decision_log.decision import LoggedDecision
from serving.decision_log.folder import LogFolder
from serving.decision_log.log import DecisionLog
from serving.decision_log.replay import Again
from serving.decision_log.settings import LogSettings
from tests.support.command_line import Keeprank
from tests.support.decisions import MORNING, answer, decided, pseudonym


def again(decision: LoggedDecision) -> Again:
    """Answers as the logged decisions were answered, but for one request."""
    request_id = decision.reply.request_id
    return Again(answer(decision.question, request_id=request_id, p_order=0.2 if request_id == "changed" else 0.1), "f1")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[DecisionLog]:
    """A log in a folder."""
    storage = LogFolder(tmp_path / "decisions", LogSettings(), lambda: MORNING)
    with closing(DecisionLog(storage, pseudonym=pseudonym, settings=LogSettings())) as opened:
        yield opened


@pytest.fixture
def typed(said: Keeprank, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Keeprank:
    """Runs `keeprank replay` within this process, where every release and snapshot is at hand."""
    monkeypatch.setattr(replay, "_answering", lambda *_: lambda *_: again)
    return partial(said, "replay", tmp_path / "decisions")


def test_what_is_the_same_again_is_counted_and_the_command_succeeds(typed: Keeprank, log: DecisionLog) -> None:
    for number in range(3):
        log.append(decided(f"r{number}"), wait=True)

    done = typed()

    assert 0 == done.code
    assert ["3", "3", "0", "0"] == done.out.split()[-4:]


def test_a_difference_is_named_and_the_command_fails(typed: Keeprank, log: DecisionLog) -> None:
    for name in ("r0", "changed"):
        log.append(decided(name), wait=True)

    done = typed()

    assert 1 == done.code
    assert "different: decision 2, request changed: /offers/0/p_order: logged 0.1, now 0.2 (from the same features)" in done.out


def test_only_the_first_or_only_one_request_is_played(typed: Keeprank, log: DecisionLog) -> None:
    for name in ("r0", "changed"):
        log.append(decided(name), wait=True)

    assert 0 == typed("--first", 1).code
    assert 0 == typed("--request-id", "r0").code
    assert 1 == typed("--request-id", "changed").code


def test_what_cannot_be_played_again_is_told_with_the_reason(said: Keeprank, log: DecisionLog, tmp_path: Path) -> None:
    log.append(decided("r0", "anna"), wait=True)
    log.append(decided("r1", "bert"), wait=True)
    log.erase("anna", MORNING)

    done = said("replay", tmp_path / "decisions")

    assert 0 == done.code
    assert "not possible: 1 because its key was destroyed" in done.out
    assert "not possible: 1 because release 0123456789ab or snapshot ba9876543210 is not there" in done.out


def test_a_folder_without_a_log_is_refused(said: Keeprank, tmp_path: Path) -> None:
    done = said("replay", tmp_path)

    assert 1 == done.code
    assert "refused LogRefused" in done.err


def test_sealed_folders_are_found_by_their_seals(tmp_path: Path) -> None:
    seal = write_sealed(tmp_path / "serving" / "7" / "release", lambda folder: (folder / "a.txt").touch(), {})

    assert {seal: tmp_path / "serving" / "7" / "release"} == by_seal([tmp_path / "serving"])
