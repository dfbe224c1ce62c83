"""The main job from end to end, as `make demo` shows it: a shop, a training, a promotion, and ranked offers over HTTP."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import urllib.request
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from rich.console import Console

from domain.errors import SettingsRefused
from domain.outcomes import KEPT, RETURNED
from domain.policy import Policy, parse_policy
from domain.policy_text import settled
from domain.tables import Tables
from experiments.demo_shop import ShopSettings, generate
from experiments.printed import evaluation_table, ranking_table, verdict_table
from experiments.simulation.printed import policies_table, versus_table
from experiments.simulation.simulate import simulate
from experiments.simulation.small import small_comparison
from features.shop import Shop
from features.source import read_tables, write_tables
from serving.launch import free_port, serve
from serving.settings import load_serving, overruled
from serving.worker import Places
from training.gate import judge, promote
from training.history import whoami
from training.pipeline import Progress, train
from training.registry import SNAPSHOT, Registry, Version
from training.settings import Settings, parse_settings
from training.tracking import log_training

Ticking = Callable[[int, str], AbstractContextManager[Callable[[], None]]]

OFFERS = 12

_USUAL_LINES = 12

_OURS = frozenset({"shop", "serving", "build", "mlruns", "mlflow.db"})
"""What a demo leaves in its folder."""


@dataclass(frozen=True)
class Shopper:
    """For whom the demo ranks, and what.

    Attributes:
        customer_id: who.
        country: where the latest order went to.
        ordered: order lines so far.
        returned: how many of them came back.
        skus: the offers.
    """

    customer_id: str
    country: str | None
    ordered: int
    returned: int
    skus: tuple[str, ...]


def run_demo(data: Path | None, work: Path, *, config: Path, console: Console, progress: Progress, ticking: Ticking) -> None:
    """Generate (or read) a shop, train, promote, serve, rank over HTTP, print, stop; then compare policies in simulated shops.

    Args:
        data: a folder of the contract's tables; None generates the demo shop.
        work: a folder to work in; what an earlier demo left there is removed.
        config: the folder of training.toml and policy.toml.
        console: where to print.
        progress: wraps loops, to show progress.
        ticking: a bar of so many steps.

    Raises:
        SettingsRefused: `work` holds something that no demo wrote, or the data.
    """
    if data is not None and data.resolve().is_relative_to(work.resolve()):
        raise SettingsRefused(f"{data} lies in {work}, which is emptied first", advice="move the tables, or name another --work")
    _empty(work)
    settings, policy_text = parse_settings((config / "training.toml").read_text()), (config / "policy.toml").read_text()
    tables, policy = _tables(data, work / "shop", console), parse_policy(policy_text)
    shop = Shop.of(tables, policy.window_days, zone=policy.time_zone)
    policy_text = settled(policy_text, shop.tables, now=shop.now)
    registry = Registry(f"sqlite:///{(work / 'mlflow.db').resolve()}", work / "mlruns")
    champion = _champion(registry, shop, settings, policy_text, console, progress)
    release = registry.fetch_release(champion, work / "serving" / "release")
    snapshot = registry.fetch_artifact(champion, SNAPSHOT, work / "serving" / "snapshot")
    console.rule("[bold]3  Serve, and rank over HTTP")
    rules = overruled(load_serving(config / "serving.toml"), workers=1, authentication=False)
    with serve(Places(work / "serving" / "state", release=release, snapshot=snapshot), rules, port=free_port()) as service:
        _rank(service.url, shopper_of(shop), shop, console)
    if data is None:
        _compare(policy, settings, console, ticking)
    console.rule("[bold]Next")
    _next_steps(work, data, console)


def _compare(policy: Policy, settings: Settings, console: Console, ticking: Ticking) -> None:
    console.rule("[bold]4  Would it have earned more? Policies serve the same simulated shoppers")
    comparison = small_comparison(policy, settings)
    with ticking(comparison.ticks, "simulating") as tick:
        found = simulate(comparison, tick)
    console.print(policies_table(found, "EUR"))
    console.print(versus_table(found))
    console.print("two small shops: `keeprank simulate` compares larger ones, with narrower intervals", highlight=False)


def _empty(work: Path) -> None:
    foreign = sorted(entry.name for entry in work.iterdir() if entry.name not in _OURS) if work.is_dir() else []
    if foreign or work.is_file():
        found = ", ".join(foreign[:3]) or "a file"
        raise SettingsRefused(f"{work} holds {found}", expected="an empty folder, or an earlier demo's", advice="name another with --work")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)


def shopper_of(shop: Shop, offers: int = OFFERS) -> Shopper:
    """A customer with a history of both kept and returned lines, and popular styles in the sizes that this customer orders."""
    lines = shop.tables["order_lines"].assign(outcome=shop.outcomes["outcome"].to_numpy())
    counts = pd.crosstab(lines["customer_id"], lines["outcome"]).reindex(columns=[KEPT, RETURNED], fill_value=0)
    told = counts[(counts[KEPT] >= 3) & (counts[RETURNED] >= 2)].sum(axis=1)
    ordered = told if len(told) else lines["customer_id"].value_counts()
    customer = str((ordered - _USUAL_LINES).abs().idxmin())
    mine = lines[lines["customer_id"] == customer]
    country = mine.sort_values("ordered_at")["country"].iloc[-1]
    where = country if isinstance(country, str) else None
    return Shopper(customer, where, len(mine), int((mine["outcome"] == RETURNED).sum()), _offers(shop.tables, lines, mine, offers))


def _tables(data: Path | None, folder: Path, console: Console) -> Tables:
    if data is not None:
        console.rule(f"[bold]1  Read the shop in {data}")
        return read_tables(data, now=dt.datetime.now(dt.UTC))
    console.rule("[bold]1  Generate a fashion shop")
    shop = generate(ShopSettings())
    write_tables(shop.tables, folder)
    lines = len(shop.tables["order_lines"])
    console.print(
        f"{lines:,} order lines of {shop.tables['order_lines']['customer_id'].nunique():,} customers, in {folder}", highlight=False
    )
    return shop.tables


def _champion(registry: Registry, shop: Shop, settings: Settings, policy_text: str, console: Console, progress: Progress) -> Version:
    console.rule("[bold]2  Train on the older orders, judge on the newest, promote")
    training = train(shop, settings, progress=progress)
    for kind, trained in training.trained.items():
        console.print(evaluation_table(f"{kind} model, judged on the {trained.evaluation.rows:,} newest rows", trained.evaluation))
    for kind, why in training.skipped.items():
        console.print(f"no {kind} model: {why}", markup=False, highlight=False)
    now, by = dt.datetime.now(dt.UTC), whoami()

    def track(entities: Iterable[Any]) -> Iterable[Any]:
        return progress(entities, "taking the snapshot")

    log_training(registry, training, shop, settings, policy_text, now=now, by=by, track=track)
    verdict = judge(registry, settings.gate, seed=settings.seed)
    console.print(verdict_table(verdict))
    promote(registry, verdict, now=now, by=by)
    return verdict.challenger


def _offers(tables: Tables, lines: pd.DataFrame, mine: pd.DataFrame, offers: int) -> tuple[str, ...]:
    products = tables["products"].set_index("sku")
    sold = lines["sku"].value_counts()
    candidates = products.assign(sold=sold.reindex(products.index).fillna(0).to_numpy())
    usual = mine["sku"].map(products["category"] + "/" + products["size"].fillna("")).value_counts()
    candidates["mine"] = (candidates["category"] + "/" + candidates["size"].fillna("")).map(usual).fillna(0)
    per_style = candidates.sort_values(["mine", "sold"], ascending=False).drop_duplicates("style_id")
    varied = (
        per_style.sort_values("sold", ascending=False)
        .groupby("category", sort=False)
        .head(max(3, offers // per_style["category"].nunique()))
    )
    return tuple(varied.head(offers).index)


def _rank(url: str, shopper: Shopper, shop: Shop, console: Console) -> None:
    products = shop.tables["products"]
    request: dict[str, Any] = {
        "customer_id": shopper.customer_id,
        "country": shopper.country,
        "offers": [{"sku": sku} for sku in shopper.skus],
        "at": shop.now.isoformat(),  # the tables may have ended long ago, and without a moment the service asks about the latest it can
        "explain": True,
    }
    if products["price"].isna().all():
        request["offers"] = [{"sku": sku, "price": 10_000} for sku in shopper.skus]
        console.print("this shop has no prices: every offer is ranked at 100.00", highlight=False)
    reply = _post(f"{url}/v1/rank", request)
    margins = {offer["sku"]: offer["money"]["margin_if_kept"] for offer in reply["offers"]}
    by_margin = sorted(margins, key=lambda sku: -margins[sku])
    title = (
        f"POST {url}/v1/rank for customer {shopper.customer_id} ({shopper.ordered} lines ordered, {shopper.returned} came back): "
        f"offers as they are ranked; expected kept margin per {reply['per']}"
    )
    console.print(ranking_table(title, reply, _names(products, shopper.skus), by_margin))
    as_of = dt.datetime.fromisoformat(reply["as_of"]).astimezone(ZoneInfo(shop.zone))
    console.print(f"release {reply['release']}, policy {reply['policy']}, as of {as_of:%Y-%m-%d %H:%M}", highlight=False)
    for excluded in reply["excluded"]:
        console.print(f"not offered: {excluded['sku']} ({excluded['reason']})", highlight=False)


def _post(url: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as reply:  # noqa: S310
        return json.load(reply)


def _names(products: pd.DataFrame, skus: Iterable[str]) -> dict[str, str]:
    chosen = products.set_index("sku").loc[list(skus), ["category", "brand", "size"]]
    return {
        str(sku): " ".join(str(part) for part in (*row, f"({sku})") if isinstance(part, str))
        for sku, row in zip(chosen.index, chosen.to_numpy(), strict=True)
    }


def _next_steps(work: Path, data: Path | None, console: Console) -> None:
    console.print(f"look at the run and its plots   make ui STORE={work}", highlight=False)
    console.print(f"serve this release              make serve STORE={work} PORT=3000", highlight=False)
    if data is None:
        console.print(
            "your own shop                   keeprank check DIR, then make demo DATA=DIR (docs/data-contract.md)", highlight=False
        )
