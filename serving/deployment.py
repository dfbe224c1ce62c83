"""The folder through which who may serve reaches the workers: they need no registry and no network, only this folder.

HOME/serve.json          who may serve (`Appointed`); replaced in one step, so no reader sees half of it
HOME/releases/SEAL/      copies of releases        HOME/snapshots/SEAL/    and of snapshots
HOME/refused.json        what was named and refused, and why
HOME/contact.json        how the registry answered last
HOME/learned.json        which days the registry's releases learned from
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from domain.errors import ReleaseRefused, SettingsRefused, SnapshotRefused
from serving.copies import Copies
from serving.state import Serving
from serving.wire_releases import Appointed, Contact, Learned, Named, Refused

Stamp = tuple[int, int, int]
"""What changes when a file is replaced: its inode, its time (nanoseconds) and its size."""

_T = TypeVar("_T")


class Deployment:
    """The folder. One follower writes it; any number of workers read it.

    Args:
        home: where it lies; made by who writes first.
    """

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self.releases = Copies(self.home / "releases", ReleaseRefused)
        self.snapshots = Copies(self.home / "snapshots", SnapshotRefused)

    def stamp(self) -> Stamp | None:
        """Changes whenever somebody else may serve; None while nobody was appointed."""
        try:
            found = self._file("serve").stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def appointed(self) -> Appointed | None:
        """Who may serve; None while nobody was appointed.

        Raises:
            SettingsRefused: serve.json is not what a follower writes.
        """
        return self._read("serve", Appointed)

    def appoint(self, appointed: Appointed) -> None:
        """Let these serve: workers follow within about a second."""
        for named in (appointed.champion, appointed.challenger):
            if named is not None:
                self.releases.touch(named.release)
                self.snapshots.touch(named.snapshot)
        self._write("serve", appointed)

    def load(self, named: Named) -> Serving:
        """A release and a snapshot, whose copies stay while the result is in use.

        Raises:
            KeeprankError: as `Serving.load`, or there is no such copy.
        """
        loaded = Serving.load(self.releases.path(named.release), self.snapshots.path(named.snapshot))
        self.releases.hold(named.release, loaded)
        self.snapshots.hold(named.snapshot, loaded)
        return loaded

    def refused(self) -> list[Refused]:
        """What was refused, the latest last.

        Raises:
            SettingsRefused: the file is not what a follower writes.
        """
        return self._read("refused", list[Refused]) or []

    def refuse(self, refused: Sequence[Refused]) -> None:
        """Write down what was refused."""
        self._write("refused", list(refused))

    def contact(self) -> Contact | None:
        """How the registry answered last; None where none was ever asked.

        Raises:
            SettingsRefused: the file is not what a follower writes.
        """
        return self._read("contact", Contact)

    def contacted(self, contact: Contact) -> None:
        """Write down how the registry answered."""
        self._write("contact", contact)

    def learned(self) -> list[Learned]:
        """Which days each release of the registry learned from, as it told last.

        Raises:
            SettingsRefused: the file is not what a follower writes.
        """
        return self._read("learned", list[Learned]) or []

    def learn(self, learned: Sequence[Learned]) -> None:
        """Write down which days each release of the registry learned from."""
        self._write("learned", list(learned))

    def tidy(self, *, keep: int) -> None:
        """Remove copies but the `keep` latest used ones, those that may serve, and those in use."""
        appointed = self.appointed()
        named = [] if appointed is None else [one for one in (appointed.champion, appointed.challenger) if one is not None]
        self.releases.tidy(keep=keep, named=[one.release for one in named])
        self.snapshots.tidy(keep=keep, named=[one.snapshot for one in named])

    def _file(self, name: str) -> Path:
        return self.home / f"{name}.json"

    def _read(self, name: str, kind: type[_T]) -> _T | None:
        try:
            return msgspec.json.decode(self._file(name).read_bytes(), type=kind)
        except FileNotFoundError:
            return None
        except msgspec.MsgspecError as error:
            raise SettingsRefused(f"{self._file(name)} cannot be read: {error}", advice="remove it; it is written anew") from error

    def _write(self, name: str, content: object) -> None:
        """Replace a file in one step, and for good: what was appointed outlives a power failure."""
        self.home.mkdir(parents=True, exist_ok=True)
        partial = self._file(f".{name}.{os.getpid()}")
        with partial.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._file(name))
