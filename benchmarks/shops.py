"""A release and a snapshot of the demo shop, for benchmarks that are given none."""

from __future__ import annotations

from pathlib import Path

from domain.policy import parse_policy
from experiments.demo_shop import ShopSettings, generate
from features.build import FEATURE_SET_HASH
from features.shop import Shop
from features.taking import take_snapshot
from training.model import save
from training.pipeline import train
from training.retrieval.remembered import remembering
from training.settings import parse_settings

CONFIG = Path(__file__).parent.parent / "config"


def demo_release(folder: Path) -> tuple[Path, Path]:
    """Train on the demo shop as `make demo` does, with the settings in config/, and take its snapshot: about a minute.

    Returns:
        The folders of the release and of the snapshot.
    """
    policy = (CONFIG / "policy.toml").read_text()
    parsed = parse_policy(policy)
    shop = Shop.of(generate(ShopSettings()).tables, parsed.window_days, zone=parsed.time_zone)
    training = train(shop, parse_settings((CONFIG / "training.toml").read_text()))
    models = {kind: one.model for kind, one in training.trained.items()}
    save(models, folder / "release", feature_set=FEATURE_SET_HASH, policy=policy, about={}, retrieval=training.retrieval)
    take_snapshot(shop, folder / "snapshot", beside=remembering(shop))
    return folder / "release", folder / "snapshot"
