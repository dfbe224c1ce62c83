"""The MLflow store: where runs are logged, and which release is challenger and which champion."""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import logging
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

import mlflow
import mlflow.artifacts
from mlflow.entities import LifecycleStage
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from domain.errors import KeeprankError, RegistryRefused

logging.getLogger("mlflow").setLevel(logging.WARNING)  # its notes on creating tables are none of the user's business
logging.getLogger("alembic").setLevel(logging.WARNING)

MODEL = "keeprank"
EXPERIMENT = "keeprank"
CHAMPION, CHALLENGER = "champion", "challenger"

SNAPSHOT, JUDGED = "snapshot", "judged"
"""Where a run keeps its snapshot and the rows that judged it."""

TABLE = "keeprank table"
"""What kind of dataset a run says that a table is."""

_RELEASE = "data/release"
"""Where a registered model keeps the release."""

_MOST_VERSIONS = 10_000
"""As many as MLflow tells at once."""

_STORES_ERRORS = (MlflowException, OSError, sqlite3.Error)
"""What a store raises that does not answer (a refused connection is an OSError), beside SQLAlchemy's errors: see `_is_the_stores`."""


@dataclass(frozen=True)
class Version:
    """A registered release.

    Attributes:
        number: its version in the registry.
        run_id: the run that made it.
        seal: the release's seal.
    """

    number: str
    run_id: str
    seal: str


