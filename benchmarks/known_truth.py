"""How much of what can be known the models know: judged on a simulated shop, where every true probability is known.

python -m benchmarks.known_truth [--customers 12000] [--days 400] [--seed 1]

Attainable is what the true probabilities reach. They hang on things that no shop is told (a stranger's taste, the body behind an account),
so the same forest is also taught by the true probabilities instead of outcomes: what the inputs allow at that number of rows.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.progress import track
from scipy.stats import rankdata
from sklearn.metrics import log_loss, roc_auc_score

from domain.policy import parse_policy
from experiments.demo_shop import DemoShop, ShopSettings, generate
from experiments.demo_shop.chances import chances
from experiments.demo_shop.world import default_world
from features.build import build
from features.shop import Shop
from training.blocks import Split, newest_judge
from training.identity import may_read
from training.learned import parameters
from training.model import SHOWN_POSITION, fit
from training.pipeline import learnable
from training.rows import Rows, labelled
from training.settings import Forest, Settings, parse_settings

ROOT = Path(__file__).parent.parent
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Known:
    """Labelled rows with their inputs, and the probability behind each."""

    rows: Rows
    inputs: pd.DataFrame
    truth: pd.DataFrame
    split: Split

    def judged(self, column: str) -> Floats:
        """A column of the truth, of the rows that judge."""
        return self.truth[column].to_numpy(dtype="float64")[self.split.judge]


def other(kind: str, settings: Settings, objective: str) -> dict[str, Any]:
    """The model's own parameters with another objective, for rivals that `training.model` has no place for."""
    return {**parameters(kind, settings.forests[kind], settings.seed, settings.threads), "objective": objective}


def taught_by_truth(known: Known, column: str, settings: Settings) -> Floats:
    """The judged rows' probabilities by the same forest, had it learned from true probabilities instead of outcomes."""
    kind, inputs = known.rows.kind, known.rows.with_position(known.inputs)
    values = inputs[[name for name in map(str, inputs) if may_read(kind, name)]].to_numpy(dtype="float64")
    learn = np.concatenate([known.split.train, known.split.calibrate])
    data = lgb.Dataset(values[learn], label=known.truth[column].to_numpy()[learn])
    booster = lgb.train(other(kind, settings, "cross_entropy"), data, settings.forests[kind].trees)
    return np.asarray(booster.predict(values[known.split.judge]))


def gained(y: npt.NDArray[np.int64], p: Floats, truth: Floats) -> float:
    """Share of the attainable AUC gain over the overall rate (whose AUC is 1/2)."""
    return float((roc_auc_score(y, p) - 0.5) / (roc_auc_score(y, truth) - 0.5))


def agreement(lists: pd.Series, p: Floats, quality: Floats) -> float:
    """Mean rank correlation with the true quality inside each list."""
    frame = pd.DataFrame({"list": lists.to_numpy(), "p": p, "quality": quality})
    ranks = frame.groupby("list")[["p", "quality"]].transform(rankdata)
    centred = ranks - ranks.groupby(frame["list"]).transform("mean")
    sums = (centred.assign(both=centred["p"] * centred["quality"]) ** [2, 2, 1]).groupby(frame["list"]).sum()
    return float((sums["both"] / np.sqrt(sums["p"] * sums["quality"])).mean())


def of_impressions_known(shop: Shop, settings: Settings, truth: pd.DataFrame, rows: Rows) -> Known:
    """Impressions with the chances behind them."""
    if rows.shown is None:
        raise ValueError("order lines were shown in no list")
    asked = pd.DataFrame({"request_id": rows.shown["request_id"], "sku": rows.asked["sku"]})
    inputs = build(shop, rows.asked, track=lambda entities: track(entities, "building features"))
    return Known(rows, inputs, asked.merge(truth, how="left", validate="one_to_one"), newest_judge(rows, settings.blocks))


