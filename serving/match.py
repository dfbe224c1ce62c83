"""What a release and a snapshot must have in common to serve together."""

from __future__ import annotations

from collections.abc import Sequence

from domain.errors import PolicyRefused, SnapshotRefused
from domain.policy import Policy
from features.snapshot import Snapshot
from training.model import Release


def require_features(release: Release, snapshot: Snapshot) -> None:
    """The snapshot tells every feature that a model reads.

    Raises:
        SnapshotRefused: it cannot tell one.
    """
    told = set(snapshot.names)
    for kind, model in release.models.items():
        if lacking := [name for name in model.features if name not in told]:
            raise SnapshotRefused(
                f"the snapshot cannot tell what the {kind} model reads: {', '.join(lacking)}",
                expected="a snapshot of a shop with the tables and columns that the release was trained on",
                advice="take it of those tables, or train anew",
            )


def require_exchange(found: Sequence[str], policy: Policy) -> None:
    """The policy can exchange every currency of the shop, and there is one.

    Raises:
        SnapshotRefused: no product has a currency.
        PolicyRefused: the policy lacks the exchange rate of one.
    """
    if not found:
        raise SnapshotRefused("the snapshot holds no product with a currency", advice="take a snapshot of a shop with products")
    for currency in found:
        if currency not in policy.exchange:
            raise PolicyRefused(
                f"products are priced in {currency}, and the release's policy has no exchange rate for it",
                expected=f"one of: {', '.join(sorted(policy.exchange))}",
                advice="add it to [exchange] in the policy and make a release with it",
            )
