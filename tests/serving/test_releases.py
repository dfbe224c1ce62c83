"""What is told about releases, and which of them learned from a person."""

from pathlib import Path

import msgspec
import pytest

from serving.current import Serves
from serving.deployment import Deployment
from serving.releases import known_releases, learned, of_serving, told, trained_with
from serving.state import Serving
from serving.wire_releases import Contact, Learned, Refused, ReleasesInfo
from tests.support.switching import NOW, another, deployed, seal_of


def days(seal: str, first: int | None, last: int | None) -> Learned:
    return Learned(release=seal, version=None, first_day=first, last_day=last)


OLD, YOUNG, NOBODY_KNOWS = days("old", 0, 90), days("young", 60, 180), days("?", None, None)


@pytest.mark.parametrize(
    ("first", "last", "seals"),
    [
        (10, None, ["old", "young", "?"]),
        (90, None, ["old", "young", "?"]),
        (92, None, ["young", "?"]),
        (200, None, ["?"]),
        (None, None, ["old", "young", "?"]),
        (10, 50, ["old", "?"]),
        (10, 60, ["old", "young", "?"]),
        (None, 30, ["old", "?"]),
    ],
)
def test_every_release_that_may_have_learned_from_a_person_is_listed(first: int | None, last: int | None, seals: list[str]) -> None:
    assert seals == trained_with(first, [OLD, YOUNG, NOBODY_KNOWS], last_day=last)


def test_a_release_that_is_registered_twice_is_listed_once() -> None:
    assert ["old"] == trained_with(10, [OLD, OLD])


def test_the_day_on_either_side_is_left_to_time_zones() -> None:
    assert (["old"], []) == (trained_with(91, [OLD]), trained_with(92, [OLD]))


def test_the_days_of_a_release_span_all_its_tables() -> None:
    about = {
        "data": [
            {"table": "products", "first": None, "last": None},
            {"table": "events", "first": "1970-01-03T23:00:00+00:00", "last": "1970-01-09T00:00:00+00:00"},
            {"table": "returns", "first": "1970-01-05T00:00:00+00:00", "last": "1970-01-20T00:00:00+00:00"},
        ]
    }
    assert days("s", 2, 19) == learned("s", about)
    assert days("s", None, None) == learned("s", {})


def test_a_copy_that_the_registry_tells_of_no_more_is_known_all_the_same(
    release_folder: Path, snapshot_folder: Path, tmp_path: Path
) -> None:
    deployment = deployed(tmp_path / "home", release_folder, snapshot_folder)
    registered = Learned(release="0" * 12, version="1", first_day=1, last_day=2)
    deployment.learn([registered])

    assert [registered, days(seal_of(release_folder), None, None)] == known_releases(deployment)


def test_a_copy_that_cannot_be_read_may_have_learned_from_anybody(release_folder: Path, snapshot_folder: Path, tmp_path: Path) -> None:
    deployment = deployed(tmp_path / "home", release_folder, snapshot_folder)
    (deployment.releases.path(seal_of(release_folder)) / "manifest.json").write_text("{")

    assert [seal_of(release_folder)] == trained_with(0, known_releases(deployment))


def test_without_a_registry_what_serves_is_known(serving: Serving) -> None:
    assert [days(serving.release.seal, None, None)] == of_serving(Serves.alone(serving, now=NOW))


def test_what_serves_what_was_refused_and_what_lies_ready_is_told(
    serving: Serving, release_folder: Path, snapshot_folder: Path, tmp_path: Path
) -> None:
    deployment = deployed(tmp_path / "home", release_folder, snapshot_folder)
    spare = deployment.releases.add(lambda copy: another(release_folder, copy))
    refused = Refused(alias="champion", version="2", seal="0" * 12, reason="slow", at=NOW)
    contact = Contact(registry="the shelf", asked_at=NOW, answered_at=None, error="down")
    deployment.refuse([refused])
    deployment.contacted(contact)

    found = told(Serves.alone(serving, now=NOW), deployment, "behind")

    assert (serving.info(), None, "behind") == (found.champion.info, found.challenger, found.behind)
    assert ([refused], contact) == (found.refused, found.registry)
    assert ({spare, serving.release.seal}, [seal_of(snapshot_folder)]) == (set(found.local_releases), found.local_snapshots)
    assert found == msgspec.json.decode(msgspec.json.encode(found), type=ReleasesInfo)


def test_a_service_that_follows_nothing_tells_what_it_serves(serving: Serving) -> None:
    found = told(Serves.alone(serving, now=NOW))

    assert (serving.release.seal, [], None, []) == (found.champion.named.release, found.refused, found.registry, found.local_releases)


def test_an_empty_deployment_tells_of_nothing(tmp_path: Path) -> None:
    empty = Deployment(tmp_path)
    assert (None, None, [], None, [], []) == (
        empty.stamp(), empty.appointed(), empty.refused(), empty.contact(), empty.learned(), empty.releases.seals(),
    )  # fmt: skip
