from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pytest

import keeprank
from tests.support import quiet
from training.registry import CHALLENGER, CHAMPION, Registry, Version

pytestmark = quiet.MLFLOW

ROOT = Path(__file__).parents[2]
COMMANDS = ["check", "import", "demo-shop", "train", "promote", "rollback", "history", "serve", "backtest"]
COMMANDS += ["tune", "economics", "simulate", "size", "demo", "docs"]


@dataclass(frozen=True)
class Said:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str


Keeprank = Callable[..., Said]


@pytest.fixture(scope="module")
def keeprank_says(tmp_path_factory: pytest.TempPathFactory) -> Keeprank:
    """Runs the command line as the console script does, in a folder of its own; output is long-lined, as in a file."""
    folder = tmp_path_factory.mktemp("cwd")

    def run(*arguments: object, cwd: Path = folder) -> Said:
        command = [sys.executable, "-m", "keeprank", *map(str, arguments)]
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, env=None, check=False)
        assert "Traceback" not in done.stderr
        return Said(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Keeprank:
    """The same within this process: quicker, and every warning is an error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["keeprank", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            keeprank.main()
        return Said(int(ended.value.code or 0), *capsys.readouterr())

    return run


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, keeprank_says: Keeprank) -> Path:
    """A folder with a small demo shop without verdicts as Parquet, CSV and DuckDB, and quick settings."""
    folder = tmp_path_factory.mktemp("home")
    done = keeprank_says("demo-shop", folder / "shop", "--customers", 1500, "--styles", 60, "--days", 200)
    assert (0, "") == (done.code, done.err)
    (folder / "shop" / "fit_feedback.parquet").unlink()
    _as_csv(folder / "shop", folder / "csv")
    _as_duckdb(folder / "shop", folder / "shop.duckdb")
    text = (ROOT / "config/training.toml").read_text()
    for name, value in {"trees": 40, "fewest_rows_per_leaf": 20, "fewest_rows": 100, "most_rows": 20_000}.items():
        text = "\n".join(f"{name} = {value}" if line.split(" ")[0] == name else line for line in text.splitlines())
    (folder / "training.toml").write_text(text)
    return folder


def _as_csv(parquet: Path, folder: Path) -> None:
    folder.mkdir()
    for file in parquet.glob("*.parquet"):
        pd.read_parquet(file).to_csv(folder / f"{file.stem}.csv", index=False, date_format="%Y-%m-%dT%H:%M:%S.%fZ")


def _as_duckdb(parquet: Path, file: Path) -> None:
    with duckdb.connect(str(file)) as connection:
        for table in parquet.glob("*.parquet"):
            connection.execute(f"CREATE TABLE {table.stem} AS SELECT * FROM read_parquet(?)", [str(table)])  # noqa: S608


@pytest.fixture(scope="module")
def trained(home: Path, keeprank_says: Keeprank) -> Said:
    """What `keeprank train` said of the CSV folder, in an empty store."""
    return keeprank_says("train", home / "csv", "--store", home / "store", "--settings", home / "training.toml")


def _bearer(home: Path, alias: str) -> Version | None:
    return Registry(f"sqlite:///{home / 'store' / 'mlflow.db'}").version(alias)


# The shop's way.


def test_train_prints_metrics_what_it_skipped_and_the_next_step(home: Path, trained: Said) -> None:
    assert (0, "") == (trained.code, "".join(line for line in trained.err.splitlines() if "Warning" in line))
    challenger = _bearer(home, CHALLENGER)
    assert challenger
    assert f"release {challenger.seal} is challenger (version 1); next: keeprank promote" in trained.out
    assert "no fit model: 0 labelled fit rows; expected: at least 100" in trained.out
    assert "newest rows judge" in trained.out


def test_the_same_shop_in_duckdb_trains_the_same_release_and_is_promoted_once(home: Path, trained: Said, said: Keeprank) -> None:
    assert 0 == trained.code
    assert 0 == said("train", home / "shop.duckdb", "--store", home / "store", "--settings", home / "training.toml").code
    challenger = _bearer(home, CHALLENGER)
    assert challenger
    assert "2" == challenger.number
    assert f"release {challenger.seal} is challenger" in trained.out

    first = said("promote", "--store", home / "store", "--settings", home / "training.toml")
    assert (0, "") == (first.code, first.err)
    assert "against the overall rate (there is no champion)" in first.out
    assert f"version 2 (release {challenger.seal}) is champion; next: keeprank serve --store {home / 'store'}\n" in first.out
    assert challenger == _bearer(home, CHAMPION)

    again = said("promote", "--store", home / "store", "--settings", home / "training.toml")
    assert 1 == again.code
    assert "refused GateRefused: version 2 is champion already" in again.err
    assert 'what to do: keep the champion, or `--force "why"`' in again.err

    forced = said("promote", "--store", home / "store", "--force", "to [see] it")
    assert (0, "") == (forced.code, forced.err)
    reason = "forced against the gate's objections: to [see] it"
    told = f"version 2 (release {challenger.seal}) is champion, {reason}; next: keeprank serve --store {home / 'store'}\n"
    assert forced.out.endswith(told)


@pytest.mark.usefixtures("trained")
def test_a_release_is_rolled_back_and_the_history_tells(home: Path, said: Keeprank, tmp_path: Path) -> None:
    store = tmp_path / "store"
    shutil.copytree(home / "store", store)
    assert 0 == said("promote", "--store", store, "--settings", home / "training.toml", "--by", "ann").code
    served = _bearer(tmp_path, CHAMPION)
    assert served is not None

    none = said("rollback", "--store", store, "--why", "shoes")
    assert 1 == none.code
    assert f"refused RollbackRefused: version {served.number} was the first champion" in none.err

    assert 0 == said("train", home / "shop", "--store", store, "--settings", home / "training.toml", "--by", "ann").code
    assert 0 == said("promote", "--store", store, "--settings", home / "training.toml", "--by", "ann", "--force", "to see it").code
    back = said("rollback", "--store", store, "--why", "shoes came back", "--by", "bob")
    assert (0, "") == (back.code, back.err)
    assert f"version {served.number} is champion again instead of version " in back.out
    assert served == _bearer(tmp_path, CHAMPION)

    told = said("history", "--store", store, "--json", tmp_path / "history.json")
    assert 0 == told.code
    assert "shoes came back" in told.out
    changes = json.loads((tmp_path / "history.json").read_text())
    assert ["promoted", "trained", "forced", "rolled back"] == [one["what"] for one in changes][-4:]
    assert {"ann", "bob"} == {one["by"] for one in changes[-4:]}
    assert "order_lines" in changes[-1]["data"]


def test_backtest_prints_a_table_and_writes_the_json(home: Path, said: Keeprank, tmp_path: Path) -> None:
    file = tmp_path / "results" / "backtest.json"
    done = said("backtest", home / "shop", "--model", "return", "--seed", 3, "--json", file, "--settings", home / "training.toml")
    assert 0 == done.code
    assert "logistic_regression" in done.out
    told = json.loads(file.read_text())
    assert ["model", "split", "cut", "seed", "rows_train", "rows_test", "metrics", "baselines", "versus", "slices"] == list(told)
    assert ("return", "time", 3) == (told["model"], told["split"], told["seed"])


def test_backtest_by_months_prints_each_month_and_writes_the_json(home: Path, said: Keeprank, tmp_path: Path) -> None:
    file, given = tmp_path / "months.json", ["--model", "return", "--split", "months", "--cut", "2026-07-31"]
    done = said("backtest", home / "shop", *given, "--json", file, "--settings", home / "training.toml")
    assert 0 == done.code, done.err
    assert "2026-08" in done.out
    assert "mean of the months" in done.out
    told = json.loads(file.read_text())
    assert ("return", "months", ["2026-08"]) == (told["model"], told["split"], [month["month"] for month in told["months"]])


def test_check_lists_what_it_read(home: Path, said: Keeprank) -> None:
    for folder in ("shop", "csv", "shop.duckdb"):
        done = said("check", home / folder)
        assert (0, "") == (done.code, done.err)
        assert "the tables keep the contract" in done.out
        assert "order_lines" in done.out


def test_check_lists_every_violation_and_ends_with_1(home: Path, said: Keeprank, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    products, lines = (pd.read_parquet(home / "shop" / f"{name}.parquet") for name in ("products", "order_lines"))
    products.assign(style_id=None).to_parquet(tmp_path / "broken" / "products.parquet")
    lines.assign(quantity=-1).to_parquet(tmp_path / "broken" / "order_lines.parquet")
    (tmp_path / "broken" / "prices.csv").write_text("sku\n")
    done = said("check", tmp_path / "broken")
    assert 1 == done.code
    for named in ("order_lines.quantity", "products.style_id", "returns", "prices"):
        assert named in done.out
    assert "violations; see docs/data-contract.md" in done.out


def test_import_writes_tables_and_tells_where_every_row_went(said: Keeprank, tmp_path: Path) -> None:
    rows = {"InvoiceNo": ["500001", "500002"], "StockCode": ["85123A", "85123A"], "Quantity": [6, 0], "UnitPrice": [2.5, 2.5]}
    frame = pd.DataFrame(rows).assign(InvoiceDate="2011-01-10 10:00", CustomerID=17850, Country="United Kingdom")
    frame.to_csv(tmp_path / "retail.csv", index=False)
    done = said("import", "uci-online-retail", "retail.csv", "shop")
    assert (0, "") == (done.code, done.err)
    assert "next: keeprank train shop" in done.out
    assert done.out.startswith("UCI Online Retail: a year of ")
    assert done.out.index("CC BY 4.0, name the source") < done.out.index("rejected")
    assert {"order_lines.parquet", "products.parquet", "returns.parquet"} <= {file.name for file in (tmp_path / "shop").iterdir()}


def test_docs_writes_both_pages(said: Keeprank, tmp_path: Path) -> None:
    assert 0 == said("docs", "new/pages").code
    assert ["data-contract.md", "features.md"] == sorted(page.name for page in (tmp_path / "new/pages").iterdir())


# Refusals: one readable message on stderr, exit code 1 (2 for a wrong use of the command line), no traceback, nothing left behind.


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["check", "nowhere"], "refused TablesRefused: nowhere does not exist"),
        (["train", "nowhere"], "refused TablesRefused: nowhere does not exist; expected: a folder of tables, or a DuckDB file"),
        (["check", "text.txt"], "is no readable DuckDB file"),
        (["train", "empty"], "holds no tables"),
        (["import", "uci-online-retail", "text.txt", "out"], "refused ImportRefused: text.txt"),
        (["import", "rent-the-runway", "nowhere.parquet", "out"], "nowhere.parquet is no file"),
        (["demo-shop", "empty/shop", "--customers", "1"], "customers = 1, expected a whole number of at least 20"),
        (["demo-shop", "text.txt", "--customers", "20", "--styles", "10", "--days", "60"], "text.txt is a file"),
        (["train", "empty", "--settings", "nowhere.toml"], "refused SettingsRefused: nowhere.toml cannot be read"),
        (["train", "empty", "--settings", "binary.toml"], "refused SettingsRefused: binary.toml cannot be read"),
        (["train", "empty", "--settings", "text.txt"], "refused SettingsRefused: the training settings are no TOML"),
        (["train", "empty", "--policy", "nowhere.toml"], "refused PolicyRefused: nowhere.toml cannot be read"),
        (["backtest", "empty", "--model", "fit", "--policy", "empty.toml"], "refused"),
        (["backtest", "empty", "--model", "fit", "--seed", "-1"], "refused SettingsRefused: seed = -1"),
        (["promote", "--settings", "nowhere.toml"], "nowhere.toml cannot be read"),
        (["promote", "--store", "corrupt"], "refused RegistryRefused: the registry at"),
        (["serve", "--store", "corrupt"], "refused RegistryRefused: the registry at"),
        (["promote", "--store", "empty"], "refused RegistryRefused: empty holds no mlflow.db; what to do: run `keeprank train DIR` first"),
        (["docs", "text.txt"], "refused FileExistsError"),
    ],
)
def test_a_refusal_is_one_message_on_stderr(arguments: list[str], named: str, said: Keeprank, tmp_path: Path) -> None:
    for folder in ("empty", "corrupt"):
        (tmp_path / folder).mkdir()
    (tmp_path / "corrupt" / "mlflow.db").write_text("no database" * 500)
    (tmp_path / "text.txt").write_text("This is neither a table nor a setting.\n" * 30)
    (tmp_path / "empty.toml").write_text("")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    before = sorted(tmp_path.rglob("*"))
    done = said(*arguments)
    assert (1, "") == (done.code, done.out)
    assert named in done.err
    assert "Traceback" not in done.err
    assert before == sorted(tmp_path.rglob("*"))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["import", "kaggle", "a", "b"], "'kaggle' is unknown; known: "),
        (["backtest", "empty"], "Missing option '--model'"),
        (["backtest", "empty", "--model", "fate"], "'fate' is not one of 'return', 'reason', 'fit'"),
        (["backtest", "{home}/shop", "--model", "return", "--cut", "01.08.2011"], "'01.08.2011' is no day such as 2011-08-01"),
        (["backtest", "{home}/shop", "--model", "return", "--split", "random", "--cut", "2026-05-01"], "a random split has no cut"),
        (["pay"], "No such command 'pay'"),
    ],
)
def test_a_wrong_use_of_the_command_line_ends_with_2_and_names_it(arguments: list[str], named: str, said: Keeprank, home: Path) -> None:
    done = said(*(argument.replace("{home}", str(home)) for argument in arguments))
    assert (2, "") == (done.code, done.out)
    assert named in " ".join(done.err.replace("│", " ").split())


def test_a_cut_before_the_shop_began_is_refused(home: Path, said: Keeprank) -> None:
    done = said("backtest", home / "shop", "--model", "return", "--cut", "2011-08-01", "--settings", home / "training.toml")
    assert 1 == done.code
    assert "refused NotEnoughData: 0 labelled return rows before 2011-08-01" in done.err
    assert "choose another cut" in done.err


def test_a_store_without_a_challenger_says_what_to_do(said: Keeprank, home: Path, trained: Said) -> None:
    assert 0 == trained.code
    done = said("serve", "--store", home / "store", "--alias", "nobody")
    assert 1 == done.code
    assert "refused RegistryRefused: no release is nobody in sqlite:///" in done.err


# Help teaches.


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_is_a_sentence_and_explains_its_arguments(command: str, said: Keeprank) -> None:
    done = said(command, "--help")
    assert (0, "") == (done.code, done.err)
    assert f"Usage: keeprank {command}" in done.out
    assert 15 < len(done.out.split("Usage")[1].split())


def test_the_first_help_names_every_command_and_the_shops_way(said: Keeprank) -> None:
    done = said("--help")
    assert "check -> backtest -> train -> promote -> serve" in done.out
    for command in COMMANDS:
        assert f" {command} " in done.out


def test_the_help_is_quick_because_nothing_heavy_is_loaded_before_a_command_runs() -> None:
    heavy = "{'duckdb', 'lightgbm', 'mlflow', 'numpy', 'pandas', 'pyarrow'}"
    told = f"import os, sys, keeprank; print(sorted({heavy} & set(sys.modules)), os.environ['OMP_WAIT_POLICY'])"
    command = [sys.executable, "-c", told]
    assert "[] PASSIVE\n" == subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True).stdout


def test_the_console_script_prints_refusals_without_a_traceback(keeprank_says: Keeprank, tmp_path: Path) -> None:
    done = keeprank_says("check", tmp_path / "nowhere")
    assert (1, "") == (done.code, done.out)
    assert (
        f"refused TablesRefused: {tmp_path / 'nowhere'} does not exist; expected: a folder of Parquet or CSV tables, or a DuckDB file\n"
        == done.err
    )
