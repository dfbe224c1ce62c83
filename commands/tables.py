"""Commands on a shop's tables: check them, import a public data set, generate a shop."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commands import common
from commands.common import Folder, out


def check(
    folder: Folder,
    write: Annotated[Path | None, typer.Option(help="Write the checked tables here, for commands that read them where they lie.")] = None,
) -> None:
    """Validate a shop's tables against the data contract, and report all violations that can be told, with what to do.

    Rows are counted from 1, without a CSV's header. Values and rules between tables are checked where columns are of the right kind.

    Exit code 0: the tables can be used. Exit code 1: they cannot, and what to do stands beside each violation.
    """
    from domain.contract import check as check_tables
    from features.source import read_raw, write_tables

    tables, violations = check_tables(read_raw(folder), now=common.now())
    for violation in violations:
        out.print(str(violation), markup=False, highlight=False, soft_wrap=True)
    if violations:
        out.print(f"\n{len(violations)} violations; see docs/data-contract.md", highlight=False)
        out.print("values and other tables are checked once a column is of the right kind: mend these and run it again", highlight=False)
        raise typer.Exit(1)
    for name, frame in tables.items():
        out.print(f"{name:>14}  {len(frame):>12,} rows", highlight=False)
    out.print("the tables keep the contract")
    if write is not None:
        write_tables(tables, write)
        out.print(f"written to {write}", highlight=False)


def import_(
    source: Annotated[str, typer.Argument(help="Which public data set; docs/data-sets.md lists them. A wrong name is answered with all.")],
    file: Annotated[Path, typer.Argument(help="Its file.")],
    dest: Annotated[Path, typer.Argument(help="Folder to write the contract's tables to.")],
) -> None:
    """Turn a public data set into the contract's tables, and print its terms of use and where every row went.

    In = out + rejected, by reason.
    """
    from domain.contract import checked
    from features.source import write_tables
    from training.adapters import ADAPTERS

    if source not in ADAPTERS:
        raise typer.BadParameter(f"{source!r} is unknown; known: {', '.join(ADAPTERS)}", param_hint="source")
    with common.err.status(f"reading {file}") as doing:
        imported = ADAPTERS[source].convert(file)
        doing.update("checking the tables against the contract")
        tables = checked(imported.tables, now=common.now())
        doing.update(f"writing {dest}")
        write_tables(tables, dest)
    adapter = ADAPTERS[source]
    out.print(adapter.meaning + "\n", markup=False, highlight=False, soft_wrap=True)
    out.print("\n".join(imported.reconciliation.lines()), markup=False, highlight=False)
    out.print(f"\nwritten to {dest}; next: keeprank {adapter.then.format(dest=dest)}", markup=False, highlight=False, soft_wrap=True)


def demo_shop(
    dest: Annotated[Path, typer.Argument(help="Folder to write the tables to.")],
    seed: Annotated[int, typer.Option(help="Same seed, same shop, byte for byte.")] = 1,
    customers: Annotated[int, typer.Option()] = 4_000,
    styles: Annotated[int, typer.Option()] = 300,
    days: Annotated[int, typer.Option()] = 400,
) -> None:
    """Generate a small fashion shop with a known truth, to try things on."""
    from experiments.demo_shop import ShopSettings, generate
    from features.source import write_tables

    shop = generate(ShopSettings(seed=seed, customers=customers, styles=styles, days=days))
    write_tables(shop.tables, dest)
    out.print(f"{len(shop.tables['order_lines']):,} order lines written to {dest}; next: keeprank train {dest}", highlight=False)
