"""What monitoring is told about releases."""

import datetime as dt
import math

from msgspec.structs import replace
from prometheus_client import REGISTRY

from serving.current import Serves
from serving.release_measures import age_seconds, observed
from serving.releases import told
from serving.state import Serving
from serving.wire_releases import Contact, Refused
from tests.support.switching import NOW

SILENT = Contact(registry="the shelf", asked_at=NOW, answered_at=NOW - dt.timedelta(minutes=5), error="down")


def test_the_age_of_a_silent_registry_grows_and_one_that_never_answered_is_infinitely_old() -> None:
    assert 360.0 == age_seconds(SILENT, NOW + dt.timedelta(minutes=1))
    assert math.inf == age_seconds(replace(SILENT, answered_at=None), NOW)


def test_age_refusals_and_workers_that_fell_behind_are_measured(serving: Serving) -> None:
    refused = Refused(alias="champion", version="2", seal="", reason="slow", at=NOW)

    observed(replace(told(Serves.alone(serving, now=NOW), behind="why"), registry=SILENT, refused=[refused]), NOW)

    names = ("keeprank_registry_age_seconds", "keeprank_releases_refused", "keeprank_workers_behind")
    assert [300.0, 1.0, 1.0] == [REGISTRY.get_sample_value(name) for name in names]
