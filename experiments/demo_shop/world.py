"""What kind of shop it is: every number behind its customers, its goods and the reasons why things come back, read from a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from domain.errors import SettingsRefused
from domain.presets import PRESETS
from experiments.demo_shop.sizes import CATEGORY_NAMES

SHOPS = Path(__file__).parent.parent.parent / "config" / "shops"
"""The shops that come with Keeprank."""

Numbers = tuple[float, ...]
Range = tuple[float, float]
"""From and to."""


@dataclass(frozen=True)
class PeopleNumbers:
    """Section [people]."""

    fussiness: Numbers
    fussiness_shares: Numbers
    tolerance_cm: float
    ease_sd_cm: float
    belief_error_sd_cm: float
    budget_sd: float
    bracketing_share: float
    bracketing: Range
    wardrobing_share: float
    household_share: float
    visits_per_day: float
    joined_before: float
    segments: Numbers


@dataclass(frozen=True)
class AssortmentNumbers:
    """Section [assortment]."""

    widest_bias_cm: float
    cut_sd_cm: float
    supplier_quality: Numbers
    brand_looks: float
    material_looks: float
    popularity_sd: float
    photo_flattery: float
    unit_cost: Range
    launched_before: float


@dataclass(frozen=True)
class VisitNumbers:
    """Section [visits]."""

    candidates: int
    shown: int
    keeps_looking: float
    in_mind: float
    about_it: float
    occasion_visits: float
    occasion_in_mind: float
    styles_wanted: Numbers
    reserve: float
    taste: float
    intent: float
    values: float
    discount: float
    strain: float


@dataclass(frozen=True)
class LoggingNumbers:
    """Section [logging]."""

    temperature: float


@dataclass(frozen=True)
class ReasonNumbers:
    """Section [reasons]."""

    too_small: float
    too_large: float
    not_as_described: float
    style: float
    quality: float
    changed_mind: float
    changed_mind_strained: float
    by_invoice: float
    late: float
    worn_once: float


@dataclass(frozen=True)
class RecoveryNumbers:
    """Section [recovery]."""

    condition_shares: Numbers
    recovered: Numbers


@dataclass(frozen=True)
class StockNumbers:
    """Section [stock]."""

    scarce_share: float
    scarce_days: float
    cover_days: float


@dataclass(frozen=True)
class DriftNumbers:
    """Section [drift]."""

    popularity_sd: float
    cut_shift_cm: float
    fussiness_per_year: float
    defect_quality: float


_SECTIONS: Mapping[str, type[Any]] = {
    "people": PeopleNumbers,
    "assortment": AssortmentNumbers,
    "visits": VisitNumbers,
    "logging": LoggingNumbers,
    "reasons": ReasonNumbers,
    "recovery": RecoveryNumbers,
    "stock": StockNumbers,
    "drift": DriftNumbers,
}
_LENGTHS = {"fussiness_shares": 3, "fussiness": 3, "segments": 5, "styles_wanted": 5, "supplier_quality": 10}
_SHARES = ("fussiness_shares", "segments", "styles_wanted", "condition_shares")
_PEOPLES_RATES = ("bracketing_share", "bracketing", "wardrobing_share", "household_share", "joined_before")
_GOODS_RATES = ("launched_before", "supplier_quality", "brand_looks", "material_looks", "unit_cost", "scarce_share", "recovered")
_RATES = (*_PEOPLES_RATES, *_GOODS_RATES, "keeps_looking", "in_mind", "about_it", "occasion_in_mind")
_POSITIVE = ("fussiness", "tolerance_cm", "visits_per_day", "keeps_looking", "temperature", "changed_mind", "changed_mind_strained")
"""What something is divided by, or whose logarithm is taken."""

_BELOW_ONE = ("keeps_looking",)
_MOST_OFFERS = 60
"""More would not fit into the numbers of a visit's events."""


@dataclass(frozen=True)
class World:
    """Every number of a shop; config/shops/fashion.toml says what each means.

    Attributes:
        name: the file's stem.
        preset: what an order costs and brings in truth, one of `domain.presets.PRESETS`.
        categories: (share of styles, median list price in cents) by category.
    """

    name: str
    preset: str
    categories: Mapping[str, tuple[float, int]]
    people: PeopleNumbers
    assortment: AssortmentNumbers
    visits: VisitNumbers
    logging: LoggingNumbers
    reasons: ReasonNumbers
    recovery: RecoveryNumbers
    stock: StockNumbers
    drift: DriftNumbers


@cache
def default_world() -> World:
    """The shop of config/shops/fashion.toml."""
    return read_world(SHOPS / "fashion.toml")


def read_world(file: Path) -> World:
    """Read a shop's TOML file; it may name a `base` among the shops that come with Keeprank and say only what differs.

    Raises:
        SettingsRefused: it cannot be read, is no TOML, lacks a key, holds an unknown one, or an impossible value.
    """
    raw = _whole(file)
    try:
        return _world(file.stem, raw)
    except SettingsRefused as refused:
        raise SettingsRefused(f"{file}: {refused.what}", expected=refused.expected) from refused


