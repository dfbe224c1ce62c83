"""What a size and a basket take, in process.

python -m benchmarks.advising --release DIR --snapshot DIR
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.measured import ROOT
from domain.size_systems import SizeSystems, parse_size_systems
from serving.basket import Source, as_ordered, as_ranking, assess
from serving.sizes import SizeQuestion, size_reply
from serving.state import Serving
from serving.style_sizes import Described
from serving.wire_basket import BasketRequest, Line

TIMES = 60
LINES = (1, 3, 6, 12, 30)


class Shoppers:
    """Asks in the names of known customers, for goods out of the whole assortment."""

    def __init__(self, serving: Serving, systems: SizeSystems) -> None:
        self._serving, self._systems, self._draw = serving, systems, np.random.default_rng(1)
        self._styles = [style for style, skus in serving.styles.skus.items() if serving.products[skus[0]].sized]
        self._skus = [sku for style in self._styles for sku in serving.styles.skus[style]]
        self._known = [name for name in (f"c{number:06d}" for number in range(2_000)) if serving.snapshot.knows_customer(name)]

    def sizes(self, *, ask: bool) -> Callable[[], object]:
        """The size of a style that is sold; with `ask`, and which question to her is worth most."""
        question = SizeQuestion(str(self._draw.choice(self._styles)), self._somebody(), ask=ask)
        return lambda: size_reply(self._serving, self._systems, question)

    def described(self, style: str) -> Callable[[], object]:
        """The size of a style that is not sold yet."""
        category = self._serving.products[self._skus[0]].category or ""
        question = SizeQuestion(style, self._somebody(), described=Described(category), ask=False)
        return lambda: size_reply(self._serving, self._systems, question)

    def basket(self, lines: int) -> Callable[[], object]:
        """A basket of so many lines, with all words to the shopper that it gives cause for."""
        serving, who = self._serving, self._somebody()
        skus = self._draw.choice(self._skus, lines, replace=False).tolist()
        request = BasketRequest(lines=tuple(Line(sku=sku) for sku in skus), customer_id=who)
        source = Source(serving.release.seal, serving.snapshot.seal, serving.policy.version, serving.currencies[0])
        return lambda: assess(
            request,
            lambda baskets: serving.expected(as_ranking(request), [list(map(as_ordered, one)) for one in baskets]),
            lambda style: size_reply(serving, self._systems, SizeQuestion(style, who, ask=False)),
            serving.products,
            serving.styles.skus,
            source,
            request_id="benchmark",
        )

    def _somebody(self) -> str:
        return str(self._draw.choice(self._known))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--release", type=Path, required=True)
    parser.add_argument("--snapshot", type=Path, required=True)
    told = parser.parse_args()
    serving = Serving.load(told.release, told.snapshot)
    serving.prepare()
    shoppers = Shoppers(serving, parse_size_systems((ROOT / "config" / "size_systems.toml").read_text()))
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, {dt.date.today():%Y-%m-%d}")
    print(f"milliseconds, {TIMES} of each\n\n| what | p50 | p99 |\n|---|---|---|")
    for name, works in _works(shoppers):
        taken = [_milliseconds(works(number)) for number in range(TIMES + 1)][1:]
        print(f"| {name} | {np.percentile(taken, 50):.1f} | {np.percentile(taken, 99):.1f} |")


def _works(shoppers: Shoppers) -> Iterator[tuple[str, Callable[[int], Callable[[], object]]]]:
    yield "size", lambda _: shoppers.sizes(ask=False)
    yield "size, and what to ask", lambda _: shoppers.sizes(ask=True)
    yield "size of a style that is not sold yet, asked for the first time", lambda number: shoppers.described(f"new {number}")
    yield "the same, asked for again", lambda _: shoppers.described("new")
    for lines in LINES:
        yield f"basket of {lines}", partial(_basket, shoppers, lines)


def _basket(shoppers: Shoppers, lines: int, _number: int) -> Callable[[], object]:
    return shoppers.basket(lines)


def _milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - start)


if __name__ == "__main__":
    main()
