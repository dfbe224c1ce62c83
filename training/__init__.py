"""From a shop's tables to a release: rows, models, metrics, the gate."""
