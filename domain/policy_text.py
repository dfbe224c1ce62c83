"""The policy with the shop's own a and b written into it: what a reader, the service and the policy's version see is one text."""

from __future__ import annotations

import datetime as dt
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from domain.errors import NotEnoughData
from domain.policy import parse_policy
from domain.recovery import ALL, Recovery, Share, estimate_recovery
from domain.tables import Tables

_DIGITS = 4
"""Decimals of a written share: a hundredth of a percent is less than any estimate knows."""


def settled(policy_text: str, tables: Tables, *, now: dt.datetime) -> str:
    """The policy as a release keeps it: where it asks for `economics.recovery = "estimated"`, a and b are estimated and written into it.

    Args:
        policy_text: the content of a policy.toml.
        tables: the shop's checked tables.
        now: what was told later is not known.

    Raises:
        PolicyRefused: the text is no policy.
        NotEnoughData: estimates are asked for, but no return says what its units still brought.
    """
    policy = parse_policy(policy_text)
    if policy.recovery == "preset":
        return policy_text
    return with_estimates(policy_text, estimate_recovery(tables, policy, now=now))


def with_estimates(policy_text: str, estimates: Mapping[str, Recovery]) -> str:
    """The same policy with `resold_as_new_share` and `recovery_share` of every category; what the shop says itself of either stands.

    Comments and layout of the text are not kept; each written number says what it rests on.

    Args:
        policy_text: the content of a policy.toml.
        estimates: by category, as `estimate_recovery` returns them.

    Raises:
        PolicyRefused: the text is no policy.
        NotEnoughData: the estimates rest on no return.
    """
    parse_policy(policy_text)
    categories = {category: estimate for category, estimate in estimates.items() if category != ALL}
    if not any(estimate.returns for estimate in categories.values()):
        raise NotEnoughData(
            "no return says what its units still brought",
            expected="returns.recovered_value, for economics.recovery = 'estimated'",
            advice="fill it in, or set economics.recovery = 'preset'",
        )
    content = tomllib.loads(policy_text)
    overrides = content["economics"].setdefault("category", {})
    remarks: dict[tuple[str, ...], str] = {}
    for category, estimate in categories.items():
        section = overrides.setdefault(category, {})
        for key in ("resold_as_new_share", "recovery_share"):
            if key not in section:
                share: Share = getattr(estimate, key)
                section[key] = round(share.value, _DIGITS)
                remarks["economics", "category", category, key] = f"{estimate.returns:,} returns: {share.low:.3f} to {share.high:.3f}"
    return (
        "# Shares with a remark are estimated from returns.recovered_value (docs/economics.md).\n"
        + "\n".join(_toml(content, remarks))
        + "\n"
    )


def _toml(section: Mapping[str, Any], remarks: Mapping[tuple[str, ...], str], path: tuple[str, ...] = ()) -> Iterator[str]:
    """The lines of a section; a policy holds texts, numbers and sections, nothing else."""
    values = {key: value for key, value in section.items() if not isinstance(value, dict)}
    if path and (values or not section):
        yield f"\n[{'.'.join(map(_key, path))}]"
    for key, value in values.items():
        remark = remarks.get((*path, key))
        yield f"{_key(key)} = {_value(value)}" + (f"  # {remark}" if remark else "")
    for key in [key for key in section if key not in values]:
        yield from _toml(section[key], remarks, (*path, key))


def _key(key: str) -> str:
    return key if re.fullmatch("[A-Za-z0-9_-]+", key) else _value(key)


def _value(value: str | float) -> str:
    """A TOML number or basic string: it is written as in JSON, which escapes what TOML forbids, except for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
