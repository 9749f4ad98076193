# Everything from a bare Python: `make demo` runs the main job, `make test` the tests. Both set up what is missing.
#
# The environment is rebuilt when pyproject.toml or constraints.txt (every package's exact version) changes: the stamp
# carries their hash. Tools, circuits and keys are cached by content hash in $ZKLINK_CACHE (default: the user's cache
# directory), so a repeated run costs seconds.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
UV := 0.13.9
JOBS ?= 2
# Bytecode is kept, whatever the environment says: the suite starts some hundred processes, and each would compile it all.
export PYTHONDONTWRITEBYTECODE :=
# Processes take whole files, in the order of tests/support/order.py.
IN_ORDER := --dist loadfile --no-loadscope-reorder
# The first interpreter in range. With only newer ones, uv fetches a fitting Python (some packages have no wheels there yet).
PYTHON ?= $(shell for p in python3 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null && echo $$p && break; done)
HASH := $(shell $(or $(PYTHON),python3) -c 'import hashlib; print(hashlib.sha256(open("pyproject.toml", "rb").read() + open("constraints.txt", "rb").read()).hexdigest()[:16])')
STAMP := $(VENV)/.installed-$(HASH)
RUN := PATH="$(CURDIR)/$(BIN):$$PATH" VIRTUAL_ENV="$(CURDIR)/$(VENV)"

# The parts of `make check`, which are also the hooks of `.pre-commit-config.yaml`: a test compares the two lists.
CHECKS := lint format-check types layers generated docs sizes changelog

.PHONY: help setup demo test test-all test-anvil coverage check $(CHECKS) snapshots bench format lock clean

help:
	@echo "make setup         the environment, tools, circuits and development keys"
	@echo "make demo          set up and run the main job on four local chains (ARGS=\"--story accounts\": the other half)"
	@echo "make test          set up and run all tests (ARGS=tests/l1: some)"
	@echo "make test-all      the long tests: kills, gas, and a PostgreSQL server"
	@echo "make test-anvil    every test that follows --chains, on anvils"
	@echo "make coverage      the same, and a report of the lines and branches of the package that no test enters"
	@echo "make check         $(CHECKS); each is a target, too:"
	@echo "make lint          ruff's rules"
	@echo "make format-check  formatting as 'make format' would leave it"
	@echo "make types         mypy, strict"
	@echo "make layers        who may import whom"
	@echo "make generated     constants, verifiers and pages are those of their sources"
	@echo "make docs          build the documentation as a site, strictly"
	@echo "make sizes         code sizes and constraints as in snapshots/"
	@echo "make changelog     a line in CHANGELOG.md for changed code (BASE=COMMIT: since then)"
	@echo "make format        ruff: formatting and simple fixes"
	@echo "make snapshots     accept gas, code sizes and constraints as they are now (ARGS=gas: one of them)"
	@echo "make bench         measure and write docs/performance.md"
	@echo "make lock          write constraints.txt anew: every package's exact version"
	@echo "make clean         remove the environment and all build results"
	@echo "make help          this list"

$(STAMP): pyproject.toml constraints.txt
	@echo "setting up the environment in $(VENV)"
ifneq ($(PYTHON),)
	@$(PYTHON) -m venv --clear $(VENV) || { echo "python3 -m venv failed: on Debian and Ubuntu install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV)
else
	@python3 -m venv --clear $(VENV)-uv && $(VENV)-uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV)
	@$(VENV)-uv/bin/uv venv --quiet --clear --python 3.12 $(VENV) \
		|| { echo "only Python 3.11 and 3.12 will do, and uv could not fetch one: please install it"; exit 1; }
	@$(VENV)-uv/bin/uv pip install --quiet --python $(BIN)/python uv==$(UV)
endif
	@test -t 2 || quiet=--quiet; $(RUN) $(BIN)/uv pip install $$quiet --compile-bytecode --constraints constraints.txt -e '.[node,lab,ape,solana,test,docs]'
	@touch $@

setup: $(STAMP)
	@$(RUN) $(BIN)/zklink setup

demo: setup
	@$(RUN) $(BIN)/zklink demo $(ARGS)

test: setup
	@$(RUN) $(BIN)/ape test -n $(JOBS) $(IN_ORDER) $(ARGS)

# What takes long: kills at every commit, processes that are killed under load, the gas of every function, and nodes' data
# on a PostgreSQL server.
test-all: setup
	@$(RUN) $(BIN)/uv pip install --quiet --constraints constraints.txt -e '.[ray]'
	@$(RUN) $(BIN)/ape test -n $(JOBS) $(IN_ORDER) --slow -m slow $(ARGS)
	@$(RUN) $(BIN)/pytest --database postgresql tests/storage tests/service/proving

# The tests of `make test` whose chains are what `--chains` names, on real nodes; the others would only run again.
test-anvil: setup
	@$(RUN) $(BIN)/ape test -n $(JOBS) $(IN_ORDER) --chains anvil -m on_chains $(ARGS)

coverage: setup
	@$(RUN) $(BIN)/ape test -n $(JOBS) $(IN_ORDER) --cov --cov-report=term --cov-report=html $(ARGS)

check: setup $(CHECKS)

lint: $(STAMP)
	@$(RUN) $(BIN)/ruff check .

format-check: $(STAMP)
	@$(RUN) $(BIN)/ruff format --check .

types: $(STAMP)
	@$(RUN) $(BIN)/mypy

layers: $(STAMP)
	@$(RUN) $(BIN)/lint-imports

generated: $(STAMP)
	@$(RUN) $(BIN)/zklink generate --check

docs: $(STAMP)
	@$(RUN) NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "the site is .build/site/index.html"

# Code sizes and constraints as in snapshots/; gas is compared by `make test`.
sizes: $(STAMP)
	@$(RUN) $(BIN)/zklink snapshots --check code_size constraints

# Since BASE, or since this branch left main.
changelog: $(STAMP)
	@$(RUN) $(BIN)/python .ci/changelog.py $(BASE)

snapshots: setup
	@$(RUN) $(BIN)/zklink snapshots $(ARGS)

bench: setup
	@$(RUN) $(BIN)/zklink bench $(ARGS)

format: $(STAMP)
	@$(RUN) $(BIN)/ruff format .
	@$(RUN) $(BIN)/ruff check --fix .

lock: $(STAMP)
	@$(RUN) $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-annotate --no-header \
		pyproject.toml --all-extras --output-file constraints.txt

clean:
	rm -rf $(VENV) $(VENV)-uv .build .cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis offchain/*.egg-info
	find offchain tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +
