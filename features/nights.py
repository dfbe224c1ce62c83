"""A shop's snapshots side by side, a folder for each night, and a pointer to the latest.

A reader follows the pointer and keeps what it has mapped; a night writes a new folder and then moves the pointer, so no reader ever sees
half of one, and none is hurt when an old folder goes.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from domain.errors import SnapshotRefused
from features.build import Track
from features.sealed import MANIFEST, clear_up
from features.stored import AnyShop
from features.taking import Beside, night_of, nothing_beside, take_next, take_snapshot

LATEST = "latest"
_EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True)
class Taken:
    """A night's snapshot.

    Attributes:
        folder: where it lies.
        seal: identifies its content.
        last: the earlier night that it was made from; None when it was made in full.
        why_full: why it was made in full although there was an earlier one; None otherwise.
    """

    folder: Path
    seal: str
    last: Path | None
    why_full: str | None


def take_night(
    shop: AnyShop,
    root: Path,
    *,
    day: int | None = None,
    full: bool = False,
    keep: int = 7,
    track: Track = iter,
    beside: Beside = nothing_beside,
) -> Taken:
    """Take the snapshot of a day into its folder under `root`, and point `latest` to the newest.

    It is made from the newest earlier night if that is possible, which costs what the days between brought, and in full otherwise.

    Args:
        shop: the shop.
        root: folder of all snapshots; only one process at a time writes there, others wait.
        day: since 1970-01-01; by default the day that has begun at the shop's `now`.
        full: make it from all facts.
        keep: how many nights stay.
        track: wraps the loop over entities, to show progress.
        beside: what else to write into it.

    Raises:
        SnapshotRefused: the day begins after the shop's `now`.
    """
    day = night_of(shop, day).day
    root.mkdir(parents=True, exist_ok=True)
    with _alone(root):
        clear_up(root)
        folder = root / (_EPOCH + dt.timedelta(days=day)).isoformat()
        earlier = [night for night in nights(root) if night.name < folder.name]
        taken = _taken(shop, folder, earlier[-1] if earlier and not full else None, day, track, beside)
        _point(root)
        for old in nights(root)[:-keep]:
            shutil.rmtree(old)
    return taken


def nights(root: Path) -> list[Path]:
    """The folders of all nights, the oldest first."""
    return sorted(
        folder for folder in root.iterdir() if not folder.is_symlink() and (folder / MANIFEST).is_file() and folder.name[:1] != "."
    )


def _taken(shop: AnyShop, folder: Path, last: Path | None, day: int, track: Track, beside: Beside) -> Taken:
    if last is None:
        return Taken(folder, take_snapshot(shop, folder, day=day, track=track, beside=beside), None, None)
    try:
        return Taken(folder, take_next(shop, folder, last, day=day, track=track, beside=beside), last, None)
    except SnapshotRefused as refusal:  # the night has to be served all the same, and a full one is always right
        return Taken(folder, take_snapshot(shop, folder, day=day, track=track, beside=beside), None, str(refusal))


def _point(root: Path) -> None:
    """Point `latest` to the newest night, in one step."""
    pointer = root / f".{LATEST}.new"
    pointer.unlink(missing_ok=True)
    pointer.symlink_to(nights(root)[-1].name)
    pointer.replace(root / LATEST)


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
