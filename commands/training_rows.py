"""The command that writes training rows as a table."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from commands import common
from commands.common import CONFIG, Folder, Policy, out
from domain.errors import PolicyRefused, TablesRefused


def build(
    folder: Folder,
    dest: Annotated[Path, typer.Argument(help="A new folder to write Parquet parts to.")],
    memory_mb: Annotated[int, typer.Option(min=500, help="What the SQL may hold in memory before it spills to disk, MiB.")] = 4096,
    in_sql: Annotated[bool, typer.Option("--in-sql", help="Sum histories in SQL, which spills to disk; several times slower.")] = False,
    policy: Policy = CONFIG / "policy.toml",
) -> None:
    """Write the features of every order line to Parquet, as of each line's own time: line_id and a column per feature.

    Tables that Keeprank wrote (`keeprank check DIR --write DEST`) are read where they lie, and parts of the rows are written one after
    another. What is summed is held in memory; with --in-sql it is not, for shops whose facts do not fit.

    Example: `keeprank features build build/shop build/rows`
    """
    from features.batches import write_features
    from features.engine import embedded

    if dest.exists():
        raise TablesRefused(f"{dest} exists", advice="name a new folder")
    shop = common.any_shop(folder, common.text(policy, PolicyRefused))
    dest.parent.mkdir(parents=True, exist_ok=True)
    with embedded(memory_mb=memory_mb) as engine, tempfile.TemporaryDirectory(dir=dest.parent, prefix=".features-") as scratch:
        rows = write_features(shop, dest, engine, Path(scratch), in_memory=not in_sql, progress=common.progress)
    out.print(f"features of {rows:,} order lines written to {dest}", highlight=False)
