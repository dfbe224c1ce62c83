from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from features.catalogue import PROTECTED
from features.feature_set import FEATURES
from training.identity import BODY
from training.model import CLASSES, FIXED, Model, fit
from training.settings import Forest

_FOREST = Forest(trees=2, learning_rate=0.1, leaves=2, fewest_rows_per_leaf=5, share_of_features=1.0, share_of_rows=1.0, l2=0.0)
_WHO = PROTECTED | {
    "name",
    "surname",
    "email",
    "mail",
    "phone",
    "address",
    "street",
    "postcode",
    "zip",
    "city",
    "ip",
    "id",
    "title",
    "marital",
}
"""What names a person, beside what nobody may be judged by."""


def _blocks(kind: str, rng: np.random.Generator) -> tuple[pd.DataFrame, npt.NDArray[np.int64]]:
    names = [feature.name for feature in FEATURES] + list(FIXED[kind])
    y = np.arange(200) % len(CLASSES[kind])
    return pd.DataFrame(rng.normal(size=(200, len(names))) + y[:, None], columns=names), y


@pytest.fixture(scope="module", params=list(CLASSES))
def model(request: pytest.FixtureRequest) -> Model:
    """Of a shop that has every feature."""
    rng = np.random.default_rng(1)
    return fit(request.param, _blocks(request.param, rng), _blocks(request.param, rng), _FOREST, seed=1, threads=1)


def test_no_model_reads_a_protected_attribute_or_what_names_a_person(model: Model) -> None:
    reads = {feature.name: feature.reads for feature in FEATURES}
    told = [name for read in model.features if read != "style_age_days" for name in (read, *reads[read])]
    assert [] == [name for name in told if _WHO & set(re.split(r"[^a-z]+", name))]


def test_bare_measurements_of_a_body_are_inputs_of_the_fit_model_alone(model: Model) -> None:
    measured = {"customer_height_cm", "customer_weight_kg", "customer_bmi", "customer_bust_band", "customer_bust_cup"}
    assert measured == BODY
    assert (measured if model.kind == "fit" else set()) == measured & set(model.features)


def test_what_relates_a_body_to_the_offer_is_an_input_of_every_model(model: Model) -> None:
    assert {"size_vs_body", "weight_vs_style_size", "body_size_small_rate"} <= set(model.features)


def test_all_but_the_fit_model_forecast_the_same_whatever_the_body(model: Model) -> None:
    inputs, _ = _blocks(model.kind, np.random.default_rng(2))
    other = inputs.assign(**{name: inputs[name] + 100 for name in BODY})
    assert model.kind == "fit" or np.array_equal(model.predict(inputs), model.predict(other))
