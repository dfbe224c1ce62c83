"""No consent, no feature: the purposes that a feature may need."""

from __future__ import annotations

SERVICE = "service"
"""The purpose of features that say nothing about the customer: it needs no consent."""
