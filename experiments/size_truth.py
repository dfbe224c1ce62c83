"""Does the advised size fit? Judged in the demo shop, where every body and cut is known, beside what a shop could advise without it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.outcomes import KEPT
from domain.size_systems import SizeSystems
from experiments.demo_shop import DemoShop
from experiments.demo_shop.fit import FITS, fit_of
from experiments.demo_shop.sizes import CATEGORY_NAMES, wanted_number
from features.shop import Shop
from serving.size_rows import size_rows
from serving.sizes import SizeQuestion, SizeReply, size_reply
from serving.state import Serving
from training.pipeline import Progress, silent

Floats = npt.NDArray[np.float64]

ADVISED, SELECTED, ANSWERED = "advised", "advised, knowing her own choice", "advised, after the question was answered"
OWN, AS_LAST_TIME, MOST_KEPT, HIGHEST_SCORE = (
    "her own choice",
    "same size as last time",
    "most kept size of the style",
    "highest raw P(fits)",
)


@dataclass(frozen=True)
class Taken:
    """The size that one way of advising takes.

    Attributes:
        sizes: by row of the orders; None where it has none.
        promised: P(fits) as it is promised, by row; empty where nothing is.
    """

    sizes: Sequence[str | None]
    promised: Sequence[float] = ()

    @classmethod
    def by(cls, replies: Sequence[SizeReply]) -> Taken:
        """What replies advise."""
        return cls([reply.advice.chance.size for reply in replies], [reply.advice.chance.fits for reply in replies])


@dataclass(frozen=True)
class Hits:
    """How good some sizes were in truth.

    Attributes:
        rows: how many.
        best: share that is the size which most likely feels right.
        next_to_best: share that is this one or a neighbour of it.
        fits: mean probability that the size feels right.
        promised: what was promised of it; NaN where nothing was.
    """

    rows: int
    best: float
    next_to_best: float
    fits: float
    promised: float


@dataclass(frozen=True, eq=False)
class Asked:
    """Orders whose size is to be advised, as of the snapshot.

    Attributes:
        orders: customer_id, style_id, category and size (the one she ordered herself).
        sizes: by row of orders, the sizes of the style, the smallest first.
        feels: by row of orders, the true probability that each of them feels right.
    """

    orders: pd.DataFrame
    sizes: tuple[tuple[str, ...], ...]
    feels: tuple[Floats, ...]

    def hits(self, taken: Taken, rows: npt.NDArray[np.bool_] | None = None) -> Hits:
        """How good sizes are; a row without one does not count."""
        counted = [number for number, size in enumerate(taken.sizes) if size is not None and (rows is None or rows[number])]
        at = np.array([self.sizes[number].index(str(taken.sizes[number])) for number in counted], dtype="int64")
        best = np.array([int(self.feels[number].argmax()) for number in counted], dtype="int64")
        fits = [self.feels[number][place] for number, place in zip(counted, at, strict=True)]
        promised = float(np.mean([taken.promised[number] for number in counted])) if taken.promised else np.nan
        return Hits(len(counted), float((at == best).mean()), float((abs(at - best) <= 1).mean()), float(np.mean(fits)), promised)


def orders_after(demo: DemoShop, serving: Serving, *, days: int, most: int, seed: int) -> Asked:
    """Some orders of sized goods in the days after a snapshot, with the truth about every size of their styles.

    Args:
        demo: the shop.
        serving: whose snapshot.
        days: how many days.
        most: at most so many orders, drawn at random; one customer and style counts once.
        seed: draws them.
    """
    lines, products = demo.tables["order_lines"], demo.tables["products"]
    soon = lines["ordered_at"].between(serving.snapshot.at, serving.snapshot.at + pd.Timedelta(days=days))
    sold = lines[soon].merge(products[["sku", "style_id", "category", "size"]].dropna(subset="size"), on="sku")
    once = sold.drop_duplicates(["customer_id", "style_id"]).sample(frac=1.0, random_state=seed).head(most)
    orders = once[["customer_id", "style_id", "category", "size"]].reset_index(drop=True)
    runs = products[products["size"].notna()].groupby("style_id")
    sizes = tuple(tuple(sorted(runs.get_group(style)["size"], key=int)) for style in orders["style_id"])
    return Asked(orders, sizes, tuple(_feels(demo, orders, sizes, serving.snapshot.at)))


def judge(
    demo: DemoShop, shop: Shop, serving: Serving, systems: SizeSystems, asked: Asked, *, ask: bool = True, progress: Progress = silent
) -> Mapping[str, Taken]:
    """The size that each way of advising takes.

    Args:
        demo: the shop, whose customers answer.
        shop: the same, as features see it.
        serving: who advises.
        systems: size systems.
        asked: the orders.
        ask: whether customers are asked, too; without, it takes a third of the time and nobody answers.
        progress: wraps loops, to show progress.
    """
    orders = asked.orders
    pairs = zip(orders["style_id"], orders["customer_id"], strict=True)
    questions = [SizeQuestion(style, customer, ask=ask) for style, customer in pairs]
    replies = [size_reply(serving, systems, question) for question in progress(questions, "advising sizes")]
    chosen = (replace(question, selected=size, ask=False) for question, size in zip(questions, orders["size"], strict=True))
    kept = _kept(shop, serving.snapshot.at)
    return {
        ADVISED: Taken.by(replies),
        SELECTED: Taken.by([size_reply(serving, systems, question) for question in progress(list(chosen), "with her choice")]),
        ANSWERED: Taken.by([_after_asking(demo, serving, systems, *both) for both in zip(questions, replies, strict=True)]),
        OWN: Taken(orders["size"].tolist()),
        HIGHEST_SCORE: Taken(list(_highest(serving, asked))),
        AS_LAST_TIME: _looked_up(orders, kept.drop_duplicates(["customer_id", "category"], keep="last"), ["customer_id", "category"]),
        MOST_KEPT: _looked_up(orders, _most(kept, "style_id"), ["style_id"]),
    }


def known_before(serving: Serving, asked: Asked) -> npt.NDArray[np.bool_]:
    """Whether each order's customer was known to the snapshot."""
    return np.array([serving.snapshot.knows_customer(customer) for customer in asked.orders["customer_id"]])


