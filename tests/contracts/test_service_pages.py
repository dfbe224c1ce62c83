"""The pages about the service name what there is: calls, refusals, fields, settings, commands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import pytest
import typer

import keeprank
from serving.api import CALLS
from serving.problems import KINDS
from serving.settings import Settings
from serving.wire import RankReply, RankRequest

ROOT = Path(__file__).parents[2]
PAGES = ("docs/service.md", "docs/cookbook.md", "docs/runbook.md", "docs/threat-model.md", "README.md")
SERVICE = (ROOT / "docs/service.md").read_text()


def rows(start: str) -> list[str]:
    return [line for line in SERVICE.splitlines() if re.match(start, line)]


def test_every_call_stands_in_the_table_with_its_keys() -> None:
    expected = [f"| `{call.method} {call.path}` | {', '.join(call.scopes)} | {call.summary} |" for call in CALLS]

    assert expected == rows(r"\| `[A-Z]+ /v1/")


def test_every_refusal_stands_in_the_table() -> None:
    assert [(str(kind.status), kind.type) for kind in KINDS] == [
        tuple(re.findall(r"\d{3}|/problems/[a-z-]+", row)[:2]) for row in rows(r"\| \d{3} ")
    ]


@pytest.mark.parametrize("kind", [RankRequest, RankReply])
def test_every_field_of_a_ranking_is_told(kind: type[Any]) -> None:
    assert [] == [field.name for field in msgspec.structs.fields(kind) if not re.search(rf"`{field.name}[`.]", SERVICE)]


def test_every_variable_of_a_worker_is_told() -> None:
    read = set(re.findall(r"KEEPRANK_[A-Z]+", (ROOT / "serving/service.py").read_text())) - {"KEEPRANK_LAUNCHER"}

    assert 6 == len(read)
    assert [] == sorted(name for name in read if f"`{name}`" not in SERVICE)


@pytest.mark.parametrize("page", PAGES)
def test_every_setting_that_is_named_is_one(page: str) -> None:
    sections = get_type_hints(Settings)
    named = re.findall(rf"`({'|'.join(sections)})\.([a-z_]+)(?: = [^`]*)?`", (ROOT / page).read_text().replace("`state.db`", ""))

    assert [] == [f"{section}.{key}" for section, key in named if key not in get_type_hints(sections[section])]


@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_is_named_is_one_and_takes_the_options(page: str) -> None:
    app = typer.main.get_command(keeprank.app)
    typed = re.findall(r"(?:`|^ *|&& )keeprank ([^`\n#|>]+)", (ROOT / page).read_text(), re.MULTILINE)

    assert [] == [told for told in typed if not understood(app, told.split())]


def understood(app: Any, words: list[str]) -> bool:
    """Whether a command has all the options that are written behind it."""
    command = app
    while hasattr(command, "commands"):
        if not words or words[0] not in command.commands:
            return (not words and command is not app) or words[:1] == ["--help"]
        command, words = command.commands[words[0]], words[1:]
    options = {name for parameter in command.params for name in parameter.opts} | {"--help"}
    return all(word.strip("[](),;.") in options for word in words if word.lstrip("[").startswith("--"))


def test_a_command_that_is_not_there_is_found() -> None:
    app = typer.main.get_command(keeprank.app)

    assert [True, True, False, False, False] == [
        understood(app, told.split()) for told in ("keys create --name a", "serve [--port 1]", "keys make", "serve --porter 1", "fly")
    ]
