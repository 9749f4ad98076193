# Everything from a bare Python: `make demo` runs the main job, `make test` the tests. Both set up what is missing.
#
# The environment is rebuilt when pyproject.toml changes (the stamp carries its hash); tools, circuits and keys are
# cached by content hash in $ZKLINK_CACHE (default: the user's cache directory), so a repeated run costs seconds.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null && echo $$p && break; done)
HASH := $(shell $(or $(PYTHON),false) -c 'import hashlib; print(hashlib.sha256(open("pyproject.toml", "rb").read()).hexdigest()[:16])')
STAMP := $(VENV)/.installed-$(HASH)
RUN := PATH="$(CURDIR)/$(BIN):$$PATH" VIRTUAL_ENV="$(CURDIR)/$(VENV)"

.PHONY: help setup demo test check bench format clean

help:
	@echo "make demo    set up and run the main job on four local chains"
	@echo "make test    set up and run all tests"
	@echo "make check   lint, types, import layers, generated files"
	@echo "make bench   measure and write docs/performance.md"
	@echo "make clean   remove the environment and all build results"

$(STAMP): pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed: install it, or say make PYTHON=/path/to/python3.12"; exit 1; }
	@echo "[1/3] virtual environment ($(VENV), $$($(PYTHON) --version))"
	@$(PYTHON) -m venv --clear $(VENV) || { echo "python3 -m venv failed: on Debian and Ubuntu install python3-venv"; exit 1; }
	@echo "[2/3] Python packages"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(RUN) $(BIN)/uv pip install --quiet -e '.[test]'
	@touch $@

setup: $(STAMP)
	@$(RUN) $(BIN)/zklink setup

demo: setup
	@$(RUN) $(BIN)/ape run demo $(ARGS)

test: setup
	@$(RUN) $(BIN)/ape test $(ARGS)

check: setup
	@$(RUN) $(BIN)/ruff check .
	@$(RUN) $(BIN)/ruff format --check .
	@$(RUN) $(BIN)/mypy
	@$(RUN) $(BIN)/lint-imports
	@$(RUN) $(BIN)/zklink generate --check

bench: setup
	@$(RUN) $(BIN)/zklink bench $(ARGS)

format: $(STAMP)
	@$(RUN) $(BIN)/ruff format .
	@$(RUN) $(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) .build .cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis offchain/*.egg-info
	find offchain tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +
