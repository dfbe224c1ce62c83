"""Logs a training to MLflow: parameters, data, metrics per slice, plots, the release, and its place in the registry."""

from __future__ import annotations

import datetime as dt
import json
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema

from domain.policy import Policy, parse_policy
from features.build import FEATURE_SET_HASH, Track
from features.shop import Shop
from features.taking import take_snapshot
from training import flavor, plots, slice_plots
from training.bootstrap import Interval
from training.coverage import promised
from training.evaluate import clusters, slices
from training.fingerprints import fingerprints
from training.history import record
from training.judged import Judged
from training.model import Model, save
from training.model_card import model_card
from training.money import at_stake
from training.pipeline import Trained, Training
from training.plots_coverage import coverage_per_segment
from training.registry import CHALLENGER, JUDGED, SNAPSHOT, TABLE, Registry, Version
from training.retrieval.remembered import remembering
from training.settings import Settings

_LOADING_NEEDS = ("duckdb", "lightgbm", "numpy", "pandas", "pandera", "pyarrow", "scikit-learn")
"""What the logged model requires, in the versions installed here.

Keeprank itself is not among them: it is on no package index, and a stranger could take its name there. Install it from its source.
"""

_NOTE, _LONGEST_NOTE = "mlflow.note.content", 5_000
"""The text that MLflow shows on top of a run's page; its store takes so many characters."""

_DIGEST = 36
"""Characters that MLflow takes of a dataset's hash."""

_PICTURED: Mapping[str, Mapping[str, int]] = {
    "return": {"returned": 1},
    "reason": {"size": 0, "quality": 1, "taste": 2, "other": 3},
    "fit": {"small": 0, "large": 2},
    "order": {"ordered": 1},
}
"""The classes of each model that are drawn, and their numbers."""


def log_training(
    registry: Registry,
    training: Training,
    shop: Shop,
    settings: Settings,
    policy_text: str,
    *,
    now: dt.datetime,
    by: str,
    track: Track = iter,
) -> Version:
    """Log a training as one run, register its release with a signature, and make it challenger.

    The run's note is the release's model card.

    Args:
        registry: the store.
        training: what was trained.
        shop: the shop it was trained on; its snapshot is logged beside the release, for the service.
        settings: what it was trained with.
        policy_text: the content of policy.toml; it becomes part of the release.
        now: the moment to record.
        by: who trained it.
        track: wraps the loop over entities, to show progress.
    """
    data, experiment = fingerprints(shop.tables), registry.experiment_id()
    with registry.current(), mlflow.start_run(experiment_id=experiment) as run, tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _log_numbers(registry, run.info.run_id, training, settings, data)
        mlflow.log_dict({"tables": data}, "data.json")
        _log_lineage(registry, run.info.run_id, data)
        for kind, trained in training.trained.items():
            _log_pictures(kind, trained, shop, parse_policy(policy_text), folder)
            mlflow.log_artifact(str(judged_of(trained, shop, parse_policy(policy_text)).write(folder)), JUDGED)
        seal = _log_release(training, settings, data, policy_text, folder / "release")
        take_snapshot(shop, folder / SNAPSHOT, track=track, beside=remembering(shop))
        mlflow.log_artifacts(str(folder / SNAPSHOT), SNAPSHOT)
        version = _register(registry, run.info.run_id, folder / "release", _models(training), seal)
    with registry.alone():
        before = registry.version(CHALLENGER)
        registry.set_alias(CHALLENGER, version)
        record(registry, "trained", before=before, after=version, by=by, now=now)
    return version


def _models(training: Training) -> dict[str, Model]:
    return {kind: one.model for kind, one in training.trained.items()}


def _log_release(training: Training, settings: Settings, data: list[dict[str, Any]], policy_text: str, folder: Path) -> str:
    """Seal the release in a folder, and log its card. Returns the seal."""
    about = {
        "data": data,
        "settings": _flat(settings),
        "learned_from": {kind: one.rows.learned_from for kind, one in training.trained.items()},
        "cuts": {kind: one.split.cut.isoformat() for kind, one in training.trained.items()},
    }
    models, found = _models(training), training.retrieval
    seal = save(models, folder, feature_set=FEATURE_SET_HASH, policy=policy_text, about=about, retrieval=found)
    card = model_card(training, settings, data, policy_text, seal)
    mlflow.log_text(card, "model_card.md")
    mlflow.set_tag(_NOTE, card[:_LONGEST_NOTE])
    return seal


