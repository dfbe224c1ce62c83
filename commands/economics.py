"""The command on a shop's money: what orders left in the till, what returned units bring, and what hangs on which cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from commands import common
from commands.common import CONFIG, Folder, Policy, out
from domain.errors import PolicyRefused


def economics(
    folder: Folder,
    policy: Policy = CONFIG / "policy.toml",
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the result here.")] = None,
    png: Annotated[Path | None, typer.Option(help="Draw what the kept margin hangs on.")] = None,
) -> None:
    """What did ordered lines leave in the till, by category, and what would they have left under other costs?

    Lines count once their outcome is known. Break-even is the return rate at which lines like these leave nothing.
    """
    from domain.policy import parse_policy
    from domain.recovery import ALL, estimate_recovery
    from domain.sensitivity import ordered, scenarios, tills
    from experiments.printed_economics import economics_json, recovery_table, sensitivity_table, till_table

    policy_text = common.text(policy, PolicyRefused)
    parsed, shop = parse_policy(policy_text), common.shop(folder, policy_text)
    lines = ordered(shop.tables, shop.outcomes)
    recovery = estimate_recovery(shop.tables, parsed, now=shop.now)
    left, found = tills(lines, parsed), scenarios(lines, parsed, recovery)
    out.print(till_table(left, lines))
    out.print(recovery_table(recovery))
    out.print(sensitivity_table(left[ALL], found, lines.currency))
    if json_file is not None:
        content = economics_json(parsed, lines, left, recovery, found)
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_text(json.dumps(content, indent=1) + "\n")
        out.print(f"written to {json_file}", highlight=False)
    if png is not None:
        from experiments.plots_economics import tornado
        from training.plots import save

        png.parent.mkdir(parents=True, exist_ok=True)
        save(tornado(left[ALL].kept, found, lines.currency), png)
        out.print(f"drawn to {png}", highlight=False)
