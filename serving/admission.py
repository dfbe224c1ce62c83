"""May this release serve? It is loaded and asked to rank, in a process of its own, before any worker hears of it.

Models are read by native code, which ends its process when a file is damaged in a way that no hash tells: that must not be ours.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from domain.errors import KeeprankError, ReleaseRefused
from serving.state import Serving
from serving.wire import Offer, RankRequest

OFFERS, RUNS = 200, 7
"""How many offers are ranked, and how often."""

SECONDS = 60.0
"""How long a release may take to be loaded and asked."""

_PACKAGES = Path(__file__).parent.parent
_REFUSED, _RANKED_MS = "refused", "ranked_ms"


@dataclass(frozen=True)
class Admitted:
    """A release that may serve.

    Attributes:
        ranked_ms: processor time to rank `OFFERS` offers, the median of `RUNS` runs, milliseconds.
    """

    ranked_ms: float


Admit = Callable[[Path, Path, float], Admitted]
"""Release, snapshot and the most milliseconds → how long it takes, or a KeeprankError: see `admitted` and `examined`."""


def admitted(release: Path, snapshot: Path, slowest_ms: float) -> Admitted:
    """Examine a release and a snapshot in a process of its own, which may die of them.

    Args:
        release: its folder.
        snapshot: its folder.
        slowest_ms: milliseconds of processor time that ranking `OFFERS` offers may take.

    Raises:
        ReleaseRefused: they do not load, do not rank, are too slow, or end the process.
    """
    command = [sys.executable, "-m", "serving.admission", str(release), str(snapshot), str(slowest_ms)]
    environment = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(  # noqa: S603  (our own interpreter and module)
            command, cwd=_PACKAGES, env=environment, capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ReleaseRefused(f"it was not examined within {SECONDS:.0f} s", advice="train a smaller one, or free the machine") from error
    told = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {_REFUSED: _ended(done.returncode, done.stderr)}
    if _REFUSED in told:
        raise ReleaseRefused(str(told[_REFUSED]))
    return Admitted(float(told[_RANKED_MS]))


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


def _ended(code: int, said: str) -> str:
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    last = said.strip().splitlines()[-1:] or ["nothing"]
    return f"loading or asking it ended the process ({how}), which said last: {last[0][:300]}"


def main(release: str, snapshot: str, slowest_ms: str) -> None:
    """What the process does: one line of JSON on standard output."""
    try:
        told: dict[str, object] = {_RANKED_MS: examined(Path(release), Path(snapshot), float(slowest_ms)).ranked_ms}
    except KeeprankError as refused:
        told = {_REFUSED: str(refused)}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