class Registry:
    """The model registry and run store at one address, by default an SQLite file in the working folder.

    Args:
        uri: an MLflow tracking address, such as sqlite:///mlflow.db or http://127.0.0.1:5000.
        artifacts: where a new experiment keeps its files; None takes the store's own default.
    """

    def __init__(self, uri: str, artifacts: Path | None = None) -> None:
        self.uri = uri
        self.artifacts = artifacts
        with self._answering(), self.alone():
            self.client = MlflowClient(tracking_uri=uri, registry_uri=uri)

    @contextmanager
    def current(self) -> Iterator[None]:
        """Inside, MLflow's own functions address this store; they know one store per process, whichever was set last."""
        before = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None  # type: ignore[no-untyped-call]
        mlflow.set_tracking_uri(self.uri)
        try:
            yield
        finally:
            mlflow.set_tracking_uri(before)  # type: ignore[arg-type]  # None unsets it

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Inside, nobody else who asks to be alone changes the store, if it is an SQLite file: its folder is locked."""
        folder = Path(self.uri.removeprefix("sqlite:///")).parent if self.uri.startswith("sqlite:///") else None
        if folder is None:
            yield
            return
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def experiment_id(self) -> str:
        """The id of our experiment, made when it is not there.

        Raises:
            RegistryRefused: it was deleted, or the store does not answer.
        """
        with self._answering():
            found = self.client.get_experiment_by_name(EXPERIMENT)
            if found is None:
                location = self.artifacts.resolve().as_uri() if self.artifacts else None
                with _unless_there():
                    return str(self.client.create_experiment(EXPERIMENT, artifact_location=location))
                return self.experiment_id()
        if found.lifecycle_stage != LifecycleStage.ACTIVE:
            raise RegistryRefused(f"the experiment {EXPERIMENT} was deleted in {self.uri}", advice="restore it, or take another store")
        return str(found.experiment_id)

    def version(self, alias: str) -> Version | None:
        """The release that bears an alias; None when none does.

        Raises:
            RegistryRefused: the store does not answer.
        """
        with self._answering():
            try:
                return _version(self.client.get_model_version_by_alias(MODEL, alias))
            except MlflowException as error:
                if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                    return None
                raise

    def require(self, alias: str) -> Version:
        """The release that bears an alias.

        Raises:
            RegistryRefused: none does.
        """
        found = self.version(alias)
        if found is None:
            advice = "run `keeprank train DIR` first" if alias == CHALLENGER else "run `keeprank promote` first"
            raise RegistryRefused(f"no release is {alias} in {self.uri}", advice=advice)
        return found

    def register(self, model_uri: str, run_id: str, seal: str, **tags: str) -> Version:
        """Give a logged model the next version.

        Raises:
            RegistryRefused: the store does not answer.
        """
        with self._answering(), self.current():  # MLflow looks up the logged model in the current store
            with _unless_there():
                if not self.client.search_registered_models(f"name = '{MODEL}'"):
                    self.client.create_registered_model(MODEL)
            found = self.client.create_model_version(MODEL, model_uri, run_id, tags={"seal": seal, **tags})
        return Version(str(found.version), run_id, seal)

    def set_alias(self, alias: str, version: Version) -> None:
        """Let a release bear an alias, and no other."""
        with self._answering():
            self.client.set_registered_model_alias(MODEL, alias, version.number)

    def tag(self, version: Version, **tags: str) -> None:
        """Write tags on a version."""
        with self._answering():
            for key, value in tags.items():
                self.client.set_model_version_tag(MODEL, version.number, key, value)

    def numbered(self, number: str) -> Version:
        """The release of this version.

        Raises:
            RegistryRefused: there is none.
        """
        with self._answering():
            try:
                return _version(self.client.get_model_version(MODEL, number))
            except MlflowException as error:
                if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                    raise RegistryRefused(f"no version {number} in {self.uri}", advice="see `keeprank history`") from error
                raise

    def versions(self) -> list[Version]:
        """Every registered release, the first first.

        Raises:
            RegistryRefused: the store does not answer.
        """
        with self._answering():
            found = self.client.search_model_versions(f"name = '{MODEL}'", max_results=_MOST_VERSIONS)
        return sorted(map(_version, found), key=lambda one: int(one.number))

    def days_of(self, version: Version) -> tuple[dt.date, dt.date] | None:
        """The days of the earliest and the latest fact that a version was trained on; None where its run does not tell.

        Raises:
            RegistryRefused: the store does not answer.
        """
        with self._answering():
            told = self.client.get_run(version.run_id).inputs
        tables = [one.dataset for one in (told.dataset_inputs if told else ()) if one.dataset.source_type == TABLE]
        ends = [json.loads(table.source) for table in tables]
        days = [dt.datetime.fromisoformat(moment).date() for one in ends for moment in (one["first"], one["last"]) if moment]
        return (min(days), max(days)) if days else None

    def model_tags(self) -> dict[str, str]:
        """The tags of the model that all versions are of; none while it has no version."""
        with self._answering():
            found = self.client.search_registered_models(f"name = '{MODEL}'")
            return dict(found[0].tags) if found else {}

    def tag_model(self, key: str, value: str) -> None:
        """Write a tag on the model that all versions are of."""
        with self._answering():
            self.client.set_registered_model_tag(MODEL, key, value)

    def data_of(self, version: Version) -> dict[str, str]:
        """What a version was trained on: by table its rows and the start of its hash; nothing where its run does not tell."""
        with self._answering():
            told = self.client.get_run(version.run_id).data.params
        tables = [name.removeprefix("data.").removesuffix(".rows") for name in told if name.startswith("data.") and name.endswith(".rows")]
        return {table: f"{told[f'data.{table}.rows']} rows, {told[f'data.{table}.hash'][:12]}" for table in sorted(tables)}

    def fetch_release(self, version: Version, folder: Path) -> Path:
        """Copy the version's release to `folder`, replacing what is there.

        Raises:
            RegistryRefused: it is not there, or the store does not answer.
        """
        return self._fetch(f"models:/{MODEL}/{version.number}", _RELEASE, folder)

    def fetch_artifact(self, version: Version, what: str, folder: Path) -> Path:
        """Copy one artifact folder of the version's run (`SNAPSHOT`, `JUDGED`) to `folder`, replacing what is there.

        Raises:
            RegistryRefused: it is not there, or the store does not answer.
        """
        return self._fetch(f"runs:/{version.run_id}/{what}", "", folder)

    def _fetch(self, uri: str, inside: str, folder: Path) -> Path:
        partial = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            with self.current():
                fetched = Path(mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=str(partial))) / inside
            if folder.exists():
                shutil.rmtree(folder)
            fetched.rename(folder)
        except Exception as error:
            if not _is_the_stores(error):
                raise
            raise RegistryRefused(f"cannot fetch {uri}: {error}", advice="check that the store and its artifacts are there") from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return folder

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except KeeprankError:
            raise
        except Exception as error:
            if not _is_the_stores(error):
                raise
            raise RegistryRefused(
                f"the registry at {self.uri} does not answer: {error}", advice="check that it is there and whole"
            ) from error


def _is_the_stores(error: Exception) -> bool:
    """Whether the store failed, and not our code: a TypeError is a bug and stays one.

    SQLAlchemy is MLflow's dependency and not ours, so its errors are known by the module that they are defined in.
    """
    return isinstance(error, _STORES_ERRORS) or any(kind.__module__ == "sqlalchemy.exc" for kind in type(error).__mro__)


@contextmanager
def _unless_there() -> Iterator[None]:
    """Two trainings may start in an empty store at once: the second finds what the first has made."""
    try:
        yield
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _version(found: ModelVersion) -> Version:
    return Version(str(found.version), str(found.run_id), str(found.tags.get("seal", "")))
