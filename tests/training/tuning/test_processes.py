from __future__ import annotations

import pytest

from domain.errors import TuningRefused
from tests.support.studies import study
from training.tuning.material import Material
from training.tuning.processes import work_in_processes


def test_workers_that_all_end_before_the_study_is_finished_are_a_refusal(easy: Material, url: str) -> None:
    of_something_else = study(url)  # so the worker, which opens it with the material's identity, is refused
    with pytest.raises(TuningRefused, match=r"all workers have ended \(exit codes 1\); what to do: see what they said, and start again"):
        work_in_processes(of_something_else, easy, 3, workers=1, threads=1)
