from __future__ import annotations

from pathlib import Path

import pytest

from domain.errors import KeeprankError, SnapshotRefused
from features.sealed import MANIFEST, read_sealed, write_sealed


def sealed(folder: Path, text: str = "hello") -> str:
    def write(partial: Path) -> None:
        (partial / "deep").mkdir()
        (partial / "deep" / "hello.txt").write_text(text)

    return write_sealed(folder, write, {"kind": "greeting"})


def test_a_sealed_folder_is_read_with_its_seal_and_facts(tmp_path: Path) -> None:
    seal = sealed(tmp_path / "a")
    found, manifest = read_sealed(tmp_path / "a", SnapshotRefused)
    assert (seal, "greeting", ["deep/hello.txt"]) == (found, manifest["kind"], list(manifest["files"]))


def test_the_same_content_has_the_same_seal_and_another_has_another(tmp_path: Path) -> None:
    assert sealed(tmp_path / "a") == sealed(tmp_path / "b") != sealed(tmp_path / "c", "hallo")


@pytest.mark.parametrize(
    ("path", "content", "reason"),
    [
        ("deep/hello.txt", b"hellO", "deep/hello.txt is changed"),
        ("deep/hello.txt", None, "deep/hello.txt is missing"),
        ("deep/more.txt", b"", "deep/more.txt is unknown"),
        ("deep/manifest.json", b"{}", "deep/manifest.json is unknown"),
        (MANIFEST, None, "has no manifest.json"),
        (MANIFEST, b"{", "is no JSON"),
        (MANIFEST, b"\xff", "is no JSON"),
        (MANIFEST, b"[]", "of another format"),
        (MANIFEST, b'{"format": 2, "files": {}}', "of another format"),
    ],
)
def test_tampering_is_refused_with_the_reason(path: str, content: bytes | None, reason: str, tmp_path: Path) -> None:
    sealed(tmp_path / "a")
    file = tmp_path / "a" / path
    file.unlink() if content is None else file.write_bytes(content)
    with pytest.raises(SnapshotRefused) as refused:
        read_sealed(tmp_path / "a", SnapshotRefused)
    assert reason in str(refused.value)


def test_a_crash_in_the_middle_of_writing_leaves_the_old_folder_and_no_rubbish(tmp_path: Path) -> None:
    seal = sealed(tmp_path / "a")

    def write(partial: Path) -> None:
        (partial / "half.txt").write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_sealed(tmp_path / "a", write, {})
    assert seal == read_sealed(tmp_path / "a", SnapshotRefused)[0]
    assert ["a"] == [entry.name for entry in tmp_path.iterdir()]


def test_a_newer_folder_replaces_the_older_one(tmp_path: Path) -> None:
    sealed(tmp_path / "a")
    seal = sealed(tmp_path / "a", "hallo")
    assert seal == read_sealed(tmp_path / "a", SnapshotRefused)[0]
    assert ["a"] == [entry.name for entry in tmp_path.iterdir()]


def test_a_folder_that_keeprank_did_not_write_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").write_text("years of work")
    for place in (tmp_path, tmp_path / "thesis.doc"):
        with pytest.raises(KeeprankError, match=r"has no manifest\.json"):
            sealed(place)
    assert "years of work" == (tmp_path / "thesis.doc").read_text()


def test_an_empty_folder_may_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    assert sealed(tmp_path / "a") == read_sealed(tmp_path / "a", SnapshotRefused)[0]
