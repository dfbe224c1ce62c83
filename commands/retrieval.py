"""The command that looks back whether what was ordered and kept had been among the candidates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from commands import common
from commands.common import CONFIG, Folder, Policy, Settings, out
from domain.errors import PolicyRefused, SettingsRefused


def recall(
    folder: Folder,
    cut: Annotated[str, typer.Option(help="Learn from what was known before this day, such as 2011-08-01; judge by the days after it.")],
    days: Annotated[int, typer.Option(min=1, help="So many days after it; the later the cut, the fewer are known to be kept.")] = 28,
    most: Annotated[int, typer.Option(min=1, help="At most so many kept lines judge, drawn at random.")] = 3_000,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the result here.")] = None,
    settings: Settings = CONFIG / "training.toml",
    policy: Policy = CONFIG / "policy.toml",
) -> None:
    """Were they among the candidates? The share of kept orders that was found in the top 20, 50 and 200, beside simple rankings.

    Candidates are asked for an hour before each order. "times" says how many times as much of it is found in Keeprank's 200.
    """
    from experiments.printed_recall import recall_table, slices_table, sources_table
    from experiments.recall import recall_by_time
    from training.retrieval.settings import RetrievalSettings
    from training.settings import parse_settings

    parsed = parse_settings(common.text(settings, SettingsRefused))
    day = common.day(cut, "--cut")
    assert day is not None  # noqa: S101  (the option is required)
    shop = common.shop(folder, common.text(policy, PolicyRefused))
    found = recall_by_time(
        shop, day, RetrievalSettings(), days=days, most=most, seed=parsed.seed, threads=parsed.threads, progress=common.progress
    )
    for table in (recall_table(found), slices_table(found), sources_table(found)):
        out.print(table)
    if json_file is not None:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_text(json.dumps(found.to_json(), indent=1) + "\n")
        out.print(f"written to {json_file}", highlight=False)
