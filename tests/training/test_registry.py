from __future__ import annotations

from pathlib import Path

import pytest
from mlflow.entities import ViewType

from domain.errors import RegistryRefused
from tests.support import quiet
from training.gate import judge
from training.registry import CHAMPION, EXPERIMENT, MODEL, SNAPSHOT, Registry
from training.settings import Settings

pytestmark = quiet.MLFLOW


def test_a_store_without_a_challenger_says_what_to_do(registry: Registry, quick_settings: Settings) -> None:
    with pytest.raises(RegistryRefused, match=r"no release is challenger in .*keeprank train"):
        judge(registry, quick_settings.gate, seed=1)
    with pytest.raises(RegistryRefused, match=r"no release is champion in .*keeprank promote"):
        registry.require(CHAMPION)


def test_a_store_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("no database" * 500)
    with pytest.raises(RegistryRefused, match=r"mlflow\.db does not answer: .*not a database"):
        Registry(f"sqlite:///{tmp_path / 'mlflow.db'}").require(CHAMPION)


def test_a_store_that_is_down_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    registry = Registry("http://127.0.0.1:9")
    with pytest.raises(RegistryRefused, match="does not answer"):
        registry.version(CHAMPION)
    with pytest.raises(RegistryRefused, match="does not answer"):
        registry.experiment_id()


@pytest.mark.parametrize("bug", [TypeError("a bug"), KeyError("a bug"), RegistryRefused("a refusal")])
def test_neither_a_bug_nor_a_refusal_is_blamed_on_the_store(bug: Exception, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise bug

    monkeypatch.setattr(registry.client, "get_experiment_by_name", fails)
    with pytest.raises(type(bug)) as raised:
        registry.experiment_id()
    assert bug is raised.value


def test_artifacts_that_are_gone_are_refused_and_leave_nothing_half_fetched(registry: Registry, tmp_path: Path) -> None:
    run = registry.client.create_run(registry.experiment_id()).info.run_id
    version = registry.register("file:///nowhere", run, "seal")
    with pytest.raises(RegistryRefused, match=r"cannot fetch runs:/.*/snapshot"):
        registry.fetch_artifact(version, SNAPSHOT, tmp_path / "serving" / "snapshot")
    assert [] == list((tmp_path / "serving").iterdir())


def test_the_experiment_is_made_once_with_the_folder_given(registry: Registry, tmp_path: Path) -> None:
    assert registry.experiment_id() == registry.experiment_id()
    found = registry.client.search_experiments(view_type=ViewType.ALL, filter_string=f"name = '{EXPERIMENT}'")
    assert [(tmp_path / "mlruns").as_uri()] == [one.artifact_location for one in found]


def test_an_experiment_that_somebody_deleted_is_refused(registry: Registry) -> None:
    registry.client.delete_experiment(registry.experiment_id())
    with pytest.raises(RegistryRefused, match=r"was deleted in .*restore it"):
        registry.experiment_id()


def test_what_another_training_made_in_the_meantime_is_taken(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    made = registry.experiment_id()
    registry.client.create_registered_model(MODEL)
    asked = iter([None])
    by_name = registry.client.get_experiment_by_name
    monkeypatch.setattr(registry.client, "get_experiment_by_name", lambda name: next(asked, by_name(name)))
    monkeypatch.setattr(registry.client, "search_registered_models", lambda _: [])
    assert made == registry.experiment_id()
    assert "1" == registry.register("file:///nowhere", registry.client.create_run(made).info.run_id, "seal").number
