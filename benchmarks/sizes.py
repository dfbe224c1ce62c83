"""Are sizes advised well? In truth, in the demo shop; and what making probabilities coherent costs on lines that were really bought.

python -m benchmarks.sizes truth [--seeds 2 3]      which size is advised, beside what a shop could advise without the model
python -m benchmarks.sizes bought [--data FILE]     contradictions, log-loss and calibration of the fit model, raw and coherent
python -m benchmarks.sizes likely                   the variances of serving.likely_sizes
python -m benchmarks.sizes slope                    by how much a size more changes what is felt: training.size_curve.STEP

`bought` reads RentTheRunway where --data names its file, else the demo shop. `likely` and `slope` learn from orders and verdicts of the
demo shop of seed 1, never from its truth; `truth` judges on other seeds.
"""

from __future__ import annotations

import argparse
import datetime as dt
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.optimize import minimize
from scipy.special import ndtr

from benchmarks.measured import ROOT
from benchmarks.nearest_coherent import coherent, contradicting
from domain.contract import checked
from domain.policy import parse_policy
from domain.size_systems import parse_size_systems
from domain.tables import Tables
from experiments.demo_shop import DemoShop, ShopSettings, generate
from experiments.size_truth import Hits, Taken, judge, known_before, orders_after
from features.asked import of_order_lines
from features.build import FEATURE_SET_HASH, build
from features.clock import days
from features.shop import Shop
from features.taking import take_snapshot
from serving.likely_sizes import CHOICE, EVIDENCE, Evidence, likely
from serving.size_steps import steps
from serving.state import Serving
from training.adapters.rent_the_runway import convert
from training.blocks import Split, newest_judge, split_at
from training.metrics import Scored, metrics
from training.model import Model, fit, save
from training.rows import Rows, labelled
from training.settings import parse_settings
from training.size_curve import FITS, LARGE, SMALL, anchored

Floats = npt.NDArray[np.float64]

POLICY, SETTINGS = ((ROOT / "config" / name).read_text() for name in ("policy.toml", "training.toml"))
DAYS_AFTER, MOST_ORDERS, MOST_ROWS = 30, 250, 6_000
console = Console()


@dataclass(frozen=True, eq=False)
class EverySize:
    """Bought lines, and every size of their styles at the same moment.

    Attributes:
        row: of each size, the number of the line.
        bought: whether it is the size that was bought.
        position: its place as printed.
        step: by how much the places of neighbours differ.
        inputs: its features.
    """

    row: npt.NDArray[np.int64]
    bought: npt.NDArray[np.bool_]
    position: Floats
    step: Floats
    inputs: pd.DataFrame

    @property
    def steps(self) -> Floats:
        """Its place, counted in sizes."""
        return np.asarray(self.position / self.step)


def shop_of(tables: Tables) -> Shop:
    """A shop under the usual policy."""
    policy = parse_policy(POLICY)
    return Shop.of(tables, policy.window_days, zone=policy.time_zone)


def fitted(shop: Shop, rows: Rows, split: Split) -> Model:
    """The fit model of the usual settings."""
    settings = parse_settings(SETTINGS)
    inputs = build(shop, rows.asked)
    blocks = [(inputs.iloc[block], rows.y[block]) for block in (split.train, split.calibrate)]
    return fit("fit", blocks[0], blocks[1], settings.forests["fit"], seed=settings.seed, threads=settings.threads)


def every_size(shop: Shop, asked: pd.DataFrame) -> EverySize:
    """Ask about every size of the style of each line."""
    products = shop.tables["products"]
    goods = products[["sku", "style_id", "size"]].dropna(subset="size")
    system = products.loc[goods.index, "size_system"].fillna("").astype(str)
    goods = goods.assign(position=pd.to_numeric(goods["size"]), step=system.map(steps(products)))
    lines = pd.DataFrame({"row": np.arange(len(asked)), "bought": asked["sku"].to_numpy()}).merge(
        goods[["sku", "style_id"]], left_on="bought", right_on="sku"
    )
    sizes = lines[["row", "bought", "style_id"]].merge(goods, on="style_id").sort_values(["row", "position"], kind="stable")
    rows = asked.iloc[sizes["row"].to_numpy()].reset_index(drop=True).assign(sku=sizes["sku"].astype("str").to_numpy())
    place = sizes["position"].to_numpy(dtype="float64")
    bought = (sizes["bought"] == sizes["sku"]).to_numpy()
    return EverySize(sizes["row"].to_numpy(), bought, place, sizes["step"].to_numpy(dtype="float64"), build(shop, rows))


