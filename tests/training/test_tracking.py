from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import tomllib
from importlib.metadata import version as installed
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest

from features.build import FEATURE_NAMES, FEATURE_SET_HASH
from features.shop import Shop
from features.source import fingerprint
from tests.conftest import POLICY, ROOT
from tests.support import quiet
from training.coverage import promised
from training.history import history
from training.judged import read_judged
from training.model import FIXED, load
from training.pipeline import Training
from training.registry import CHALLENGER, CHAMPION, JUDGED, MODEL, SNAPSHOT, Registry, Version
from training.settings import Settings
from training.tracking import log_training

pytestmark = quiet.MLFLOW

NOW = dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC)

REASONS = [f"reason_{name}" for name in ("size", "quality", "taste", "other")]
OUTPUTS = ["return_kept", "return_returned", *REASONS, "fit_small", "fit_fits", "fit_large", "order_not_ordered", "order_ordered"]


@pytest.fixture(scope="module")
def logged(
    empty_store: Path, other: Registry, training: Training, shop: Shop, quick_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Registry, Version]:
    """A store in which the demo shop's training is logged, while MLflow's own functions address another one."""
    folder = tmp_path_factory.mktemp("logged")
    shutil.copy(empty_store, folder / "mlflow.db")
    registry = Registry(f"sqlite:///{folder / 'mlflow.db'}", folder / "mlruns")
    with other.current():
        version = log_training(registry, training, shop, quick_settings, POLICY, now=NOW, by="ann@shop")
        assert other.uri == mlflow.get_tracking_uri()
    return registry, version


@pytest.fixture(scope="module")
def other(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """A second store, in which nothing is logged."""
    file = tmp_path_factory.mktemp("other") / "mlflow.db"
    shutil.copy(empty_store, file)
    return Registry(f"sqlite:///{file}", file.parent / "mlruns")


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _run_files(logged: tuple[Registry, Version], inside: str) -> list[str]:
    registry, version = logged
    return _files(_artifacts(registry, version) / inside)


def _artifacts(registry: Registry, version: Version) -> Path:
    return Path(registry.client.get_run(version.run_id).info.artifact_uri.removeprefix("file://"))


def test_the_parameters_are_the_settings_the_features_and_the_data(logged: tuple[Registry, Version], shop: Shop) -> None:
    registry, version = logged
    found = registry.client.get_run(version.run_id).data.params
    tables = {f"data.{name}.rows": str(len(frame)) for name, frame in shop.tables.items()}
    tables |= {f"data.{name}.hash": fingerprint(frame) for name, frame in shop.tables.items()}
    blocks = {"blocks.calibrate": "0.1", "blocks.judge": "0.15", "blocks.fewest_rows": "100"}
    intervals = {"intervals.coverage": "0.9", "intervals.batch_rows": "20", "intervals.fewest_rows": "1000"}
    told = {"seed": "1", "threads": "2", "feature_set": FEATURE_SET_HASH, **blocks, **intervals, **tables}
    forests = {key: value for key, value in found.items() if key.startswith(("return.", "reason.", "fit.", "order."))}
    assert told == {key: value for key, value in found.items() if key not in forests}
    assert ("30", "20", "0.06") == (forests["return.trees"], forests["fit.fewest_rows_per_leaf"], forests["return.learning_rate"])
    assert ("0.1", "20000", 34) == (forests["order.learning_rate"], forests["order.most_rows"], len(forests))
    assert ("0.5", "3", "drop") == tuple(forests[f"return.rolling.{name}"] for name in ("share", "steps", "open_lines"))


def test_the_metrics_are_those_of_the_evaluation_overall_and_per_slice(logged: tuple[Registry, Version], training: Training) -> None:
    registry, version = logged
    found = registry.client.get_run(version.run_id).data.metrics
    for kind, one in training.trained.items():
        assert one.evaluation.rows == found[f"{kind}.rows"]
        for name, interval in one.evaluation.metrics.items():
            assert (interval.value, interval.low, interval.high) == tuple(found[f"{kind}.{name}{end}"] for end in ("", ".low", ".high"))
        for part in one.evaluation.slices:
            assert part.rows == found[f"{kind}.rows/{part.name}"]
            assert part.metrics["auc"].value == found[f"{kind}.auc/{part.name}"]
        for word in one.covered:
            where = "" if word.slice == "all" else f"/{word.slice}"
            assert word.coverage == found[f"{kind}.coverage_{word.of}{where}"]
            assert word.width == found[f"{kind}.interval_width_{word.of}{where}"]
    assert training.trained["return"].evaluation.slices


def test_the_data_are_told_in_a_file(logged: tuple[Registry, Version], shop: Shop) -> None:
    registry, version = logged
    told = json.loads((_artifacts(registry, version) / "data.json").read_text())
    assert {name: len(frame) for name, frame in shop.tables.items()} == {table["table"]: table["rows"] for table in told["tables"]}
    assert {"table", "rows", "first", "last", "hash"} == set(told["tables"][0])


def test_exactly_these_plots_are_logged(logged: tuple[Registry, Version]) -> None:
    fit_plots = [f"{plot}_{name}.png" for name in ("large", "small") for plot in ("deciles", "reliability", "roc_pr")]
    return_plots = [
        "auc_per_slice.png",
        "reliability_per_slice_returned.png",
        "kept_margin_by_cutoff.png",
        *(f"{plot}_returned.png" for plot in ("deciles", "reliability", "roc_pr")),
    ]
    order_plots = [
        "auc_per_slice.png",
        "reliability_per_slice_ordered.png",
        "position.png",
        *(f"{plot}_ordered.png" for plot in ("deciles", "reliability", "roc_pr")),
    ]
    reason_plots = [f"{plot}_{name}.png" for name in ("size", "quality", "taste", "other") for plot in ("deciles", "reliability", "roc_pr")]
    each = {"fit": fit_plots, "return": return_plots, "reason": reason_plots, "order": order_plots}
    covered = {kind: [f"coverage_{of}.png" for of in promised(kind)] for kind in each}
    expected = [f"{kind}/{name}" for kind, names in each.items() for name in (*names, *covered[kind], "gain.png")]
    assert sorted(expected) == _run_files(logged, "plots")


def test_the_judged_rows_hold_features_outcome_and_a_number_per_customer_but_no_id(
    logged: tuple[Registry, Version], training: Training
) -> None:
    registry, version = logged
    for kind, one in training.trained.items():
        judged = read_judged(kind, _artifacts(registry, version) / JUDGED)
        assert judged is not None
        assert [*FEATURE_NAMES, *FIXED[kind]] == list(judged.inputs.columns)
        assert one.rows.y.tolist() == judged.y.tolist()
        assert one.rows.asked["customer_id"].nunique() == len(np.unique(judged.customer))
        assert {part.name for part in one.evaluation.slices} == set(judged.parts)
        frame = pd.read_parquet(_artifacts(registry, version) / JUDGED / f"{kind}.parquet")
        assert all(pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind) for kind in frame.dtypes)


def test_the_judged_impressions_lie_together_by_list_and_have_money_where_they_have_a_price(
    logged: tuple[Registry, Version], training: Training
) -> None:
    registry, version = logged
    judged, rows = read_judged("order", _artifacts(registry, version) / JUDGED), training.trained["order"].rows
    assert judged is not None and rows.shown is not None  # noqa: PT018
    assert rows.shown["request_id"].nunique() == len(np.unique(judged.listed))
    assert (rows.asked["unit_price"].notna() == ~np.isnan(judged.kept)).all()
    assert (judged.kept > 0).any() and (judged.lost > 0).any()  # noqa: PT018
    assert rows.asked["at"].min() == pd.Timestamp(int(judged.at.min()), unit="us", tz="UTC")


def test_the_runs_note_is_the_model_card_and_its_datasets_are_the_tables(logged: tuple[Registry, Version], shop: Shop) -> None:
    registry, version = logged
    run = registry.client.get_run(version.run_id)
    card = (_artifacts(registry, version) / "model_card.md").read_text()
    assert card[:5_000] == run.data.tags["mlflow.note.content"]
    assert f"# Release {version.seal}" == card.split("\n")[0]
    for said in ("## return: Will this order line be sent back?", "| auc |", "Where it is least to be trusted", "## Limits", "seed 1"):
        assert said in card
    assert f"| order_lines | {len(shop.tables['order_lines']):,} |" in card
    assert run.inputs is not None
    assert set(shop.tables) == {one.dataset.name for one in run.inputs.dataset_inputs}


def test_the_history_begins_with_the_training_and_its_data(logged: tuple[Registry, Version], shop: Shop) -> None:
    registry, version = logged
    (one,) = history(registry)
    assert (1, "2026-10-01T12:00:00+00:00", "ann@shop", "trained", "none", version.number) == (
        one.number,
        one.at,
        one.by,
        one.what,
        one.before,
        one.after,
    )
    assert one.data is not None
    assert one.data["order_lines"].startswith(f"{len(shop.tables['order_lines'])} rows, ")


