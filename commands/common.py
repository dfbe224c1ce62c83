"""What the commands share: where they print, what their arguments mean, and how they open a shop or a store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn, track

from domain.errors import KeeprankError, RegistryRefused, TablesRefused

if TYPE_CHECKING:  # a command imports what it runs when it runs: `keeprank --help` answers at once
    import pandas as pd

    from features.shop import Shop
    from features.stored import AnyShop
    from training.registry import Registry

_COLUMNS = 150  # a narrower window wraps the lines of a table; cutting numbers off would be worse
out, err = Console(), Console(stderr=True)
out.width = max(out.width, _COLUMNS)

EPOCH = dt.date(1970, 1, 1)
"""The day with the number 0."""

CONFIG = Path(__file__).parent.parent / "config"
"""The folder of policy.toml and training.toml."""

Folder = Annotated[Path, typer.Argument(help="A folder of the contract's tables (Parquet or CSV), or a DuckDB file.")]
Policy = Annotated[Path, typer.Option(help="Business settings.")]
Settings = Annotated[Path, typer.Option(help="Data-science settings.")]
Store = Annotated[Path, typer.Option(help="Folder of the MLflow store: mlflow.db and mlruns/.")]


def now() -> dt.datetime:
    """The clock, which is read here and handed on."""
    return dt.datetime.now(dt.UTC)


def at(store: Path) -> str:
    """The option that names the store in a command that is advised; nothing for the working folder."""
    return "" if store == Path() else f" --store {store}"


def text(file: Path, refused: type[KeeprankError]) -> str:
    """What a settings file says; `refused` is raised if it cannot be read."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise refused(f"{file} cannot be read: {error}", expected="a TOML file") from error


def day(written: str | None, option: str) -> pd.Timestamp | None:
    """The first moment (UTC) of a day such as 2011-08-01, written as the command's `option`; none if it was left out.

    Raises:
        typer.BadParameter: it is no such day.
    """
    import pandas as pd

    if written is None:
        return None
    try:
        return pd.Timestamp(dt.date.fromisoformat(written), tz="UTC")
    except ValueError as error:
        raise typer.BadParameter(f"{written!r} is no day such as 2011-08-01", param_hint=option) from error


def shop(folder: Path, policy_text: str) -> Shop:
    """The shop in a folder, its tables checked, under a policy's return windows and time zone.

    Raises:
        TablesRefused: the folder does not exist, or its tables break the contract.
        PolicyRefused: the text is no policy.
    """
    from domain.policy import parse_policy
    from features.shop import Shop
    from features.source import read_tables

    if not folder.exists():
        raise TablesRefused(f"{folder} does not exist", expected="a folder of tables, or a DuckDB file")
    with err.status("reading and checking the tables"):
        tables, policy = read_tables(folder, now=now()), parse_policy(policy_text)
        return Shop.of(tables, policy.window_days, zone=policy.time_zone)


def any_shop(folder: Path, policy_text: str) -> AnyShop:
    """The same, but tables that Keeprank wrote, and so has checked, stay on disk: they may be larger than memory.

    Raises:
        TablesRefused: the folder does not exist, or its tables break the contract.
        PolicyRefused: the text is no policy.
    """
    from domain.policy import parse_policy
    from features.source import is_ours
    from features.stored import Stored

    if not is_ours(folder):
        return shop(folder, policy_text)
    policy = parse_policy(policy_text)
    return Stored.of(folder, policy.window_days, policy.time_zone)


def registry(store: Path, *, new: bool = False) -> Registry:
    """The MLflow registry in a folder; only a `new` one may not exist yet.

    Raises:
        RegistryRefused: the folder holds none.
    """
    from training.registry import Registry

    database = (store / "mlflow.db").resolve()
    if not new and not database.is_file():
        raise RegistryRefused(f"{store} holds no mlflow.db", advice="run `keeprank train DIR` first, or name its folder with --store")
    return Registry(f"sqlite:///{database}", store / "mlruns")


@contextmanager
def ticking(total: int, sentence: str) -> Iterator[Callable[[], None]]:
    """A bar on stderr that goes one step forward whenever the function is called, and leaves nothing behind."""
    with Progress(*Progress.get_default_columns(), TimeElapsedColumn(), console=err, transient=True) as bar:
        task = bar.add_task(sentence, total=total)
        yield lambda: bar.advance(task)


def progress(steps: Iterable[Any], sentence: str) -> Iterable[Any]:
    """The steps, with a bar on stderr that says what is going on and leaves nothing behind."""
    return track(list(steps), description=sentence, console=err, transient=True)
