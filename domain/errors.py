"""Everything that Keeprank refuses, drawn as one tree.

    KeeprankError
    ├── TablesRefused         the shop's tables cannot be read or written
    │   └── ContractBroken    they break the data contract, all violations at once (domain.violations)
    ├── ImportRefused         a public data file is not what the adapter expects
    ├── PolicyRefused         config/policy.toml holds an unknown key or an impossible value
    ├── SettingsRefused       config/training.toml, serving.toml or another setting, likewise
    ├── KeysRefused           the file of API keys is damaged, open to others, or lacks the key
    ├── FeaturesRefused       the asked-for rows lack a column, or hold one of the wrong kind
    ├── NotEnoughData         too few labelled rows to train or to judge a model
    ├── ReleaseRefused        a release is tampered with, incomplete, or made for other features
    ├── SnapshotRefused       the online state is, likewise
    ├── StateRefused          the customer state is of another format, or its secret is not safe
    ├── StateUnavailable      the customer state does not answer
    ├── GateRefused           the challenger is not better than the champion
    ├── RollbackRefused       there is no earlier release to go back to
    ├── RegistryRefused       the MLflow registry has no such model, alias or run
    ├── TuningRefused         a study is of other data, or its storage does not answer
    ├── LogRefused            the decision log is tampered with, full, or cannot be read or written
    ├── ContentRefused        a body is announced as what no call takes     (serving.problems)
    ├── RequestMalformed      a request is no JSON                      (serving.reading)
    ├── RequestRefused        a request breaks the API's rules          (serving.reading)
    ├── RequestTooLarge       its body is larger than the service takes (serving.limits)
    ├── HeadersTooLarge       its headers are                           (serving.limits)
    ├── RequestTooDeep        it is nested deeper than any request is   (serving.limits)
    ├── TooBusy               too many wait, or its time is over        (serving.capacity)
    ├── RequestTooSlow        its body was under way for too long       (serving.limits)
    ├── NotStarted            the service did not come up               (serving.launch)
    ├── ProblemReply          a service refused what we asked it        (serving.client)
    └── NoReply               it was not reached, or is another one     (serving.client)

Each carries what came, what was expected and what to do, and says so in one readable message.
"""

# ruff: noqa: N818  (a refusal is named for what it refuses)

from __future__ import annotations


class KeeprankError(Exception):
    """A refusal that a person can act on.

    Attributes:
        what: what came.
        expected: what was expected instead (may be empty).
        advice: what to do about it (may be empty).
    """

    def __init__(self, what: str, *, expected: str = "", advice: str = "") -> None:
        self.what = what
        self.expected = expected
        self.advice = advice
        super().__init__(self.message())

    def message(self) -> str:
        """The refusal in one paragraph."""
        parts = [self.what]
        if self.expected:
            parts.append(f"expected: {self.expected}")
        if self.advice:
            parts.append(f"what to do: {self.advice}")
        return "; ".join(parts)


class TablesRefused(KeeprankError):
    """The shop's tables break the data contract."""


class ImportRefused(KeeprankError):
    """A public data file is not what the adapter expects."""


class PolicyRefused(KeeprankError):
    """The business settings hold an unknown key or an impossible value."""


class SettingsRefused(KeeprankError):
    """The training or serving settings hold an unknown key or an impossible value, or a folder or port cannot be used."""


class KeysRefused(KeeprankError):
    """The file of API keys is not there, damaged, open to others, or lacks the key."""


class FeaturesRefused(KeeprankError):
    """The asked-for rows lack a column, or hold one of the wrong kind."""


class NotEnoughData(KeeprankError):
    """Too few labelled rows to train or to judge a model."""


class ReleaseRefused(KeeprankError):
    """A release is tampered with, incomplete, or made for other features."""


class SnapshotRefused(KeeprankError):
    """An online state is tampered with, incomplete, or made for other features."""


class StateRefused(KeeprankError):
    """The customer state is of another format, loses what it acknowledges, or its secret is not safe."""


class StateUnavailable(KeeprankError):
    """The customer state does not answer; a ranking goes on without it, an event is to be sent again."""


class GateRefused(KeeprankError):
    """The challenger is not better than the champion."""


class RollbackRefused(KeeprankError):
    """There is no earlier release to go back to."""


class RegistryRefused(KeeprankError):
    """The MLflow registry has no such model, alias or run."""


class TuningRefused(KeeprankError):
    """A study of settings is of other data, or its storage does not answer."""


class LogRefused(KeeprankError):
    """The decision log is tampered with, its queue is full, or it cannot be read or written."""
