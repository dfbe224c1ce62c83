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
from training.evaluate import Evaluation, evaluate
from training.model import Model, fit
from training.rows import KINDS, Rows, labelled
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
        inputs: their features.
        p: its probabilities for them (rows, classes).
        evaluation: metrics.
    """

    model: Model
    split: Split
    rows: Rows
    inputs: pd.DataFrame
    p: npt.NDArray[np.float64]
    evaluation: Evaluation


@dataclass(frozen=True, eq=False)
class Training:
    """All models that the shop's data allow.

    Attributes:
        trained: by kind.
        skipped: why a kind was not trained.
    """

    trained: Mapping[str, Trained]
    skipped: Mapping[str, str]


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
    asked = of_order_lines(shop.tables)
    inputs = build(shop, asked, track=lambda entities: progress(entities, "building features")).set_index(
        shop.tables["order_lines"]["line_id"].to_numpy()
    )
    trained: dict[str, Trained] = {}
    skipped: dict[str, str] = {}
    for kind, result in _each(shop, inputs, settings, progress):
        if isinstance(result, Trained):
            trained[kind] = result
        else:
            skipped[kind] = result
    if not trained:
        reasons = "; ".join(f"{kind}: {why}" for kind, why in skipped.items())
        raise NotEnoughData(f"no model can be trained: {reasons}", advice="give more matured order lines, or lower blocks.fewest_rows")
    return Training(trained, skipped)


def _each(shop: Shop, inputs: pd.DataFrame, settings: Settings, progress: Progress) -> Iterator[tuple[str, Trained | str]]:
    for kind in KINDS:
        try:
            rows = labelled(kind, shop)
            yield kind, train_one(rows, inputs.loc[rows.line_id], newest_judge(rows, settings.blocks), settings, progress)
        except NotEnoughData as refusal:
            yield kind, str(refusal)


def train_one(rows: Rows, inputs: pd.DataFrame, split: Split, settings: Settings, progress: Progress = silent) -> Trained:
    """Train and judge one model."""
    blocks = [(inputs.iloc[block], rows.y[block]) for block in (split.train, split.calibrate)]
    model = fit(
        rows.kind,
        blocks[0],
        blocks[1],
        settings.forests[rows.kind],
        seed=settings.seed,
        threads=settings.threads,
        track=lambda trees: progress(trees, f"growing the {rows.kind} model's trees"),
    )
    judged, judged_inputs = rows.at(split.judge), inputs.iloc[split.judge].reset_index(drop=True)
    p = model.predict(judged_inputs, threads=settings.threads)
    found = evaluate(judged, judged_inputs, p, seed=settings.seed, track=lambda parts: progress(parts, f"judging the {rows.kind} model"))
    return Trained(model, split, judged, judged_inputs, p, found)
