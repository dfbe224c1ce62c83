"""The command that lets policies serve the same simulated shoppers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands import common
from commands.common import CONFIG, Policy, Settings, out
from domain.errors import PolicyRefused, SettingsRefused

if TYPE_CHECKING:  # a command imports what it runs when it runs
    from experiments.simulation.report import Report
    from experiments.simulation.simulate import Comparison

POLICIES = "popular,conversion,return_blind_margin,kept_margin,oracle"


def simulate(
    policies: Annotated[str, typer.Option(help="Comma-separated; a name given twice is an A/A test. See the table's legend.")] = POLICIES,
    seed: Annotated[str, typer.Option(help="One simulated shop per seed: 3, or 1..5.")] = "1..5",
    days: Annotated[int, typer.Option(help="Days that every policy serves.")] = 14,
    history_days: Annotated[int, typer.Option(help="Days before them, under the shop's old policy: what the models learn from.")] = 300,
    shop: Annotated[Path, typer.Option(help="What kind of shop; see docs/demo-shop.md.")] = CONFIG / "shops" / "fashion.toml",
    customers: Annotated[int, typer.Option(help="Accounts of each shop.")] = 4_000,
    styles: Annotated[int, typer.Option(help="Styles of each shop.")] = 300,
    retrain_days: Annotated[int, typer.Option(help="Models learn anew after so many days, from their policy's own log.")] = 7,
    impressions: Annotated[int, typer.Option(help="The order model learns from so many, the newest.")] = 150_000,
    jobs: Annotated[int, typer.Option(help="Seeds side by side.")] = 2,
    json_: Annotated[Path | None, typer.Option("--json", help="Write the result here.")] = None,
    folder: Annotated[Path | None, typer.Option("--out", help="Write pictures and a page (report.html) into this folder.")] = None,
    store: Annotated[Path | None, typer.Option(help="Log the run to the MLflow store in this folder.")] = None,
    settings: Settings = CONFIG / "training.toml",
    policy: Policy = CONFIG / "policy.toml",
) -> None:
    """Which policy leaves more in the till? Let each serve the same simulated shoppers, and ask the truth.

    Every policy meets the same visitors with the same luck, ranks through the service's own decisions, and learns from what its own days
    brought and what has matured. The truth says what is expected of everything shown: money, orders and returns under any ranking.

    Try it small: keeprank simulate --seed 1 --days 3 --history-days 120 --customers 800 --policies conversion,kept_margin,oracle
    """
    from domain.policy import parse_policy
    from experiments.demo_shop.settings import ShopSettings
    from experiments.demo_shop.world import read_world
    from experiments.simulation.plan import Plan
    from experiments.simulation.policies import contenders
    from experiments.simulation.printed import legend, parts_table, policies_table, versus_table
    from experiments.simulation.simulate import Comparison, parse_seeds
    from experiments.simulation.simulate import simulate as run
    from training.settings import parse_settings

    seeds = parse_seeds(seed)
    made = ShopSettings(seed=seeds[0], customers=customers, styles=styles, days=history_days + days, world=read_world(shop))
    rules = parse_policy(common.text(policy, PolicyRefused))
    plan = Plan(made, days, rules, parse_settings(common.text(settings, SettingsRefused)), retrain_days, impressions)
    comparison = Comparison(plan, contenders(policies), seeds, jobs)
    with common.ticking(comparison.ticks, f"simulating {len(seeds)} shops") as tick:
        found = run(comparison, tick)
    out.print(policies_table(found, "EUR"))
    if found.versus:
        out.print(versus_table(found))
    if "kept_margin/conversion" in found.parts_versus:
        out.print(parts_table(found))
    out.print("\n".join(legend(found)), style="dim", highlight=False)
    if json_:
        json_.parent.mkdir(parents=True, exist_ok=True)
        json_.write_text(json.dumps(found.to_json(), indent=1, allow_nan=False))
    _keep(comparison, found, folder, store)


def _keep(comparison: Comparison, found: Report, folder: Path | None, store: Path | None) -> None:
    """Write the pictures and the page, and log the run, where they were asked for."""
    import tempfile

    from experiments.simulation.kept import write_files
    from experiments.simulation.tracked import log_simulation

    if folder is not None:
        written = write_files(found, folder, "EUR")
        out.print(f"pictures and page in {folder}: {', '.join(path.name for path in written.values())}", highlight=False)
    if store is not None:
        store.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as scratch:
            run_id = log_simulation(common.registry(store, new=True), comparison, found, write_files(found, Path(scratch), "EUR"))
        out.print(f"logged as run {run_id}; look at it: make ui STORE={store}", highlight=False)
