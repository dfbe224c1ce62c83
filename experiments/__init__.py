"""Was it right? A demo shop with a known truth, backtests and experiments."""
