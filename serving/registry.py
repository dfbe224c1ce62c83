"""What following needs of a registry of releases, whichever it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol


class Registered(Protocol):
    """A registered release."""

    @property
    def number(self) -> str:
        """Its version."""

    @property
    def seal(self) -> str:
        """Its seal, as registered."""


class Span(Registered, Protocol):
    """A registered release and the days of its data (since 1970-01-01); None where nobody knows."""

    @property
    def first_day(self) -> int | None:
        """Of its earliest fact."""

    @property
    def last_day(self) -> int | None:
        """Of its latest fact."""


class Registry(Protocol):
    """What a follower needs of a registry. Every method raises RegistryRefused where it does not answer."""

    @property
    def address(self) -> str:
        """Where it is, without a password."""

    def named(self, alias: str) -> Registered | None:
        """Who bears an alias."""

    def fetch_release(self, number: str, folder: Path) -> object:
        """Copy a version's release to a folder."""

    def fetch_snapshot(self, number: str, folder: Path) -> object:
        """Copy the snapshot that a version was trained with to a folder."""

    def learned(self) -> Sequence[Span]:
        """Every version, and the days that it learned from."""
