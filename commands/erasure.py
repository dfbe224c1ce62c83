"""Commands on people who were erased: who they are, by pseudonym, and taking them out of the tables that models learn from."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands import common
from commands.common import out

if TYPE_CHECKING:
    from domain.forgetting import Erased

State = Annotated[Path, typer.Option(help="The service's state folder.")]
Redis = Annotated[str | None, typer.Option(help="Where the customer state is, if it is a Redis, such as redis://127.0.0.1:6379/0.")]

_STATE = Path("build/serving/state")


def erasures(state: State = _STATE, redis: Redis = None) -> None:
    """List who was erased: pseudonym, when, and since when the shop knows the person anew.

    Example: `keeprank erasures --state build/serving/state`
    """
    from serving.online.opening import open_existing

    opened = open_existing(state, redis_url=redis)
    tombstones = opened.tombstones()
    opened.close()
    for one in tombstones:
        anew = "" if one.rejoined_at is None else f"  known anew since {one.rejoined_at:%Y-%m-%d %H:%M} UTC"
        out.print(f"{one.pseudonym}  {one.erased_at:%Y-%m-%d %H:%M} UTC{anew}", markup=False, highlight=False, soft_wrap=True)
    out.print(f"{len(tombstones):,} erased", highlight=False)


def forget(
    folder: Annotated[Path, typer.Argument(help="A folder of the contract's tables (Parquet or CSV); it is replaced.")],
    state: State = _STATE,
    redis: Redis = None,
) -> None:
    """Take everybody who was erased out of a folder of tables, before the night's snapshot and the next training read it.

    Rows that name the person go, and those that name one of the person's order lines or, without a customer, sessions. The folder is
    replaced whole or not at all; run again, it finds nothing to do.

    Example: `keeprank forget build/shop --state build/serving/state`
    """
    from features.forgetting import forget as take_out
    from serving.online.opening import open_existing
    from serving.pseudonyms import Pseudonyms

    opened = open_existing(state, redis_url=redis)
    rejoined = {one.pseudonym: one.rejoined_at for one in opened.tombstones()}
    opened.close()
    pseudonyms = Pseudonyms.open(state)

    def erased_of(customers: Iterable[str]) -> Erased:
        known = ((customer_id, pseudonyms.of(customer_id)) for customer_id in customers)
        return {customer_id: rejoined[pseudonym] for customer_id, pseudonym in known if pseudonym in rejoined}

    removed = take_out(folder, erased_of, track=common.progress)
    for name, rows in removed.items():
        out.print(f"{name:>14}  {rows:>12,} rows removed", highlight=False)
    if not removed:
        out.print(f"{folder} tells of nobody who was erased", highlight=False, soft_wrap=True)
    out.print(f"{len(rejoined):,} were erased in all", highlight=False)
