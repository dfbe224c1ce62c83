"""What speaks for a recommendation, and what she does not allow to be looked at."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.tables import CONSENT_PURPOSES
from serving.app import Application
from serving.state import Serving
from tests.support.doors import application


@pytest.fixture(scope="module")
def recommending(recommending_folder: Path, snapshot_folder: Path) -> Serving:
    return Serving.load(recommending_folder, snapshot_folder)


@pytest.fixture
def door(recommending: Serving, tmp_path: Path) -> Application:
    return application(recommending, tmp_path)


def said(door: Application, method: str, path: str, **body: Any) -> dict[str, Any]:
    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=door), base_url="http://shop") as client:
            return await client.request(method, path, json=body)

    reply = asyncio.run(ask())
    assert 200 == reply.status_code, reply.text
    found: dict[str, Any] = reply.json()
    return found


def recommended(door: Application, **fields: Any) -> dict[str, Any]:
    return said(door, "POST", "/v1/recommend", limit=5, request_id="r", **fields)


def known(door: Application) -> str:
    return next(who for who in (f"c{number:06d}" for number in range(600)) if recommended(door, customer_id=who)["known"])


def test_everything_recommended_is_ranked_and_somebody_named_it(door: Application) -> None:
    reply = recommended(door, customer_id=known(door))

    skus = [offer["sku"] for offer in reply["ranking"]["offers"]]
    assert (5, skus) == (len(skus), [named["sku"] for named in reply["named"]])
    assert all(named["sources"] for named in reply["named"])


def test_only_what_is_wanted_is_recommended(door: Application, recommending: Serving) -> None:
    first = recommended(door, categories=["dress"])["ranking"]["offers"][0]["sku"]

    skus = [offer["sku"] for offer in recommended(door, categories=["dress"], without=[first])["ranking"]["offers"]]

    assert first not in skus
    assert {"dress"} == {recommending.products[sku].category for sku in skus}


def test_nothing_is_recommended_where_nothing_is_wanted(door: Application) -> None:
    assert (0, None) == tuple(recommended(door, categories=["tents"])[name] for name in ("candidates", "ranking"))


def test_who_withdraws_is_recommended_what_a_stranger_is(door: Application) -> None:
    who = known(door)
    said(door, "PUT", f"/v1/customers/{who}/consents", consents=[{"purpose": one, "granted": False} for one in CONSENT_PURPOSES])

    assert recommended(door) == recommended(door, customer_id=who)


@pytest.mark.parametrize("personalization", [True, False])
def test_who_was_erased_or_wants_no_personalisation_likewise(door: Application, personalization: bool) -> None:
    who = known(door)
    if personalization:
        said(door, "DELETE", f"/v1/customers/{who}")

    assert recommended(door) == recommended(door, customer_id=who, personalization=personalization)
