"""Keeprank's command line: it wires the parts together and holds no logic of its own."""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # LightGBM's idle threads would spin; it reads this when it is loaded

import typer
from rich.console import Console
from rich.progress import track as rich_track

from domain.errors import KeeprankError, PolicyRefused, RegistryRefused, SettingsRefused, TablesRefused

app = typer.Typer(
    name="keeprank",
    help="Ranks shop offers by what the customer will keep.\n\n"
    "A shop's way: check -> backtest -> train -> promote -> serve. Try it first: make demo.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
_COLUMNS = 150  # a narrower window wraps the lines of a table; cutting numbers off would be worse
out, err = Console(), Console(stderr=True)
out.width = max(out.width, _COLUMNS)

_CONFIG = Path(__file__).parent / "config"

Folder = Annotated[Path, typer.Argument(help="A folder of the contract's tables (Parquet or CSV), or a DuckDB file.")]
Policy = Annotated[Path, typer.Option(help="Business settings.")]
Settings = Annotated[Path, typer.Option(help="Data-science settings.")]
Store = Annotated[Path, typer.Option(help="Folder of the MLflow store: mlflow.db and mlruns/.")]
Kind = Literal["return", "fit"]


def main() -> None:
    """Run the command line; refusals are printed in one readable message, and the exit code is 1."""
    try:
        app(prog_name="keeprank")
    except (KeeprankError, OSError) as refusal:
        err.print(f"[red]refused[/red] {type(refusal).__name__}: ", end="")
        err.print(str(refusal), markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)


@app.command()
def check(folder: Folder) -> None:
    """Validate a shop's tables against the data contract, and report all violations that can be told, with what to do.

    Rows are counted from 1, without a CSV's header. Values and rules between tables are checked where columns are of the right kind.

    Exit code 0: the tables can be used. Exit code 1: they cannot, and what to do stands beside each violation.
    """
    from domain.contract import check as check_tables
    from features.source import read_raw

    tables, violations = check_tables(read_raw(folder), now=_now())
    for violation in violations:
        out.print(str(violation), markup=False, highlight=False, soft_wrap=True)
    if violations:
        out.print(f"\n{len(violations)} violations; see docs/data-contract.md", highlight=False)
        out.print("values and other tables are checked once a column is of the right kind: mend these and run it again", highlight=False)
        raise typer.Exit(1)
    for name, frame in tables.items():
        out.print(f"{name:>14}  {len(frame):>12,} rows", highlight=False)
    out.print("the tables keep the contract")


@app.command("import")
def import_(
    source: Annotated[str, typer.Argument(help="uci-online-retail or rent-the-runway.")],
    file: Annotated[Path, typer.Argument(help="The public data file.")],
    dest: Annotated[Path, typer.Argument(help="Folder to write the contract's tables to.")],
) -> None:
    """Turn a public data set into the contract's tables, and print its terms of use and where every row went.

    In = out + rejected, by reason.
    """
    from domain.contract import checked
    from features.source import write_tables
    from training.adapters import ADAPTERS

    if source not in ADAPTERS:
        raise typer.BadParameter(f"{source!r} is unknown; known: {', '.join(ADAPTERS)}", param_hint="source")
    imported = ADAPTERS[source].convert(file)
    write_tables(checked(imported.tables, now=_now()), dest)
    out.print(ADAPTERS[source].meaning + "\n", markup=False, highlight=False, soft_wrap=True)
    out.print("\n".join(imported.reconciliation.lines()), markup=False, highlight=False)
    out.print(f"\nwritten to {dest}; next: keeprank train {dest}", highlight=False)


@app.command("demo-shop")
def demo_shop(
    dest: Annotated[Path, typer.Argument(help="Folder to write the tables to.")],
    seed: Annotated[int, typer.Option(help="Same seed, same shop, byte for byte.")] = 1,
    customers: Annotated[int, typer.Option()] = 4_000,
    styles: Annotated[int, typer.Option()] = 300,
    days: Annotated[int, typer.Option()] = 400,
) -> None:
    """Generate a small fashion shop with a known truth, to try things on."""
    from experiments.demo_shop import ShopSettings, generate
    from features.source import write_tables

    shop = generate(ShopSettings(seed=seed, customers=customers, styles=styles, days=days))
    write_tables(shop.tables, dest)
    out.print(f"{len(shop.tables['order_lines']):,} order lines written to {dest}; next: keeprank train {dest}", highlight=False)


@app.command()
def train(
    folder: Folder,
    store: Store = Path(),
    settings: Settings = _CONFIG / "training.toml",
    policy: Policy = _CONFIG / "policy.toml",
) -> None:
    """Train every model that the shop has labels for, log it to MLflow, and make the release challenger.

    Next: `keeprank promote` compares it with the champion; `make ui` shows the run.
    """
    from experiments.printed import evaluation_table
    from training.pipeline import train as train_models
    from training.settings import parse_settings
    from training.tracking import log_training

    parsed, policy_text = parse_settings(_text(settings, SettingsRefused)), _text(policy, PolicyRefused)
    shop = _shop(folder, policy_text)
    store.mkdir(parents=True, exist_ok=True)
    registry = _registry(store, new=True)
    training = train_models(shop, parsed, progress=_progress)
    for kind, trained in training.trained.items():
        out.print(evaluation_table(f"{kind}: {trained.evaluation.rows:,} newest rows judge", trained.evaluation))
    for kind, why in training.skipped.items():
        out.print(f"no {kind} model: {why}", markup=False, highlight=False)
    version = log_training(registry, training, shop, parsed, policy_text, track=lambda entities: _progress(entities, "taking the snapshot"))
    out.print(f"release {version.seal} is challenger (version {version.number}); next: keeprank promote{_at(store)}", highlight=False)


@app.command()
def promote(
    store: Store = Path(),
    force: Annotated[str | None, typer.Option(help="Promote against the gate's objections; say why, it is logged.")] = None,
    settings: Settings = _CONFIG / "training.toml",
) -> None:
    """Make the challenger champion, if it is better on the rows that judged it: lower log-loss and lower calibration error.

    Without a champion, it has to beat the overall rate. The decision is written on the version in the registry.
    """
    from experiments.printed import verdict_table
    from training.gate import judge
    from training.gate import promote as promote_challenger
    from training.settings import parse_settings

    seed = parse_settings(_text(settings, SettingsRefused)).seed
    registry = _registry(store)
    verdict = judge(registry, seed=seed)
    out.print(verdict_table(verdict))
    promote_challenger(registry, verdict, now=_now(), force=force)
    forced = f", forced against the gate's objections: {force}" if verdict.objections else ""
    named = f"version {verdict.challenger.number} (release {verdict.challenger.seal})"
    out.print(f"{named} is champion{forced}; next: keeprank serve{_at(store)}", markup=False, highlight=False, soft_wrap=True)


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="Port on the loopback interface.")] = 3000,
    store: Store = Path(),
    alias: Annotated[str, typer.Option(help="Which release serves: champion or challenger.")] = "champion",
) -> None:
    """Serve the champion over HTTP: POST /v1/rank, /readyz, /metrics, /openapi.json. Stop with Ctrl-C."""
    from serving.launch import serve as serve_release
    from training.registry import SNAPSHOT

    registry = _registry(store)
    version = registry.require(alias)
    home = store / "build" / "serving" / version.number
    release = registry.fetch_release(version, home / "release")
    snapshot = registry.fetch_artifact(version, SNAPSHOT, home / "snapshot")
    with serve_release(release, snapshot, port=port) as service:
        out.print(f"serving release {version.seal} at {service.url}; try {service.url}/openapi.json, stop with Ctrl-C", highlight=False)
        service.wait()


