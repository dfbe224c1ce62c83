# Everything sets itself up: a virtual environment in .venv with the hash-locked requirements.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links
SPARK_NEEDS := import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["spark"], "setuptools>=70.1", sep="\n")
STORE ?= .
PORT ?= 3000
DATA ?=
export BENTOML_DO_NOT_TRACK := True
export MLFLOW_DISABLE_TELEMETRY := true
export OMP_WAIT_POLICY := PASSIVE

.DEFAULT_GOAL := help
.PHONY: help setup spark demo test check format bench serve ui docs lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/ready: requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Keeprank needs Python 3.11 or newer; name one: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --requirement requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

# pyspark comes as source, and what builds it is locked beside it
$(VENV)/spark: $(VENV)/ready requirements-spark.txt
	sed -n '/^setuptools==/,$$p' requirements-spark.txt | $(INSTALL) --requirement /dev/stdin
	$(INSTALL) --no-deps --no-build-isolation --requirement requirements-spark.txt
	touch $@

setup: $(VENV)/ready  ## only install; then: . .venv/bin/activate

spark: $(VENV)/spark  ## install Spark too; it needs Java 17

demo: $(VENV)/ready  ## the main job from end to end; DATA=DIR runs it on imported tables
	$(BIN)/keeprank demo $(if $(DATA),--data $(DATA))

test: check  ## check, then run every test
	$(BIN)/python -m pytest

check: $(VENV)/ready  ## format, lint, types, import contracts, dependencies, rules of the house
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/python -m pytest -q tests/contracts/test_house.py

format: $(VENV)/ready  ## format and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/ready  ## measure quality and speed on the public data sets
	$(BIN)/python -m benchmarks.quality
	$(BIN)/python -m benchmarks.latency

serve: $(VENV)/ready  ## serve the champion of STORE on PORT, to this machine alone and without keys
	$(BIN)/keeprank serve --store $(STORE) --port $(PORT) --keyless

ui: $(VENV)/ready  ## open the MLflow UI of STORE on PORT (5000)
	MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false $(BIN)/mlflow server --workers 1 --host 127.0.0.1 --port $(if $(filter command line,$(origin PORT)),$(PORT),5000) \
	  --backend-store-uri sqlite:///$(abspath $(STORE))/mlflow.db --default-artifact-root $(abspath $(STORE))/mlruns

docs: $(VENV)/ready  ## write the generated pages in docs/
	$(BIN)/keeprank docs

lock: $(VENV)/ready  ## resolve the requirements anew
	$(COMPILE) --extra dev --output-file requirements.txt pyproject.toml
	$(BIN)/python -c '$(SPARK_NEEDS)' | $(COMPILE) --constraint requirements.txt --output-file requirements-spark.txt -

clean:  ## remove what was built
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis
