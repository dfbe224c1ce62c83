from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from domain.errors import NotEnoughData, ReleaseRefused
from features.sealed import write_sealed
from training.model import CLASSES, FIXED, Model, fit, load, save
from training.settings import Forest

NAMES = ["customer_rate", "price", "size_distance"]
FOREST = Forest(trees=12, learning_rate=0.2, leaves=7, fewest_rows_per_leaf=5, share_of_features=0.7, share_of_rows=0.8, l2=1.0)
Block = tuple[pd.DataFrame, npt.NDArray[np.int64]]


def _block(kind: str, seed: int, n: int = 400) -> Block:
    """Rows whose first input decides what happens, more or less; every tenth value is missing; positions decide nothing."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(n, 3))
    edges = np.linspace(-1, 1, len(CLASSES[kind]) + 1)[1:-1]
    y = np.searchsorted(edges, inputs[:, 0] + rng.normal(size=n) / 2)
    told = pd.DataFrame(np.where(rng.random((n, 3)) < 0.1, np.nan, inputs), columns=NAMES)
    return told.assign(**{name: rng.integers(1, 9, n).astype("float64") for name in FIXED[kind]}), y.astype("int64")


def _fitted(kind: str, *, seed: int = 1, threads: int = 1) -> Model:
    return fit(kind, _block(kind, 1), _block(kind, 2), FOREST, seed=seed, threads=threads)


@pytest.fixture(scope="module")
def models() -> dict[str, Model]:
    return {kind: _fitted(kind) for kind in CLASSES}


@pytest.fixture
def saved(models: dict[str, Model], tmp_path: Path) -> Path:
    _save(models, tmp_path / "release")
    return tmp_path / "release"


def _save(models: dict[str, Model], folder: Path) -> str:
    return save(models, folder, feature_set="f1", policy="# policy", about={"shop": "tiny"})


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_same_rows_settings_and_seed_give_the_same_bytes_of_every_file(saved: Path, tmp_path: Path) -> None:
    seal = _save({kind: _fitted(kind) for kind in CLASSES}, tmp_path / "again")
    assert _files(saved) == _files(tmp_path / "again")
    assert seal == load(saved, feature_set="f1").seal


def test_another_seed_gives_other_bytes(saved: Path, tmp_path: Path) -> None:
    seal = _save({kind: _fitted(kind, seed=2) for kind in CLASSES}, tmp_path / "again")
    changed = {name for name, content in _files(saved).items() if content != _files(tmp_path / "again")[name]}
    assert {f"{kind}/{name}" for kind in CLASSES for name in ("trees.txt", "calibration.npz", "intervals.npz")} | {
        "manifest.json"
    } == changed
    assert seal != load(saved, feature_set="f1").seal


@pytest.mark.parametrize("kind", CLASSES)
def test_a_loaded_model_predicts_bit_for_bit_what_the_saved_one_did(kind: str, models: dict[str, Model], saved: Path) -> None:
    inputs, _ = _block(kind, 3)
    loaded = load(saved, feature_set="f1")
    assert models[kind].predict(inputs).tobytes() == loaded.models[kind].predict(inputs).tobytes()
    of = CLASSES[kind][1]
    assert models[kind].contributions(inputs, of=of).tobytes() == loaded.models[kind].contributions(inputs, of=of).tobytes()
    assert models[kind].base_rates == loaded.models[kind].base_rates
    assert ("# policy", {"shop": "tiny"}) == (loaded.policy, loaded.about)


@pytest.mark.parametrize("kind", CLASSES)
def test_threads_change_neither_training_nor_prediction(kind: str, models: dict[str, Model]) -> None:
    inputs, _ = _block(kind, 3)
    assert models[kind].predict(inputs).tobytes() == models[kind].predict(inputs, threads=2).tobytes()
    assert models[kind].predict(inputs).tobytes() == _fitted(kind, threads=2).predict(inputs).tobytes()


@pytest.mark.parametrize("kind", CLASSES)
def test_many_rows_at_once_predict_the_same_as_one_by_one(kind: str, models: dict[str, Model]) -> None:
    inputs, _ = _block(kind, 3, n=20)
    alone = np.vstack([models[kind].predict(inputs.iloc[[row]]) for row in range(len(inputs))])
    np.testing.assert_array_equal(models[kind].predict(inputs), alone)


@pytest.mark.parametrize("kind", CLASSES)
def test_rows_without_any_known_value_have_probabilities_that_sum_to_one(kind: str, models: dict[str, Model]) -> None:
    found = models[kind].predict(pd.DataFrame(np.full((2, 3), np.nan), columns=NAMES))
    assert (2, len(CLASSES[kind])) == found.shape
    np.testing.assert_allclose([1.0, 1.0], found.sum(axis=1))


def test_inputs_are_found_by_name_and_further_columns_ignored(models: dict[str, Model]) -> None:
    inputs, _ = _block("return", 3)
    shuffled = inputs[NAMES[::-1]].assign(other=1.0)
    np.testing.assert_array_equal(models["return"].predict(inputs), models["return"].predict(shuffled))


def test_contributions_are_those_of_the_features_at_the_top_of_the_list(models: dict[str, Model]) -> None:
    inputs, _ = _block("order", 3, n=50)
    at_top = inputs.assign(**FIXED["order"])[list(models["order"].columns)].to_numpy()
    expected = np.asarray(models["order"].booster.predict(at_top, pred_contrib=True))[:, :3]
    np.testing.assert_array_equal(expected, models["order"].contributions(inputs, of="ordered"))
    np.testing.assert_array_equal(-expected, models["order"].contributions(inputs, of="not_ordered"))


@pytest.mark.parametrize(("kind", "of"), [(kind, of) for kind, classes in CLASSES.items() if not FIXED[kind] for of in classes])
def test_contributions_and_a_base_value_sum_to_the_raw_log_odds(kind: str, of: str, models: dict[str, Model]) -> None:
    inputs, _ = _block(kind, 3, n=50)
    raw = np.asarray(models[kind].booster.predict(inputs.to_numpy(), raw_score=True))
    wanted = raw[:, CLASSES[kind].index(of)] if raw.ndim == 2 else raw if of == "returned" else -raw
    base = wanted - models[kind].contributions(inputs, of=of).sum(axis=1)
    assert (50, 3) == models[kind].contributions(inputs, of=of).shape
    np.testing.assert_allclose(np.full(50, base[0]), base, atol=1e-9)


def test_the_input_that_decides_brings_the_most_gain(models: dict[str, Model]) -> None:
    assert 0 == int(np.argmax(models["return"].gains()))


def test_a_class_without_rows_is_refused_by_name() -> None:
    inputs, y = _block("fit", 1)
    with pytest.raises(NotEnoughData, match="no row of class 'large'"):
        fit("fit", (inputs[y < 2], y[y < 2]), (inputs, y), FOREST, seed=1, threads=1)


def test_an_empty_calibration_block_is_refused() -> None:
    inputs, y = _block("return", 1)
    with pytest.raises(NotEnoughData, match=r"only classes \[\] of 2"):
        fit("return", (inputs, y), (inputs[:0], y[:0]), FOREST, seed=1, threads=1)


def test_no_file_of_a_release_is_a_pickle(saved: Path) -> None:
    model = ["about.json", "calibration.npz", "intervals.npz", "trees.txt"]
    assert ["manifest.json", "policy.toml", *(f"{kind}/{name}" for kind in sorted(CLASSES) for name in model)] == sorted(
        _files(saved), key=lambda name: ("/" in name, name)
    )
    for kind in CLASSES:
        with np.load(saved / kind / "calibration.npz", allow_pickle=False) as arrays:
            assert {"slopes": "float64", "intercepts": "float64"} == {name: str(arrays[name].dtype) for name in arrays.files}


def _changed(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes() + b" ")


def _truncated(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:1000])


def _told(**facts: object) -> Callable[[Path], object]:
    def write(folder: Path) -> None:
        path = folder / "manifest.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | facts))

    return write


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        (_changed("fit/trees.txt"), "release/fit/trees.txt is changed after it was sealed"),
        (_truncated("return/trees.txt"), "release/return/trees.txt is changed after it was sealed"),
        (_changed("policy.toml"), "release/policy.toml is changed"),
        (lambda folder: (folder / "fit/calibration.npz").unlink(), "release/fit/calibration.npz is missing"),
        (_changed("return/intervals.npz"), "release/return/intervals.npz is changed after it was sealed"),
        (lambda folder: (folder / "return/intervals.npz").unlink(), "release/return/intervals.npz is missing"),
        (lambda folder: (folder / "return/more.pkl").write_bytes(b"x"), "release/return/more.pkl is unknown"),
        (lambda folder: (folder / "manifest.json").unlink(), "has no manifest.json"),
        (lambda folder: shutil.rmtree(folder), "has no manifest.json"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "is no JSON"),
        (_told(format=2), "is of another format; expected: format 1"),
        (_told(kind="snapshot"), "holds a snapshot; expected: a release"),
        (_told(feature_set="f0"), "made for feature set f0; expected: f1; what to do: train anew"),
        (_told(models=["return", "taste"]), "damaged"),
        (_told(models=None), "is damaged"),
    ],
)
def test_a_broken_or_foreign_release_is_refused_and_the_reason_named(harm: Callable[[Path], object], named: str, saved: Path) -> None:
    harm(saved)
    with pytest.raises(ReleaseRefused) as refusal:
        load(saved, feature_set="f1")
    assert named in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "content", "named"),
    [
        ("trees.txt", "tree\nversion=v4\nnum_class=1\n", "return/trees.txt is cut off"),
        ("trees.txt", "end of trees", "damaged"),
        ("calibration.npz", "no archive", "damaged"),
        ("intervals.npz", "no archive", "damaged"),
        ("about.json", "{", "damaged"),
        ("about.json", '{"classes": ["kept", "lost"]}', "a model 'return' of classes ['kept', 'lost']"),
        ("about.json", '{"classes": ["kept", "returned"], "fixed": {}}', "damaged: KeyError('features')"),
    ],
)
def test_damage_that_was_sealed_is_refused_too(name: str, content: str, named: str, models: dict[str, Model], tmp_path: Path) -> None:
    _save({"return": models["return"]}, tmp_path / "whole")

    def damaged(partial: Path) -> None:
        shutil.copytree(tmp_path / "whole", partial, dirs_exist_ok=True)
        (partial / "manifest.json").unlink()
        (partial / "return" / name).write_text(content)

    write_sealed(tmp_path / "release", damaged, {"kind": "release", "feature_set": "f1", "models": ["return"], "about": {}})
    with pytest.raises(ReleaseRefused) as refusal:
        load(tmp_path / "release", feature_set="f1")
    assert named in str(refusal.value)


def _of_the_order_model(**facts: object) -> dict[str, object]:
    told = {"kind": "order", "classes": list(CLASSES["order"]), "features": NAMES, "fixed": {"shown_position": 1.0}}
    return {**told, "base_rates": [0.5, 0.5], "shift": 0.0, **facts}


@pytest.mark.parametrize(
    ("about", "named"),
    [
        (_of_the_order_model(fixed={}), "the order model holds {} fixed; expected: {'shown_position': 1.0}; what to do: train anew"),
        (_of_the_order_model(fixed={"shown_position": 7.0}), "holds {'shown_position': 7.0} fixed"),
        (_of_the_order_model(fixed={"shown_position": "1"}), "holds {'shown_position': '1'} fixed"),
        (_of_the_order_model(fixed={"shown_position": 1.0, "price": 0.0}), "fixed"),
        (_of_the_order_model(features=[*NAMES, "shown_position"]), "order/trees.txt reads 4 inputs; expected: the 5 of about.json"),
        ({name: told for name, told in _of_the_order_model().items() if name != "fixed"}, "damaged: KeyError('fixed')"),
    ],
)
def test_a_release_that_holds_other_inputs_fixed_is_refused(
    about: dict[str, object], named: str, models: dict[str, Model], tmp_path: Path
) -> None:
    _save({"order": models["order"]}, tmp_path / "whole")
    assert _of_the_order_model(base_rates=list(models["order"].base_rates)) == json.loads((tmp_path / "whole/order/about.json").read_text())

    def tampered(partial: Path) -> None:
        shutil.copytree(tmp_path / "whole", partial, dirs_exist_ok=True)
        (partial / "manifest.json").unlink()
        (partial / "order/about.json").write_text(json.dumps(about))

    write_sealed(tmp_path / "release", tampered, {"kind": "release", "feature_set": "f1", "models": ["order"], "about": {}})
    with pytest.raises(ReleaseRefused) as refusal:
        load(tmp_path / "release", feature_set="f1")
    assert named in str(refusal.value)


def test_forests_of_other_settings_differ(models: dict[str, Model]) -> None:
    more = fit("return", _block("return", 1), _block("return", 2), replace(FOREST, trees=13), seed=1, threads=1)
    assert (12, 13) == (models["return"].booster.num_trees(), more.booster.num_trees())


def test_a_model_of_drawn_rows_serves_with_its_shift_and_is_judged_without_it(models: dict[str, Model], tmp_path: Path) -> None:
    plain = models["return"]
    _save({"return": replace(plain, shift=-2.0)}, tmp_path / "release")
    shifted = load(tmp_path / "release", feature_set="f1").models["return"]
    inputs, _ = _block("return", 3)
    log_odds = np.log(plain.predict(inputs) / (1 - plain.predict(inputs)))[:, 1]
    np.testing.assert_allclose(1 / (1 + np.exp(2.0 - log_odds)), shifted.predict(inputs)[:, 1])
    np.testing.assert_array_equal(plain.predict(inputs), shifted.predict(inputs, as_seen=True))