@app.command()
def backtest(
    folder: Folder,
    model: Annotated[Kind, typer.Option(help="Which model.")],
    split: Annotated[Literal["time", "random"], typer.Option(help="Train before and judge after a day, or shuffle.")] = "time",
    cut: Annotated[
        str | None, typer.Option(help="The day of a split by time, such as 2011-08-01; by default the newest rows judge.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Overrides the settings' seed.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the result here.")] = None,
    settings: Settings = _CONFIG / "training.toml",
    policy: Policy = _CONFIG / "policy.toml",
) -> None:
    """Was it right? Train on what was known before a day, judge on what came after, beside simple baselines on the same rows."""
    from dataclasses import replace

    from experiments.backtest import backtest_at_random, backtest_by_time
    from experiments.printed import backtest_table
    from training.settings import parse_settings

    if cut is not None and split == "random":
        raise typer.BadParameter("a random split has no cut", param_hint="--cut")
    parsed = parse_settings(_text(settings, SettingsRefused))
    parsed = parsed if seed is None else replace(parsed, seed=seed)
    shop = _shop(folder, _text(policy, PolicyRefused))
    by_time = split == "time"
    found = backtest_by_time(model, shop, parsed, _day(cut), _progress) if by_time else backtest_at_random(model, shop, parsed, _progress)
    out.print(backtest_table(found))
    if json_file is not None:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_text(json.dumps(found.to_json(), indent=1) + "\n")
        out.print(f"written to {json_file}", highlight=False)


