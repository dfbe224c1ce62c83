"""The shop's words and rules: no files, no models, no web."""

import warnings

# where Spark is installed, pandera imports its pandas, which warns of ours on every start; nothing here uses it
warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