def likely_sizes(sizes: EverySize, evidence: tuple[Evidence, ...] = EVIDENCE, choice: float = CHOICE) -> Floats:
    """How likely each size is ordered, line by line."""
    columns = {name: sizes.inputs[name].to_numpy(dtype="float64") for one in evidence for name in (one.feature, one.lines) if name}
    ends = np.flatnonzero(np.diff(np.append(sizes.row, -1))) + 1
    found = []
    for first, last in zip([0, *ends[:-1]], ends, strict=True):
        place, step = sizes.position[first:last], float(sizes.step[first])
        found.append(likely({name: column[first:last] for name, column in columns.items()}, place, step, evidence, choice))
    return np.concatenate(found)


def bought(shop: Shop) -> Table:
    """Raw and coherent probabilities of lines that were bought and judged."""
    rows = labelled("fit", shop)
    split = newest_judge(rows, parse_settings(SETTINGS).blocks)
    model, judged = fitted(shop, rows, split), rows.at(split.judge)
    drawn = judged.at(np.sort(np.random.default_rng(1).choice(len(judged), min(MOST_ROWS, len(judged)), replace=False)))
    sizes = every_size(shop, drawn.asked)
    raw, trust = model.predict(sizes.inputs), likely_sizes(sizes)
    several = np.bincount(sizes.row) > 1
    share = len(contradicting(raw, sizes.position, sizes.row)) / several.sum()
    ways = {
        "raw": raw,
        "nearest coherent": coherent(raw, sizes.position, sizes.row).p,
        "anchored at the bought size": anchored(raw, sizes.steps, sizes.bought.astype("float64"), sizes.row).p,
        "anchored at likely sizes": anchored(raw, sizes.steps, trust, sizes.row).p,
    }
    table = Table(title=f"{len(drawn):,} bought lines; of {several.sum():,} with several sizes {share:.1%} contradict themselves before")
    for head in ("probabilities", "log-loss", "versus raw, 95 %", "mean AUC", "ECE small", "ECE fits", "ECE large"):
        table.add_column(head, justify="right")
    y = drawn.y[sizes.row[sizes.bought]]
    losses = {name: -np.log(p[sizes.bought][np.arange(len(y)), y].clip(1e-12)) for name, p in ways.items()}
    for name, p in ways.items():
        versus = losses[name] - losses["raw"]
        found = metrics(Scored(y, p[sizes.bought]))
        eces = [metrics(Scored((y == k).astype("int64"), p[sizes.bought][:, k]))["ece"] for k in (SMALL, FITS, LARGE)]
        wide = 1.96 * versus.std() / np.sqrt(len(y))
        told = (f"{losses[name].mean():.4f}", f"{versus.mean():+.4f} ± {wide:.4f}", f"{found['auc']:.3f}", *(f"{ece:.3f}" for ece in eces))
        table.add_row(name, *told)
    return table


def truth(seeds: Sequence[int]) -> Table:
    """Advice in shops that nothing was tuned on."""
    hits: dict[str, list[tuple[Hits, Hits, Hits]]] = {}
    for seed in seeds:
        demo = generate(ShopSettings(seed=seed))
        shop = shop_of(demo.tables)
        for name, found in _judged(demo, shop, seed).items():
            hits.setdefault(name, []).append(found)
    table = Table(title=f"true P(fits), and share of best sizes; default demo shops of seeds {', '.join(map(str, seeds))}")
    for head in ("size", "orders", "P(fits)", "promised", "best", "best or next", "known: P(fits)", "new: P(fits)"):
        table.add_column(head, justify="right")
    for name, each in hits.items():
        all_, known, new = ([parts[which] for parts in each] for which in range(3))
        counts = str(sum(one.rows for one in all_))
        means = (
            _mean(all_, "fits"),
            _mean(all_, "promised"),
            _mean(all_, "best"),
            _mean(all_, "next_to_best"),
            _mean(known, "fits"),
            _mean(new, "fits"),
        )
        table.add_row(name, counts, *means)
    return table


def _judged(demo: DemoShop, shop: Shop, seed: int) -> Mapping[str, tuple[Hits, Hits, Hits]]:
    cut = (pd.Timestamp(shop.now) - pd.Timedelta(days=DAYS_AFTER)).floor("D")
    rows = labelled("fit", shop)
    model = fitted(shop, rows, split_at(rows, cut, parse_settings(SETTINGS).blocks))
    with tempfile.TemporaryDirectory() as folder:
        release, snapshot = Path(folder, "release"), Path(folder, "snapshot")
        save({"fit": model}, release, feature_set=FEATURE_SET_HASH, policy=POLICY, about={})
        take_snapshot(shop, snapshot, day=int(days(pd.Series([cut]), shop.zone)[0]))
        serving = Serving.load(release, snapshot)
        asked = orders_after(demo, serving, days=DAYS_AFTER, most=MOST_ORDERS, seed=seed)
        systems = parse_size_systems((ROOT / "config" / "size_systems.toml").read_text())
        found = judge(demo, shop, serving, systems, asked, progress=lambda steps, words: track(list(steps), words, transient=True))
        old = known_before(serving, asked)
        best = {"the best there is": Taken([run[int(feels.argmax())] for run, feels in zip(asked.sizes, asked.feels, strict=True)])}
        everybody = np.ones(len(old), dtype=bool)
        parts = {name: [asked.hits(taken, part) for part in (everybody, old, ~old)] for name, taken in {**found, **best}.items()}
        return {name: (of_all, of_known, of_new) for name, (of_all, of_known, of_new) in parts.items()}


def _mean(hits: Sequence[Hits], what: str) -> str:
    told = [(one.rows, getattr(one, what)) for one in hits if one.rows and not np.isnan(getattr(one, what))]
    return f"{np.average([value for _, value in told], weights=[rows for rows, _ in told]):.3f}" if told else "-"


def variances(shop: Shop) -> str:
    """The greatest likelihood of the sizes that were ordered lately."""
    asked = of_order_lines(shop.tables)
    newest = asked[asked["at"] >= asked["at"].quantile(0.85)].reset_index(drop=True)
    sizes = every_size(shop, newest.sample(1_000, random_state=1).sort_index().reset_index(drop=True))

    def loss(logs: Floats) -> float:
        tried = tuple(replace(one, variance=float(np.exp(log))) for one, log in zip(EVIDENCE, logs, strict=False))
        return float(-np.log(likely_sizes(sizes, tried, float(np.exp(logs[-1])))[sizes.bought].clip(1e-12)).mean())

    start = np.log([*(one.variance for one in EVIDENCE), CHOICE])
    found = minimize(loss, start, method="Nelder-Mead", options={"maxfev": 150, "xatol": 0.05, "fatol": 1e-4})
    told = ", ".join(f"{one.feature} {np.exp(log):.2f}" for one, log in zip(EVIDENCE, found.x, strict=False))
    return f"{told}, choice {np.exp(found.x[-1]):.2f}; log-loss {found.fun:.3f}, as it stands {loss(start):.3f}"


def slope(shop: Shop) -> str:
    """From pairs of sizes of one style with two verdicts of one customer: an ordinal probit with a normal effect of the pair."""
    said, goods = shop.tables["fit_feedback"], shop.tables["products"][["sku", "style_id", "category", "size"]]
    sizes = said.drop_duplicates("line_id", keep="last").merge(goods, on="sku")
    verdict = sizes["verdict"].map({"small": SMALL, "fits": FITS, "large": LARGE})
    place: pd.Series = pd.to_numeric(sizes["size"]) / np.where(sizes["category"] == "shoes", 1, 2)
    one = sizes[["customer_id", "style_id"]].assign(y=verdict, at=place)
    pairs = one.merge(one, on=["customer_id", "style_id"])
    pairs = pairs[(pairs["at_x"] < pairs["at_y"]) & (pairs["at_y"] - pairs["at_x"] <= 3)]
    steps = (pairs["at_y"] - pairs["at_x"]).to_numpy()[:, None]
    nodes, masses = np.polynomial.hermite_e.hermegauss(21)

    def felt(room: Floats, y: pd.Series, tight: float, loose: float) -> Floats:
        small, below = ndtr(room - tight), ndtr(room + loose)
        return np.asarray(np.choose(y.to_numpy()[:, None], [small, below - small, 1.0 - below]))

    def loss(at: Floats) -> float:
        mean, spread, tight, loose, step = at[0], np.exp(at[1]), np.exp(at[2]), np.exp(at[3]), np.exp(at[4])
        room = mean + spread * nodes[None, :]
        both = felt(room, pairs["y_x"], tight, loose) * felt(room - step * steps, pairs["y_y"], tight, loose)
        return float(-np.log((both @ (masses / masses.sum())).clip(1e-12)).mean())

    found = minimize(loss, np.zeros(5), method="Nelder-Mead", options={"maxfev": 4_000, "maxiter": 4_000}).x
    step, spread = np.exp(found[4]), np.exp(found[1])
    return f"{len(pairs)} pairs: {step:.2f} standard deviations a size for one pair, {step / np.sqrt(1 + spread**2):.2f} over all of them"


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("truth", "bought", "likely", "slope"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[2, 3])
    parser.add_argument("--data", type=Path)
    asked = parser.parse_args()
    if asked.what == "truth":
        console.print(truth(asked.seeds))
        return
    tables = generate(ShopSettings()).tables if asked.data is None else checked(convert(asked.data).tables, now=dt.datetime.now(dt.UTC))
    shop = shop_of(tables)
    console.print({"bought": bought, "likely": variances, "slope": slope}[asked.what](shop), highlight=False)


if __name__ == "__main__":
    main()
