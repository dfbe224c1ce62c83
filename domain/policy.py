"""The shop's business settings, strictly parsed from config/policy.toml and known by their hash."""

from __future__ import annotations

import hashlib
import re
import tomllib
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from domain.errors import PolicyRefused
from domain.money import exponent
from domain.presets import PRESETS, Economics

_SECTIONS = ("shop", "returns", "vat", "economics", "exchange")
_OF_THE_MACHINE = {"localtime", "Factory"}
"""Names that mean another zone on every machine, or none."""

_ECONOMICS_FIELDS = tuple(field.name for field in fields(Economics))

Number = TypeVar("Number", int, float)


@dataclass(frozen=True)
class Policy:
    """Business settings.

    Attributes:
        version: hash of the settings' content (SHA-256, 12 hex digits), echoed in every reply.
        time_zone: the shop's time zone (IANA); its days begin at midnight there.
        window_days: days from delivery in which a return may be asked for, by country; "" is the default.
        vat: VAT rate by country; "" is the default.
        preset: name of the preset that holds where no category overrides it.
        by_category: economics by category; "" is the default.
        exchange: units of each currency for one EUR; the presets' costs are translated by it.
    """

    version: str
    time_zone: str
    window_days: Mapping[str, int]
    vat: Mapping[str, float]
    preset: str
    by_category: Mapping[str, Economics]
    exchange: Mapping[str, float]

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
    _known(shop, ("time_zone",), "shop")
    _known(returns, ("window_days", "by_country"), "returns")
    _known(vat, ("rate", "by_country"), "vat")
    _known(economics, ("preset", "category"), "economics")
    return Policy(
        version=hashlib.sha256(repr(_sorted(raw)).encode()).hexdigest()[:12],
        time_zone=_time_zone(shop.get("time_zone"), "shop.time_zone"),
        window_days=_by_country(returns, "window_days", "returns", _days),
        vat=_by_country(vat, "rate", "vat", _rate),
        preset=_preset_name(economics.get("preset"), "economics.preset"),
        by_category=_by_category(economics),
        exchange=_exchange(_section(raw, "exchange")),
    )


def _section(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return _table(raw.get(name, {}), name)


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


def _preset_name(value: Any, where: str) -> str:
    if not isinstance(value, str) or value not in PRESETS:
        raise PolicyRefused(f"{where} = {value!r}", expected=f"one of: {', '.join(PRESETS)}")
    return value


def _by_category(economics: Mapping[str, Any]) -> dict[str, Economics]:
    usual = _preset_name(economics.get("preset"), "economics.preset")
    by_category = {"": PRESETS[usual].economics}
    for category, section in _table(economics.get("category", {}), "economics.category").items():
        where = f"economics.category.{category}"
        overrides = _table(section, where)
        if not category:
            raise PolicyRefused("economics.category holds a category without a name", advice="set economics.preset instead")
        _known(overrides, ("preset", *_ECONOMICS_FIELDS), where)
        base = PRESETS[_preset_name(overrides.get("preset", usual), f"{where}.preset")].economics
        values = {key: _cost(key, value, f"{where}.{key}") for key, value in overrides.items() if key != "preset"}
        by_category[category] = replace(base, **values)  # type: ignore[arg-type]
    return by_category


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