def orders(known: Known, shop: Shop, settings: Settings) -> Iterator[tuple[str, Floats, Floats]]:
    """Ways to learn P(order): their probabilities where the judged rows were shown, and their scores with the position removed."""
    forest, rows, split = settings.forests["order"], known.rows, known.split
    seen = rows.with_position(known.inputs)
    blocks = [(seen.iloc[block], rows.y[block]) for block in (split.train, split.calibrate)]
    model = fit("order", blocks[0], blocks[1], forest, seed=settings.seed, threads=settings.threads)
    judged = seen.iloc[split.judge]
    yield "position as a training-only input (ours)", model.predict(judged, as_seen=True)[:, 1], model.predict(judged)[:, 1]
    blind = [(inputs.assign(**{SHOWN_POSITION: 1.0}), y) for inputs, y in blocks]
    model = fit("order", blind[0], blind[1], forest, seed=settings.seed, threads=settings.threads)
    found = model.predict(judged)[:, 1]
    yield "not told of positions", found, found
    ranked = _position_biased(known, forest, settings)
    yield "LightGBM's position bias (lambdarank)", ranked, ranked
    without = replace(shop, tables={name: frame for name, frame in shop.tables.items() if name != "impressions"})
    sampled = learnable("order", without, settings)
    inputs = sampled.with_position(build(without, sampled.asked, track=lambda entities: track(entities, "building features of orders")))
    past = (sampled.asked["at"] < split.cut).to_numpy()
    border = round(past.sum() * (1 - settings.blocks.calibrate))
    early, late = np.flatnonzero(past)[:border], np.flatnonzero(past)[border:]
    parts = [(inputs.iloc[part], sampled.y[part]) for part in (early, late)]
    model = fit("order", parts[0], parts[1], forest, seed=settings.seed, threads=settings.threads)
    found = model.predict(judged)[:, 1]
    yield "orders beside drawn skus (no impressions)", found, found


def _position_biased(known: Known, forest: Forest, settings: Settings) -> Floats:
    """Scores of a ranker that LightGBM corrects for positions itself; they are no probabilities."""
    shown, train = known.truth, known.split.train
    in_lists = train[np.argsort(shown["request_id"].to_numpy()[train], kind="stable")]
    sizes = shown["request_id"].iloc[in_lists].groupby(shown["request_id"].iloc[in_lists].to_numpy(), sort=False).size()
    data = lgb.Dataset(
        known.inputs.to_numpy(dtype="float64")[in_lists],
        label=known.rows.y[in_lists],
        group=sizes.to_numpy(),
        position=shown["position"].to_numpy()[in_lists],
    )
    booster = lgb.train(other("order", settings, "lambdarank"), data, forest.trees)
    return np.asarray(booster.predict(known.inputs.to_numpy(dtype="float64")[known.split.judge]))


def order_lines_of(known: Known, shop: Shop, settings: Settings) -> Iterator[str]:
    """The table on P(order)."""
    y, truth, quality = known.rows.y[known.split.judge], known.judged("p_ordered"), known.judged("p_taken")
    lists = known.truth["request_id"].iloc[known.split.judge]
    yield f"P(order): {len(y):,} impressions judge, {y.mean():.2%} ordered\n"
    yield "| learned | AUC where shown | of the attainable gain | log-loss | rank correlation with the true quality in a list |"
    yield "|---|---|---|---|---|"
    yield f"| the truth | {roc_auc_score(y, truth):.4f} | 100 % | {log_loss(y, truth):.5f} | 1 |"
    ideal = taught_by_truth(known, "p_ordered", settings)
    figures = f"{roc_auc_score(y, ideal):.4f} | {gained(y, ideal, truth):.1%} | {log_loss(y, ideal):.5f}"
    yield f"| same forest, taught by the true probabilities | {figures} | |"
    for name, where_shown, removed in orders(known, shop, settings):
        loss = f"{log_loss(y, where_shown):.5f}" if (where_shown >= 0).all() and (where_shown <= 1).all() else ""
        share = f"{gained(y, where_shown, truth):.1%}"
        yield f"| {name} | {roc_auc_score(y, where_shown):.4f} | {share} | {loss} | {agreement(lists, removed, quality):.4f} |"