def test_the_signature_names_every_feature_and_every_probability_as_doubles(logged: tuple[Registry, Version]) -> None:
    registry, version = logged
    with registry.current():
        info = mlflow.models.get_model_info(str(registry.client.get_model_version(MODEL, version.number).source))
    inputs, outputs = (getattr(info.signature, side).to_dict() for side in ("inputs", "outputs"))
    assert sorted(FEATURE_NAMES) == sorted(column["name"] for column in inputs)
    assert OUTPUTS == [column["name"] for column in outputs]
    assert {"double"} == {column["type"] for column in (*inputs, *outputs)}


def test_the_release_is_challenger_and_nobody_is_champion_yet(logged: tuple[Registry, Version]) -> None:
    registry, version = logged
    assert version == registry.version(CHALLENGER)
    assert registry.version(CHAMPION) is None
    tags = registry.client.get_model_version(MODEL, version.number).tags
    assert {"seal": version.seal, "feature_set": FEATURE_SET_HASH, "models": '["fit", "order", "reason", "return"]'} == tags
    assert "FINISHED" == registry.client.get_run(version.run_id).info.status


def test_mlflow_loads_the_release_and_predicts_what_it_predicts(logged: tuple[Registry, Version], training: Training) -> None:
    registry, _ = logged
    inputs = training.trained["return"].inputs
    with registry.current():
        found = mlflow.pyfunc.load_model(f"models:/{MODEL}@{CHALLENGER}").predict(inputs)
    assert OUTPUTS == list(found.columns)
    expected = np.hstack([one.model.predict(inputs) for one in training.trained.values()])
    np.testing.assert_array_equal(expected, found)


def _model(logged: tuple[Registry, Version], folder: Path) -> Path:
    registry, version = logged
    with registry.current():
        return Path(mlflow.artifacts.download_artifacts(f"models:/{MODEL}/{version.number}", dst_path=str(folder)))


def test_the_model_requires_our_own_dependencies_in_the_installed_versions_and_nothing_else(
    logged: tuple[Registry, Version], tmp_path: Path
) -> None:
    required = dict(line.split("==") for line in (_model(logged, tmp_path) / "requirements.txt").read_text().splitlines())
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert {"duckdb", "lightgbm", "mlflow", "numpy", "pandas", "pandera", "pyarrow", "scikit-learn"} == set(required)
    assert set(required) <= {re.split(r"[^\w-]", line)[0] for line in declared}
    assert {name: installed(name) for name in required} == required


def test_a_training_is_logged_in_the_store_it_was_given_and_nothing_in_the_one_that_was_current(
    logged: tuple[Registry, Version], other: Registry, tmp_path: Path
) -> None:
    registry, version = logged
    assert other.version(CHALLENGER) is None
    assert [] == other.client.search_runs([other.experiment_id()])
    assert [version.run_id] == [run.info.run_id for run in registry.client.search_runs([registry.experiment_id()])]
    with other.current():
        assert (registry.fetch_release(version, tmp_path / "release") / "manifest.json").is_file()


def test_the_current_store_is_the_one_before_again_afterwards(logged: tuple[Registry, Version], other: Registry) -> None:
    registry, _ = logged
    before = mlflow.get_tracking_uri()
    with other.current():
        with registry.current():
            assert registry.uri == mlflow.get_tracking_uri()
        assert other.uri == mlflow.get_tracking_uri()
    with pytest.raises(TypeError), registry.current():
        raise TypeError
    assert before == mlflow.get_tracking_uri()


def test_what_was_logged_holds_no_pickle(logged: tuple[Registry, Version], tmp_path: Path) -> None:
    registry, version = logged
    everything = _files(_artifacts(registry, version)) + _files(registry.fetch_release(version, tmp_path / "release"))
    model = _model(logged, tmp_path / "model")
    everything += _files(model)
    assert {".parquet", ".json", ".md", ".png", ".txt", ".npz", ".npy", ".toml", ".yaml", ""} == {Path(name).suffix for name in everything}
    assert ["MLmodel", "registered_model_meta"] == sorted(name for name in everything if Path(name).suffix == "")
    assert not [name for name in _files(model) if (model / name).read_bytes()[:1] == b"\x80"]


def test_the_fetched_release_and_snapshot_are_whole_and_replace_older_ones(logged: tuple[Registry, Version], tmp_path: Path) -> None:
    registry, version = logged
    (tmp_path / "release").mkdir()
    (tmp_path / "release" / "old.txt").write_text("old")
    release = load(registry.fetch_release(version, tmp_path / "release"), feature_set=FEATURE_SET_HASH)
    assert release.retrieval is not None
    assert (version.seal, POLICY) == (release.seal, release.policy)
    assert {"data", "settings", "cuts", "learned_from"} == set(release.about)
    assert "manifest.json" in _files(registry.fetch_artifact(version, SNAPSHOT, tmp_path / "snapshot"))
    assert ["release", "snapshot"] == sorted(path.name for path in tmp_path.iterdir())
