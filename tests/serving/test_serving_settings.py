"""Operations' settings say what they mean, or are refused by key."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.errors import SettingsRefused
from serving.settings import held, parse_serving

TEXT = (Path(__file__).parents[2] / "config/serving.toml").read_text()


def changed(before: str, after: str) -> str:
    assert 1 == TEXT.count(before)
    return TEXT.replace(before, after)


def refusal(text: str) -> str:
    with pytest.raises(SettingsRefused) as refused:
        parse_serving(text)
    return str(refused.value)


def test_the_file_that_is_shipped_asks_for_keys_and_keeps_what_was_acknowledged() -> None:
    settings = parse_serving(TEXT)

    assert (True, "full", "alone") == (settings.trust.authentication, settings.state.fsync, settings.experiment.mode)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("workers = 2", "workers = 0", "service.workers = 0; expected: int >= 1"),
        ("workers = 2", "workers = true", "service.workers = True; expected: int, got bool"),
        ("workers = 2", "workers = 2.0", "service.workers = 2.0; expected: int, got float"),
        ("deadline_ms = 100.0", "deadline_ms = nan", "service.deadline_ms = nan; expected: float >= 1.0"),
        ("deadline_ms = 100.0", "deadline_ms = inf", "service.deadline_ms = inf; expected: float <= 60000.0"),
        ("poll_seconds = 2.0", "poll_seconds = 11", "releases.poll_seconds = 11; expected: float <= 5.0"),
        ("keep_local = 3", "keep_local = 1", "releases.keep_local = 1; expected: int >= 2"),
        ("challenger_share = 0.1", "challenger_share = 1.0", "experiment.challenger_share = 1.0; expected: float < 1.0"),
        ('kind = "sqlite"', 'kind = "mysql"', "state.kind = 'mysql'; expected: one of: sqlite, redis"),
        ("wait = false", "wait = 0", "log.wait = 0; expected: bool, got int"),
        ("authentication = true", 'authentication = "off"', "trust.authentication = 'off'; expected: bool, got str"),
        ("[log]", "[logs]", "unknown key logs; expected: one of: service, state, log, releases, experiment, trust"),
        ("[service]", "[service", "the serving settings are no TOML: "),
        ("[service]", "service = 1\n[services]", "service = 1; expected: object, got int"),
    ],
)
def test_what_is_unknown_missing_or_impossible_is_refused_by_key(before: str, after: str, message: str) -> None:
    assert refusal(changed(before, after)).startswith(message)


@pytest.mark.parametrize("secret", ["redis://:hunter2@host", "hunter2", "KEEPRANK\\n", "", "REDIS://:HUNTER2"])
def test_a_secret_in_the_file_is_refused_and_not_repeated(secret: str) -> None:
    told = refusal(changed("KEEPRANK_REDIS_URL", secret))

    assert told.startswith("state.redis_url_from is no name of an environment variable")
    assert "hunter2" not in told.lower()


def test_the_version_changes_with_what_is_said_and_not_with_how() -> None:
    version = parse_serving(TEXT).version
    bare = "\n".join(line.partition("#")[0] for line in TEXT.splitlines())

    assert version == parse_serving(bare).version
    assert version == parse_serving(changed("deadline_ms = 100.0", "deadline_ms = 100")).version
    assert version != parse_serving(changed("deadline_ms = 100.0", "deadline_ms = 99")).version
    assert 12 == len(version)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.3.3", "::1", "localhost"])
def test_without_keys_the_service_listens_on_the_loopback_interface(host: str) -> None:
    parse_serving(changed("authentication = true", "authentication = false")).require_safe(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "shop.example", "", "localhost.shop.example"])  # noqa: S104
def test_without_keys_it_listens_nowhere_else(host: str) -> None:
    with pytest.raises(SettingsRefused, match=r"trust\.authentication = False on"):
        parse_serving(changed("authentication = true", "authentication = false")).require_safe(host)
    parse_serving(TEXT).require_safe(host)


def test_a_secret_is_taken_from_the_environment() -> None:
    assert "redis://host" == held("KEEPRANK_REDIS_URL", {"KEEPRANK_REDIS_URL": "redis://host"}, "state.redis_url_from")
    with pytest.raises(SettingsRefused, match=r"state\.redis_url_from names KEEPRANK_REDIS_URL, which is not set"):
        held("KEEPRANK_REDIS_URL", {}, "state.redis_url_from")
