"""The service that anybody would write first: FastAPI, two pandas tables, LightGBM. Keeprank is measured beside it.

It answers what the obvious service answers: one row per offer from a table of products joined with the customer's row, three
`Booster.predict`, a margin, a sort. It keeps no state, writes no decision down, checks no consent, explains nothing.

    KEEPRANK_RELEASE=… KEEPRANK_PLAIN=tables/ uvicorn benchmarks.plain_service:app
"""

from __future__ import annotations

import os
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
from fastapi import FastAPI
from pydantic import BaseModel, Field

_RELEASE, _TABLES = Path(os.environ["KEEPRANK_RELEASE"]), Path(os.environ["KEEPRANK_PLAIN"])

app = FastAPI()
products = pd.read_parquet(_TABLES / "products.parquet").set_index("sku")
customers = pd.read_parquet(_TABLES / "customers.parquet").set_index("customer_id")
boosters = {kind: lgb.Booster(model_file=str(_RELEASE / kind / "trees.txt")) for kind in ("return", "fit", "order")}
columns = {kind: booster.feature_name() for kind, booster in boosters.items()}


class PlainOffer(BaseModel):
    """An offer to rank."""

    sku: str
    price: int | None = Field(default=None, ge=0)


class PlainRequest(BaseModel):
    """Rank these."""

    customer_id: str | None = None
    offers: list[PlainOffer] = Field(min_length=1, max_length=500)


class PlainRanked(BaseModel):
    """An offer with its scores."""

    sku: str
    position: int
    price: float
    p_order: float
    p_return: float
    p_small: float
    p_fits: float
    p_large: float
    expected_kept_margin: float


class PlainReply(BaseModel):
    """The ranking."""

    offers: list[PlainRanked]


@app.post("/rank")
def rank(request: PlainRequest) -> PlainReply:
    """Rank offers by expected kept margin."""
    offers = pd.DataFrame([offer.model_dump() for offer in request.offers])
    rows = offers.join(products, on="sku", rsuffix="_listed")
    if request.customer_id in customers.index:
        about = customers.loc[[request.customer_id]]
        rows = rows.drop(columns=about.columns).assign(**about.iloc[0])
    rows["price"] = rows["price"].fillna(rows["list_price"])
    rows["shown_position"] = 1.0
    predicted = {kind: boosters[kind].predict(rows[names], num_threads=1) for kind, names in columns.items()}
    rows["p_return"], rows["p_order"] = predicted["return"], predicted["order"]
    rows[["p_small", "p_fits", "p_large"]] = predicted["fit"]
    margin = rows["price"] / 1.19 - rows["unit_cost"].fillna(0.4 * rows["price"])
    loss = 750 + 0.19 * rows["price"]
    rows["expected_kept_margin"] = rows["p_order"] * ((1 - rows["p_return"]) * margin - rows["p_return"] * loss)
    rows = rows.sort_values("expected_kept_margin", ascending=False)
    rows["position"] = np.arange(1, len(rows) + 1)
    told = rows[list(PlainRanked.model_fields)].to_dict(orient="records")
    return PlainReply(offers=[PlainRanked.model_validate(one) for one in told])
