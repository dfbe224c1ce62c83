"""Commands on API keys: make one, see which there are, revoke one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commands import common
from commands.common import Store, err, out
from serving.key_file import NAME, Scope, create_key, read_keys, revoke_key

app = typer.Typer(
    name="keys",
    help="Who may ask the service: make a key, list the keys, revoke one. A running service heeds it within a second.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

State = Annotated[
    Path | None,
    typer.Option(envvar="KEEPRANK_STATE", help="Folder of the service's state; by default build/serving/state below the store."),
]


@app.command()
def create(
    name: Annotated[str, typer.Option(help="Whose it is, such as shop-web.")],
    scope: Annotated[list[Scope], typer.Option(help="What it is for; may be given several times.")],
    store: Store = Path(),
    state: State = None,
) -> None:
    """Make a key and print it: only now, only its hash is kept.

    storefront: rankings, sizes, events, preferences, consents. operations: events, explanations, releases, metrics, the inspector.
    admin: everything, erasing a customer included.

    Example: `keeprank keys create --scope storefront --name shop-web`
    """
    key, shown = create_key(_file(store, state), name, scope, now=common.now())
    out.print(shown, markup=False, highlight=False, soft_wrap=True)
    told = f"key {key.id} of {key.name}, for {', '.join(key.scopes)}; it is shown this once, keep it safe"
    err.print(told, markup=False, highlight=False, soft_wrap=True)


@app.command("list")
def list_(store: Store = Path(), state: State = None) -> None:
    """List the keys by their ids: whose, what for, since when, and whether revoked. No secret is shown, none is kept."""
    from rich.table import Table

    table = Table("id", "name", "scopes", "created", "revoked", title="API keys")
    for key in read_keys(_file(store, state)):
        revoked = "" if key.revoked_at is None else f"{key.revoked_at:%Y-%m-%d %H:%M} UTC"
        table.add_row(key.id, key.name, ", ".join(key.scopes), f"{key.created_at:%Y-%m-%d %H:%M} UTC", revoked)
    out.print(table)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="The key's id: 12 hex digits, as `keeprank keys list` shows it.")],
    store: Store = Path(),
    state: State = None,
) -> None:
    """Let nobody in with a key any more, within a second and without a restart.

    Example: `keeprank keys revoke 0f3a5bb21c9d`
    """
    key = revoke_key(_file(store, state), key_id, now=common.now())
    out.print(f"key {key.id} of {key.name} lets nobody in any more", markup=False, highlight=False, soft_wrap=True)


def _file(store: Path, state: Path | None) -> Path:
    return (state or store / "build" / "serving" / "state") / NAME
