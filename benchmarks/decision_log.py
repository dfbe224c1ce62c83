"""What the decision log costs: bytes of a decision, microseconds of the thread that decides, decisions a second that are committed.

python -m benchmarks.decision_log --release DIR --snapshot DIR [--decisions 2000]

The decisions are of 200 offers and a customer each, with some moves of today and a changed price; the disk is
that of the temporary folder.
"""

from __future__ import annotations

import argparse
import datetime as dt
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from serving.assortment import Shelf
from serving.decision_log.decision import LoggedDecision, logged
from serving.decision_log.folder import LogFolder
from serving.decision_log.log import DecisionLog
from serving.decision_log.reading import entries
from serving.decision_log.rows import SubjectKey, draft
from serving.decision_log.settings import LogSettings
from serving.facts import Moved
from serving.state import Serving
from serving.wire import Offer, RankRequest

OFFERS = 200
_ONE_SEGMENT = LogSettings(longest_queue=10**6, segment_bytes=2**40, segment_seconds=10**9)


def decisions(serving: Serving, count: int, different: int = 50) -> Iterator[LoggedDecision]:
    """Decisions of 200 offers, `different` of them different, each of a customer of its own."""
    skus, at = list(serving.products), serving.snapshot.at.to_pydatetime()
    ranked = []
    for number in range(min(count, different)):
        offers = [Offer(sku=skus[(place * 7 + number * 13) % len(skus)]) for place in range(min(OFFERS, len(skus)))]
        question = RankRequest(offers=offers, customer_id=f"c{number:06d}", country="DE", channel="web", at=at)
        ranked.append((question, serving.rank(question, request_id=f"request-{number}")))
    for number in range(count):
        question, reply = ranked[number % len(ranked)]
        moves = [Moved(id=f"m{number}-{move}", customer_id=f"c{number:06d}", kind="view", sku=skus[move], at=at) for move in range(10)]
        yield logged(
            msgspec.structs.replace(question, customer_id=f"c{number:06d}"),
            reply,
            msgspec.json.encode(reply),
            served_at=at + dt.timedelta(milliseconds=number),
            settings="settings",
            features_hash="0" * 32,
            facts=moves,
            shelf={skus[0]: Shelf(price=1999, currency="EUR", available=3)},
        )


def measured(serving: Serving, count: int, folder: Path) -> list[tuple[str, str]]:
    """Each figure, with its unit."""
    some = list(decisions(serving, count))
    storage = LogFolder(folder, _ONE_SEGMENT, lambda: dt.datetime.now(dt.UTC))
    with closing(DecisionLog(storage, pseudonym=lambda customer: f"{customer:0>32}", settings=_ONE_SEGMENT)) as log:
        appended, began = [], time.perf_counter()
        for decision in some:
            start = time.perf_counter()
            log.append(decision)
            appended.append(1e6 * (time.perf_counter() - start))
        log.append(some[0], wait=True)
        committed_per_second = (count + 1) / (time.perf_counter() - began)
        waited = _milliseconds(lambda: log.append(some[0], wait=True), 20)
        held = storage.held()
        journal = storage._journal.bytes_held() / held
        start = time.perf_counter()
        storage.roll()
        rolled = time.perf_counter() - start
        segment = sum(file.stat().st_size for file in (folder / "segments").iterdir()) / held
        start = time.perf_counter()
        read = sum(entry.decision() is not None for entry in entries(storage))
        read_per_second = read / (time.perf_counter() - start)
        erased = _milliseconds(lambda: log.erase(f"c{len(appended) // 2:06d}", dt.datetime.now(dt.UTC)), 3)
        assert (log.counts.lost, log.counts.denied) == (0, 0)  # noqa: S101  (a benchmark of what was lost is none)
    key = SubjectKey.new("benchmark")
    return [
        ("append on the calling thread, median", f"{statistics.median(appended):.0f} µs"),
        ("the same, 99 of 100", f"{statistics.quantiles(appended, n=100)[98]:.0f} µs"),
        ("sealing on the writer's thread", f"{_milliseconds(lambda: draft(some[0], 'u').sealed(key), 50):.2f} ms"),
        ("committed, new customers", f"{committed_per_second:,.0f} decisions/s"),
        ("append that waits for its commit", f"{waited:.1f} ms"),
        ("in the journal", f"{journal:,.0f} bytes a decision"),
        ("in a segment", f"{segment:,.0f} bytes a decision"),
        *_shares(some, key),
        (f"rolling {held:,} decisions", f"{rolled:.2f} s"),
        ("read and opened", f"{read_per_second:,.0f} decisions/s"),
        (f"erasing one of {count:,} customers", f"{erased:.0f} ms"),
    ]


def _shares(some: list[LoggedDecision], key: SubjectKey) -> list[tuple[str, str]]:
    rows = [draft(decision, "u").sealed(key) for decision in some[:50]]
    replies = statistics.mean(len(decision.encoded) for decision in some[:50])
    return [
        ("of it: what was shown, sealed", f"{statistics.mean(len(row.shown_offers) for row in rows):,.0f} bytes"),
        ("of it: the evidence, sealed", f"{statistics.mean(len(row.evidence) for row in rows):,.0f} bytes"),
        ("the reply as it was sent", f"{replies:,.0f} bytes"),
    ]


def _milliseconds(work: Callable[[], object], times: int) -> float:
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(1e3 * (time.perf_counter() - start))
    return statistics.median(taken)


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--release", type=Path, required=True)
    arguments.add_argument("--snapshot", type=Path, required=True)
    arguments.add_argument("--decisions", type=int, default=2_000)
    asked = arguments.parse_args()
    serving = Serving.load(asked.release, asked.snapshot)
    with tempfile.TemporaryDirectory() as scratch:
        figures = measured(serving, asked.decisions, Path(scratch) / "decisions")
    print(f"Python {platform.python_version()}, {platform.machine()}, {asked.decisions:,} decisions of {OFFERS} offers\n")
    print("| | |\n|---|---|")
    for name, figure in figures:
        print(f"| {name} | {figure} |")


if __name__ == "__main__":
    main()
