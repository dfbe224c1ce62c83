"""What a command of Keeprank said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from training.registry import Registry, Version


@dataclass(frozen=True)
class Said:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str


Keeprank = Callable[..., Said]


def bearer(home: Path, alias: str) -> Version | None:
    """Who bears an alias in the store below a folder."""
    return Registry(f"sqlite:///{home / 'store' / 'mlflow.db'}").version(alias)