def _log_lineage(registry: Registry, run_id: str, data: list[dict[str, Any]]) -> None:
    """Fill MLflow's column of datasets: each table by name and content."""
    sources = [
        Dataset(
            name=str(table["table"]),
            digest=str(table["hash"])[:_DIGEST],
            source_type=TABLE,
            source=json.dumps({"rows": table["rows"], "first": table["first"], "last": table["last"]}),
            profile=json.dumps({"rows": table["rows"]}),
        )
        for table in data
    ]
    inputs = [DatasetInput(one, [InputTag("mlflow.data.context", "training")]) for one in sources]
    registry.client.log_inputs(run_id, inputs)


def _log_numbers(registry: Registry, run_id: str, training: Training, settings: Settings, data: list[dict[str, Any]]) -> None:
    parameters = {**_flat(settings), "feature_set": FEATURE_SET_HASH, **{f"skipped.{kind}": why for kind, why in training.skipped.items()}}
    parameters |= {f"data.{table['table']}.rows": table["rows"] for table in data} | {
        f"data.{table['table']}.hash": table["hash"] for table in data
    }
    metrics = [Metric(name, value, 0, 0) for kind, one in training.trained.items() for name, value in _metrics(kind, one)]
    registry.client.log_batch(run_id, metrics, [Param(name, str(value)) for name, value in parameters.items()])


def _metrics(kind: str, trained: Trained) -> Iterator[tuple[str, float]]:
    """Metrics that are defined, such as return.auc, return.auc.low and return.auc/customer:new."""
    found = trained.evaluation
    yield f"{kind}.rows", float(found.rows)
    for name, interval in found.metrics.items():
        yield from _defined(f"{kind}.{name}", interval)
    for one in trained.covered:
        where = "" if one.slice == "all" else f"/{_legal(one.slice)}"
        yield f"{kind}.coverage_{one.of}{where}", one.coverage
        yield f"{kind}.interval_width_{one.of}{where}", one.width
    for part in found.slices:
        yield f"{kind}.rows/{_legal(part.name)}", float(part.rows)
        for name, interval in part.metrics.items():
            yield from _defined(f"{kind}.{name}/{_legal(part.name)}", interval)


def _defined(name: str, interval: Interval) -> Iterator[tuple[str, float]]:
    for suffix, value in (("", interval.value), (".low", interval.low), (".high", interval.high)):
        if value == value:
            yield name + suffix, value


def _legal(name: str) -> str:
    """MLflow takes letters, digits and a few signs in a metric's name."""
    return "".join(sign if sign.isalnum() or sign in "_-. :" else "_" for sign in name)


def _flat(settings: Settings) -> dict[str, Any]:
    forests = {f"{kind}.{name}": value for kind, forest in settings.forests.items() for name, value in asdict(forest).items()}
    blocks = {f"blocks.{name}": value for name, value in asdict(settings.blocks).items()}
    order = {"order.most_rows": settings.most_impressions}
    order |= {f"order.sampled.{name}": value for name, value in asdict(settings.sampling).items()}
    rolling = {f"return.rolling.{name}": value for name, value in asdict(settings.rolling).items()}
    intervals = {f"intervals.{name}": value for name, value in asdict(settings.intervals).items()}
    return {"seed": settings.seed, "threads": settings.threads, **blocks, **forests, **order, **rolling, **intervals}


def _log_pictures(kind: str, trained: Trained, shop: Shop, policy: Policy, scratch: Path) -> None:
    folder = scratch / "plots" / kind
    folder.mkdir(parents=True)
    for name, figure in _pictures(kind, trained, shop, policy):
        plots.save(figure, folder / f"{name}.png")
    mlflow.log_artifacts(str(folder), f"plots/{kind}")


