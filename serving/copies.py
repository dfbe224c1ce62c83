"""Copies of releases, or of snapshots, on this machine: each in a folder named by its seal, kept while anybody uses it."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import weakref
from collections.abc import Callable, Iterable
from pathlib import Path

from domain.errors import KeeprankError
from features.sealed import MANIFEST, read_sealed

_SEAL = re.compile("[0-9a-f]{12}")


class Copies:
    """The folders under one root. One process writes there; any number read.

    Args:
        root: the folder of them all.
        refused: the error that a copy is refused with.
    """

    def __init__(self, root: Path, refused: type[KeeprankError]) -> None:
        self.root = root
        self._refused = refused

    def path(self, seal: str) -> Path:
        """Where the copy of this seal lies, if there is one.

        Raises:
            KeeprankError: it is no seal; a registry may say anything.
        """
        if not _SEAL.fullmatch(seal):
            raise self._refused(f"{seal!r} is no seal", expected="12 hex digits, as the registry's tag `seal`", advice="train anew")
        return self.root / seal

    def seals(self) -> list[str]:
        """All copies, the latest used last."""
        if not self.root.is_dir():
            return []
        found = [folder for folder in self.root.iterdir() if folder.name[:1] != "." and (folder / MANIFEST).is_file()]
        return [folder.name for folder in sorted(found, key=lambda folder: (folder.stat().st_mtime_ns, folder.name))]

    def whole(self, seal: str) -> bool:
        """Whether there is a copy of this seal and every file of it is as it was sealed; one that is not whole is removed."""
        folder = self.path(seal)
        if not folder.exists():
            return False
        whole = self._is_whole(folder)
        if not whole:
            shutil.rmtree(folder)
        return whole

    def add(self, write: Callable[[Path], object], *, seal: str | None = None) -> str:
        """Take a copy; it appears whole, or not at all.

        Args:
            write: writes the copy to the path it is given, which does not exist.
            seal: what it has to be; None takes any.

        Returns:
            Its seal.

        Raises:
            KeeprankError: the copy is tampered with or incomplete, or is not the one that was asked for.
        """
        partial = self.root / f".{os.getpid()}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        self.root.mkdir(parents=True, exist_ok=True)
        try:
            write(partial)
            found = read_sealed(partial, self._refused)[0]
            if seal is not None and found != seal:
                raise self._refused(f"what was fetched has the seal {found}", expected=f"{seal}, as registered", advice="train anew")
            if not self.whole(found):
                partial.rename(self.path(found))
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return found

    def touch(self, seal: str) -> None:
        """Make a copy the latest used one."""
        os.utime(self.path(seal))

    def hold(self, seal: str, user: object) -> None:
        """Keep a copy for as long as `user` lives, in whichever process: the system lets go of it when that ends.

        Raises:
            KeeprankError: there is no such copy.
        """
        try:
            descriptor = os.open(self.path(seal), os.O_RDONLY)
        except OSError as error:
            raise self._refused(f"{self.path(seal)} cannot be opened: {error}", advice="fetch it anew") from error
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        weakref.finalize(user, os.close, descriptor)

    def tidy(self, *, keep: int, named: Iterable[str]) -> None:
        """Remove all copies but the `keep` latest used ones, those that are `named`, and those that somebody holds."""
        staying = {*named, *self.seals()[-keep:]}
        for seal in self.seals():
            if seal not in staying:
                self._remove_unless_held(self.path(seal))

    def _is_whole(self, folder: Path) -> bool:
        try:
            return read_sealed(folder, self._refused)[0] == folder.name
        except self._refused:
            return False

    def _remove_unless_held(self, folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        else:
            shutil.rmtree(folder)
        finally:
            os.close(descriptor)


def linked(source: Path, target: Path) -> None:
    """A copy of a folder that shares its files' content with it where both lie on one disk: it costs no room."""
    shutil.copytree(source, target, copy_function=_link)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk, or one that knows no links
        shutil.copy2(source, target)
