# Sekisho. `make demo` and `make test` do everything on a fresh machine (Python 3.11 or later).
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PORT ?= 8443
ARGS ?=

.PHONY: help demo serve test lint check bench docs pictures soak lock format clean

help:  ## Show the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST)

$(BIN)/.user: requirements.lock pyproject.toml
	@$(PYTHON) scripts/environment.py --venv $(VENV) --lock requirements.lock --stamp $@

$(BIN)/.developer: requirements-dev.lock pyproject.toml
	@$(PYTHON) scripts/environment.py --venv $(VENV) --lock requirements-dev.lock --stamp $@
	@touch $(BIN)/.user

demo: $(BIN)/.user  ## Run the main job on the demo data, then serve it
	@$(BIN)/sekisho demo --port $(PORT) $(ARGS)

serve: $(BIN)/.user  ## Serve the installation in ./var
	@$(BIN)/sekisho serve $(ARGS)

test: $(BIN)/.developer  ## Run all tests
	@$(BIN)/python scripts/run_tests.py $(ARGS)

lint: $(BIN)/.developer  ## Format, lint, types, import contracts, written pages
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/generate_docs.py --check

check: lint  ## The same and the house rules, which the tests hold, too
	$(BIN)/python -m pytest tests/house -q

bench: $(BIN)/.developer  ## Measure the figures against their baselines
	@$(BIN)/sekisho bench $(ARGS)

docs: $(BIN)/.developer  ## Write the pages of docs/ that the code tells
	@$(BIN)/python scripts/generate_docs.py $(ARGS)

pictures: $(BIN)/.developer  ## Take the pictures of the guides anew, of the demo
	@LANGUAGE=ja SEKISHO_PICTURES=1 $(BIN)/python -m pytest tests/journeys/test_pictures.py -q $(ARGS)

soak: $(BIN)/.developer  ## Run the long campaigns (docs/soak.md)
	@SEKISHO_SOAK=20000 $(BIN)/python -m pytest tests/consent/test_rules_differential.py tests/consent/state/test_differential.py tests/audit/test_kill.py tests/governance/gateway/intake/test_import_kill.py tests/governance/gateway/merging/test_merge_kill.py --timeout=3600 --hypothesis-seed=20261125 $(ARGS)
	@SEKISHO_KILLS=50 SEKISHO_NONCES=10000000 SEKISHO_SEED=20261125 $(BIN)/python -m pytest tests/governance/custody/test_kill.py tests/governance/custody/test_a4.py --timeout=3600 $(ARGS)
	@SEKISHO_SOAK=2000 $(BIN)/python -m pytest tests/consent/leases -s --timeout=7200 $(ARGS)
	@SEKISHO_SOAK=1 $(BIN)/python -m pytest tests/dsar/intake/test_timing.py tests/governance/identity/credentials/test_timing.py tests/governance/identity/credentials/test_flood.py tests/governance/portal/entry/test_timing.py tests/governance/portal/requests/test_timing.py -s --timeout=3600 $(ARGS)
	@SEKISHO_SOAK=10000 $(BIN)/python -m pytest tests/governance/pii/test_realistic.py --timeout=7200 $(ARGS)
	@SEKISHO_SOAK=1 $(BIN)/python -m pytest tests/dsar/execution/test_kill.py --timeout=600 $(ARGS)
	@SEKISHO_SOAK=20000 $(BIN)/python -m pytest tests/dsar/test_walks.py --timeout=3600 --hypothesis-seed=20261126 $(ARGS)
	@SEKISHO_SOAK=1 $(BIN)/python -m pytest tests/governance/jobs/campaign -s --timeout=7200 $(ARGS)
	@SEKISHO_SOAK=1 $(BIN)/python -m pytest tests/retention/backups/test_kill.py tests/retention/backups/test_residue.py tests/retention/test_sigkill.py tests/retention/test_reapplying.py tests/retention/holds/test_races.py --timeout=7200 $(ARGS)
	@SEKISHO_SOAK=3000 $(BIN)/python -m pytest tests/fuzz --timeout=3600 $(ARGS)
	@for name in $$($(BIN)/python -m tests.fuzz.campaign); do $(BIN)/python -m tests.fuzz.campaign $$name -seed=20261126 -max_total_time=300 || exit 1; done
	@SEKISHO_SOAK=100 $(BIN)/python -m pytest tests/security/test_whole_api.py -s --timeout=7200 $(ARGS)
	@SEKISHO_SOAK=1 $(BIN)/python -m pytest tests/security/test_authorisation_matrix.py -s --timeout=1800 $(ARGS)
	@SEKISHO_SOAK=1 $(BIN)/python -m pytest tests/walks/test_every_page.py -s --timeout=7200 $(ARGS)

format: $(BIN)/.developer  ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock:  ## Resolve the dependencies again into the lock files (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --extra build pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --extra build --extra kms --extra pkcs11 -c requirements.lock pyproject.toml -o requirements-keys.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --extra build --extra pdf -c requirements.lock pyproject.toml -o requirements-pdf.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --extra build --extra dev --extra bench pyproject.toml -o requirements-dev.lock

clean:  ## Remove the environment and everything generated
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