def _pictures(kind: str, trained: Trained, shop: Shop, policy: Policy) -> Iterator[tuple[str, Figure]]:
    y, p, model = trained.rows.y, trained.p, trained.model
    for name, number in _PICTURED[kind].items():
        seen = (y == number).astype("int64")
        yield f"reliability_{name}", plots.reliability(seen, p[:, number], f"Does P({name}) come true?")
        yield f"deciles_{name}", plots.deciles(seen, p[:, number])
        if 0 < seen.sum() < len(seen):
            yield f"roc_pr_{name}", plots.roc_pr(seen, p[:, number])
    for of in promised(kind):
        kept = [one for one in trained.covered if one.of == of]
        yield f"coverage_{of}", coverage_per_segment(kept, model.intervals.coverage)
    yield "gain", plots.gain(list(model.columns), model.gains())
    if parts := trained.evaluation.slices:
        yield "auc_per_slice", plots.per_slice([part.name for part in parts], [part.metrics["auc"] for part in parts], "AUC per slice")
        yield from _reliabilities(kind, trained)
    if kind == "return":
        yield from _money_picture(trained, shop, policy)
    if trained.rows.shown is not None and not trained.rows.shift:  # skus that were drawn were shown nowhere
        at_the_top = model.predict(trained.inputs)[:, 1]
        yield "position", plots.by_position(trained.rows.shown["position"], y, p[:, 1], at_the_top)


def _reliabilities(kind: str, trained: Trained) -> Iterator[tuple[str, Figure]]:
    """In every slice that was evaluated, does what is forecast come true?"""
    parts = slices(trained.rows, trained.inputs)
    for name, number in _PICTURED[kind].items():
        seen = (trained.rows.y == number).astype("int64")
        title = f"Does P({name}) come true in every part of the rows?"
        yield f"reliability_per_slice_{name}", slice_plots.reliabilities(seen, trained.p[:, number], parts, title)


def _money_picture(trained: Trained, shop: Shop, policy: Policy) -> Iterator[tuple[str, Figure]]:
    products = shop.tables["products"]
    priced, kept, lost = at_stake(trained.rows, products, policy)
    if priced.any():
        figure = plots.kept_margin_by_cutoff(
            trained.p[priced, 1], trained.rows.y[priced], kept, lost, currency=str(products["currency"].iloc[0])
        )
        yield "kept_margin_by_cutoff", figure


def judged_of(trained: Trained, shop: Shop, policy: Policy) -> Judged:
    """The rows that judged a model, without ids: the gate scores champion and challenger on them."""
    rows = trained.rows
    customers = pd.factorize(clusters(rows))[0].astype("int64")
    lists = np.arange(len(rows)) if rows.shown is None else pd.factorize(rows.shown["request_id"])[0].astype("int64")
    priced, kept, lost = at_stake(rows, shop.tables["products"], policy)
    money = np.full((2, len(rows)), np.nan)
    money[:, priced] = kept, lost
    at = np.array(rows.asked["at"].astype("int64"), dtype=np.int64)
    return Judged(rows.kind, trained.inputs, rows.y, customers, at, lists, money[0], money[1], slices(rows, trained.inputs))


def _register(registry: Registry, run_id: str, release: Path, models: Mapping[str, Model], seal: str) -> Version:
    inputs = dict.fromkeys(name for model in models.values() for name in model.features)
    signature = ModelSignature(
        inputs=Schema([ColSpec(DataType.double, name) for name in inputs]),
        outputs=Schema([ColSpec(DataType.double, name) for name in flavor.outputs(models)]),
    )
    with warnings.catch_warnings():  # an example would be a customer's row; the signature says all that is needed
        warnings.filterwarnings("ignore", message=".*An input example was not provided", category=UserWarning)
        logged = mlflow.pyfunc.log_model(
            name="release",
            loader_module="training.flavor",
            data_path=str(release),
            signature=signature,
            pip_requirements=[f"{name}=={installed(name)}" for name in _LOADING_NEEDS],
        )
    return registry.register(logged.model_uri, run_id, seal, feature_set=FEATURE_SET_HASH, models=json.dumps(sorted(models)))
