"""Finds the models' settings: as accurate as can be, as fast as has to be, on older rows than those that judge."""
