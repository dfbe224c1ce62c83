"""Releases are examined in another process, which may die of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.errors import ReleaseRefused
from serving import examiner
from serving.examiner import Examiner
from tests.support.switching import deadly, tampered

MUCH_MS = 100_000.0


@pytest.fixture(scope="module")
def examine() -> Iterator[Examiner]:
    with Examiner() as one:
        yield one


def test_another_process_says_what_ours_would(examine: Examiner, release_folder: Path, snapshot_folder: Path, tmp_path: Path) -> None:
    assert 0 < examine(release_folder, snapshot_folder, MUCH_MS).ranked_ms < MUCH_MS
    with pytest.raises(ReleaseRefused, match=r"policy\.toml is changed after it was sealed"):
        examine(tampered(release_folder, tmp_path / "tampered"), snapshot_folder, MUCH_MS)


def test_a_release_that_ends_its_process_ends_neither_ours_nor_the_examiner(
    examine: Examiner, release_folder: Path, snapshot_folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(ReleaseRefused, match=r"ended the process \(SIG\w+\), which said last: \w+"):
        examine(deadly(release_folder, tmp_path / "deadly"), snapshot_folder, MUCH_MS)
    assert 0 < examine(release_folder, snapshot_folder, MUCH_MS).ranked_ms


def test_a_release_that_never_ends_is_refused(
    examine: Examiner, release_folder: Path, snapshot_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examiner, "SECONDS", 0.001)
    with pytest.raises(ReleaseRefused, match=r"was not examined within 0\.001 s"):
        examine(release_folder, snapshot_folder, MUCH_MS)


def test_an_examiner_that_was_killed_is_started_anew(release_folder: Path, snapshot_folder: Path) -> None:
    with Examiner() as examine:
        examine._process.kill()
        examine._process.wait()
        assert 0 < examine(release_folder, snapshot_folder, MUCH_MS).ranked_ms