def _whole(file: Path) -> dict[str, Any]:
    raw = _raw(file)
    base = raw.pop("base", None)
    if base is None:
        return raw
    known = sorted(path.stem for path in SHOPS.glob("*.toml"))
    _require(base in known, f"{file}: base", base, f"one of: {', '.join(known)}")
    return _laid_over(_whole(SHOPS / f"{base}.toml"), raw)


def _raw(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsRefused(f"{file} cannot be read: {error}", expected="a TOML file") from error


def _laid_over(base: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    """The base with what `raw` says instead, key by key; categories are taken as a whole."""
    merged = dict(base)
    for name, section in raw.items():
        whole = name == "categories" or not isinstance(section, dict)
        merged[name] = section if whole else {**merged.get(name, {}), **section}
    return merged


def _world(name: str, raw: Mapping[str, Any]) -> World:
    _exactly(raw, ("economics", "categories", *_SECTIONS), "")
    economics = _table(raw["economics"], "economics")
    _exactly(economics, ("preset",), "economics.")
    if economics["preset"] not in PRESETS:
        raise SettingsRefused(f"economics.preset = {economics['preset']!r}", expected=f"one of: {', '.join(PRESETS)}")
    sections = {key: _section(kind, _table(raw[key], key), f"{key}.") for key, kind in _SECTIONS.items()}
    shown, found = sections["visits"].shown, sections["visits"].candidates
    _require(shown <= found, "visits.shown", shown, f"at most visits.candidates = {found}")
    return World(name, economics["preset"], _categories(_table(raw["categories"], "categories")), **sections)


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise SettingsRefused(f"{where} = {value!r}", expected=f"a section [{where}]")
    return value


def _categories(raw: Mapping[str, Any]) -> dict[str, tuple[float, int]]:
    found = {}
    for name, value in raw.items():
        if name not in CATEGORY_NAMES:
            raise SettingsRefused(f"unknown category {name!r}", expected=f"some of: {', '.join(CATEGORY_NAMES)}")
        share, price = _numbers(value, f"categories.{name}", 2)
        _require(0 < share <= 1 and price >= 100 and price == int(price), f"categories.{name}", value, "a share and a price in cents")
        found[name] = (share, int(price))
    total = sum(share for share, _ in found.values())
    _require(abs(total - 1) < 1e-9, "categories", total, "shares that add up to 1")
    return found


def _section(kind: type[Any], raw: Mapping[str, Any], where: str) -> Any:
    _exactly(raw, tuple(one.name for one in fields(kind)), where)
    return kind(**{one.name: _value(str(one.type), one.name, raw[one.name], where) for one in fields(kind)})


def _value(kind: str, name: str, value: Any, where: str) -> Any:
    if kind == "int":
        whole = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _MOST_OFFERS
        _require(whole, where + name, value, f"a whole number of 1 to {_MOST_OFFERS}")
        return value
    if kind == "float":
        _require(_is_number(value) and value >= 0, where + name, value, "a number, not negative")
        _require_possible(name, (float(value),), where + name, value)
        return float(value)
    numbers = _numbers(value, where + name, 2 if kind == "Range" else _LENGTHS.get(name, 3))
    _require_possible(name, numbers, where + name, value)
    _require(name not in _SHARES or abs(sum(numbers) - 1) < 1e-9, where + name, value, "shares that add up to 1")
    _require(kind != "Range" or numbers[0] <= numbers[1], where + name, value, "from and to, in this order")
    return numbers


def _require_possible(name: str, numbers: Numbers, where: str, value: object) -> None:
    _require(name not in _RATES or max(numbers) <= 1, where, value, "0 to 1")
    _require(name not in _BELOW_ONE or max(numbers) < 1, where, value, "less than 1")
    _require(name not in _POSITIVE or min(numbers) > 0, where, value, "more than 0")


def _numbers(value: Any, where: str, length: int) -> Numbers:
    right = isinstance(value, list) and len(value) == length and all(_is_number(one) and one >= 0 for one in value)
    _require(right, where, value, f"{length} numbers, none negative")
    return tuple(float(one) for one in value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value and abs(value) < 1e9


def _exactly(raw: Mapping[str, Any], names: tuple[str, ...], where: str) -> None:
    for name in sorted(set(raw) - set(names)):
        raise SettingsRefused(f"unknown key {where}{name}", expected=f"one of: {', '.join(names)}")
    for name in names:
        if name not in raw:
            raise SettingsRefused(f"{where}{name} is missing")


def _require(holds: bool, name: str, value: object, expected: str) -> None:
    if not holds:
        raise SettingsRefused(f"{name} = {value!r}", expected=expected)
