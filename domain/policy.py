"""The shop's business settings, strictly parsed from config/policy.toml and known by their hash."""

from __future__ import annotations

import hashlib
import re
import tomllib
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypeVar, get_args

from domain.errors import PolicyRefused
from domain.money import EXPONENTS, exponent
from domain.presets import PRESETS, Economics

Objective = Literal["kept_margin", "conversion", "return_blind_margin"]
"""What an order is worth to the ranking: its expected kept margin, one order, or its margin as if nothing came back."""

OBJECTIVES: tuple[Objective, ...] = get_args(Objective)

RecoveryFrom = Literal["preset", "estimated"]
"""Where a and b come from: the preset and the overrides, or the shop's own returns when it trains (`domain.policy_text`)."""

MAX_TEMPERATURE = 0.2
"""More chance than this is not explored with: a shopper's list stays a ranking."""

_OF_THE_MACHINE = {"localtime", "Factory"}
"""Names that mean another zone on every machine, or none."""

Number = TypeVar("Number", int, float)


@dataclass(frozen=True)
class Ranking:
    """What offers are ranked by.

    Attributes:
        objective: what an order is worth.
        give_up_orders_share: guard-rail: of the orders expected when ranking by P(order), the share that may be given up for margin, 0-1.
        attention_per_position: the share of those who looked at one position that looks at the next; above 0, at most 1.
        stock_days: units of a sku that is not refilled are priced so that they last so many days; 0 prices none.
    """

    objective: Objective = "kept_margin"
    give_up_orders_share: float = 0.01
    attention_per_position: float = 0.92
    stock_days: int = 14


@dataclass(frozen=True)
class Exploration:
    """How much chance a ranking holds.

    Attributes:
        temperature: of the Plackett-Luce draw, relative to the spread of the offers' values; 0 ranks without chance.
    """

    temperature: float = 0.0


KEYS: Mapping[str, tuple[str, ...]] = {
    "shop": ("time_zone",),
    "returns": ("window_days", "by_country"),
    "vat": ("rate", "by_country"),
    "economics": ("preset", "recovery", "category"),
    "economics.category": ("preset", *(field.name for field in fields(Economics))),
    "ranking": tuple(field.name for field in fields(Ranking)),
    "exploration": tuple(field.name for field in fields(Exploration)),
    "exchange": tuple(EXPONENTS),
}
"""Every key that a policy may hold, by section; `by_country` holds countries and `category` the shop's own product categories."""

_SECTIONS = tuple(section for section in KEYS if "." not in section)


@dataclass(frozen=True)
class Policy:
    """Business settings.

    Attributes:
        version: hash of the settings' content (SHA-256, 12 hex digits), echoed in every reply.
        time_zone: the shop's time zone (IANA); its days begin at midnight there.
        window_days: days from delivery in which a return may be asked for, by country; "" is the default.
        vat: VAT rate by country; "" is the default.
        preset: name of the preset that holds where no category overrides it.
        recovery: whether training is to write the shop's own a and b into the release's policy; until it has, the preset's hold.
        by_category: economics by category; "" is the default.
        exchange: units of each currency for one EUR; the presets' costs are translated by it.
        ranking: what offers are ranked by.
        exploration: how much chance a ranking holds.
    """

    version: str
    time_zone: str
    window_days: Mapping[str, int]
    vat: Mapping[str, float]
    preset: str
    recovery: RecoveryFrom
    by_category: Mapping[str, Economics]
    exchange: Mapping[str, float]
    ranking: Ranking
    exploration: Exploration

    def economics(self, category: str | None) -> Economics:
        """What holds for a category."""
        return self.by_category.get(category or "", self.by_category[""])

    def vat_rate(self, country: str | None) -> float:
        """What holds for a market."""
        return self.vat.get(country or "", self.vat[""])


def parse_policy(text: str) -> Policy:
    """Read the content of a policy.toml.

    Raises:
        PolicyRefused: it is no TOML, holds an unknown key, or an impossible value; the message names the key.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyRefused(f"the policy is no TOML: {error}") from error
    _known(raw, _SECTIONS, "policy")
    shop, returns, vat, economics = (_section(raw, name) for name in ("shop", "returns", "vat", "economics"))
    ranking, exploration = _ranking(raw), _exploration(raw)
    preset = _preset_name(economics.get("preset"), "economics.preset")
    by_category = _by_category(economics, preset)
    recovery = _recovery(economics.get("recovery", "preset"), by_category)
    said = {"economics": {**economics, "recovery": recovery}, "ranking": vars(ranking), "exploration": vars(exploration)}
    return Policy(
        version=_version(raw | said),
        time_zone=_time_zone(shop.get("time_zone"), "shop.time_zone"),
        window_days=_by_country(returns, "window_days", "returns", _days),
        vat=_by_country(vat, "rate", "vat", _rate),
        preset=preset,
        recovery=recovery,
        by_category=by_category,
        exchange=_exchange(_table(raw.get("exchange", {}), "exchange")),
        ranking=ranking,
        exploration=exploration,
    )


def _version(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(repr(_sorted(content)).encode()).hexdigest()[:12]


def _section(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = _table(raw.get(name, {}), name)
    _known(section, KEYS[name], name)
    return section


def _ranking(raw: Mapping[str, Any]) -> Ranking:
    if "ranking" not in raw:
        return Ranking()
    section = _whole_section(raw, "ranking")
    return Ranking(
        objective=_objective(section["objective"], "ranking.objective"),
        give_up_orders_share=_rate(section["give_up_orders_share"], "ranking.give_up_orders_share"),
        attention_per_position=_attention(section["attention_per_position"], "ranking.attention_per_position"),
        stock_days=_days(section["stock_days"], "ranking.stock_days"),
    )


def _exploration(raw: Mapping[str, Any]) -> Exploration:
    if "exploration" not in raw:
        return Exploration()
    return Exploration(temperature=_temperature(_whole_section(raw, "exploration")["temperature"], "exploration.temperature"))


def _whole_section(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A section that says everything, once it is there."""
    section = _section(raw, name)
    missing = [key for key in KEYS[name] if key not in section]
    if missing:
        raise PolicyRefused(f"{name}.{missing[0]} is missing", expected=f"all of: {', '.join(KEYS[name])}; or no section [{name}]")
    return section


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise PolicyRefused(f"{where} = {value!r}", expected=f"a section [{where}]")
    return value


