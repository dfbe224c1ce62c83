"""Keeprank's command line: which commands there are, in the order of its help; `commands/` says what each does."""

from __future__ import annotations

import os
import sys

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # LightGBM's idle threads would spin; it reads this when it is loaded

import typer

from commands import (
    economics,
    erasure,
    features,
    keys,
    models,
    pages,
    releases,
    replay,
    retrieval,
    running,
    simulating,
    sizes,
    snapshots,
    tables,
    training_rows,
    tuning,
)
from commands.common import err
from domain.errors import KeeprankError

app = typer.Typer(
    name="keeprank",
    help="Ranks shop offers by what the customer will keep.\n\n"
    "A shop's way: check -> backtest -> train -> promote -> serve. Try it first: make demo.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
app.command()(tables.check)
app.command("import")(tables.import_)
app.command()(tables.demo_shop)
app.command()(models.train)
app.command()(releases.promote)
app.command()(releases.rollback)
app.command()(releases.history)
app.command()(running.serve)
app.command()(models.backtest)
app.command()(tuning.tune)
app.command()(retrieval.recall)
app.command()(economics.economics)
app.command()(simulating.simulate)
app.command()(sizes.size)
app.command()(snapshots.snapshot)
app.command()(erasure.erasures)
app.command()(erasure.forget)
app.command()(replay.replay)
app.command()(running.demo)
app.command()(pages.docs)
features.app.command()(training_rows.build)
app.add_typer(features.app)
app.add_typer(keys.app)


def main() -> None:
    """Run the command line; refusals are printed in one readable message, and the exit code is 1."""
    try:
        app(prog_name="keeprank")
    except (KeeprankError, OSError) as refusal:
        err.print(f"[red]refused[/red] {type(refusal).__name__}: ", end="")
        err.print(str(refusal), markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
