"""Segments and the privacy of the folder: nothing is changed unnoticed, and nothing of who was erased is left."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from domain.errors import LogRefused
from serving.decision_log.folder import LogFolder
from serving.decision_log.log import DecisionLog
from serving.decision_log.reading import entries
from serving.decision_log.rows import decision_of
from serving.decision_log.settings import LogSettings
from serving.facts import Declared
from tests.support.decisions import MORNING, decided, pseudonym

Opens = Callable[..., LogFolder]
Logs = Callable[..., DecisionLog]


@pytest.fixture
def three(folder: Path, in_folder: Opens, logs: Logs) -> list[Path]:
    """A log of three segments of one decision each."""
    storage = in_folder()
    log = logs(storage)
    for number in range(3):
        log.append(decided(f"r{number}"), wait=True)
        storage.roll()
    return sorted((folder / "segments").iterdir())


def test_a_segment_that_is_truncated_is_named_and_refused(three: list[Path], in_folder: Opens) -> None:
    three[1].write_bytes(three[1].read_bytes()[:-100])

    with pytest.raises(LogRefused, match=three[1].name):
        list(entries(in_folder()))


def test_a_segment_in_which_one_bit_was_changed_is_named_and_refused(three: list[Path], in_folder: Opens) -> None:
    content = bytearray(three[2].read_bytes())
    content[len(content) // 2] ^= 1
    three[2].write_bytes(content)

    with pytest.raises(LogRefused, match=three[2].name):
        list(entries(in_folder()))


def test_a_segment_that_is_missing_between_others_is_refused_by_its_numbers(three: list[Path], in_folder: Opens) -> None:
    three[1].unlink()

    with pytest.raises(LogRefused, match="decisions 2 to 2 are missing"):
        in_folder()


def test_a_segment_that_is_there_twice_is_refused(three: list[Path], in_folder: Opens) -> None:
    name = three[1].name
    three[1].with_name(name.replace("000000000002-000000000002", "000000000002-000000000003")).write_bytes(three[1].read_bytes())

    with pytest.raises(LogRefused, match="hold decision"):
        in_folder()


def test_a_file_that_is_no_segment_is_named_and_refused(three: list[Path], in_folder: Opens) -> None:
    (three[0].parent / "notes.txt").write_text("mine")

    with pytest.raises(LogRefused, match=r"notes\.txt is no segment"):
        in_folder()


def test_the_oldest_segments_may_be_taken_away(three: list[Path], in_folder: Opens) -> None:
    three[0].unlink()

    storage = in_folder()

    assert ["r1", "r2"] == [entry.request_id for entry in entries(storage)]
    assert 2 == storage.held()


def test_a_segment_with_one_decision_that_is_young_enough_stays_and_so_do_all_behind_it(folder: Path, in_folder: Opens, logs: Logs) -> None:
    storage = in_folder()
    log = logs(storage)
    for minutes in ((0, 5), (1, 2)):
        for minute in minutes:
            log.append(decided(f"r{minute}", minute=minute), wait=True)
        storage.roll()

    assert 0 == log.forget(MORNING + dt.timedelta(minutes=3))
    assert 2 == len(list((folder / "segments").iterdir()))


def test_a_segment_that_goes_while_it_is_read_is_told(three: list[Path], in_folder: Opens) -> None:
    reading = in_folder().rows()
    next(reading)
    three[1].unlink()

    with pytest.raises(LogRefused, match="has gone"):
        list(reading)


def test_sealed_parts_that_were_exchanged_do_not_open(in_folder: Opens, logs: Logs) -> None:
    storage = in_folder()
    log = logs(storage)
    log.append(decided("r0"), wait=True)
    log.append(decided("r1"), wait=True)
    first, second = entries(storage)
    assert first.key is not None
    exchanged = msgspec.structs.replace(first.row, evidence=second.row.evidence)

    with pytest.raises(LogRefused, match="is not what was written"):
        decision_of(exchanged, first.key)


def test_the_journal_rolls_by_size(folder: Path, in_folder: Opens, logs: Logs) -> None:
    log = logs(in_folder(LogSettings(segment_bytes=1)))

    log.append(decided("r0"), wait=True)
    log.close()

    assert 1 == len(list((folder / "segments").iterdir()))


def test_the_journal_rolls_by_age(folder: Path, logs: Logs) -> None:
    an_hour_later = MORNING + dt.timedelta(hours=1)
    log = logs(LogFolder(folder, LogSettings(segment_seconds=3_599), lambda: an_hour_later))

    log.append(decided("r0"), wait=True)
    log.close()

    assert 1 == len(list((folder / "segments").iterdir()))


def test_a_young_and_small_journal_does_not_roll(folder: Path, in_folder: Opens, logs: Logs) -> None:
    log = logs(in_folder())

    log.append(decided("r0"), wait=True)
    log.close()

    assert [] == list((folder / "segments").iterdir())


def test_only_one_rolls_at_a_time(in_folder: Opens, logs: Logs) -> None:
    one, other = in_folder(), in_folder()
    logs(one).append(decided("r0"), wait=True)

    with one._alone() as mine:
        assert mine
        assert not other.roll()
    assert other.roll()


def test_after_an_erasure_no_file_holds_the_id_or_the_key(folder: Path, in_folder: Opens, logs: Logs) -> None:
    storage = in_folder()
    log = logs(storage)
    sizes = [Declared(id="anna.example/1", customer_id="anna.example", attribute="size:dress", value="38", at=MORNING)]
    for number in range(300):  # enough for pages of keys to be split
        log.append(decided(f"someone-{number}", f"customer-{number}"))
    log.append(decided("anna.example-1", "anna.example", facts=sizes), wait=True)
    storage.roll()
    log.append(decided("anna.example-2", "anna.example", facts=sizes), wait=True)
    key = storage.keys_for({pseudonym("anna.example"): MORNING})[pseudonym("anna.example")]
    assert {"keys.db"} == holding(folder, key.key)

    log.erase("anna.example", MORNING)
    log.close()

    for trace in (b"anna.example", key.key, b"size:dress"):
        assert set() == holding(folder, trace)
    assert "keys.db" not in holding(folder, key.token.encode())
    assert 300 == sum(not entry.shredded for entry in entries(in_folder()))


def test_skus_and_request_ids_are_not_in_clear(folder: Path, in_folder: Opens, logs: Logs) -> None:
    storage = in_folder()
    log = logs(storage)
    log.append(decided("request-0"), wait=True)
    storage.roll()
    log.append(decided("request-1"), wait=True)
    log.close()

    assert set() == holding(folder, b"blue-38") | holding(folder, b"request-")


def test_several_workers_may_make_the_log_at_once(in_folder: Opens) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: in_folder(), range(8)))

    assert [0] * 8 == [storage.held() for storage in made]


def test_a_log_whose_keys_were_lost_is_refused(folder: Path, in_folder: Opens) -> None:
    in_folder().close()
    (folder / "keys.db").unlink()

    with pytest.raises(LogRefused, match=r"no keys\.db"):
        in_folder()


def test_keys_are_their_owner_s_alone(folder: Path, in_folder: Opens) -> None:
    in_folder()

    assert 0o600 == (folder / "keys.db").stat().st_mode & 0o777


def holding(folder: Path, trace: bytes) -> set[str]:
    return {file.name for file in folder.rglob("*") if file.is_file() and trace in file.read_bytes()}
