"""A study that several workers share and that survives their death: each trial is run by one of them, and none is lost."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import optuna
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from domain.errors import TuningRefused
from training.settings import Forest
from training.tuning.front import Point
from training.tuning.outcome import Finished, Outcome
from training.tuning.space import SPACES
from training.tuning.storage import answering, opened

optuna.logging.set_verbosity(optuna.logging.WARNING)

_MOST_ATTEMPTS = 5
"""A trial whose worker died so often (of too little memory, say) is ended: it would kill the next one too."""

_MOST_DRAWS = 20
"""A space with nothing new left in so many draws has been searched."""

_FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
_IDENTITY, _WORKER, _ATTEMPT, _REPEATS, _SAME_AS = "identity", "worker", "attempt", "repeats", "same_as"
_LOSSES, _TIMES, _WHY = "log_losses", "us_per_row", "why_ended"


@dataclass(frozen=True)
class Done:
    """A finished trial.

    Attributes:
        number: of the trial.
        forest: the settings it tried.
        outcome: what came of it.
        seconds: from its claim to its end.
        point: its place among the others; None if it was ended early.
    """

    number: int
    forest: Forest
    outcome: Outcome
    seconds: float
    point: Point | None


@dataclass(frozen=True, eq=False)
class Claim:
    """A trial that one worker, and no other, has to run.

    Attributes:
        forest: the settings to try.
        trial: Optuna's side of it.
    """

    forest: Forest
    trial: Trial = field(repr=False)


def study_name(identity: Mapping[str, str]) -> str:
    """What a study is called: its model, and a hash of all that makes its trials comparable."""
    return f"{identity['model']}-{hashlib.sha256(json.dumps(dict(identity), sort_keys=True).encode()).hexdigest()[:8]}"


class Study:
    """One search for a model's settings, shared by workers.

    A worker is known to live as long as it does (`at_work`), and signs each trial that it claims. Claims are made one at a time, so no
    two workers get the same trial or the same settings, and no more are begun than asked for. Whoever claims looks after the dead first:
    a trial that its worker has left behind is closed as failed, and the same settings are queued again.

    Args:
        url: of an SQLite file or a Postgres database.
        name: of the study; it is made when it is not there.
        identity: what makes trials comparable (`Material.identity`).
        at_first: settings that a new study tries before all others, if the space holds them.

    Raises:
        TuningRefused: the storage does not answer, or its study of that name is of something else.
    """

    def __init__(self, url: str, name: str, identity: Mapping[str, str], *, at_first: Forest | None = None) -> None:
        self.url, self.name, self.identity = url, name, dict(identity)
        self._space = SPACES[identity["model"]]
        self._worker = f"worker-{os.getpid()}-{uuid.uuid4().hex[:12]}"
        storage, self._locks = opened(url)
        with answering(url), self.alone("claims"):
            self.others = tuple(sorted(set(optuna.get_all_study_names(storage)) - {name}))
            self._study = optuna.create_study(study_name=name, storage=storage, directions=["minimize"] * 2, load_if_exists=True)
            self._begin(at_first)

    def _begin(self, at_first: Forest | None) -> None:
        before = self._study.user_attrs.get(_IDENTITY)
        if before is None:
            tried = None if at_first is None else self._space.tried(at_first)
            if tried is not None and not self._study.trials:
                self._study.enqueue_trial(dict(tried))
            self._study.set_user_attr(_IDENTITY, self.identity)
        elif before != self.identity:
            other = ", ".join(sorted(part for part in self.identity if before.get(part) != self.identity[part]))
            raise TuningRefused(
                f"the study {self.name} was begun with other {other}: its trials say nothing about these",
                expected=f"{before}",
                advice="leave --study out, and each data has a study of its own; or name another",
            )

    @contextmanager
    def alone(self, what: str) -> Iterator[None]:
        """Inside, no other worker on this study does the same."""
        with self._locks.one_at_a_time(f"{self.name}-{what}"):
            yield

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Inside, this worker may claim trials; when it ends, in whatever way, the others know at once."""
        with answering(self.url), self._locks.living(self._worker):
            yield

    def claim(self, trials: int) -> Claim | None:
        """The next trial for this worker, which is `at_work`; None as long as so many are finished or being run.

        Raises:
            TuningRefused: the space holds no settings that were not tried.
        """
        with self.alone("claims"):
            self._look_after_the_dead()
            begun = self._trials(TrialState.RUNNING, *_FINISHED)
            return self._drawn() if len(begun) < trials else None

    def tell(self, claim: Claim, outcome: Outcome) -> None:
        """Finish a claimed trial."""
        claim.trial.set_user_attr(_LOSSES, list(outcome.log_losses))
        claim.trial.set_user_attr(_TIMES, list(outcome.us_per_row))
        if outcome.why_ended:
            claim.trial.set_user_attr(_WHY, outcome.why_ended)
            self._study.tell(claim.trial, state=TrialState.PRUNED)
        else:
            self._study.tell(claim.trial, outcome.objectives)

    def done(self) -> tuple[Done, ...]:
        """All finished trials, by number."""
        return tuple(self._done(trial) for trial in self._trials(*_FINISHED))

    def finished(self) -> Finished:
        """Log-losses and times by fold of the trials that ran to their end."""
        return [(trial.user_attrs[_LOSSES], trial.user_attrs[_TIMES]) for trial in self._trials(TrialState.COMPLETE)]

    def _drawn(self) -> Claim:
        for _ in range(_MOST_DRAWS):
            seed = [int(self.identity["seed"]), len(self._trials())]
            self._study.sampler = optuna.samplers.TPESampler(seed=_seed(seed))
            trial = self._study.ask(self._space.distributions())
            trial.set_user_attr(_WORKER, self._worker)
            forest = self._space.forest(trial.params)
            same = self._same(forest, trial.number)
            if same is None:
                return Claim(forest, trial)
            trial.set_user_attr(_SAME_AS, same)
            self._study.tell(trial, state=TrialState.FAIL)
        raise TuningRefused(f"{_MOST_DRAWS} draws brought no settings that {self.name} has not tried", advice="ask for fewer trials")

    def _same(self, forest: Forest, number: int) -> int | None:
        others = self._trials(TrialState.RUNNING, *_FINISHED)
        return next((other.number for other in others if other.number != number and self._space.forest(other.params) == forest), None)

    def _look_after_the_dead(self) -> None:
        for trial in self._trials(TrialState.RUNNING):
            worker = trial.user_attrs.get(_WORKER)  # none: it died while it claimed, or another would hold the lock that we hold
            if worker is None or not self._locks.lives(worker):
                self._close(trial)
        repeated = {trial.user_attrs.get(_REPEATS) for trial in self._trials()}
        for trial in self._trials(TrialState.FAIL):
            if trial.number not in repeated and _SAME_AS not in trial.user_attrs:
                self._study.add_trial(_again(trial))

    def _close(self, trial: FrozenTrial) -> None:
        hopeless = _WORKER in trial.user_attrs and _attempt(trial) >= _MOST_ATTEMPTS
        self._study.tell(trial.number, state=TrialState.PRUNED if hopeless else TrialState.FAIL)

    def _done(self, trial: FrozenTrial) -> Done:
        said = trial.user_attrs
        left = f"its worker died {_MOST_ATTEMPTS} times" if trial.state == TrialState.PRUNED else ""
        outcome = Outcome(tuple(said.get(_LOSSES, ())), tuple(said.get(_TIMES, ())), said.get(_WHY, left))
        seconds = trial.duration.total_seconds() if trial.duration else 0.0
        forest = self._space.forest(trial.params)
        point = Point(trial.number, trial.values[0], trial.values[1], forest) if trial.state == TrialState.COMPLETE else None
        return Done(trial.number, forest, outcome, seconds, point)

    def _trials(self, *states: TrialState) -> list[FrozenTrial]:
        return self._study.get_trials(deepcopy=False, states=states or None)


def _again(trial: FrozenTrial) -> FrozenTrial:
    """A trial with the same settings, those that were drawn or set before the worker died, to be run in its place."""
    return create_trial(
        state=TrialState.WAITING,
        params=trial.params,
        distributions=trial.distributions,
        user_attrs={_REPEATS: trial.number, _ATTEMPT: _attempt(trial) + 1},
        system_attrs=trial.system_attrs,
    )


def _attempt(trial: FrozenTrial) -> int:
    return int(trial.user_attrs.get(_ATTEMPT, 1))


def _seed(parts: list[int]) -> int:
    return int(hashlib.sha256(repr(parts).encode()).hexdigest()[:8], 16)
