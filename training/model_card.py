"""A page about a release that a stranger can judge it by: what it is for, what it learned from, how good it is, where it is weak.

The headings follow Mitchell et al. 2019, Model Cards for Model Reporting.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from domain.policy import parse_policy
from training.bootstrap import Interval
from training.evaluate import Slice
from training.pipeline import Trained, Training
from training.settings import Settings

_ASKED = {
    "return": "Will this order line be sent back?",
    "fit": "Will this size be too small, fit, or be too large?",
    "order": "Will this offer be ordered, if it is shown at the top?",
}
_METRICS = ("auc", "pr_auc", "log_loss", "ece", "mean_ratio", "top_decile_ratio")
_WEAKEST, _FEATURES = 5, 15


def model_card(training: Training, settings: Settings, data: Sequence[Mapping[str, Any]], policy_text: str, seal: str) -> str:
    """The card in Markdown.

    Args:
        training: the models and how they did on the newest rows.
        settings: what they were trained with.
        data: fingerprints of the tables (`training.fingerprints`).
        policy_text: the release's policy.
        seal: of the release.
    """
    parts = [*_head(seal), *_lineage(data, policy_text)]
    for kind, trained in training.trained.items():
        parts += _model(kind, trained, settings)
    return "\n".join([*parts, *_limits(training, settings), ""])


def _head(seal: str) -> Iterator[str]:
    yield from (
        f"# Release {seal}",
        "",
        "Puts numbers on a shop's offers for one customer, so that they can be ranked by what the customer will keep. It ranks; it refuses",
        "nobody an offer. Money and rules are the policy's, not the models'. It is for the shop whose tables it learned from.",
        "",
    )


def _lineage(data: Sequence[Mapping[str, Any]], policy_text: str) -> Iterator[str]:
    yield from ("## What it learned from", "", "| table | rows | first | last | content |", "|---|---|---|---|---|")
    for table in data:
        first, last = (str(table[end])[:10] if table[end] else "" for end in ("first", "last"))
        yield f"| {table['table']} | {table['rows']:,} | {first} | {last} | `{str(table['hash'])[:12]}` |"
    windows = ", ".join(f"{market or 'elsewhere'} {days}" for market, days in parse_policy(policy_text).window_days.items())
    yield from ("", f"Return windows in days: {windows}. Equal content hashes mean equal rows.", "")


def _model(kind: str, trained: Trained, settings: Settings) -> Iterator[str]:
    found, split = trained.evaluation, trained.split
    yield from (f"## {kind}: {_ASKED.get(kind, kind)}", "", f"Learned from {trained.rows.learned_from}.")
    yield f"{len(split.train):,} rows trained, {len(split.calibrate):,} later ones calibrated,"
    yield f"{found.rows:,} from {split.cut:%Y-%m-%d} on judge."
    classes = ", ".join(f"{name} {share:.1%}" for name, share in zip(trained.model.classes, trained.model.base_rates, strict=True))
    forest = settings.forests[kind]
    yield f"Of the training rows: {classes}."
    yield f"{forest.trees} rounds of trees with {forest.leaves} leaves, learning rate {forest.learning_rate:g}."
    yield from ("", "| measure | value | 95 % over customers |", "|---|---|---|")
    for name in (name for name in _METRICS if name in found.metrics):
        yield f"| {name} | {found.metrics[name].value:.4f} | {_ends(found.metrics[name])} |"
    yield from _weak(found.slices)
    yield from ("", f"What its trees use most: {', '.join(_used(trained))}.", "")


def _weak(slices: Sequence[Slice]) -> Iterator[str]:
    """The parts of the rows where it is worst calibrated."""
    known = [one for one in slices if one.metrics["ece"].value == one.metrics["ece"].value]
    worst = sorted(known, key=lambda one: -one.metrics["ece"].value)[:_WEAKEST]
    if worst:
        yield from (
            "",
            "Where it is least to be trusted (largest calibration error):",
            "",
            "| part | rows | ECE | AUC |",
            "|---|---|---|---|",
        )
        for one in worst:
            yield f"| {one.name} | {one.rows:,} | {one.metrics['ece'].value:.4f} | {one.metrics['auc'].value:.4f} |"


def _used(trained: Trained) -> list[str]:
    gains = sorted(zip(trained.model.gains().tolist(), trained.model.columns, strict=True), reverse=True)
    return [f"`{name}`" for gain, name in gains[:_FEATURES] if gain > 0]


def _limits(training: Training, settings: Settings) -> Iterator[str]:
    yield from ("## Limits", "")
    for kind, why in training.skipped.items():
        yield f"- There is no {kind} model: {why}."
    yield from (
        "- Judged on the newest rows of one shop; another season may differ. Intervals are over customers, not over seasons.",
        "- It has learned what customers did under the ranking they were shown.",
        "- Without a customer's consent nothing personal is read, and the forecast is that for a stranger.",
        "",
        "## Make it again",
        "",
        "`keeprank train DIR` with tables of these content hashes and the parameters of the run",
        f"(seed {settings.seed}); equal inputs give equal bytes.",
    )


def _ends(interval: Interval) -> str:
    return "" if interval.low != interval.low else f"{interval.low:.4f} to {interval.high:.4f}"
