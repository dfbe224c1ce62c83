"""The deployment follows the registry, as far as what it names can serve."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from domain.errors import KeeprankError, RegistryRefused, ReleaseRefused, SettingsRefused
from serving.admission import Admitted
from serving.deployment import Deployment
from serving.following import Rules
from serving.wire_releases import Trial
from tests.support.switching import NOW, RULES, Shelf, another, follower, seal_of, tampered

SHADOW = replace(RULES, trial=Trial(mode="shadow"))


def serving(deployment: Deployment) -> str | None:
    appointed = deployment.appointed()
    return None if appointed is None else appointed.champion.release


def test_the_champion_is_fetched_and_appointed_with_the_snapshot_that_it_was_trained_with(
    deployment: Deployment, shelf: Shelf, release_folder: Path, snapshot_folder: Path
) -> None:
    appointed = follower(deployment, shelf).begin()

    champion = appointed.champion
    assert (seal_of(release_folder), seal_of(snapshot_folder), "1", NOW) == (
        champion.release,
        champion.snapshot,
        champion.version,
        champion.since,
    )
    assert None is appointed.challenger
    assert ["release 1", "snapshot 1"] == shelf.fetched


def test_an_alias_that_moves_is_followed_and_back_again_without_fetching(
    deployment: Deployment, shelf: Shelf, release_folder: Path, snapshot_folder: Path, other_folder: Path
) -> None:
    following = follower(deployment, shelf)
    following.look()
    shelf.register(other_folder, snapshot_folder, "champion")
    following.look()
    assert seal_of(other_folder) == serving(deployment)
    fetched = list(shelf.fetched)

    shelf.aliases["champion"] = "1"
    following.look()

    assert seal_of(release_folder) == serving(deployment)
    assert fetched == shelf.fetched


def test_nothing_is_written_while_nothing_changes(deployment: Deployment, shelf: Shelf) -> None:
    examinations = []

    def admit(*given: object) -> Admitted:
        examinations.append(given)
        return Admitted(1.0)

    following = follower(deployment, shelf, admit=admit)
    following.look()
    stamp = deployment.stamp()
    following.look()
    assert stamp == deployment.stamp()
    assert 1 == len(examinations)


def broken(release: Path, folder: Path) -> tuple[Path, str | None]:
    (another(release, folder) / "return" / "trees.txt").unlink()
    return folder, None


def changed(release: Path, folder: Path) -> tuple[Path, str | None]:
    return tampered(another(release, folder.with_name("whole")), folder), None


def foreign(release: Path, folder: Path) -> tuple[Path, str | None]:
    return another(release, folder, feature_set="0123456789abcdef"), None


def exchanged(release: Path, folder: Path) -> tuple[Path, str | None]:
    return another(release, folder), "0" * 12


def unsealed(release: Path, folder: Path) -> tuple[Path, str | None]:
    return another(release, folder), "../../x"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (broken, "return/trees.txt is missing"),
        (changed, "policy.toml is changed after it was sealed"),
        (foreign, "the release was made for feature set 0123456789abcdef"),
        (exchanged, "as registered"),
        (unsealed, "is no seal"),
    ],
)
def test_who_cannot_serve_is_refused_with_the_reason_and_the_old_one_serves_on(
    make: Callable[[Path, Path], tuple[Path, str | None]],
    reason: str,
    deployment: Deployment,
    shelf: Shelf,
    release_folder: Path,
    snapshot_folder: Path,
    tmp_path: Path,
) -> None:
    following = follower(deployment, shelf)
    following.look()
    release, seal = make(release_folder, tmp_path / "made")
    shelf.register(release, snapshot_folder, "champion", seal=seal)

    following.look()
    fetched = list(shelf.fetched)
    following.look()

    assert seal_of(release_folder) == serving(deployment)
    (refused,) = deployment.refused()
    assert ("champion", "2", NOW) == (refused.alias, refused.version, refused.at)
    assert reason in refused.reason
    assert fetched == shelf.fetched, "it is not tried again while it is named"


def test_a_slow_release_is_refused_until_another_is_named(
    deployment: Deployment, shelf: Shelf, release_folder: Path, snapshot_folder: Path, other_folder: Path
) -> None:
    tried: list[str] = []

    def admit(release: Path, _: Path, slowest_ms: float) -> Admitted:
        tried.append(release.name)
        if release.name == seal_of(other_folder) and tried.count(release.name) == 1:
            raise ReleaseRefused(f"slower than {slowest_ms}")
        return Admitted(1.0)

    following = follower(deployment, shelf, admit=admit)
    following.look()
    shelf.register(other_folder, snapshot_folder, "champion")
    for _ in range(3):
        following.look()
    assert ([seal_of(release_folder), seal_of(other_folder)], seal_of(release_folder)) == (tried, serving(deployment))

    shelf.aliases["champion"] = "1"
    following.look()
    shelf.aliases["champion"] = "2"
    following.look()

    assert (seal_of(other_folder), []) == (serving(deployment), deployment.refused())


def test_a_registry_that_falls_silent_changes_nothing_but_its_age(deployment: Deployment, shelf: Shelf) -> None:
    following = follower(deployment, shelf)
    following.look()
    stamp, shelf.down = deployment.stamp(), True

    following.look()

    contact = deployment.contact()
    assert contact is not None
    assert (stamp, "the shelf does not answer", NOW) == (deployment.stamp(), contact.error, contact.answered_at)
    shelf.down = False
    following.look()
    contact = deployment.contact()
    assert contact is not None
    assert None is contact.error


def test_a_registry_that_is_silent_at_the_start_leaves_who_served_before(
    deployment: Deployment, shelf: Shelf, release_folder: Path
) -> None:
    follower(deployment, shelf).look()
    shelf.down = True

    appointed = follower(deployment, shelf).begin()

    assert seal_of(release_folder) == appointed.champion.release
    contact = deployment.contact()
    assert contact is not None
    assert None is contact.answered_at


def test_a_registry_that_is_silent_at_the_first_start_is_said(deployment: Deployment, shelf: Shelf) -> None:
    shelf.down = True
    with pytest.raises(RegistryRefused, match="the shelf does not answer"):
        follower(deployment, shelf).begin()


def test_a_registry_that_names_nobody_is_said_at_the_first_start_and_borne_later(deployment: Deployment, shelf: Shelf) -> None:
    aliases, shelf.aliases = shelf.aliases, {}
    with pytest.raises(RegistryRefused, match="nobody is champion in the shelf"):
        follower(deployment, shelf).begin()

    shelf.aliases = aliases
    following = follower(deployment, shelf)
    following.look()
    shelf.aliases = {}
    following.look()
    assert shelf.versions[0].seal == serving(deployment)


def test_a_first_champion_that_is_refused_is_said(
    deployment: Deployment, release_folder: Path, snapshot_folder: Path, tmp_path: Path
) -> None:
    shelf = Shelf()
    shelf.register(tampered(release_folder, tmp_path / "tampered"), snapshot_folder, "champion")

    with pytest.raises(KeeprankError, match=r"champion 1: .*policy\.toml is changed"):
        follower(deployment, shelf).begin()


def test_a_copy_that_was_damaged_here_is_fetched_anew_at_the_next_start(deployment: Deployment, shelf: Shelf, release_folder: Path) -> None:
    follower(deployment, shelf).look()
    (deployment.releases.path(seal_of(release_folder)) / "policy.toml").write_text("")

    follower(deployment, shelf).begin()

    assert ["release 1", "snapshot 1", "release 1"] == shelf.fetched
    assert deployment.releases.whole(seal_of(release_folder))


def test_a_start_examines_nobody_who_was_examined_before(deployment: Deployment, shelf: Shelf) -> None:
    follower(deployment, shelf).look()

    def never(*_: object) -> Admitted:
        raise AssertionError

    follower(deployment, shelf, admit=never).begin()


def test_a_challenger_is_appointed_beside_the_champion_while_it_is_tried(
    deployment: Deployment, shelf: Shelf, snapshot_folder: Path, other_folder: Path
) -> None:
    shelf.register(other_folder, snapshot_folder, "challenger")

    for rules, seal in ((RULES, None), (SHADOW, seal_of(other_folder)), (RULES, None)):
        appointed = follower(deployment, shelf, rules=rules).begin()
        assert (seal, rules.trial) == (appointed.challenger and appointed.challenger.release, appointed.trial)


def test_a_promoted_challenger_is_tried_no_more(deployment: Deployment, shelf: Shelf, snapshot_folder: Path, other_folder: Path) -> None:
    shelf.register(other_folder, snapshot_folder, "challenger")
    following = follower(deployment, shelf, rules=SHADOW)
    following.look()
    shelf.aliases["champion"] = "2"

    following.look()

    appointed = deployment.appointed()
    assert appointed is not None
    assert (seal_of(other_folder), None) == (appointed.champion.release, appointed.challenger)


def test_a_challenger_that_is_refused_leaves_the_champion_alone(
    deployment: Deployment, shelf: Shelf, release_folder: Path, snapshot_folder: Path, tmp_path: Path
) -> None:
    shelf.register(tampered(another(release_folder, tmp_path / "whole"), tmp_path / "tampered"), snapshot_folder, "challenger")

    appointed = follower(deployment, shelf, rules=SHADOW).begin()

    assert (seal_of(release_folder), None) == (appointed.champion.release, appointed.challenger)
    assert ["challenger"] == [one.alias for one in deployment.refused()]


def test_old_copies_go_but_for_the_last_few(
    deployment: Deployment, shelf: Shelf, release_folder: Path, snapshot_folder: Path, tmp_path: Path
) -> None:
    following = follower(deployment, shelf, rules=replace(RULES, keep=2), admit=lambda *_: Admitted(1.0))
    following.look()
    for number in range(3):
        shelf.register(another(release_folder, tmp_path / f"{number}", called=f"{number}"), snapshot_folder, "champion")
        following.look()
        for age, seal in enumerate(reversed(deployment.releases.seals())):
            os.utime(deployment.releases.path(seal), (1_000 - age, 1_000 - age))

    assert [one.seal for one in shelf.versions[-2:]] == deployment.releases.seals()
    assert 1 == len(deployment.snapshots.seals())


def test_what_each_version_learned_from_is_written_down(deployment: Deployment, shelf: Shelf) -> None:
    shelf.versions[0] = replace(shelf.versions[0], first_day=3, last_day=9)

    follower(deployment, shelf).look()

    assert [("1", shelf.versions[0].seal, 3, 9)] == [
        (one.version, one.release, one.first_day, one.last_day) for one in deployment.learned()
    ]


@pytest.mark.parametrize("fields", [{"poll_seconds": 0}, {"poll_seconds": 5.1}, {"slowest_ms": 0.0}, {"keep": 0}])
def test_rules_that_cannot_be_kept_are_refused(fields: dict[str, float]) -> None:
    with pytest.raises(SettingsRefused):
        Rules(**{"slowest_ms": 100.0, **fields})  # type: ignore[arg-type]
