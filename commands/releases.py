"""Commands on which release serves: promote a challenger, go back to an earlier one, and see who changed it and why."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from commands import common
from commands.common import CONFIG, Settings, Store, out
from domain.errors import SettingsRefused

By = Annotated[str | None, typer.Option(help="Who you are; by default the user at this machine. It is written down.")]


def promote(
    store: Store = Path(),
    force: Annotated[str | None, typer.Option(help="Promote against the gate's objections; say why, it is logged.")] = None,
    by: By = None,
    settings: Settings = CONFIG / "training.toml",
) -> None:
    """Make the challenger champion, if it is better on the rows that judged it, and nowhere worse.

    It needs a lower log-loss; and calibration, kept margin of what it would show on, and every large enough part of the rows (new
    customers, a category) must not be worse by more than chance. It must not be slow, and no feature may tell the outcome too well:
    then the future has leaked into it. Thresholds are in the settings under [gate]. Without a champion, it has to beat the overall rate.

    The comparison is written into the challenger's run (comparison/), the decision into the registry (`keeprank history`).
    """
    from experiments.printed import verdict_table
    from training.comparison_page import log_comparison
    from training.gate import judge
    from training.gate import promote as promote_challenger
    from training.history import whoami
    from training.settings import parse_settings

    parsed, who = parse_settings(common.text(settings, SettingsRefused)), by or whoami()
    registry = common.registry(store)
    verdict = judge(registry, parsed.gate, seed=parsed.seed, track=partial(common.progress, sentence="comparing part by part"))
    log_comparison(registry, verdict)
    out.print(verdict_table(verdict))
    promote_challenger(registry, verdict, now=common.now(), by=who, force=force)
    forced = f", forced against the gate's objections: {force}" if verdict.objections else ""
    named = f"version {verdict.challenger.number} (release {verdict.challenger.seal})"
    out.print(f"{named} is champion{forced}; next: keeprank serve{common.at(store)}", markup=False, highlight=False, soft_wrap=True)


def rollback(
    why: Annotated[str, typer.Option(help="The reason; it is written down.")],
    to: Annotated[str | None, typer.Option(help="A version, such as 7; by default the one that the champion replaced.")] = None,
    store: Store = Path(),
    by: By = None,
) -> None:
    """Let an earlier release serve again: the one that the champion replaced, or any version.

    Its release is loaded first; if that fails, the champion stays. Rolling back twice goes back two promotions.

    Example: `keeprank rollback --why "returns of shoes doubled since Monday"`
    """
    from training.gate import roll_back
    from training.history import whoami

    done = roll_back(common.registry(store), to=to, why=why, by=by or whoami(), now=common.now())
    told = f"version {done.after} is champion again instead of version {done.before}; next: keeprank serve{common.at(store)}"
    out.print(told, markup=False, highlight=False, soft_wrap=True)


def history(
    store: Store = Path(),
    json_file: Annotated[Path | None, typer.Option("--json", help="Write it here, with what each version was trained on.")] = None,
) -> None:
    """Every change of which release is challenger or champion: when, who, what, why, and what the gate had against it.

    An alias that was moved past Keeprank, such as in MLflow's own pages, shows as such.
    """
    from dataclasses import asdict

    from experiments.printed import history_table
    from training.history import history as changes

    found = changes(common.registry(store))
    out.print(history_table(found) if found else "nobody has trained or promoted anything yet")
    if json_file is not None:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_text(json.dumps([asdict(one) for one in found], indent=1) + "\n")
        out.print(f"written to {json_file}", highlight=False)
