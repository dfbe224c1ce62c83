"""Says which sizes of different size systems are for the same body: 38 in Germany is about 40 in France and S in letters.

A prior and no truth: brands cut as they like and public charts disagree by a size and more. The table (`config/size_systems.toml`) names,
for each size, the body measure that it is cut for and the source of that number; equal is what is nearest in centimetres.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from domain.errors import SettingsRefused

_CM = (15.0, 250.0)
"""No foot is shorter, and no bust larger."""


@dataclass(frozen=True)
class Source:
    """Where numbers come from.

    Attributes:
        text: in words.
        guess: whether nobody says so.
    """

    text: str
    guess: bool


@dataclass(frozen=True)
class Size:
    """One size of one system.

    Attributes:
        system: such as EU.
        printed: such as 38.
        cm: the body measure that it is cut for.
        source: the key of where that number comes from.
    """

    system: str
    printed: str
    cm: float
    source: str


@dataclass(frozen=True)
class Equivalent:
    """A size of another system that is for about the same body.

    Attributes:
        size: which.
        off_cm: by how much it is cut larger than the size asked about.
        source: what both numbers rest on, in words.
        guessed: whether one of them is a guess.
    """

    size: Size
    off_cm: float
    source: str
    guessed: bool


@dataclass(frozen=True)
class Scale:
    """A kind of garment whose systems measure the same thing.

    Attributes:
        name: such as women's garments.
        measure: the body measure, such as bust girth.
        categories: the shop's categories that it holds for.
        systems: sizes of each system, smallest first, by its name.
        names: every name of a system in small letters, and what the table calls it.
    """

    name: str
    measure: str
    categories: tuple[str, ...]
    systems: Mapping[str, tuple[Size, ...]]
    names: Mapping[str, str]

    def find(self, system: str | None, printed: str) -> Size | None:
        """A size by its system and what is printed; None where the table does not know it."""
        sizes = self.systems.get(self.names.get(_plain(system or ""), ""), ())
        return next((size for size in sizes if _plain(size.printed) == _plain(printed)), None)

    def nearest(self, cm: float, system: str) -> Size | None:
        """The size of a system for a body measure; None where it lies outside of what the system makes, or the system is unknown.

        The smaller one of two that are equally near.
        """
        sizes = self.systems.get(self.names.get(_plain(system), ""), ())
        if not sizes:
            return None
        found = min(sizes, key=lambda size: (abs(size.cm - cm), size.cm))
        return found if abs(found.cm - cm) <= _half_step(sizes, found) else None


@dataclass(frozen=True)
class SizeSystems:
    """The table.

    Attributes:
        version: of the table.
        sources: what each key of a source stands for.
        scales: kinds of garments.
    """

    version: str
    sources: Mapping[str, Source]
    scales: tuple[Scale, ...]

    def scale(self, category: str | None) -> Scale | None:
        """The scale of a category; None where the table does not name it."""
        return next((scale for scale in self.scales if category in scale.categories), None)

    def convert(self, printed: str, category: str | None, *, from_system: str | None, to_system: str) -> Equivalent | None:
        """The size of `to_system` for the body that a size of `from_system` is for.

        Returns:
            None where the table cannot tell: another category, an unknown system or size, or one beyond the other system's sizes.
        """
        scale = self.scale(category)
        size = None if scale is None else scale.find(from_system, printed)
        found = None if scale is None or size is None else scale.nearest(size.cm, to_system)
        return None if size is None or found is None else self._equivalent(size, found)

    def equivalents(self, printed: str, category: str | None, system: str | None) -> tuple[Equivalent, ...]:
        """A size in every other system of its category, in the order of the table; empty where the table does not know the size."""
        scale = self.scale(category)
        size = None if scale is None else scale.find(system, printed)
        if scale is None or size is None:
            return ()
        found = (scale.nearest(size.cm, other) for other in scale.systems if other != size.system)
        return tuple(self._equivalent(size, other) for other in found if other is not None)

    def _equivalent(self, size: Size, found: Size) -> Equivalent:
        sources = [self.sources[key] for key in dict.fromkeys((size.source, found.source))]
        words = "; ".join(source.text for source in sources)
        return Equivalent(found, round(found.cm - size.cm, 2), words, any(source.guess for source in sources))


def parse_size_systems(text: str) -> SizeSystems:
    """Read the content of a size_systems.toml.

    Raises:
        SettingsRefused: it is no TOML, lacks a key, holds an unknown one, names a source, category or size twice or not at all, or sizes
            do not grow; the message names the place.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsRefused(f"the size systems are no TOML: {error}") from error
    _exactly(raw, {"version": str, "sources": dict, "scale": list}, "")
    sources = {key: _source(source, f"sources.{key}") for key, source in raw["sources"].items()}
    scales = tuple(_scale(one, f"scale {number}", sources) for number, one in enumerate(raw["scale"], start=1))
    _once((category for scale in scales for category in scale.categories), "a category")
    return SizeSystems(raw["version"], sources, scales)


