"""Commands on a shop's models: train them, and look back whether they were right."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from commands import common
from commands.common import CONFIG, Folder, Policy, Settings, Store, out
from domain.errors import PolicyRefused, SettingsRefused

Kind = Literal["return", "reason", "fit", "order"]


def train(
    folder: Folder,
    store: Store = Path(),
    settings: Settings = CONFIG / "training.toml",
    policy: Policy = CONFIG / "policy.toml",
    by: Annotated[str | None, typer.Option(help="Who you are; by default the user at this machine. It is written down.")] = None,
) -> None:
    """Train every model that the shop has labels for, log it to MLflow, and make the release challenger.

    The run holds a model card, plots per part of the rows, and a comparison with the champion, if there is one.
    Next: `keeprank promote` makes it champion if it is better; `make ui` shows the run.
    """
    from domain.policy_text import settled
    from experiments.printed import coverage_table, evaluation_table
    from training.comparison_page import log_comparison
    from training.gate import judge
    from training.history import whoami
    from training.pipeline import train as train_models
    from training.registry import CHAMPION
    from training.settings import parse_settings
    from training.tracking import log_training

    who = by or whoami()
    parsed, policy_text = parse_settings(common.text(settings, SettingsRefused)), common.text(policy, PolicyRefused)
    shop = common.shop(folder, policy_text)
    policy_text = settled(policy_text, shop.tables, now=shop.now)
    store.mkdir(parents=True, exist_ok=True)
    registry = common.registry(store, new=True)
    training = train_models(shop, parsed, progress=common.progress)
    for kind, trained in training.trained.items():
        out.print(evaluation_table(f"{kind}: {trained.evaluation.rows:,} newest rows judge", trained.evaluation))
        out.print(f"learned from {trained.rows.learned_from}", highlight=False)
        of = trained.model.intervals
        out.print(coverage_table(f"{kind}: {of.coverage:.0%} intervals of the rate of {of.batch_rows} like rows", trained.covered))
    for kind, why in training.skipped.items():
        out.print(f"no {'retrieval' if kind == 'retrieval' else f'{kind} model'}: {why}", markup=False, highlight=False)
    track = partial(common.progress, sentence="taking the snapshot")
    version = log_training(registry, training, shop, parsed, policy_text, now=common.now(), by=who, track=track)
    if registry.version(CHAMPION) is not None:
        comparing = partial(common.progress, sentence="comparing with the champion")
        log_comparison(registry, judge(registry, parsed.gate, seed=parsed.seed, track=comparing))
    named = f"release {version.seal} is challenger (version {version.number})"
    out.print(f"{named}; next: keeprank promote{common.at(store)}", highlight=False)


def backtest(
    folder: Folder,
    model: Annotated[Kind, typer.Option(help="Which model.")],
    split: Annotated[
        Literal["time", "months", "random"],
        typer.Option(help="Train before and judge after a day; the same at the start of every month, which is judged; or shuffle."),
    ] = "time",
    cut: Annotated[
        str | None,
        typer.Option(
            help="The day of a split by time, such as 2011-08-01; by default the newest rows judge. By months, the first that is judged."
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Overrides the settings' seed.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the result here.")] = None,
    settings: Settings = CONFIG / "training.toml",
    policy: Policy = CONFIG / "policy.toml",
) -> None:
    """Was it right? Train on what was known before a day, judge on what came after, beside simple baselines on the same rows."""
    from dataclasses import replace

    from experiments.backtest import Backtest, backtest_at_random, backtest_by_time
    from experiments.printed import backtest_table, walk_forward_table
    from experiments.walk_forward import WalkForward, walk_forward
    from training.settings import parse_settings

    if cut is not None and split == "random":
        raise typer.BadParameter("a random split has no cut", param_hint="--cut")
    if model == "order" and split == "random":
        raise typer.BadParameter("impressions are split by time only", param_hint="--split")
    parsed = parse_settings(common.text(settings, SettingsRefused))
    parsed = parsed if seed is None else replace(parsed, seed=seed)
    shop = common.shop(folder, common.text(policy, PolicyRefused))
    found: Backtest | WalkForward
    if split == "months":
        found = walk_forward(model, shop, parsed, first=common.day(cut, "--cut"), progress=common.progress)
    elif split == "time":
        found = backtest_by_time(model, shop, parsed, common.day(cut, "--cut"), common.progress)
    else:
        found = backtest_at_random(model, shop, parsed, common.progress)
    out.print(walk_forward_table(found) if isinstance(found, WalkForward) else backtest_table(found))
    if json_file is not None:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_text(json.dumps(found.to_json(), indent=1) + "\n")
        out.print(f"written to {json_file}", highlight=False)