def return_lines_of(shop: Shop, demo: DemoShop, settings: Settings) -> Iterator[str]:
    """The table on P(return)."""
    rows = labelled("return", shop)
    truth = demo.truth.lines.set_index("line_id").loc[rows.line_id].reset_index()
    inputs = build(shop, rows.asked, track=lambda entities: track(entities, "building features of order lines"))
    known = Known(rows, inputs, truth, newest_judge(rows, settings.blocks))
    y, best = rows.y[known.split.judge], known.judged("p_at_order")
    blocks = [(inputs.iloc[block], rows.y[block]) for block in (known.split.train, known.split.calibrate)]
    model = fit("return", blocks[0], blocks[1], settings.forests["return"], seed=settings.seed, threads=settings.threads)
    yield f"\nP(return): {len(y):,} order lines judge, {y.mean():.2%} come back\n"
    yield "| learned | AUC | of the attainable gain | log-loss | correlation with the truth |"
    yield "|---|---|---|---|---|"
    ideal = taught_by_truth(known, "p_at_order", settings)
    found = model.predict(inputs.iloc[known.split.judge], threads=settings.threads)[:, 1]
    named = {"the truth, when it is ordered": best, "same forest, taught by the true probabilities": ideal, "outcomes (ours)": found}
    for name, p in named.items():
        share, close = f"{gained(y, p, best):.1%}", np.corrcoef(p, best)[0, 1]
        yield f"| {name} | {roc_auc_score(y, p):.4f} | {share} | {log_loss(y, p):.5f} | {close:.3f} |"


UNTIL_IT_IS_KNOWN = pd.Timedelta(days=21)
"""Beside the window: until the parcel is there and the return was asked for. What was shown later judges no "kept"."""


def cascade_lines_of(known: Known, shop: Shop, settings: Settings) -> Iterator[str]:
    """The table on "ordered and kept": two models multiplied against a direct one, on impressions whose outcome is known by now."""
    at, ordered = known.rows.asked["at"], known.rows.y == 1
    outcomes = shop.outcomes.set_index("line_id").reindex(known.rows.line_id)
    kept = ordered & ~outcomes["asked_back"].eq(other=True).to_numpy()
    matures = pd.Timedelta(days=max(shop.windows.values())) + UNTIL_IT_IS_KNOWN
    usable = (at < pd.Timestamp(shop.now) - matures).to_numpy()
    cut = pd.Timestamp(at[usable].iloc[round(usable.sum() * (1 - settings.blocks.judge))]).floor("D")
    judge = np.flatnonzero(usable & (at >= cut).to_numpy())
    seen, happened = known.rows.with_position(known.inputs), kept[judge].astype("int64")

    def learned(kind: str, chosen: npt.NDArray[np.bool_], y: npt.NDArray[np.bool_]) -> Floats:
        numbers = np.flatnonzero(chosen)
        border = round(len(numbers) * (1 - settings.blocks.calibrate))
        parts = [(seen.iloc[part], y[part].astype("int64")) for part in (numbers[:border], numbers[border:])]
        model = fit(kind, parts[0], parts[1], settings.forests[kind], seed=settings.seed, threads=settings.threads)
        return model.predict(seen.iloc[judge], threads=settings.threads, as_seen=True)[:, 1]

    direct = learned("order", (at < cut - matures).to_numpy(), kept)
    p_order = learned("order", (known.rows.known_at < cut).to_numpy(), ordered)
    p_return = learned("return", ordered & (outcomes["label_known_at"] < cut).to_numpy(), ordered & ~kept)
    yield f"\nOrdered and kept: {len(judge):,} impressions from {cut:%Y-%m-%d} on judge, {happened.mean():.2%} ordered and kept\n"
    yield "| learned | AUC | log-loss | mean predicted / observed |"
    yield "|---|---|---|---|"
    for name, p in {"one direct model": direct, "P(order) x P(kept given order) (ours)": p_order * (1 - p_return)}.items():
        yield f"| {name} | {roc_auc_score(happened, p):.4f} | {log_loss(happened, p):.5f} | {p.mean() / happened.mean():.3f} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("customers", 12_000), ("styles", 600), ("days", 400), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    told = parser.parse_args()
    of = ShopSettings(seed=told.seed, customers=told.customers, styles=told.styles, days=told.days, world=default_world())
    demo = generate(of, track=lambda days: track(days, "the shop's days"))
    truth = chances(of, track=lambda days: track(days, "the chances behind them"))
    policy, settings = (
        parse_policy((ROOT / "config/policy.toml").read_text()),
        parse_settings((ROOT / "config/training.toml").read_text()),
    )
    shop = Shop.of(demo.tables, policy.window_days, zone=policy.time_zone)
    known = of_impressions_known(shop, settings, truth, learnable("order", shop, settings))
    parts: list[Callable[[], Iterator[str]]] = [
        lambda: order_lines_of(known, shop, settings),
        lambda: return_lines_of(shop, demo, settings),
        lambda: cascade_lines_of(known, shop, settings),
    ]
    for part in parts:
        for line in part():
            print(line, flush=True)


if __name__ == "__main__":
    main()
