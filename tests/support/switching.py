"""Releases that differ in what they say of themselves, a registry without MLflow, and a deployment folder over both."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from domain.errors import RegistryRefused
from features.build import FEATURE_SET_HASH
from features.sealed import MANIFEST
from serving.deployment import Deployment
from serving.following import Follower, Rules
from serving.wire_releases import Appointed, Named
from training.model import load, save

NOW = dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC)


def seal_of(folder: Path) -> str:
    return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()[:12]


def another(release: Path, folder: Path, *, feature_set: str = FEATURE_SET_HASH, only: Sequence[str] = (), called: str = "another") -> Path:
    """A release like this one under a seal of its own, perhaps with some of its models only."""
    like = load(release, feature_set=FEATURE_SET_HASH)
    models = {kind: model for kind, model in like.models.items() if not only or kind in only}
    save(models, folder, feature_set=feature_set, policy=like.policy, about={"called": called})
    return folder


def tampered(release: Path, folder: Path) -> Path:
    """A copy in which a file was changed after it was sealed."""
    shutil.copytree(release, folder)
    (folder / "policy.toml").write_text((folder / "policy.toml").read_text() + "\n")
    return folder


def deadly(release: Path, folder: Path) -> Path:
    """A copy whose hashes are right and whose trees end the process that loads them."""
    shutil.copytree(release, folder)
    trees = folder / "return" / "trees.txt"
    text = trees.read_text()
    children = next(line for line in text.splitlines() if line.startswith("left_child="))
    trees.write_text(text.replace(children, "left_child=" + " ".join(["98765432"] * (children.count(" ") + 1)), 1))
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"]["return/trees.txt"] = hashlib.sha256(trees.read_bytes()).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    return folder


@dataclass(frozen=True)
class Kept:
    """A registered version."""

    number: str
    seal: str
    release: Path
    snapshot: Path
    first_day: int | None = None
    last_day: int | None = None


@dataclass
class Shelf:
    """A registry in memory: versions in folders, and who is named what."""

    versions: list[Kept] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    down: bool = False
    fetched: list[str] = field(default_factory=list)
    address: str = "the shelf"

    def register(self, release: Path, snapshot: Path, *aliases: str, seal: str | None = None) -> Kept:
        kept = Kept(str(len(self.versions) + 1), seal_of(release) if seal is None else seal, release, snapshot)
        self.versions.append(kept)
        self.aliases |= dict.fromkeys(aliases, kept.number)
        return kept

    def named(self, alias: str) -> Kept | None:
        self._answer()
        return next((one for one in self.versions if one.number == self.aliases.get(alias)), None)

    def fetch_release(self, number: str, folder: Path) -> Path:
        self._answer()
        self.fetched.append(f"release {number}")
        return Path(shutil.copytree(self.versions[int(number) - 1].release, folder))

    def fetch_snapshot(self, number: str, folder: Path) -> Path:
        self._answer()
        self.fetched.append(f"snapshot {number}")
        return Path(shutil.copytree(self.versions[int(number) - 1].snapshot, folder))

    def learned(self) -> list[Kept]:
        self._answer()
        return self.versions

    def _answer(self) -> None:
        if self.down:
            raise RegistryRefused("the shelf does not answer")


def deployed(home: Path, release: Path, snapshot: Path, *, challenger: Path | None = None, **fields: object) -> Deployment:
    """A deployment in which these serve."""
    deployment = Deployment(home)
    appoint(deployment, release, snapshot, challenger=challenger, **fields)
    return deployment


def appoint(deployment: Deployment, release: Path, snapshot: Path, *, challenger: Path | None = None, **fields: object) -> Appointed:
    """Copy these into a deployment and let them serve."""

    def named(folder: Path) -> Named:
        seals = (
            deployment.releases.add(lambda copy: shutil.copytree(folder, copy)),
            deployment.snapshots.add(lambda copy: shutil.copytree(snapshot, copy)),
        )
        return Named(release=seals[0], snapshot=seals[1], version=None, since=NOW)

    appointed = Appointed(
        champion=named(release),
        challenger=None if challenger is None else named(challenger),
        **fields,  # type: ignore[arg-type]
    )
    deployment.appoint(appointed)
    return appointed


RULES = Rules(slowest_ms=10_000.0)


def follower(
    deployment: Deployment,
    shelf: Shelf,
    *,
    rules: Rules = RULES,
    nights: Path | None = None,
    admit: Callable[[Path, Path, float], object] | None = None,
) -> Follower:
    """A follower of the shelf that examines in this process."""
    from serving.admission import examined

    return Follower(deployment, shelf, rules, nights=nights, now=lambda: NOW, admit=admit or examined)  # type: ignore[arg-type]