def _source(raw: Any, where: str) -> Source:
    _exactly(raw, {"text": str, "guess": bool}, where)
    return Source(raw["text"], raw["guess"])


def _scale(raw: Any, where: str, sources: Mapping[str, Source]) -> Scale:
    _exactly(raw, {"name": str, "measure": str, "categories": list, "system": list}, where)
    _require(_texts(raw["categories"]), f"{where}: categories", raw["categories"], "texts")
    systems = [_system(one, f"{where}, system {number}", sources) for number, one in enumerate(raw["system"], start=1)]
    named = [(_plain(name), sizes[0].system) for names, sizes in systems for name in names]
    _once((name for name, _ in named), f"{where}: a system")
    return Scale(raw["name"], raw["measure"], tuple(raw["categories"]), {sizes[0].system: sizes for _, sizes in systems}, dict(named))


def _system(raw: Any, where: str, sources: Mapping[str, Source]) -> tuple[tuple[str, ...], tuple[Size, ...]]:
    _exactly(raw, {"name": str, "also": list, "sizes": list}, where)
    _require(_texts(raw["also"]), f"{where}: also", raw["also"], "texts")
    sizes = tuple(_size(one, raw["name"], f"{where}, size {number}", sources) for number, one in enumerate(raw["sizes"], start=1))
    grow = all(one.cm < two.cm for one, two in pairwise(sizes))
    _require(len(sizes) >= 2 and grow, f"{where}: sizes", [size.cm for size in sizes], "two or more, growing")
    _once((_plain(size.printed) for size in sizes), f"{where}: a size")
    return (raw["name"], *raw["also"]), sizes


def _size(raw: Any, system: str, where: str, sources: Mapping[str, Source]) -> Size:
    _exactly(raw, {"size": str, "cm": float, "source": str}, where)
    _require(_CM[0] <= raw["cm"] <= _CM[1], f"{where}: cm", raw["cm"], f"{_CM[0]:g} to {_CM[1]:g}")
    _require(raw["source"] in sources, f"{where}: source", raw["source"], f"one of: {', '.join(sources)}")
    return Size(system, raw["size"], raw["cm"], raw["source"])


def _half_step(sizes: Sequence[Size], found: Size) -> float:
    """Half the widest step beside a size: what lies farther away is beyond the system's first or last size."""
    at = sizes.index(found)
    beside = sizes[max(at - 1, 0) : at + 2]
    return max(two.cm - one.cm for one, two in pairwise(beside)) / 2


def _plain(text: str) -> str:
    return text.strip().lower()


def _texts(values: list[Any]) -> bool:
    return all(isinstance(value, str) and value for value in values)


def _once(names: Iterator[str], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        _require(name not in seen, what, name, "each once")
        seen.add(name)


def _exactly(raw: Any, wanted: Mapping[str, type], where: str) -> None:
    _require(isinstance(raw, dict), where, raw, "a table")
    for name in sorted(set(raw) - set(wanted)):
        raise SettingsRefused(
            f"size systems: unknown key {name} {where and f'in {where}'}".rstrip(), expected=f"one of: {', '.join(wanted)}"
        )
    for name, kind in wanted.items():
        _require(name in raw, f"{where} {name}".strip(), "nothing", f"a {kind.__name__}")
        _require(isinstance(raw[name], kind) and raw[name] != "", f"{where} {name}".strip(), raw[name], f"a {kind.__name__}")


def _require(holds: bool, name: str, value: object, expected: str) -> None:
    if not holds:
        raise SettingsRefused(f"size systems: {name} = {value!r}", expected=expected)
