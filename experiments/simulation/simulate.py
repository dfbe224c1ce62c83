"""Runs a simulation: seed by seed, on as many processes as there are cores to give."""

from __future__ import annotations

import multiprocessing
import queue
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import Any

from domain.errors import SettingsRefused
from experiments.simulation.loop import Simulation
from experiments.simulation.plan import Plan, Result
from experiments.simulation.policies import Contender
from experiments.simulation.report import Report, report

LEAST_BEFORE = 60
"""Days before the comparison: fewer leave nothing that has matured to learn from."""

_LOOK_EVERY_SECONDS = 0.5


@dataclass(frozen=True)
class Comparison:
    """What is compared.

    Attributes:
        plan: the shop of the first seed, the days, the policy and the settings.
        contenders: the policies.
        seeds: one shop each.
        jobs: processes that run seeds side by side.
    """

    plan: Plan
    contenders: tuple[Contender, ...]
    seeds: tuple[int, ...]
    jobs: int

    def __post_init__(self) -> None:
        if self.plan.first < LEAST_BEFORE:
            before = f"{self.plan.shop.days} days, of which {self.plan.days} are compared"
            raise SettingsRefused(before, expected=f"at least {LEAST_BEFORE} days before the comparison", advice="raise --history-days")
        if self.plan.days < 1 or self.plan.retrain_days < 1 or not self.seeds:
            raise SettingsRefused("nothing to compare", expected="at least one day, one seed, and retraining after at least one day")

    @property
    def ticks(self) -> int:
        """How often progress is told: once for the past of each seed, and once for each policy's day."""
        return len(self.seeds) * (1 + len(self.contenders) * self.plan.days)


def parse_seeds(text: str) -> tuple[int, ...]:
    """Read "3" or "1..5".

    Raises:
        SettingsRefused: it is neither.

    >>> parse_seeds("1..3")
    (1, 2, 3)
    """
    first, dots, last = text.partition("..")
    try:
        low, high = int(first), int(last if dots else first)
    except ValueError as error:
        raise SettingsRefused(f"seeds {text!r}", expected="a number such as 3, or a range such as 1..5") from error
    if not 0 <= low <= high:
        raise SettingsRefused(f"seeds {text!r}", expected="numbers from 0 on, the smaller first")
    return tuple(range(low, high + 1))


def simulate(comparison: Comparison, tick: Callable[[], None]) -> Report:
    """Run every seed and put the results together.

    Args:
        comparison: what.
        tick: called `comparison.ticks` times.
    """
    shop = comparison.plan.shop
    plans = [replace(comparison.plan, shop=replace(shop, seed=seed)) for seed in comparison.seeds]
    if comparison.jobs == 1 or len(plans) == 1:
        found = [run_seed(plan, comparison.contenders, tick) for plan in plans]
    else:
        found = list(_side_by_side(plans, comparison, tick))
    return report(shop.world.name, dict(zip(comparison.seeds, found, strict=True)))


def run_seed(plan: Plan, contenders: Sequence[Contender], tick: Callable[[], None]) -> dict[str, Result]:
    """One shop: its past once, then every policy on the same days."""
    simulation = Simulation(plan, tick)
    return {contender.name: simulation.run(contender) for contender in contenders}


def _side_by_side(plans: Sequence[Plan], comparison: Comparison, tick: Callable[[], None]) -> Iterator[dict[str, Result]]:
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, ProcessPoolExecutor(min(comparison.jobs, len(plans)), mp_context=context) as pool:
        ticks = manager.Queue()
        running = [
            pool.submit(_run_and_tell, replace(plan, training=replace(plan.training, threads=1)), comparison.contenders, ticks)
            for plan in plans
        ]
        _pass_on(ticks, running, tick)
        yield from (future.result() for future in running)


def _run_and_tell(plan: Plan, contenders: Sequence[Contender], ticks: Any) -> dict[str, Result]:
    return run_seed(plan, contenders, lambda: ticks.put(None))


def _pass_on(ticks: Any, running: Sequence[Future[Any]], tick: Callable[[], None]) -> None:
    """Tell of progress until every seed is done, or one has failed."""
    while True:
        done, pending = wait(running, timeout=_LOOK_EVERY_SECONDS)
        while True:
            try:
                ticks.get_nowait()
            except queue.Empty:
                break
            tick()
        if not pending or any(future.exception() for future in done):
            for future in pending:
                future.cancel()
            return
