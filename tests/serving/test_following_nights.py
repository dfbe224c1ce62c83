"""The shop's nightly snapshots are followed beside the registry."""

import datetime as dt
import shutil
from pathlib import Path

from domain.errors import ReleaseRefused
from serving.admission import Admitted, examined
from serving.deployment import Deployment
from serving.following import Follower
from serving.wire_releases import Named
from tests.support.switching import NOW, RULES, Shelf, follower, seal_of


def champion_of(deployment: Deployment) -> Named:
    appointed = deployment.appointed()
    assert appointed is not None
    return appointed.champion


def night(snapshot: Path, nights: Path, name: str) -> str:
    """Put a night's snapshot there and point to it. Returns its seal."""
    folder = shutil.copytree(snapshot, nights / name)
    (folder / "manifest.json").write_text((folder / "manifest.json").read_text() + "\n" * int(name[-2:]))
    (nights / "latest").unlink(missing_ok=True)
    (nights / "latest").symlink_to(name)
    return seal_of(folder)


def test_the_latest_night_serves_and_the_next_one_after_it(
    deployment: Deployment, shelf: Shelf, snapshot_folder: Path, tmp_path: Path
) -> None:
    nights = tmp_path / "nights"
    first = night(snapshot_folder, nights, "2026-10-01")
    following = follower(deployment, shelf, nights=nights)
    assert first == following.begin().champion.snapshot
    second = night(snapshot_folder, nights, "2026-10-02")

    following.look()

    assert (second, ["release 1"]) == (champion_of(deployment).snapshot, shelf.fetched)


def test_a_night_that_is_broken_is_refused_and_the_last_good_one_serves_on(
    deployment: Deployment, shelf: Shelf, snapshot_folder: Path, tmp_path: Path
) -> None:
    nights = tmp_path / "nights"
    good = night(snapshot_folder, nights, "2026-10-01")
    following = follower(deployment, shelf, nights=nights)
    following.look()
    night(snapshot_folder, nights, "2026-10-02")
    (nights / "2026-10-02" / "stock.parquet").unlink()

    following.look()

    assert good == champion_of(deployment).snapshot
    assert [("snapshot", "2026-10-02")] == [(one.alias, one.version) for one in deployment.refused()]


def test_the_old_release_goes_on_with_new_nights_while_a_new_one_is_refused(
    deployment: Deployment, shelf: Shelf, release_folder: Path, snapshot_folder: Path, other_folder: Path, tmp_path: Path
) -> None:
    def admit(release: Path, snapshot: Path, slowest_ms: float) -> Admitted:
        if release.name == seal_of(other_folder):
            raise ReleaseRefused("too slow")
        return examined(release, snapshot, slowest_ms)

    nights = tmp_path / "nights"
    night(snapshot_folder, nights, "2026-10-01")
    following = follower(deployment, shelf, nights=nights, admit=admit)
    following.look()
    shelf.register(other_folder, snapshot_folder, "champion")
    following.look()
    second = night(snapshot_folder, nights, "2026-10-02")

    following.look()

    champion = champion_of(deployment)
    assert (seal_of(release_folder), "1", second) == (champion.release, champion.version, champion.snapshot)


def test_nights_are_followed_while_the_registry_is_silent(
    deployment: Deployment, shelf: Shelf, snapshot_folder: Path, tmp_path: Path
) -> None:
    nights = tmp_path / "nights"
    night(snapshot_folder, nights, "2026-10-01")
    following = follower(deployment, shelf, nights=nights)
    following.look()
    shelf.down = True
    second = night(snapshot_folder, nights, "2026-10-02")

    following.look()

    assert second == champion_of(deployment).snapshot


def test_since_is_the_moment_of_the_switch(
    deployment: Deployment, shelf: Shelf, snapshot_folder: Path, other_folder: Path, tmp_path: Path
) -> None:
    moments = iter(NOW + dt.timedelta(minutes=number) for number in range(100))
    nights = tmp_path / "nights"
    night(snapshot_folder, nights, "2026-10-01")
    following = Follower(deployment, shelf, RULES, nights=nights, now=lambda: next(moments), admit=lambda *_: Admitted(1.0))
    first = following.begin().champion.since
    night(snapshot_folder, nights, "2026-10-02")
    following.look()
    assert first == champion_of(deployment).since, "another night is no other_folder release"

    shelf.register(other_folder, snapshot_folder, "champion")
    following.look()

    assert first < champion_of(deployment).since