@app.command()
def demo(
    data: Annotated[Path | None, typer.Option(help="An imported folder of tables; by default a generated shop.")] = None,
    work: Annotated[Path, typer.Option(help="Folder to work in; what an earlier demo left there is removed.")] = Path("build/demo"),
) -> None:
    """The main job from end to end: generate (or read) a shop, train, promote, serve, rank over HTTP, print, stop."""
    from experiments.demo import run_demo

    run_demo(data, work, config=_CONFIG, console=out, progress=_progress)


@app.command()
def docs(
    folder: Annotated[Path, typer.Argument(help="Where the pages go.")] = Path("docs"),
) -> None:
    """Write the generated pages: data-contract.md and features.md."""
    from domain.contract_page import contract_page
    from features.page import features_page

    folder.mkdir(parents=True, exist_ok=True)
    for name, page in (("data-contract.md", contract_page()), ("features.md", features_page())):
        (folder / name).write_text(page)
        out.print(f"written {folder / name}", highlight=False)


def _at(store: Path) -> str:
    return "" if store == Path() else f" --store {store}"


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _text(file: Path, refused: type[KeeprankError]) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise refused(f"{file} cannot be read: {error}", expected="a TOML file") from error


def _day(text: str | None) -> Any:
    import pandas as pd

    if text is None:
        return None
    try:
        return pd.Timestamp(dt.date.fromisoformat(text), tz="UTC")
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no day such as 2011-08-01", param_hint="--cut") from error


def _shop(folder: Path, policy_text: str) -> Any:
    from domain.policy import parse_policy
    from features.shop import Shop
    from features.source import read_tables

    if not folder.exists():
        raise TablesRefused(f"{folder} does not exist", expected="a folder of tables, or a DuckDB file")
    with err.status("reading and checking the tables"):
        return Shop.of(read_tables(folder, now=_now()), parse_policy(policy_text).window_days)


def _registry(store: Path, *, new: bool = False) -> Any:
    from training.registry import Registry

    database = (store / "mlflow.db").resolve()
    if not new and not database.is_file():
        raise RegistryRefused(f"{store} holds no mlflow.db", advice="run `keeprank train DIR` first, or name its folder with --store")
    return Registry(f"sqlite:///{database}", store / "mlruns")


def _progress(steps: Iterable[Any], sentence: str) -> Iterable[Any]:
    return rich_track(list(steps), description=sentence, console=err, transient=True)


if __name__ == "__main__":
    main()
