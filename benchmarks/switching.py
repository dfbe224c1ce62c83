"""What a switch costs who asks meanwhile: ranking alone, and while another thread of the same process loads a release again and again.

Run: `python -m benchmarks.switching RELEASE SNAPSHOT`, on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import datetime as dt
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import numpy as np

from serving.admission import OFFERS, probe
from serving.current import Current, Serves
from serving.examiner import Examiner
from serving.state import Serving

_TIMES = 200


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("release", type=Path)
    parser.add_argument("snapshot", type=Path)
    given = parser.parse_args()
    print(f"{'':44}    median       p95       max, ms")
    with Examiner() as examine:
        for name in ("examined (first: everything is imported)", "examined again"):
            tell(name, [timed(lambda: examine(given.release, given.snapshot, 1e6))])
    tell("loaded", [timed(lambda: Serving.load(given.release, given.snapshot)) for _ in range(10)])
    current = Current(Serves.alone(Serving.load(given.release, given.snapshot), now=dt.datetime.now(dt.UTC)))
    swaps = [timed(lambda: current.swap(current.take())) for _ in range(10)]
    tell("swapped", swaps)
    request = probe(current.take().champion)

    def rank() -> object:
        return current.take().champion.rank(request, request_id="r")

    rank()
    tell(f"{OFFERS} offers ranked, nothing else going on", [timed(rank) for _ in range(_TIMES)])
    tell(f"{OFFERS} offers ranked while a release is loaded", beside(given.release, given.snapshot, rank))


def beside(release: Path, snapshot: Path, work: Callable[[], object]) -> list[float]:
    """How long the work takes while a release is loaded over and over, milliseconds."""
    stop = Event()

    def loading() -> None:
        while not stop.is_set():
            Serving.load(release, snapshot)

    thread = Thread(target=loading)
    thread.start()
    took = [timed(work) for _ in range(_TIMES)]
    stop.set()
    thread.join()
    return took


def timed(work: Callable[[], object]) -> float:
    """How long it takes, milliseconds."""
    began = time.perf_counter()
    work()
    return 1_000 * (time.perf_counter() - began)


def tell(what: str, took: list[float]) -> None:
    """Print a row."""
    print(f"{what:44}{np.median(took):10.2f}{np.quantile(took, 0.95):10.2f}{max(took):10.2f}")


if __name__ == "__main__":
    main()
