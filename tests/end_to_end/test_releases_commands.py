from __future__ import annotations

import json
from pathlib import Path

from tests.support import quiet
from tests.support.command_line import Keeprank, bearer
from training.registry import CHAMPION

pytestmark = quiet.MLFLOW


def test_a_release_is_rolled_back_and_the_history_tells(home: Path, said: Keeprank, tmp_path: Path) -> None:
    store = tmp_path / "store"
    assert 0 == said("train", home / "shop", "--store", store, "--settings", home / "training.toml", "--by", "ann").code
    assert 0 == said("promote", "--store", store, "--settings", home / "training.toml", "--by", "ann").code
    served = bearer(tmp_path, CHAMPION)
    assert served is not None

    none = said("rollback", "--store", store, "--why", "shoes")
    assert 1 == none.code
    assert f"refused RollbackRefused: version {served.number} was the first champion" in none.err

    assert 0 == said("train", home / "shop", "--store", store, "--settings", home / "training.toml", "--by", "ann").code
    assert 0 == said("promote", "--store", store, "--settings", home / "training.toml", "--by", "ann", "--force", "to see it").code
    back = said("rollback", "--store", store, "--why", "shoes came back", "--by", "bob")
    assert (0, "") == (back.code, back.err)
    assert f"version {served.number} is champion again instead of version " in back.out
    assert served == bearer(tmp_path, CHAMPION)

    told = said("history", "--store", store, "--json", tmp_path / "history.json")
    assert 0 == told.code
    assert "shoes came back" in told.out
    changes = json.loads((tmp_path / "history.json").read_text())
    assert ["trained", "promoted", "trained", "forced", "rolled back"] == [one["what"] for one in changes]
    assert {"ann", "bob"} == {one["by"] for one in changes}
    assert "order_lines" in changes[-1]["data"]
