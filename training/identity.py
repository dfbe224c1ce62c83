"""Which inputs no model may read, and which the fit model alone may: a person is not judged by who they are."""

from __future__ import annotations

from features.feature_set import FEATURES

BODY = frozenset(feature.name for feature in FEATURES if feature.kind == "customer" and feature.purpose == "measurements")
"""What a customer declared of their body, on its own. It was declared so that sizes fit, and it tells sex, age and health by proxy.

What relates the body to the offer (such as `size_vs_body`) is about the offer, and any model may read it.
"""


def may_read(kind: str, name: str) -> bool:
    """Whether the models of a kind may have this input: bare measurements of a body are the fit model's alone.

    >>> may_read("fit", "customer_weight_kg"), may_read("return", "customer_weight_kg"), may_read("return", "weight_vs_style_size")
    (True, False, True)
    """
    return kind == "fit" or name not in BODY
