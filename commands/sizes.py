"""The command that advises a size: for a customer or a stranger, for a style of the shop or one that is only described."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from commands import common
from commands.common import CONFIG, Store, out
from domain.errors import SettingsRefused

if TYPE_CHECKING:  # a command imports what it runs when it runs
    from serving.state import Serving


def size(
    style: Annotated[str, typer.Option(help="style_id; a style that the shop does not sell yet needs --category at least.")],
    customer: Annotated[str | None, typer.Option(help="customer_id; may be unknown, or left out for a stranger.")] = None,
    height: Annotated[
        float | None, typer.Option(min=50, max=250, help="The shopper says: height in cm. Used for this answer only.")
    ] = None,
    weight: Annotated[
        float | None, typer.Option(min=20, max=400, help="The shopper says: weight in kg. Used for this answer only.")
    ] = None,
    usual: Annotated[str | None, typer.Option(help="The shopper says: size usually worn, such as 38, M or 'UK 12'.")] = None,
    selected: Annotated[str | None, typer.Option(help="The size that the shopper has already chosen.")] = None,
    prefer: Annotated[Literal["closer", "looser"] | None, typer.Option(help="How she likes it to sit.")] = None,
    country: Annotated[str | None, typer.Option(help="Market, such as DE.")] = None,
    category: Annotated[str | None, typer.Option(help="Of an unknown style: the shop's category.")] = None,
    brand: Annotated[str | None, typer.Option(help="Of an unknown style.")] = None,
    material: Annotated[str | None, typer.Option(help="Of an unknown style.")] = None,
    sizes: Annotated[str, typer.Option(help="Of an unknown style: comma-separated; by default the category's usual ones.")] = "",
    size_system: Annotated[str | None, typer.Option(help="Of an unknown style; by default the category's usual one.")] = None,
    store: Store = Path(),
    alias: Annotated[str, typer.Option(help="Which release advises: champion or challenger.")] = "champion",
    systems: Annotated[Path, typer.Option(help="Size systems.")] = CONFIG / "size_systems.toml",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Which size should she take? Prints every size with its chances, the advice, how sure it is, and what to ask.

    Examples: `keeprank size --store build/demo --style s0032 --customer c000147`

    `keeprank size --store build/demo --style s0032 --height 172 --weight 64 --usual "UK 12"`

    `keeprank size --store build/demo --style new --category dress --brand Alba --sizes 36,38,40`
    """
    from domain.size_systems import parse_size_systems
    from experiments.printed_sizes import size_json, size_lines, size_table
    from serving.sizes import SizeQuestion, size_reply
    from serving.style_sizes import Described

    table = parse_size_systems(common.text(systems, SettingsRefused))
    said = {"height_cm": height, "weight_kg": weight}
    described = None if category is None else Described(category, _listed(sizes), size_system, brand, material)
    question = SizeQuestion(
        style,
        customer,
        country,
        stated={name: f"{value:g}" for name, value in said.items() if value is not None},
        usual=usual,
        selected=selected,
        prefers=prefer,
        described=described,
    )
    reply = size_reply(_serving(store, alias), table, question)
    if as_json:
        typer.echo(json.dumps(size_json(reply), indent=1))
        return
    out.print(size_table(reply))
    for line in size_lines(reply):
        out.print(line, markup=False, highlight=False, soft_wrap=True)


def _listed(sizes: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in sizes.split(",") if part.strip())


def _serving(store: Path, alias: str) -> Serving:
    from serving.state import Serving
    from training.registry import SNAPSHOT

    registry = common.registry(store)
    version = registry.require(alias)
    home = store / "build" / "sizes" / version.number
    release = registry.fetch_release(version, home / "release")
    return Serving.load(release, registry.fetch_artifact(version, SNAPSHOT, home / "snapshot"))