def _feels(demo: DemoShop, orders: pd.DataFrame, sizes: Sequence[Sequence[str]], at: pd.Timestamp) -> Iterable[Floats]:
    truth = demo.truth.shop
    people, skus = pd.Index(truth.people.ids), pd.Index(truth.assortment.skus)
    for customer, style, run in zip(orders["customer_id"], orders["style_id"], sizes, strict=True):
        person = np.full(len(run), people.get_loc(customer), dtype="int64")
        sku = skus.get_indexer(pd.Index([f"{style}-{size}" for size in run], dtype=object)).astype("int64")
        yield fit_of(truth.people, truth.assortment, person, sku, np.full(len(run), int(at.timestamp()))).feels[:, FITS]


def _after_asking(demo: DemoShop, serving: Serving, systems: SizeSystems, question: SizeQuestion, reply: SizeReply) -> SizeReply:
    """What is advised when the shopper answers, with her true measures or the size that she believes she wears."""
    if reply.ask is None:
        return reply
    answers = {attribute: _answer(demo, str(question.customer_id), attribute, reply) for attribute in reply.ask.attributes}
    return size_reply(serving, systems, replace(question, stated=answers, ask=False))


def _answer(demo: DemoShop, customer: str, attribute: str, reply: SizeReply) -> str:
    people = demo.truth.shop.people
    row = people.ids.tolist().index(customer)
    if attribute == "height_cm":
        return str(round(float(people.height_cm[row])))
    if attribute == "weight_kg":
        return str(round(float(people.weight_kg[row])))
    return believed_size(demo, row, reply.category, [chance.size for chance in reply.chances])


def believed_size(demo: DemoShop, person: int, category: str, sizes: Sequence[str]) -> str:
    """The usual size that somebody would state, errors about her own measures included."""
    people, kind = demo.truth.shop.people, np.array([CATEGORY_NAMES.index(category)])
    shift = people.ease_cm[[person]] + people.belief_error_cm[[person]]
    number = float(wanted_number(people.body[[person]], kind, shift)[0])
    return min(sizes, key=lambda size: abs(int(size) - number))


def _highest(serving: Serving, asked: Asked) -> Iterable[str]:
    """Without curves: the size that the fit model itself scores best."""
    for customer, style in zip(asked.orders["customer_id"], asked.orders["style_id"], strict=True):
        sizes = serving.styles.sizes(style)
        (rows,) = size_rows(sizes, customer_id=customer, country=None, stated={})
        yield sizes.size[int(serving.scoring.fit(rows.features)[:, FITS].argmax())]


def _kept(shop: Shop, at: pd.Timestamp) -> pd.DataFrame:
    """Sized lines that were known to be kept at a moment, oldest first."""
    lines = shop.tables["order_lines"].assign(outcome=shop.outcomes["outcome"].to_numpy(), known=shop.outcomes["label_known_at"].to_numpy())
    goods = shop.tables["products"][["sku", "style_id", "category", "size"]].dropna(subset="size")
    return lines[(lines["outcome"] == KEPT) & (lines["known"] < at)].merge(goods, on="sku").sort_values("ordered_at", kind="stable")


def _most(kept: pd.DataFrame, by: str) -> pd.DataFrame:
    counts = kept.groupby([by, "size"]).size().rename("lines").reset_index()
    return counts.sort_values("lines", kind="stable").drop_duplicates(by, keep="last")


def _looked_up(orders: pd.DataFrame, found: pd.DataFrame, by: list[str]) -> Taken:
    sizes = orders[by].merge(found[[*by, "size"]], on=by, how="left")["size"]
    return Taken([size if isinstance(size, str) else None for size in sizes])
