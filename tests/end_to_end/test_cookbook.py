"""Every command of docs/cookbook.md, typed as it stands into a shell beside a running service."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from serving.api import CALLS
from serving.key_file import NAME, Scope, create_key
from tests.support.doors import patient, running
from tests.support.recipes import Recipe, programs, recipes

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/cookbook.md").read_text()
RECIPES = recipes(PAGE)
SAID = ("accepted", "action", "duplicate", "field", "granted", "reason", "rejected", "rejoined", "status", "type")
"""What does not depend on the shop, and so is as the page says it."""

OF_THE_SHOP = "sources"
"""A map whose very names depend on the shop."""

_TYPED = "curl() { command curl --write-out '\\n%{http_code}' \"$@\"; }\n"


@pytest.fixture(scope="module")
def shell(recommending_folder: Path, snapshot_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """The variables of a shell beside a service that asks for keys."""
    if shutil.which("curl") is None or shutil.which("bash") is None:
        pytest.skip("curl and bash are needed to type the cookbook's commands")
    state = tmp_path_factory.mktemp("state")
    keys = {scope: create_key(state / NAME, scope.value, [scope], now=dt.datetime.now(dt.UTC))[1] for scope in Scope}
    with running(recommending_folder, snapshot_folder, state, settings=patient(authentication=True)) as service:
        headers = {scope.name: f"Authorization: Bearer {key}" for scope, key in keys.items()}
        alone = {f"{scope.name}_KEY": key for scope, key in keys.items()}
        yield {**os.environ, **headers, **alone, "URL": service.url, "JSON": "Content-Type: application/json"}


def test_the_cookbook_has_every_call() -> None:
    typed = PAGE.replace("c000003", "{customer_id}")

    assert [] == [call.name for call in CALLS if f"$URL{call.path}" not in typed]
    assert [] == [call.name for call in CALLS if f".{call.name}(" not in programs(PAGE)[0]]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.asks)
def test_a_command_gets_the_reply_that_the_cookbook_shows(shell: Mapping[str, str], recipe: Recipe) -> None:
    done = subprocess.run(["bash", "-euc", _TYPED + recipe.script], env=shell, capture_output=True, text=True, timeout=60)

    body, _, status = done.stdout.rpartition("\n")
    assert (0, str(recipe.status)) == (done.returncode, status), body
    if recipe.kind == "json":
        assert [] == list(missing(json.loads(recipe.shown), json.loads(body), ""))
    else:
        told = [line.split(" ")[0] for line in body.splitlines()]
        assert [] == [line for line in recipe.shown.splitlines() if line.split(" ")[0] not in told]


def missing(shown: Any, came: Any, where: str) -> Iterator[str]:
    """What the page shows and the service does not say, by its place."""
    if isinstance(shown, dict) and isinstance(came, dict):
        for name, value in shown.items():
            if name not in came or (name in SAID and value != came[name]):
                yield f"{where}/{name}"
            elif name != OF_THE_SHOP:
                yield from missing(value, came[name], f"{where}/{name}")
    elif isinstance(shown, list) and isinstance(came, list):
        if len(shown) > len(came):
            yield f"{where}: {len(came)} entries"
        for number, (one, other) in enumerate(zip(shown, came, strict=False)):
            yield from missing(one, other, f"{where}/{number}")
    elif None not in (shown, came) and isinstance(shown, str) != isinstance(came, str):
        yield f"{where}: {came!r}"


@pytest.mark.parametrize("program", programs(PAGE))
def test_the_python_of_the_cookbook_runs(shell: Mapping[str, str], program: str, tmp_path: Path) -> None:
    told = "\nprint(len(shown), told.accepted, len(known), all([said, recommended.offers, advice, word, why, serves, erased_at]))"

    done = subprocess.run(
        [sys.executable, "-c", program + told],
        env={**shell, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ("2 2 3 True", "") == (done.stdout.strip(), done.stderr)


def test_what_the_page_shows_and_nobody_says_is_found() -> None:
    shown = {"a": [{"reason": "hidden", "b": 1}], "c": {}}

    assert ["/a/0/reason", "/a/0/b", "/c"] == list(missing(shown, {"a": [{"reason": "out_of_stock"}]}, ""))
