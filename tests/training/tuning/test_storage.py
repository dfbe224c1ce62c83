from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from domain.errors import TuningRefused
from training.tuning.locks import FileLocks
from training.tuning.storage import hidden, opened


@pytest.mark.parametrize("url", ["mysql://me:secret@host/db", "sqlite:///:memory:", "tuning.db", "redis://host"])
def test_a_storage_that_workers_cannot_share_is_refused(url: str) -> None:
    with pytest.raises(TuningRefused, match="expected: sqlite:///FILE or postgresql://USER@HOST/DATABASE") as refused:
        opened(url)
    assert "secret" not in str(refused.value)


def test_a_missing_driver_is_named_with_what_to_install() -> None:
    with pytest.raises(TuningRefused, match=r"No module named 'pg8000'; what to do: pip install 'psycopg\[binary\]'") as refused:
        opened("postgresql+pg8000://me:secret@127.0.0.1:1/nobody")
    assert "secret" not in str(refused.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tuning.db").write_text("no database" * 500)
    with pytest.raises(TuningRefused, match=r"tuning\.db does not answer"):
        opened(f"sqlite:///{tmp_path / 'tuning.db'}")


def test_a_shown_address_hides_the_password() -> None:
    assert "postgresql://me:***@host:5432/db" == hidden("postgresql://me:p%40ss@host:5432/db")
    assert "sqlite:////home/me/tuning.db" == hidden("sqlite:////home/me/tuning.db")


def test_a_worker_lives_as_long_as_it_holds_its_lock(tmp_path: Path) -> None:
    locks, others = FileLocks(tmp_path / "locks"), FileLocks(tmp_path / "locks")
    assert not others.lives("worker")
    with locks.living("worker"):
        assert others.lives("worker")
    assert not others.lives("worker")


def test_while_one_does_something_nobody_else_can(tmp_path: Path) -> None:
    locks = FileLocks(tmp_path / "locks")
    with locks.one_at_a_time("claims"), (tmp_path / "locks" / "claims").open() as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
    with (tmp_path / "locks" / "claims").open() as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
