"""The command that writes the generated pages of docs/."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commands.common import out


def docs(
    folder: Annotated[Path, typer.Argument(help="Where the pages go.")] = Path("docs"),
) -> None:
    """Write the generated pages: data-contract.md and features.md."""
    from domain.contract_page import contract_page
    from features.page import features_page

    folder.mkdir(parents=True, exist_ok=True)
    for name, page in (("data-contract.md", contract_page()), ("features.md", features_page())):
        (folder / name).write_text(page)
        out.print(f"written {folder / name}", highlight=False)
