"""Operations' settings: how the service runs, what it keeps and whom it lets in, strictly parsed from config/serving.toml."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
import tomllib
from collections.abc import Mapping
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from domain.errors import SettingsRefused

_AT = re.compile(r"(?P<what>.*?)(?: - at `\$\.(?P<path>[^`]*)`)?", re.DOTALL)
_NAMED = re.compile(r"Object (?P<how>contains unknown|missing required) field `(?P<name>.*)`", re.DOTALL)

Variable = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9_]{0,99}\Z")]
"""The name of an environment variable; what holds a password is no such name, so a secret in the file is refused."""


class Service(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """How requests are taken.

    Attributes:
        workers: processes.
        deadline_ms: milliseconds from a request's arrival, past which the caller's own order is the reply.
        patience_ms: likewise for all other calls, which are refused past it.
        capacity: requests that wait or are ranked in a worker at a time.
        largest_body_bytes: of a request.
        largest_depth: of nested JSON.
        largest_header_bytes: of all headers of a request together.
        body_seconds: how long a body may be under way.
    """

    workers: Annotated[int, Meta(ge=1, le=256)]
    deadline_ms: Annotated[float, Meta(ge=1, le=60_000)]
    patience_ms: Annotated[float, Meta(ge=1, le=60_000)]
    capacity: Annotated[int, Meta(ge=1, le=10_000)]
    largest_body_bytes: Annotated[int, Meta(ge=1_024, le=2**26)]
    largest_depth: Annotated[int, Meta(ge=4, le=500)]
    largest_header_bytes: Annotated[int, Meta(ge=1_024, le=2**20)]
    body_seconds: Annotated[float, Meta(gt=0, le=600)]


class State(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Where the facts since the last snapshot are.

    Attributes:
        kind: SQLite on this machine, or Redis for several.
        redis_url_from: environment variable that holds Redis's URL.
        fsync: full: acknowledged facts survive a power cut; normal: a killed process.
    """

    kind: Literal["sqlite", "redis"]
    redis_url_from: Variable
    fsync: Literal["full", "normal"]


class Log(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Where decisions are written.

    Attributes:
        kind: Parquet segments on this machine, Postgres for several, or off.
        postgres_dsn_from: environment variable that holds the connection string.
        segment_bytes: a Parquet segment is closed at such a size.
        segment_seconds: or after so long.
        keep_days: older decisions are removed.
        wait: a reply waits until its decision is safe.
    """

    kind: Literal["parquet", "postgres", "off"]
    postgres_dsn_from: Variable
    segment_bytes: Annotated[int, Meta(ge=2**16, le=2**34)]
    segment_seconds: Annotated[int, Meta(ge=1, le=86_400)]
    keep_days: Annotated[int, Meta(ge=1, le=3_650)]
    wait: bool


class Releases(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """How workers follow the registry.

    Attributes:
        poll_seconds: how often they look.
        keep_local: releases kept on this machine: the one that serves, and one to go back to, at least.
        slowest_ms_per_request: a release that takes longer to score a probe request is refused.
    """

    poll_seconds: Annotated[float, Meta(gt=0, le=5)]
    keep_local: Annotated[int, Meta(ge=2, le=100)]
    slowest_ms_per_request: Annotated[float, Meta(gt=0, le=60_000)]


class Experiment(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Whether a challenger serves beside the champion.

    Attributes:
        mode: alone; shadow: it scores unseen; split: it serves its share of the customers.
        challenger_share: of the customers, above 0 and below 1.
        salt: another one deals the customers anew.
    """

    mode: Literal["alone", "shadow", "split"]
    challenger_share: Annotated[float, Meta(gt=0, lt=1)]
    salt: Annotated[str, Meta(min_length=1, max_length=100)]


class Trust(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Whom the service lets in.

    Attributes:
        authentication: every request needs an API key; false on the loopback interface only.
    """

    authentication: bool


class Settings(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """All of config/serving.toml.

    Attributes:
        service: how requests are taken.
        state: where the facts since the last snapshot are.
        log: where decisions are written.
        releases: how workers follow the registry.
        experiment: whether a challenger serves as well.
        trust: whom the service lets in.
    """

    service: Service
    state: State
    log: Log
    releases: Releases
    experiment: Experiment
    trust: Trust

    @property
    def version(self) -> str:
        """Hash of what the settings say (SHA-256, 12 hex digits): comments and the order of keys do not change it."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()[:12]

    def require_safe(self, host: str) -> None:
        """Refuse to listen on an address that others reach without asking for keys.

        Raises:
            SettingsRefused: authentication is off and `host` is not the loopback interface.
        """
        if not (self.trust.authentication or _is_loopback(host)):
            raise SettingsRefused(
                f"trust.authentication = False on {host}",
                expected="true on any address but the loopback interface's",
                advice="set it to true and run `keeprank keys create`, or listen on 127.0.0.1",
            )


def load_serving(path: Path) -> Settings:
    """Read a serving.toml, or a .json that says the same.

    Raises:
        SettingsRefused: there is none, or as `parse_serving` says.
    """
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsRefused(f"{path} cannot be read: {error}") from error
    return _converted(json.loads(text)) if path.suffix == ".json" else parse_serving(text)


def parse_serving(text: str) -> Settings:
    """Read the content of a serving.toml.

    Raises:
        SettingsRefused: it is no TOML, lacks a key, holds an unknown one, or an impossible value; the message names the key.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsRefused(f"the serving settings are no TOML: {error}") from error
    return _converted(raw)


def _converted(raw: Any) -> Settings:
    try:
        return msgspec.convert(raw, Settings)
    except msgspec.ValidationError as error:
        raise _refusal(str(error), raw) from None  # its own message may hold the value


def overruled(settings: Settings, *, workers: int | None = None, authentication: bool | None = None) -> Settings:
    """The same settings, but for what the command line says; None leaves a setting as it is."""
    if workers is not None:
        settings = replace(settings, service=replace(settings.service, workers=workers))
    if authentication is not None:
        settings = replace(settings, trust=replace(settings.trust, authentication=authentication))
    return settings


def held(variable: str, environment: Mapping[str, str], setting: str) -> str:
    """The secret in the environment variable that a setting names.

    Raises:
        SettingsRefused: it is not set.
    """
    if not environment.get(variable):
        raise SettingsRefused(f"{setting} names {variable}, which is not set", advice=f"export {variable}=…")
    return environment[variable]


def _refusal(message: str, raw: Mapping[str, Any]) -> SettingsRefused:
    found = _AT.fullmatch(message)
    what, path = (found["what"], found["path"] or "") if found else (message, "")
    kind = reduce(lambda section, name: get_type_hints(section)[name], filter(None, path.split(".")), Settings)
    if named := _NAMED.fullmatch(what):
        key = ".".join(filter(None, (path, named["name"])))
        if named["how"].startswith("missing"):
            return SettingsRefused(f"{key} is missing")
        return SettingsRefused(f"unknown key {key}", expected=f"one of: {', '.join(get_type_hints(kind))}")
    if path.endswith("_from"):  # somebody may have written the secret itself
        return SettingsRefused(f"{path} is no name of an environment variable", expected="capitals, digits and _, such as KEEPRANK_DSN")
    expected = f"one of: {', '.join(get_args(kind))}" if get_origin(kind) is Literal else what.removeprefix("Expected ").replace("`", "")
    return SettingsRefused(f"{path} = {reduce(getitem, path.split('.'), raw)!r}", expected=expected)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
