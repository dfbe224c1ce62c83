"""From a shop to trained, judged models: the work behind `keeprank train`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import NotEnoughData
from features.asked import of_order_lines
from features.build import build
from features.shop import Shop
from training.blocks import Split, newest_judge
from training.coverage import Covered, covered
from training.evaluate import Evaluation, evaluate
from training.model import CLASSES, Model, fit
from training.retrieval.learned import Learned
from training.retrieval.settings import RetrievalSettings
from training.retrieval.train import Ready, train_retrieval
from training.rolling import ROLLING, fit_rolling
from training.rows import KINDS, Rows, labelled, sampled
from training.settings import Settings

Progress = Callable[[Iterable[Any], str], Iterable[Any]]
"""Wraps a loop, with a sentence on what it does."""


@dataclass(frozen=True, eq=False)
class Trained:
    """A model, and how it did on the newest rows.

    Attributes:
        model: the model.
        split: which rows trained, calibrated and judged it.
        rows: the rows that judged it.
        inputs: their features, and those of its training-only inputs.
        p: its probabilities for them (rows, classes), at the positions where they were shown.
        evaluation: metrics.
        covered: whether its intervals kept their word, per slice.
    """

    model: Model
    split: Split
    rows: Rows
    inputs: pd.DataFrame
    p: npt.NDArray[np.float64]
    evaluation: Evaluation
    covered: tuple[Covered, ...]


@dataclass(frozen=True, eq=False)
class Training:
    """All models that the shop's data allow.

    Attributes:
        trained: by kind.
        skipped: why a kind, or "retrieval", was not trained.
        retrieval: what candidates are found with.
    """

    trained: Mapping[str, Trained]
    skipped: Mapping[str, str]
    retrieval: Learned | None = None


def silent(steps: Iterable[Any], sentence: str) -> Iterable[Any]:  # noqa: ARG001
    """Shows nothing."""
    return steps


def train(shop: Shop, settings: Settings, *, progress: Progress = silent) -> Training:
    """Train every model that the shop has labels for.

    What is judged is what is released: the model is not fitted again on the rows that judged it, because then nobody would know
    how well calibrated it is.

    Raises:
        NotEnoughData: the shop has labels for none.
    """
    of_lines = _built(shop, of_order_lines(shop.tables), progress).set_index(shop.tables["order_lines"]["line_id"].to_numpy())
    trained: dict[str, Trained] = {}
    skipped: dict[str, str] = {}
    for kind, result in _each(shop, of_lines, settings, progress):
        if isinstance(result, Trained):
            trained[kind] = result
        else:
            skipped[kind] = result
    if not trained:
        reasons = "; ".join(f"{kind}: {why}" for kind, why in skipped.items())
        raise NotEnoughData(f"no model can be trained: {reasons}", advice="give more matured order lines, or lower blocks.fewest_rows")
    try:
        retrieval = _retrieval(shop, settings, progress)
    except NotEnoughData as refusal:
        return Training(trained, {**skipped, "retrieval": str(refusal)})
    return Training(trained, skipped, retrieval)


def _retrieval(shop: Shop, settings: Settings, progress: Progress) -> Learned:
    return train_retrieval(
        Ready.of(shop), pd.Timestamp(shop.now), RetrievalSettings(), seed=settings.seed, threads=settings.threads, progress=progress
    )


def learnable(kind: str, shop: Shop, settings: Settings) -> Rows:
    """The labelled rows that a model may learn from and be judged by: all, or the newest impressions.

    Where the shop tells of no impressions, the order model's are orders beside skus that were drawn (`training.sampled`).

    Raises:
        NotEnoughData: there are no orders to draw beside.
    """
    if kind in KINDS:
        return labelled(kind, shop)
    if not shop.has("impressions"):
        return sampled(shop, settings.sampling, most=settings.most_impressions, seed=settings.seed)
    return labelled(kind, shop).newest(settings.most_impressions)


def _each(shop: Shop, of_lines: pd.DataFrame, settings: Settings, progress: Progress) -> Iterator[tuple[str, Trained | str]]:
    for kind in CLASSES:
        try:
            rows = learnable(kind, shop, settings)
            split = newest_judge(rows, settings.blocks)
            inputs = of_lines.loc[rows.line_id] if kind in KINDS else _built(shop, rows.asked, progress)
            yield kind, train_one(rows, inputs, split, settings, progress)
        except NotEnoughData as refusal:
            yield kind, str(refusal)


def _built(shop: Shop, asked: pd.DataFrame, progress: Progress) -> pd.DataFrame:
    return build(shop, asked, track=lambda entities: progress(entities, "building features"))


def train_one(rows: Rows, inputs: pd.DataFrame, split: Split, settings: Settings, progress: Progress = silent) -> Trained:
    """Train and judge one model.

    Args:
        rows: labelled rows; those of the order model say at which position they were `shown`.
        inputs: their features in their order, built for them or logged when they were served.
        split: which of them train, calibrate and judge.
        settings: how.
        progress: wraps loops, to show progress.

    Raises:
        NotEnoughData: a class is missing from a block that trains or calibrates.
    """
    inputs = rows.with_position(inputs)
    model = fit_one(rows, inputs, split, settings, progress)
    judged, judged_inputs = rows.at(split.judge), inputs.iloc[split.judge].reset_index(drop=True)
    p = model.predict(judged_inputs, threads=settings.threads, as_seen=True)
    found = evaluate(judged, judged_inputs, p, seed=settings.seed, track=lambda parts: progress(parts, f"judging the {rows.kind} model"))
    kept = covered(judged, judged_inputs, p, model, seed=settings.seed)
    return Trained(model, split, judged, judged_inputs, p, found, kept)


def fit_one(rows: Rows, inputs: pd.DataFrame, split: Split, settings: Settings, progress: Progress = silent) -> Model:
    """Train one model, and judge it by nothing.

    Args:
        rows: labelled rows.
        inputs: their features, and those of its training-only inputs.
        split: which of them train and calibrate.
        settings: how.
        progress: wraps the loop over trees, to show progress.

    Raises:
        NotEnoughData: a class is missing from a block that trains or calibrates.
    """

    def track(trees: Iterable[int]) -> Iterable[int]:
        return progress(trees, f"growing the {rows.kind} model's trees")

    forest, batches, seed, threads = settings.forests[rows.kind], settings.intervals, settings.seed, settings.threads
    if rows.kind in ROLLING:
        return fit_rolling(rows, inputs, split, forest, settings.rolling, batches, seed=seed, threads=threads, track=track)
    blocks = [(inputs.iloc[block], rows.y[block]) for block in (split.train, split.calibrate)]
    kind, shift = rows.kind, rows.shift
    return fit(kind, blocks[0], blocks[1], forest, seed=seed, threads=threads, shift=shift, intervals=batches, track=track)