def _known(section: Mapping[str, Any], keys: tuple[str, ...], where: str) -> None:
    unknown = sorted(set(section) - set(keys))
    if unknown:
        raise PolicyRefused(f"unknown key {unknown[0]!r} in {where}", expected=f"one of: {', '.join(keys)}")


def _sorted(value: Any) -> Any:
    return [(key, _sorted(item)) for key, item in sorted(value.items())] if isinstance(value, dict) else value


def _time_zone(value: Any, where: str) -> str:
    if not isinstance(value, str) or value not in zoneinfo.available_timezones() - _OF_THE_MACHINE:
        raise PolicyRefused(f"{where} = {value!r}", expected="a time zone of the IANA database such as Europe/Berlin")
    return value


def _by_country(section: Mapping[str, Any], key: str, where: str, parse: Callable[[Any, str], Number]) -> dict[str, Number]:
    if key not in section:
        raise PolicyRefused(f"{where}.{key} is missing")
    values = {"": parse(section[key], f"{where}.{key}")}
    for country, value in _table(section.get("by_country", {}), f"{where}.by_country").items():
        if not re.fullmatch("[A-Z]{2}", country):
            raise PolicyRefused(f"unknown country {country!r} in {where}.by_country", expected="an ISO 3166-1 alpha-2 code such as DE")
        values[country] = parse(value, f"{where}.by_country.{country}")
    return values


def _days(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 730:
        raise PolicyRefused(f"{where} = {value!r}", expected="whole days from 0 to 730")
    return value


def _rate(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise PolicyRefused(f"{where} = {value!r}", expected="a rate from 0 to 1")
    return float(value)


def _objective(value: Any, where: str) -> Objective:
    if value not in OBJECTIVES:
        raise PolicyRefused(f"{where} = {value!r}", expected=f"one of: {', '.join(OBJECTIVES)}")
    objective: Objective = value
    return objective


def _attention(value: Any, where: str) -> float:
    if _rate(value, where) == 0:
        raise PolicyRefused(f"{where} = {value!r}", expected="a share above 0, at most 1")
    return float(value)


def _temperature(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_TEMPERATURE:
        raise PolicyRefused(f"{where} = {value!r}", expected=f"a number from 0 to {MAX_TEMPERATURE}")
    return float(value)


def _preset_name(value: Any, where: str) -> str:
    if not isinstance(value, str) or value not in PRESETS:
        raise PolicyRefused(f"{where} = {value!r}", expected=f"one of: {', '.join(PRESETS)}")
    return value


def _by_category(economics: Mapping[str, Any], usual: str) -> dict[str, Economics]:
    by_category = {"": PRESETS[usual].economics}
    for category, section in _table(economics.get("category", {}), "economics.category").items():
        where = f"economics.category.{category}"
        overrides = _table(section, where)
        if not category:
            raise PolicyRefused("economics.category holds a category without a name", advice="set economics.preset instead")
        _known(overrides, KEYS["economics.category"], where)
        base = PRESETS[_preset_name(overrides.get("preset", usual), f"{where}.preset")].economics
        values = {key: _cost(key, value, f"{where}.{key}") for key, value in overrides.items() if key != "preset"}
        by_category[category] = replace(base, **values)  # type: ignore[arg-type]
    return by_category


def _recovery(value: Any, by_category: Mapping[str, Economics]) -> RecoveryFrom:
    if value not in get_args(RecoveryFrom):
        raise PolicyRefused(f"economics.recovery = {value!r}", expected=f"one of: {', '.join(get_args(RecoveryFrom))}")
    all_in = [category for category, economics in by_category.items() if economics.return_cost_share > 0]
    if value == "estimated" and all_in:
        where = f"economics.category.{all_in[0]}" if all_in[0] else "economics"
        raise PolicyRefused(
            f"economics.recovery = 'estimated', but {where} states the cost of a return all in (return_cost_share)",
            expected="costs without the resale loss, which would be counted twice",
            advice="name another preset and set return_handling_eur_cents, or keep recovery = 'preset'",
        )
    recovery: RecoveryFrom = value
    return recovery


def _cost(key: str, value: Any, where: str) -> float:
    if not key.endswith("_cents"):
        return _rate(value, where)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10**9:
        raise PolicyRefused(f"{where} = {value!r}", expected="whole EUR cents, not negative")
    return value


def _exchange(section: Mapping[str, Any]) -> dict[str, float]:
    rates = {"EUR": 1.0}
    for currency, value in section.items():
        exponent(currency)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 10**6:
            raise PolicyRefused(f"exchange.{currency} = {value!r}", expected="units of the currency for one EUR, above 0")
        if currency == "EUR" and value != 1:
            raise PolicyRefused(f"exchange.EUR = {value!r}", expected="1, or nothing: the rates are units for one EUR")
        rates[currency] = float(value)
    return rates
