# qbank: `make run` opens the bank, `make test` proves it. Both set up everything they need.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
RUN_DIR ?= var

.PHONY: help run test browser-tools bench load anki-check screenshots lint types imports format lock audit wheel clean

help:  ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## */  \1\t/' | expand -t 18

$(VENV)/.run: requirements.lock pyproject.toml
	@.ci/environment $(PYTHON) $(VENV) requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml
	@.ci/environment $(PYTHON) $(VENV) requirements-dev.lock
	@touch $@ $(VENV)/.run

run: $(VENV)/.run  ## set up, open the bank on its embedded database with the shipped content
	@QBANK_DATA_DIR=$${QBANK_DATA_DIR:-$(CURDIR)/$(RUN_DIR)} $(BIN)/qbank serve

browser-tools:
	@.ci/browser

test: $(VENV)/.dev browser-tools  ## set up, run every test on both databases and in the browser
	@$(BIN)/python -m pytest -n 2 --dist loadgroup

bench: $(VENV)/.dev  ## measure: times, numbers of queries, ratios to the bare work
	@$(BIN)/python -m pytest -m bench tests/bench -s

load: $(VENV)/.dev  ## 200 learners start in the same second: the save's percentiles against a bare durable insert
	@$(BIN)/python -m tests.bench.room_load --learners 200

anki-check: $(VENV)/.dev  ## open an exported package in Anki itself, twice (Anki goes into an environment of its own)
	@$(PYTHON) -m venv .anki && .anki/bin/pip install -q anki
	@QBANK_ANKI_PYTHON=.anki/bin/python $(BIN)/python -m pytest -q tests/exchange/test_anki_importer.py

screenshots: $(VENV)/.dev browser-tools  ## take the pictures of the README again
	@$(BIN)/python -m tests.browser.screenshots docs/screens

lint: $(VENV)/.dev  ## check style of Python and templates
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/djlint --lint --quiet templates

types: $(VENV)/.dev  ## check types
	@$(BIN)/mypy

imports: $(VENV)/.dev  ## check which layer imports which
	@$(BIN)/lint-imports

format: $(VENV)/.dev  ## write the house's style into the files
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format -q .

lock: $(VENV)/.dev  ## bring the lock files up to date with pyproject.toml
	@$(BIN)/uv pip compile -q pyproject.toml --extra exchange --extra postgres --extra schedule --extra server --universal --generate-hashes --python-version 3.11 --no-header -o requirements.lock
	@$(BIN)/uv pip compile -q pyproject.toml --extra exchange --extra postgres --extra schedule --extra server --group dev --universal --generate-hashes --python-version 3.11 --no-header -o requirements-dev.lock

audit: $(VENV)/.dev  ## look the locked packages up for known holes
	@$(BIN)/pip-audit --require-hashes --disable-pip -r requirements.lock

wheel: $(VENV)/.dev  ## build the wheel, install it in a clean environment, try it from another folder
	@.ci/wheel $(PYTHON) $(BIN)/python

clean:  ## remove what was built; the bank's data in var/ stays
	@rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
