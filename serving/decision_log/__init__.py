"""The decision log: every ranking that was served, enough to play it again bit for bit and to judge other policies by it."""
