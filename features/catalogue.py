"""Every input of every model, declared once: its name, meaning, unit, family, consent purpose, and the one function that computes it."""

from __future__ import annotations

import ast
import hashlib
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Literal

import numpy as np
import numpy.typing as npt

from domain.tables import CONSENT_PURPOSES
from features.consent import SERVICE

Values = npt.NDArray[np.float64]
Inputs = Mapping[str, Values]
"""Histories (`style.returned_lines`), asked-for columns (`unit_price`) and declared measurements (`height_cm`) by name."""

Formula = Callable[[Inputs], Values]
Family = Literal["history", "profile", "cross", "today"]
Kind = Literal["customer", "offer", "cross", "today"]

DTYPE = "float64"
"""Of every feature; missing is NaN."""

PROTECTED = frozenset(
    {"age", "birthday", "birth", "gender", "sex", "race", "ethnicity", "religion", "nationality", "disability", "pregnancy", "orientation"}
)
"""What a person may not be judged by (EU Charter, article 21): no feature of a customer may be named after it or read it."""


@dataclass(frozen=True)
class Feature:
    """One input of a model.

    Attributes:
        name: the column's name, and the function's.
        meaning: one sentence.
        unit: lines, rate, days, minor units, …
        family: history, profile, cross or today.
        kind: what it depends on: the customer, the offer, both, or what the customer did today.
        purpose: the consent it needs, or "service".
        tables: the tables ("returns") and columns ("order_lines.discount") of the contract without which it does not exist; of
            "returns or fit_feedback" one is enough.
        formula: computes it from the inputs.
    """

    name: str
    meaning: str
    unit: str
    family: Family
    kind: Kind
    purpose: str
    tables: tuple[str, ...]
    formula: Formula

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """The inputs that the formula asks for, in order: found by running it once."""
        asked = _Asked()
        with np.errstate(all="ignore"):
            self.formula(asked)
        return tuple(asked.names)

    def exists(self, present: Set[str]) -> bool:
        """Whether a shop that has these tables and columns has the feature."""
        return not lacking(self.tables, present)


def lacking(needs: Iterable[str], present: Set[str]) -> tuple[str, ...]:
    """Which of a feature's needs a shop with these tables and columns does not meet."""
    return tuple(need for need in needs if present.isdisjoint(need.split(" or ")))


class _Asked(Mapping[str, Values]):
    """Notes which inputs a formula asks for."""

    def __init__(self) -> None:
        self.names: dict[str, None] = {}

    def __getitem__(self, name: str) -> Values:
        self.names[name] = None
        return np.ones(1)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


class Declarations:
    """Collects the features of one family in the order of their declaration."""

    def __init__(self, family: Family) -> None:
        self.family = family
        self.features: list[Feature] = []

    def __call__(
        self, meaning: str, *, unit: str, kind: Kind, purpose: str = SERVICE, tables: Iterable[str] = ()
    ) -> Callable[[Formula], Formula]:
        """Declare the decorated function as a feature.

        Raises:
            ValueError: the purpose is unknown, a feature of a customer claims to need no consent, or it is about a protected attribute.
        """
        if purpose not in (SERVICE, *CONSENT_PURPOSES):
            raise ValueError(f"unknown purpose {purpose!r}")
        if kind in ("customer", "today") and purpose == SERVICE:
            raise ValueError(f"a feature of the customer needs a consent purpose: {meaning}")

        def declare(formula: Formula) -> Formula:
            feature = Feature(formula.__name__, meaning, unit, self.family, kind, purpose, tuple(dict.fromkeys(tables)), formula)
            _refuse_protected(feature)
            self.features.append(feature)
            return formula

        return declare


def _refuse_protected(feature: Feature) -> None:
    names = (feature.name, *feature.reads) if feature.kind != "offer" else feature.reads
    told = {word for name in names for word in re.split(r"[^a-z]+", name.lower())} & PROTECTED
    if told:
        raise ValueError(f"{feature.name} is about a protected attribute: {', '.join(sorted(told))}")


def feature_set_hash(modules: Iterable[ModuleType], *more: Path) -> str:
    """Identifies what the features mean: the code of the modules and files that define them (SHA-256, 16 hex digits).

    Comments, docstrings and layout do not change it; any other change of these modules does.
    """
    code = [code_of(text) for text in (*map(inspect.getsource, modules), *(file.read_text(encoding="utf-8") for file in more))]
    return hashlib.sha256("\n".join(code).encode()).hexdigest()[:16]


def code_of(source: str) -> str:
    """What a Python text does, without its comments, docstrings and layout; alike in every Python version."""
    return _told(ast.parse(source))


def _told(part: object) -> str:
    if isinstance(part, list):
        return f"[{','.join(_told(item) for item in part if not _is_remark(item))}]"
    if not isinstance(part, ast.AST):
        return repr(part)
    fields = [f"{name}={_told(value)}" for name, value in ast.iter_fields(part) if name not in _UNTOLD and value != []]
    return f"{type(part).__name__}({','.join(fields)})"


_UNTOLD = ("ctx", "kind", "type_comment", "type_params")


def _is_remark(node: object) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
