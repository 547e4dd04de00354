# Portico. `make help` lists what there is; each target needs Python 3.11 or newer and make, nothing else.
.DEFAULT_GOAL := help
.PHONY: help run demo test bench chaos life-cycle one-slot check fmt lint types rules lock clean dev browser

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCK := uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Portico needs Python 3.11 or newer; name one with: make run PYTHON=python3.11")'
	@echo "  making $(VENV)"
	@$(PYTHON) -m venv $(VENV)

# The stamps tell which lock file the environment was installed from.
$(VENV)/demo.stamp: requirements-demo.lock pyproject.toml | $(BIN)/python
	@echo "  installing what the stack needs (once)"
	@$(PIP) install --require-hashes --requirement requirements-demo.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock pyproject.toml | $(BIN)/python
	@echo "  installing what the tests need (once)"
	@$(PIP) install --require-hashes --requirement requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/demo.stamp

dev: $(VENV)/dev.stamp ## Make the environment for working on Portico

run: $(VENV)/demo.stamp ## Start the whole stack on this machine; Ctrl-C stops it
	@exec $(BIN)/portico run

demo: $(VENV)/demo.stamp ## With a stack running: drive one client from sign-up to a paid, booked appointment
	@exec $(BIN)/portico demo

browser:
	@sh tests/tools.sh

test: $(VENV)/dev.stamp browser ## Everything, on the real parts
	@$(BIN)/python -m pytest -n 2

bench: $(VENV)/dev.stamp ## Measure everything that has a figure in docs/benchmarks.md (10 minutes)
	@$(BIN)/python -m bench

chaos: $(VENV)/dev.stamp ## The whole fault matrix into docs/chaos.md (CHAOS_SEED=1, CHAOS_ONLY=part:kind:moment:track:effect)
	@$(BIN)/python -m tests.chaos

life-cycle: $(VENV)/dev.stamp ## Appointments and fees in any order, against laws of money (LIFE_CYCLE_WAYS=100)
	@LIFE_CYCLE_WAYS=$${LIFE_CYCLE_WAYS:-100} $(BIN)/python -m pytest tests/virtual_time/test_life_cycle.py -q

one-slot: $(VENV)/dev.stamp ## Two hundred clients ask for one slot at once, twenty times (ONE_SLOT_CLIENTS, ONE_SLOT_ROUNDS)
	@ONE_SLOT_CLIENTS=$${ONE_SLOT_CLIENTS:-200} ONE_SLOT_ROUNDS=$${ONE_SLOT_ROUNDS:-20} \
		$(BIN)/python -m pytest tests/e2e/test_one_slot.py -q

fmt: $(VENV)/dev.stamp ## Put the code into shape
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lint: $(VENV)/dev.stamp
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: $(VENV)/dev.stamp
	@$(BIN)/mypy

rules: $(VENV)/dev.stamp
	@$(BIN)/lint-imports

check: lint types rules test ## Format, lint, types, import rules, tests: what CI runs

lock: ## Pin the newest versions that pyproject.toml allows (needs uv)
	@$(LOCK) pyproject.toml -o requirements.lock
	@$(LOCK) --extra demo -c requirements.lock pyproject.toml -o requirements-demo.lock
	@$(LOCK) --extra demo --extra otel --extra dev -c requirements-demo.lock pyproject.toml -o requirements-dev.lock

clean: ## Remove the environment and the caches; the state directory stays
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info build
