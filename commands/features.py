"""Commands on features: what there are, how a value came about, and whether one of them sees the future."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from commands import common
from commands.common import CONFIG, Folder, Policy, out
from domain.errors import PolicyRefused

if TYPE_CHECKING:
    import pandas as pd

    from features.shop import Shop

app = typer.Typer(
    name="features",
    help="What the models look at: list the features, show a customer's, ask why one has its value, audit a shop for leaks.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

Customer = Annotated[str, typer.Argument(help="customer_id; may be unknown to the shop.")]
Sku = Annotated[str, typer.Option(help="The offer: one unit of this sku, alone in the basket.")]
At = Annotated[str | None, typer.Option(help="When, such as 2026-09-01T12:00 (UTC unless it says a zone); by default the shop's now.")]
Country = Annotated[str | None, typer.Option(help="Market, such as DE.")]
Price = Annotated[int | None, typer.Option(min=0, help="Price in cents; by default the list price.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Family = Literal["history", "profile", "cross", "today"]
Purpose = Literal["service", "personalisation", "measurements"]


@app.command("list")
def list_(
    folder: Annotated[Path | None, typer.Argument(help="A shop's tables: also say which features it has.")] = None,
    family: Annotated[Family | None, typer.Option(help="Only this family.")] = None,
    purpose: Annotated[Purpose | None, typer.Option(help="Only those that need this consent, or none (service).")] = None,
    as_json: AsJson = False,
    policy: Policy = CONFIG / "policy.toml",
) -> None:
    """List the features: meaning, unit, family, purpose, the tables and columns they need, the inputs they read.

    With a shop's folder, also whether it has each feature, and which table or column is missing where it has not.

    Example: `keeprank features list build/demo/shop --family profile`
    """
    from experiments.printed_features import features_table
    from features.explain import lacking
    from features.feature_set import FEATURES

    chosen = [one for one in FEATURES if family in (None, one.family) and purpose in (None, one.purpose)]
    shop = None if folder is None else _shop(folder, policy)
    missing = None if shop is None else {one.name: lacking(shop, one) for one in chosen}
    if as_json:
        from experiments.features_json import feature_json

        _print_json([feature_json(one, None if missing is None else missing[one.name]) for one in chosen])
        return
    for name in dict.fromkeys(one.family for one in chosen):
        out.print(features_table(name, [one for one in chosen if one.family == name], missing))


@app.command()
def show(
    folder: Folder,
    customer: Customer,
    sku: Sku,
    at: At = None,
    country: Country = None,
    price: Price = None,
    as_json: AsJson = False,
    policy: Policy = CONFIG / "policy.toml",
) -> None:
    """Print every feature of a customer and an offer at a moment, with the inputs it was computed from, or why it is missing.

    Example: `keeprank features show build/demo/shop c000147 --sku s0032-38 --at 2026-09-01T12:00 --country DE`
    """
    from experiments.printed_features import explained_table
    from features.explain import explain

    shop = _shop(folder, policy)
    asked = _asked(shop, customer, sku, at, country, price)
    explained = explain(shop, asked)
    if as_json:
        from experiments.features_json import shown_json

        _print_json(shown_json(shop, asked, explained))
        return
    _print_heading(shop, asked)
    for family in dict.fromkeys(one.feature.family for one in explained):
        out.print(explained_table(family, [one for one in explained if one.feature.family == family]))


@app.command()
def why(
    folder: Folder,
    name: Annotated[str, typer.Argument(help="The feature.")],
    customer: Customer,
    sku: Sku,
    at: At = None,
    country: Country = None,
    price: Price = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many facts of each history.")] = 10,
    policy: Policy = CONFIG / "policy.toml",
) -> None:
    """Say why one feature has its value: its formula, its inputs, and the facts behind them by id, newest first.

    Example: `keeprank features why build/demo/shop style_return_rate c000147 --sku s0032-38 --limit 5`
    """
    from experiments.printed_features import facts_table, moves_table, why_lines
    from features.explain import feature_of
    from features.explain import why as why_so

    shop = _shop(folder, policy)
    feature, asked = feature_of(shop, name), _asked(shop, customer, sku, at, country, price)
    found = why_so(shop, asked, [feature], limit=limit)[0]
    _print_heading(shop, asked)
    for line in why_lines(found):
        out.print(line, markup=False, highlight=False, soft_wrap=True)
    for behind in found.histories:
        out.print(facts_table(behind))
    if any(read.startswith("today.") for read in found.explained.inputs):
        out.print(moves_table(found.moves, limit))


@app.command()
def audit(
    folder: Folder,
    rows: Annotated[int, typer.Option(min=1, help="About how many rows to ask with another future.")] = 1_000,
    seed: Annotated[int, typer.Option(min=0, help="Draws rows and moments.")] = 1,
    suspicious: Annotated[float, typer.Option(min=0.5, max=1, help="An AUC of one feature alone above this is too good to be true.")] = 0.9,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the result here.")] = None,
    policy: Policy = CONFIG / "policy.toml",
) -> None:
    """Look for leaks in a shop's tables and in the features' code.

    Rows are asked at moments in the past, what became known later is taken away, made something else and added to, and every value
    has to stay the same. And no feature alone may tell the outcome too well: missing values stand together below or above all
    others, whichever tells more.

    Exit code 0: nothing found. Exit code 1: a feature saw the future, or tells too much.

    Example: `keeprank features audit build/demo/shop --json audit.json`
    """
    from experiments.audit import audit as look_for_leaks
    from experiments.printed_features import audit_parts

    found = look_for_leaks(_shop(folder, policy), rows=rows, seed=seed, suspicious=suspicious, progress=common.progress)
    for part in audit_parts(found):
        out.print(part, highlight=False)
    if json_file is not None:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_text(json.dumps(found.to_json(), indent=1) + "\n")
        out.print(f"written to {json_file}", highlight=False)
    if not found.passed:
        raise typer.Exit(1)


def _shop(folder: Path, policy: Path) -> Shop:
    return common.shop(folder, common.text(policy, PolicyRefused))


def _asked(shop: Shop, customer: str, sku: str, at: str | None, country: str | None, price: int | None) -> pd.DataFrame:
    from features.explain import asked_offer

    return asked_offer(shop, customer, sku, at=_moment(at), country=country, price=price)


def _moment(written: str | None) -> dt.datetime | None:
    """A time as ISO 8601 writes it; UTC unless it says a zone."""
    if written is None:
        return None
    try:
        found = dt.datetime.fromisoformat(written)
    except ValueError as error:
        raise typer.BadParameter(f"{written!r} is no time such as 2026-09-01T12:00", param_hint="--at") from error
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def _print_heading(shop: Shop, asked: pd.DataFrame) -> None:
    from experiments.printed_features import heading

    for line in heading(shop, asked):
        out.print(line, markup=False, highlight=False, soft_wrap=True)


def _print_json(told: Any) -> None:
    typer.echo(json.dumps(told, indent=1))
