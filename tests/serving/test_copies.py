"""Copies of releases and snapshots on this machine."""

import os
import shutil
from pathlib import Path

import pytest

from domain.errors import ReleaseRefused
from features.sealed import write_sealed
from serving.copies import Copies, linked


class User:
    """Somebody who uses a copy."""


@pytest.fixture
def copies(tmp_path: Path) -> Copies:
    return Copies(tmp_path / "copies", ReleaseRefused)


def sealed(folder: Path, text: str) -> tuple[Path, str]:
    def write(partial: Path) -> None:
        (partial / "a.txt").write_text(text)

    return folder, write_sealed(folder, write, {})


def added(copies: Copies, tmp_path: Path, *texts: str) -> list[str]:
    """Copies of folders with these texts, each used a second after the one before."""
    seals = []
    for number, text in enumerate(texts):
        folder, _ = sealed(tmp_path / text, text)
        seals.append(copies.add(lambda copy, folder=folder: shutil.copytree(folder, copy)))  # type: ignore[misc]
        os.utime(copies.path(seals[-1]), (number, number))
    return seals


def test_a_copy_lies_under_its_seal(copies: Copies, tmp_path: Path) -> None:
    folder, seal = sealed(tmp_path / "one", "one")

    assert seal == copies.add(lambda copy: shutil.copytree(folder, copy), seal=seal)
    assert ([seal], "one") == (copies.seals(), (copies.path(seal) / "a.txt").read_text())


def test_a_copy_that_is_not_what_was_registered_is_refused_and_leaves_nothing(copies: Copies, tmp_path: Path) -> None:
    folder, seal = sealed(tmp_path / "one", "one")

    with pytest.raises(ReleaseRefused, match=f"what was fetched has the seal {seal}; expected: {'0' * 12}, as registered"):
        copies.add(lambda copy: shutil.copytree(folder, copy), seal="0" * 12)
    assert [] == list(copies.root.iterdir())


def test_a_copy_that_was_tampered_with_on_the_way_is_refused(copies: Copies, tmp_path: Path) -> None:
    folder, seal = sealed(tmp_path / "one", "one")
    (folder / "a.txt").write_text("two")

    with pytest.raises(ReleaseRefused, match=r"a\.txt is changed after it was sealed"):
        copies.add(lambda copy: shutil.copytree(folder, copy), seal=seal)
    assert [] == list(copies.root.iterdir())


def test_a_copy_that_was_damaged_here_goes_so_that_it_is_fetched_anew(copies: Copies, tmp_path: Path) -> None:
    (seal,) = added(copies, tmp_path, "one")
    assert copies.whole(seal)
    (copies.path(seal) / "a.txt").write_text("two")

    assert not copies.whole(seal)
    assert not copies.path(seal).exists()


@pytest.mark.parametrize("seal", ["", "../../secrets", "ABCDEF012345", "0123456789abc"])
def test_what_is_no_seal_names_no_folder(copies: Copies, seal: str) -> None:
    with pytest.raises(ReleaseRefused, match="is no seal"):
        copies.path(seal)


def test_only_the_latest_used_copies_stay(copies: Copies, tmp_path: Path) -> None:
    seals = added(copies, tmp_path, "a", "b", "c", "d")
    copies.touch(seals[0])

    copies.tidy(keep=2, named=[])

    assert [seals[3], seals[0]] == copies.seals()


def test_a_copy_that_is_named_or_in_use_stays_until_nobody_uses_it(copies: Copies, tmp_path: Path) -> None:
    seals, user = added(copies, tmp_path, "a", "b", "c"), User()
    copies.hold(seals[1], user)

    copies.tidy(keep=1, named=[seals[0]])
    assert seals == copies.seals()

    del user
    copies.tidy(keep=1, named=[seals[0]])
    assert [seals[0], seals[2]] == copies.seals()


def test_what_is_not_there_cannot_be_held(copies: Copies) -> None:
    with pytest.raises(ReleaseRefused, match="cannot be opened"):
        copies.hold("0" * 12, User())


def test_a_linked_copy_shares_its_content_and_outlives_its_source(tmp_path: Path) -> None:
    folder, _ = sealed(tmp_path / "one", "one")
    linked(folder, tmp_path / "copy")
    assert folder.joinpath("a.txt").stat().st_ino == (tmp_path / "copy" / "a.txt").stat().st_ino

    shutil.rmtree(folder)

    assert "one" == (tmp_path / "copy" / "a.txt").read_text()
