"""Tells a customer state one fact after the other and prints each acknowledged id: python -m tests.support.teller FOLDER NAME [URL]."""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path

from msgspec.structs import replace

from serving.online.opening import open_state
from serving.online.port import Outcome
from serving.online.sqlite_state import FILE
from tests.support.told import stock, view


def main(folder: Path, name: str, url: str | None = None) -> None:
    """Tell until killed; a line holds the outcomes of a view and a stock, the view's id and how long the log of writes then is."""
    state = open_state(folder, redis_url=url)
    log = folder / f"{FILE}-wal"
    for number in itertools.count():
        view_outcome, stock_outcome = state.add(
            [view(number, f"{name}-{number % 5}", id=f"{name}-{number}"), replace(stock(number, number, name), id=f"{name}-{number}")]
        )
        assert stock_outcome == view_outcome in (Outcome.ACCEPTED, Outcome.DUPLICATE)
        os.write(1, f"{view_outcome} {name}-{number} {log.stat().st_size if log.exists() else 0}\n".encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
