"""Commands that take the online state."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commands import common
from commands.common import CONFIG, Folder, Policy, out
from domain.errors import PolicyRefused


def snapshot(
    folder: Folder,
    day: Annotated[str | None, typer.Option(help="The day, such as 2026-11-22; by default the one after the latest fact.")] = None,
    to: Annotated[Path, typer.Option(help="Folder of all snapshots.")] = Path("build/snapshots"),
    full: Annotated[bool, typer.Option("--full", help="Make it from all facts, not from the last night's.")] = False,
    keep: Annotated[int, typer.Option(min=1, help="How many nights stay.")] = 7,
    shoppers: Annotated[
        bool, typer.Option(help="Remember what each shopper did, for recommendations; it reads the tables into memory.")
    ] = True,
    policy: Policy = CONFIG / "policy.toml",
) -> None:
    """Take the online state at the start of a day: TO/2026-11-22/, to which TO/latest then points.

    Made from the last night's, it costs what the days between brought; the first one, and one after the past has changed, is made in full.

    Example: `keeprank snapshot build/shop --day 2026-09-30`
    """
    from features.nights import take_night
    from features.taking import night_of, nothing_beside
    from training.retrieval.remembered import remembering

    text = common.text(policy, PolicyRefused)
    shop = common.any_shop(folder, text)
    begins = common.day(day, "--day")
    number = None if begins is None else (begins.date() - common.EPOCH).days
    beside = remembering(common.shop(folder, text), night_of(shop, number).day) if shoppers else nothing_beside
    taken = take_night(
        shop, to, day=number, full=full, keep=keep, track=lambda plan: common.progress(plan, "summing up histories"), beside=beside
    )
    if taken.why_full:
        out.print(f"made in full: {taken.why_full}", markup=False, highlight=False, soft_wrap=True)
    made = "from all facts" if taken.last is None else f"from {taken.last.name}"
    out.print(f"snapshot {taken.seal} made {made}: {taken.folder}", markup=False, highlight=False, soft_wrap=True)
