"""Folders that cannot be tampered with unnoticed: a manifest of hashes beside the files, checked before anything is read."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from domain.errors import KeeprankError

MANIFEST = "manifest.json"
_FORMAT = 1


def write_sealed(folder: Path, write: Callable[[Path], None], facts: Mapping[str, Any], *, linked: Mapping[str, str] | None = None) -> str:
    """Write a folder and its manifest; the folder appears whole, or not at all.

    Args:
        folder: where to; an older folder of that name is replaced.
        write: writes the files into the folder it is given.
        facts: what else the manifest says, as JSON.
        linked: the hashes of files that were sealed before and are linked into the folder, by path inside it; they are not read again.

    Returns:
        The seal: a hash of the manifest, the same for the same content (SHA-256, 12 hex digits).

    Raises:
        KeeprankError: the folder exists and Keeprank did not write it.
    """
    _refuse_foreign(folder)

    def write_and_seal(partial: Path) -> None:
        write(partial)
        manifest = {"format": _FORMAT, **facts, "files": _hashes(partial, linked or {})}
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")

    write_whole(folder, write_and_seal)
    return _seal(folder)


def write_whole(folder: Path, write: Callable[[Path], None]) -> None:
    """Write a folder that appears whole, or not at all: an older one of that name stays until the new one is complete."""
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    replaced = folder.with_name(f".{folder.name}.{os.getpid()}.replaced")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        write(partial)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    if folder.exists():
        folder.rename(replaced)
    partial.rename(folder)
    shutil.rmtree(replaced, ignore_errors=True)


def clear_up(root: Path) -> None:
    """Finish what writers that were killed left in a folder: half-written folders go, and one that was being replaced comes back.

    Nobody else may be writing there.
    """
    for old in root.glob(".*.*.replaced"):
        folder = root / old.name[1:].rsplit(".", 2)[0]
        if folder.exists():
            shutil.rmtree(old)
        else:
            old.rename(folder)
    for half in root.glob(".*.*.partial"):
        shutil.rmtree(half)


def read_sealed(folder: Path, refused: type[KeeprankError]) -> tuple[str, dict[str, Any]]:
    """Check every file of a sealed folder against its manifest.

    Args:
        folder: the folder.
        refused: the error to raise.

    Returns:
        The seal, and the manifest.

    Raises:
        KeeprankError: of the type `refused`: no manifest, another format, or a file that is missing, changed or unknown.
    """
    manifest = _manifest(folder, refused)
    expected, found = dict(manifest["files"]), _hashes(folder, {})
    wrong = sorted(set(expected) ^ set(found)) or [name for name in sorted(expected) if expected[name] != found[name]]
    if wrong:
        state = "missing" if wrong[0] not in found else "unknown" if wrong[0] not in expected else "changed after it was sealed"
        raise refused(f"{folder.name}/{wrong[0]} is {state}", expected=f"the files of its {MANIFEST}", advice="fetch or build it anew")
    return _seal(folder), manifest


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a sealed folder that was checked before."""
    found: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    return found


def by_seal(roots: Iterable[Path]) -> dict[str, Path]:
    """The sealed folders at and below some folders, by their seals; whoever reads one checks it."""
    return {_seal(found.parent): found.parent for root in roots for found in sorted(root.rglob(MANIFEST))}


def _refuse_foreign(folder: Path) -> None:
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir()) and not (folder / MANIFEST).is_file()):
        raise KeeprankError(f"{folder} exists and has no {MANIFEST}", advice="name a new folder; this one would be replaced")


def _manifest(folder: Path, refused: type[KeeprankError]) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file():
        raise refused(f"{folder} has no {MANIFEST}", expected="a folder that Keeprank wrote")
    try:
        manifest = json.loads(path.read_text())
    except ValueError as error:
        raise refused(f"{path} is no JSON: {error}", advice="fetch or build it anew") from error
    if not isinstance(manifest, dict) or manifest.get("format") != _FORMAT or not isinstance(manifest.get("files"), dict):
        raise refused(f"{path} is of another format", expected=f"format {_FORMAT}", advice="build it anew with this version")
    return manifest


def _hashes(folder: Path, known: Mapping[str, str]) -> dict[str, str]:
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST)
    return {name: known.get(name) or _hash(folder / name) for name in names}


def _hash(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _seal(folder: Path) -> str:
    return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()[:12]
