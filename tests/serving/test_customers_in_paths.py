"""Whatever a shop calls its customers, a path names them: an id with a slash is that id, and neither another customer nor another call."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from serving.app import Application
from serving.state import Serving
from tests.support.doors import application


def said(door: Application, method: str, path: str) -> httpx.Response:
    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=door), base_url="http://shop") as client:
            return await client.request(method, path)

    return asyncio.run(ask())


@pytest.mark.parametrize("customer_id", ["a/b", "c1/consents", "/", "a%2Fb", "a%252Fb", "a\nb", "\0", "ä ö", "?#&;", "x" * 200])
def test_a_path_names_any_customer(serving: Serving, tmp_path: Path, customer_id: str) -> None:
    door, path = application(serving, tmp_path), f"/v1/customers/{quote(customer_id, safe='')}"

    assert customer_id == said(door, "GET", path).json()["customer_id"]
    assert 200 == said(door, "DELETE", path).status_code
    assert None is not said(door, "GET", path).json()["erased_at"]
    assert None is said(door, "GET", "/v1/customers/c1").json()["erased_at"]


@pytest.mark.parametrize("encoded", ["%ff", "%ED%A0%80", "x" * 201, quote("x" * 199 + "/x", safe="")])
def test_what_is_no_text_of_1_to_200_characters_is_refused(serving: Serving, tmp_path: Path, encoded: str) -> None:
    assert 422 == said(application(serving, tmp_path), "GET", f"/v1/customers/{encoded}").status_code
