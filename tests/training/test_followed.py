"""The MLflow registry as a service follows it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from domain.errors import RegistryRefused
from features.shop import Shop
from tests.conftest import POLICY
from tests.support import quiet
from tests.support.challengers import NOW, challenge, small_model
from training.fingerprints import fingerprints
from training.followed import FollowedRegistry, Span
from training.pipeline import Training
from training.registry import CHALLENGER, CHAMPION, Registry
from training.settings import Settings
from training.tracking import log_training

pytestmark = quiet.MLFLOW


@pytest.fixture
def followed(registry: Registry) -> FollowedRegistry:
    return FollowedRegistry(registry.uri, registry.artifacts)


def test_who_is_named_is_told_and_nobody_where_nobody_is(registry: Registry, followed: FollowedRegistry, tmp_path: Path) -> None:
    assert (None, []) == (followed.named(CHAMPION), followed.learned())

    version = challenge(registry, {"return": small_model("return")}, tmp_path)

    assert (version, None) == (followed.named(CHALLENGER), followed.named(CHAMPION))


def test_a_version_that_does_not_tell_its_data_is_listed_without_days(
    registry: Registry, followed: FollowedRegistry, tmp_path: Path
) -> None:
    version = challenge(registry, {"return": small_model("return")}, tmp_path)

    assert [Span("1", version.seal, None, None)] == followed.learned()


def test_a_trained_version_tells_its_days_and_can_be_fetched(
    registry: Registry, followed: FollowedRegistry, training: Training, shop: Shop, quick_settings: Settings, tmp_path: Path
) -> None:
    version = log_training(registry, training, shop, quick_settings, POLICY, now=NOW, by="ann")
    first, last = (
        pick(str(one[end]) for one in fingerprints(shop.tables) if one[end])[:10] for end, pick in (("first", min), ("last", max))
    )

    (span,) = followed.learned()

    assert ("1", version.seal) == (span.number, span.seal)
    assert [first, last] == [_day(span.first_day), _day(span.last_day)]
    assert (followed.fetch_release("1", tmp_path / "release") / "policy.toml").is_file()
    assert (followed.fetch_snapshot("1", tmp_path / "snapshot") / "products.parquet").is_file()


def _day(number: int | None) -> str:
    import datetime as dt

    assert number is not None
    return (dt.date(1970, 1, 1) + dt.timedelta(days=number)).isoformat()


def test_a_store_that_is_moved_away_is_silent_and_no_empty_one_is_made(
    registry: Registry, followed: FollowedRegistry, tmp_path: Path
) -> None:
    version = challenge(registry, {"return": small_model("return")}, tmp_path)
    assert version == followed.named(CHALLENGER)
    file = tmp_path / "mlflow.db"
    file.rename(tmp_path / "away.db")

    with pytest.raises(RegistryRefused, match=r"there is no file .*mlflow\.db"):
        followed.named(CHALLENGER)
    assert not file.exists()

    (tmp_path / "away.db").rename(file)
    assert version == followed.named(CHALLENGER)


def test_a_store_that_was_restored_from_a_copy_is_read_anew(registry: Registry, followed: FollowedRegistry, tmp_path: Path) -> None:
    models, file = {"return": small_model("return")}, tmp_path / "mlflow.db"
    first = challenge(registry, models, tmp_path)
    shutil.copy(file, tmp_path / "copy.db")
    second = challenge(registry, models, tmp_path)
    assert second == followed.named(CHALLENGER)

    (tmp_path / "copy.db").replace(file)

    assert first == followed.named(CHALLENGER)


def test_a_password_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    followed = FollowedRegistry("http://ann:secret@127.0.0.1:9")

    assert "http://ann:***@127.0.0.1:9" == followed.address
    with pytest.raises(RegistryRefused) as refusal:
        followed.named(CHAMPION)
    assert "secret" not in str(refusal.value)
