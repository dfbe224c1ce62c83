"""Who may serve, and who is refused, and why."""

from itertools import count
from pathlib import Path

import pytest

from domain.errors import KeeprankError, ReleaseRefused
from serving import admission
from serving.admission import OFFERS, Admitted, admitted, examined, probe
from serving.state import Serving
from tests.support.switching import another, deadly, tampered


def test_a_release_that_ranks_in_time_is_admitted(release_folder: Path, snapshot_folder: Path) -> None:
    ticks = count(step=0.004)
    assert Admitted(4.0) == examined(release_folder, snapshot_folder, 4.5, clock=lambda: next(ticks))


def test_a_release_that_takes_too_long_is_refused_with_both_figures(release_folder: Path, snapshot_folder: Path) -> None:
    ticks = count(step=0.005)
    with pytest.raises(ReleaseRefused, match=r"ranks 200 offers in 5.0 ms of processor time; expected: at most 4.5 ms"):
        examined(release_folder, snapshot_folder, 4.5, clock=lambda: next(ticks))


def test_the_median_counts_not_one_slow_run(release_folder: Path, snapshot_folder: Path) -> None:
    ends = iter([0.0, 9.0, *(moment for run in range(6) for moment in (10.0 + run, 10.001 + run))])
    assert 1.0 == pytest.approx(examined(release_folder, snapshot_folder, 4.5, clock=lambda: next(ends)).ranked_ms)


def test_a_release_that_cannot_rank_is_refused(release_folder: Path, snapshot_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(Serving, "rank", fails)
    with pytest.raises(ReleaseRefused, match=r"it cannot rank: ZeroDivisionError\('division by zero'\)"):
        examined(release_folder, snapshot_folder, 1_000)


def test_a_tampered_and_a_foreign_release_are_refused(release_folder: Path, snapshot_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ReleaseRefused, match=r"policy\.toml is changed after it was sealed"):
        examined(tampered(release_folder, tmp_path / "tampered"), snapshot_folder, 1_000)
    with pytest.raises(ReleaseRefused, match="was made for feature set 0123456789abcdef"):
        examined(another(release_folder, tmp_path / "foreign", feature_set="0123456789abcdef"), snapshot_folder, 1_000)


def test_the_probe_asks_for_different_offers_from_all_over_the_assortment(serving: Serving) -> None:
    skus, asked = list(serving.products), [offer.sku for offer in probe(serving).offers]

    assert min(OFFERS, len(skus)) == len(set(asked)) == len(asked)
    assert skus.index(asked[-1]) > 0.9 * len(skus) * min(1, OFFERS / len(skus))


def test_a_process_of_its_own_says_the_same(release_folder: Path, snapshot_folder: Path, tmp_path: Path) -> None:
    assert 0 < admitted(release_folder, snapshot_folder, 10_000).ranked_ms < 10_000
    with pytest.raises(ReleaseRefused, match=r"policy\.toml is changed after it was sealed"):
        admitted(tampered(release_folder, tmp_path / "tampered"), snapshot_folder, 10_000)


def test_a_release_that_ends_its_process_does_not_end_ours(release_folder: Path, snapshot_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(KeeprankError, match=r"ended the process \(SIG\w+\), which said last: "):
        admitted(deadly(release_folder, tmp_path / "deadly"), snapshot_folder, 10_000)


def test_a_release_that_never_ends_is_refused(release_folder: Path, snapshot_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "SECONDS", 0.05)
    with pytest.raises(ReleaseRefused, match="was not examined within"):
        admitted(release_folder, snapshot_folder, 10_000)
