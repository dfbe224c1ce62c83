from __future__ import annotations

from pathlib import Path

from serving.online.opening import open_state
from tests.support.command_line import Keeprank
from tests.support.told import NOON


def test_who_was_erased_online_is_taken_out_of_the_tables(keeprank_says: Keeprank, tmp_path: Path) -> None:
    folder, state = tmp_path / "shop", tmp_path / "state"
    folder.mkdir()
    (folder / "customers.csv").write_text("customer_id,joined_at\nann,2026-01-01T00:00:00Z\nbob,2026-01-01T00:00:00Z\n")
    opened = open_state(state)
    erased = opened.erase("ann", now=NOON)
    opened.close()

    listed = keeprank_says("erasures", "--state", state)
    first, again = (keeprank_says("forget", folder, "--state", state) for _ in range(2))

    assert (0, f"{erased.tombstone.pseudonym}  2026-11-25 12:00 UTC\n1 erased\n") == (listed.code, listed.out)
    assert (0, True) == (first.code, "customers             1 rows removed" in first.out)
    assert (0, True) == (again.code, "tells of nobody who was erased" in again.out)
    assert "customer_id,joined_at\nbob,2026-01-01T00:00:00Z\n" == (folder / "customers.csv").read_text()


def test_a_folder_without_a_state_knows_of_nobody_and_is_refused(keeprank_says: Keeprank, tmp_path: Path) -> None:
    for arguments in (("erasures",), ("forget", tmp_path)):
        said = keeprank_says(*arguments, "--state", tmp_path / "nowhere")
        assert (1, True) == (said.code, "StateRefused" in said.err)
    assert [] == list(tmp_path.iterdir())
