"""The MLflow registry as a service that follows it sees it: asked every few seconds, and silent when its file is gone."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from domain.errors import RegistryRefused
from training.registry import SNAPSHOT, Registry, Version

_EPOCH = dt.date(1970, 1, 1)
_SQLITE = "sqlite:///"


@dataclass(frozen=True)
class Span:
    """A version, and the days of its data (since 1970-01-01); None where nobody knows."""

    number: str
    seal: str
    first_day: int | None
    last_day: int | None


class FollowedRegistry:
    """One store, as `serving.registry.Registry` asks it.

    Args:
        uri: an MLflow tracking address.
        artifacts: as of `training.registry.Registry`.
    """

    def __init__(self, uri: str, artifacts: Path | None = None) -> None:
        # a connection that is kept would go on reading a file that was moved away, or restored from a copy
        os.environ.setdefault("MLFLOW_SQLALCHEMYSTORE_POOLCLASS", "NullPool")
        self._uri, self._artifacts = uri, artifacts
        self._opened: Registry | None = None
        self._spans: dict[str, Span] = {}

    @property
    def address(self) -> str:
        """Where the store is, without a password."""
        password = None if self._uri.startswith(_SQLITE) else urlsplit(self._uri).password
        return self._uri if password is None else self._uri.replace(f":{password}@", ":***@")

    def named(self, alias: str) -> Version | None:
        """Who bears an alias.

        Raises:
            RegistryRefused: the store does not answer.
        """
        with self._asked() as registry:
            return registry.version(alias)

    def fetch_release(self, number: str, folder: Path) -> Path:
        """Copy a version's release to a folder.

        Raises:
            RegistryRefused: it is not there, or the store does not answer.
        """
        with self._asked() as registry:
            return registry.fetch_release(registry.numbered(number), folder)

    def fetch_snapshot(self, number: str, folder: Path) -> Path:
        """Copy the snapshot that a version was trained with to a folder.

        Raises:
            RegistryRefused: it is not there, or the store does not answer.
        """
        with self._asked() as registry:
            return registry.fetch_artifact(registry.numbered(number), SNAPSHOT, folder)

    def learned(self) -> list[Span]:
        """Every version and the days of its data, which are asked for once a version.

        Raises:
            RegistryRefused: the store does not answer.
        """
        with self._asked() as registry:
            versions = registry.versions()
            self._spans |= {one.number: _span(registry, one) for one in versions if one.number not in self._spans}
        return [self._spans[one.number] for one in versions]

    @contextmanager
    def _asked(self) -> Iterator[Registry]:
        """The store, opened on first use. SQLite would make an empty file where there is none, and call it a store."""
        try:
            if self._uri.startswith(_SQLITE) and not Path(self._uri.removeprefix(_SQLITE)).is_file():
                raise RegistryRefused(f"there is no file {self._uri.removeprefix(_SQLITE)}", advice="check that the store is there")
            if self._opened is None:
                self._opened = Registry(self._uri, self._artifacts)
            yield self._opened
        except RegistryRefused as refused:
            hidden = refused.what.replace(self._uri, self.address)
            raise RegistryRefused(hidden, expected=refused.expected, advice=refused.advice) from refused


def _span(registry: Registry, version: Version) -> Span:
    days = registry.days_of(version)
    first, last = (None, None) if days is None else ((day - _EPOCH).days for day in days)
    return Span(version.number, version.seal, first, last)
