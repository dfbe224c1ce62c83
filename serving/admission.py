"""May this release serve? It is loaded and asked to rank before any worker hears of it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from domain.errors import ReleaseRefused
from serving.state import Serving
from serving.wire import Offer, RankRequest

OFFERS, RUNS = 200, 7
"""How many offers are ranked, and how often."""


@dataclass(frozen=True)
class Admitted:
    """A release that may serve.

    Attributes:
        ranked_ms: processor time to rank `OFFERS` offers, the median of `RUNS` runs, milliseconds.
    """

    ranked_ms: float


Admit = Callable[[Path, Path, float], Admitted]
"""Release, snapshot and the most milliseconds → how long it takes, or a KeeprankError: `examined`, or a `serving.examiner.Examiner`."""


def examined(release: Path, snapshot: Path, slowest_ms: float, *, clock: Callable[[], float] = time.thread_time) -> Admitted:
    """Load a release and a snapshot and rank with them, in this process.

    Time is the thread's own, so a busy machine makes no release slow.

    Raises:
        KeeprankError: they are refused by `Serving.load`.
        ReleaseRefused: they do not rank, or too slowly.
    """
    serving = Serving.load(release, snapshot)
    try:
        ranked_ms = _ranked_ms(serving, clock)
    except Exception as error:
        raise ReleaseRefused(f"it cannot rank: {error!r}", advice="train anew") from error
    if ranked_ms > slowest_ms:
        raise ReleaseRefused(
            f"it ranks {OFFERS} offers in {ranked_ms:.1f} ms of processor time",
            expected=f"at most {slowest_ms:.1f} ms",
            advice="fewer or smaller trees: `keeprank tune`",
        )
    return Admitted(ranked_ms)


def probe(serving: Serving) -> RankRequest:
    """A request for offers from all over the assortment, of a shopper whom nobody knows."""
    skus = serving.snapshot.products["sku"].tolist()
    return RankRequest(offers=[Offer(sku=sku) for sku in skus[:: max(1, len(skus) // OFFERS)][:OFFERS]])


def _ranked_ms(serving: Serving, clock: Callable[[], float]) -> float:
    request, took = probe(serving), []
    serving.rank(request, request_id="probe")  # what is made once, on first use, is made
    for number in range(RUNS):
        began = clock()
        serving.rank(request, request_id=f"probe-{number}")
        took.append(clock() - began)
    return 1_000 * statistics.median(took)
