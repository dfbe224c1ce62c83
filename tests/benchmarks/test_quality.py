from pathlib import Path

import pandas as pd
import pytest

from benchmarks.comparison import Line, lines_of, table
from benchmarks.published import Published
from benchmarks.quality import Given, bads_at_random, bads_by_time, dmc_2014, dmc_2016, main, modcloth_at_random, page, parsed
from experiments.backtest import Backtest
from features.shop import Shop
from training.bootstrap import Interval
from training.evaluate import Evaluation, Slice
from training.settings import Settings


def metrics(auc: float) -> dict[str, Interval]:
    return {"auc": Interval(auc, auc - 0.1, auc + 0.1), "log_loss": Interval(0.5, 0.4, 0.6), "macro_f1": Interval(0.4, 0.3, 0.5)}


def backtest(seed: int, auc: float, cut: str | None = None) -> Backtest:
    evaluation = Evaluation(1_000 + seed, metrics(auc), (Slice("customer:new", 100 * seed, metrics(auc - 0.1)),))
    gained = {"global_rate": {"auc": Interval(auc - 0.5, auc - 0.6, auc - 0.4)}}
    split = "time" if cut else "random"
    return Backtest("fit", split, cut, seed, 9_000, 1_000 + seed, evaluation, {"global_rate": metrics(0.5)}, gained)


def told(lines: list[Line]) -> list[str]:
    return [" | ".join(cell for cell in line.cells() if cell) for line in lines]


def test_a_split_by_time_is_told_with_its_interval() -> None:
    common, rest = "RTR | fit, from 2017-07-01 on | 1", "0.400 [0.300, 0.500] | 0.5000 [0.4000, 0.6000] | -"

    assert [
        f"{common} | 1,001 | **Keeprank** | 0.700 [0.600, 0.800] | {rest} | this run",
        f"{common} | 100 | Keeprank, customers without history | 0.600 [0.500, 0.700] | {rest} | this run",
        f"{common} | 1,001 | global rate | 0.500 [0.400, 0.600] | {rest} | AUC gained over it: 0.200 [0.100, 0.300] | this run",
    ] == told(lines_of("RTR", [backtest(1, 0.7, "2017-07-01T00:00:00+00:00")]))


def test_several_seeds_are_told_with_their_mean_and_spread() -> None:
    lines = lines_of("RTR", [backtest(1, 0.7), backtest(3, 0.8)])

    assert [("fit, random 80/10/10", "1, 3", "1,002", "0.750 ± 0.071"), ("fit, random 80/10/10", "1, 3", "200", "0.650 ± 0.071")] == [
        (line.split, line.seeds, line.rows, line.metrics["auc"]) for line in lines[:2]
    ]
    assert "AUC gained over it: 0.250 ± 0.071" == lines[2].also


def test_what_others_published_stands_below() -> None:
    published = Published("SFNet", "0.749", "fit, random", "", "on more rows", "Sheikh 2019")

    assert (
        "RTR | fit, random | SFNet | 0.749 | - | - | - | on more rows | Sheikh 2019"
        == told(lines_of("RTR", [backtest(1, 0.7)], [published]))[-1]
    )


def test_a_table_is_markdown() -> None:
    assert [
        "| data | split | seeds | rows judged | who | AUC | macro-F1 | log-loss | ECE | also | source |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        "| RTR | random | 1 | 9 | somebody | 0.7 | - | - | - |  | this run |",
    ] == table([Line("RTR", "random", "1", "9", "somebody", {"auc": "0.7"})]).splitlines()


def test_where_files_are_not_here_a_line_says_which_and_where_to_read_on(tmp_path: Path, quick_settings: Settings) -> None:
    given = Given(tmp_path, (1,), quick_settings, quick=True)
    lines = [line for compared in (modcloth_at_random, bads_by_time, bads_at_random, dmc_2014, dmc_2016) for line in compared(given)]

    assert [
        "ModCloth | files not here | - | - | - | - | put modcloth/modcloth_final_data.json.gz; docs/data-sets.md says how",
        "BADS 2018/19 | files not here | - | - | - | - | put bads/BADS_WS1819_known.csv; docs/data-sets.md says how",
    ] == told(lines[:2])
    assert ["files not here", "winner (Iowa State University)", "files not here"] == [line.who for line in lines[2:]]


def test_the_page_says_how_it_was_made_and_where() -> None:
    written = page("python -m benchmarks.quality --quick", [Line("RTR", "random", "1", "9", "somebody", {})], "", {"cores": "2"})

    assert "Made by `python -m benchmarks.quality --quick`" in written
    assert written.endswith("## Where these numbers come from\n\n- cores: 2\n")
    assert "What each feature family brings" not in written


def test_the_page_tells_what_families_bring_where_that_was_asked() -> None:
    assert "## What each feature family brings" in page("python -m benchmarks.quality --ablation", [], "| by | part |", {})


@pytest.mark.parametrize(("text", "seeds"), [("1..3", (1, 2, 3)), ("7", (7,)), ("4,7", (4, 7))])
def test_seeds_are_a_range_or_a_list(text: str, seeds: tuple[int, ...]) -> None:
    assert seeds == parsed(["--seeds", text]).seeds


@pytest.mark.parametrize("text", ["", "3..1", "one"])
def test_what_holds_no_seed_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed(["--seeds", text])
    assert "--seeds" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="set KEEPRANK_DATA to the folder of the public data sets"):
        main(["--data", str(tmp_path / "nowhere")])


@pytest.mark.real_data
def test_in_a_hurry_every_nth_line_of_a_data_set_is_read(real_data: Path, quick_settings: Settings) -> None:
    shop: Shop = Given(real_data, (1,), quick_settings, quick=True).rtr

    assert 5_000 <= len(shop.tables["order_lines"]) < 10_000
    assert pd.Timestamp("2012-01-01", tz="UTC") > shop.tables["order_lines"]["ordered_at"].min()
