"""The shop's words and rules: no files, no models, no web."""
