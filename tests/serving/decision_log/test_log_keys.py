"""The book of keys: made once, and forgotten for good."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from domain.errors import LogRefused
from serving.decision_log.keys import KeyBook
from tests.support.decisions import MORNING

AFTER = MORNING + dt.timedelta(seconds=1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.db"


@pytest.fixture
def book(file: Path) -> Iterator[KeyBook]:
    with closing(KeyBook(file)) as opened:
        yield opened


def test_a_subject_has_one_key_in_every_process(book: KeyBook, file: Path) -> None:
    key = book.keys_for({"anna": MORNING})["anna"]

    with closing(KeyBook(file)) as other:
        assert {"anna": key} == other.keys_for({"anna": MORNING})
        assert {key.token: key} == other.keys_of([key.token, "unknown"])


def test_many_subjects_are_found_at_once(book: KeyBook) -> None:
    served = {f"s{number}": MORNING for number in range(1_200)}

    made = book.keys_for(served)

    assert set(served) == set(made)
    assert made == book.keys_for(served)


def test_who_comes_back_after_an_erasure_gets_another_key(book: KeyBook) -> None:
    first = book.keys_for({"anna": MORNING})["anna"]

    assert book.shred("anna", MORNING)
    assert not book.shred("anna", MORNING)

    assert {} == book.keys_for({"anna": MORNING})
    again = book.keys_for({"anna": AFTER})["anna"]
    assert (first.key, first.token) != (again.key, again.token)
    assert {} == book.keys_of([first.token])


def test_after_an_erasure_the_file_was_written_anew(book: KeyBook, file: Path) -> None:
    book.keys_for({f"s{number}": MORNING for number in range(400)})
    with closing(sqlite3.connect(file)) as other, other:
        other.execute("DELETE FROM keys WHERE subject != 's0'")
    assert 0 < free_pages(file)

    book.shred("s0", MORNING)

    assert 0 == free_pages(file)
    assert ["keys.db"] == [one.name for one in file.parent.iterdir()]


def free_pages(file: Path) -> int:
    with closing(sqlite3.connect(file)) as opened:
        return int(opened.execute("PRAGMA freelist_count").fetchone()[0])


def test_an_erasure_that_was_killed_before_the_file_was_written_anew_is_finished_at_the_next_start(book: KeyBook, file: Path) -> None:
    book.keys_for({f"{number}{'x' * 1_000}": MORNING for number in range(40)})
    with closing(sqlite3.connect(file)) as killed, killed:
        killed.execute("PRAGMA user_version = 1")
        killed.execute("DELETE FROM keys")
    before = file.stat().st_size

    KeyBook(file).close()

    assert file.stat().st_size < before / 4


def test_a_file_that_is_no_book_of_keys_is_refused(file: Path) -> None:
    file.write_text("my notes" * 1_000)

    with pytest.raises(LogRefused, match=r"keys\.db cannot be read or written"):
        KeyBook(file)
