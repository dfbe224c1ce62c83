"""Writes chosen settings into the text of a training.toml, and leaves all else as it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, replace

from domain.errors import SettingsRefused
from training.settings import Forest, parse_settings

_TUNED = "# tuned: "
"""Begins the line that says where a section's numbers come from."""

_HEADER = re.compile(r"\s*\[([^\[\]]+)\]")
_LINE = re.compile(r"(?P<before>\s*(?P<name>\w+)\s*=\s*)(?P<value>[^#\s]+)(?P<gap>\s*)(?P<comment>#.*)?$")


def with_forest(text: str, kind: str, forest: Forest, why: str) -> str:
    """The text of a training.toml with other settings for one model; its comments and its other sections stay.

    Args:
        text: a training.toml.
        kind: the model whose section is changed.
        forest: the new settings.
        why: where they come from; said in a comment below the section's header.

    Raises:
        SettingsRefused: it is no training.toml, or written so that its lines cannot be changed one by one.
    """
    before = parse_settings(text)
    changed = "\n".join(_lines(text, kind, forest, why)) + "\n"
    wanted = replace(before, forests={**before.forests, kind: forest})
    if parse_settings(changed) != wanted:
        raise SettingsRefused(f"the section [{kind}] cannot be changed line by line", expected="a line `name = value` for each setting")
    return changed


def _lines(text: str, kind: str, forest: Forest, why: str) -> Iterator[str]:
    values, section = asdict(forest), ""
    for line in text.splitlines():
        header = _HEADER.match(line)
        section = header[1].strip() if header else section
        found = _LINE.match(line)
        if section != kind:
            yield line
        elif header:
            yield from (line, f"{_TUNED}{why}")
        elif found and found["name"] in values:
            yield _changed(found, values[found["name"]])
        elif not line.startswith(_TUNED):
            yield line


def _changed(found: re.Match[str], value: int | float) -> str:
    """The line with another value; a comment behind it stays in its column, if there is room."""
    written = f"{found['before']}{value!r}"
    if found["comment"] is None:
        return written
    return written.ljust(found.start("comment") - 1) + " " + found["comment"]
