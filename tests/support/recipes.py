"""The commands of a Markdown page, each with the reply that the page shows."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BLOCK = re.compile(r"^```(?P<kind>\w+)(?: (?P<status>\d{3}))?\n(?P<content>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Recipe:
    """A command.

    Attributes:
        script: what is typed.
        kind: of the reply that is shown: json, text, or empty where none is.
        status: of the reply; the page says it where it is not 200.
        shown: the reply, shortened.
    """

    script: str
    kind: str
    status: int
    shown: str

    @property
    def asks(self) -> str:
        """The path that it asks."""
        return self.script.partition('"$URL')[2].partition('"')[0]


def recipes(page: str) -> list[Recipe]:
    """Every block that asks something with curl, in order."""
    blocks = list(_BLOCK.finditer(page))
    found = []
    for block, after in zip(blocks, [*blocks[1:], None], strict=True):
        if block["kind"] == "sh" and "curl " in block["content"]:
            shows = after if after is not None and after["kind"] in ("json", "text") else None
            status = 200 if shows is None else int(shows["status"] or 200)
            found.append(
                Recipe(block["content"], "" if shows is None else shows["kind"], status, "" if shows is None else shows["content"])
            )
    return found


def programs(page: str) -> list[str]:
    """Every block of Python."""
    return [block["content"] for block in _BLOCK.finditer(page) if block["kind"] == "python"]
