# Everything the project does for a person, one line each: `make help`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help

.PHONY: help
help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(VENV)/.run: requirements/run.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "setting up $(VENV) (once; needs the package index)" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

.PHONY: setup
setup: $(VENV)/.dev ## Make the environment with all tools

.PHONY: demo
demo: $(VENV)/.run ## One circular, 75 inboxes, 75 numbers back (KEEP=1 leaves the hub running)
	@$(BIN)/gateway demo $(if $(KEEP),--keep)

.PHONY: run
run: $(VENV)/.run ## Serve ./var (made by `gateway init` first)
	@$(BIN)/gateway serve

.PHONY: test
test: $(VENV)/.dev ## Format, lint, types, imports, documents, tests
	@$(BIN)/python tools/services.py --in-memory $(BIN)/python tools/checks.py

.PHONY: soak
soak: $(VENV)/.dev ## The long tests at full size; writes docs/soak.md
	@$(BIN)/python tools/services.py $(BIN)/python tools/soak.py

.PHONY: rehearse
rehearse: $(VENV)/.dev ## deploy/README.md, command by command, in a folder of its own
	@$(BIN)/python tools/services.py $(BIN)/python tools/rehearse.py

.PHONY: bench
bench: $(VENV)/.dev ## How fast it is on both engines (some minutes, alone on the machine)
	@$(BIN)/python tools/services.py $(BIN)/python -m tools.bench

.PHONY: crash-matrix
crash-matrix: $(VENV)/.dev ## Each fault under thousands of letters; writes docs/crash-matrix.md
	@$(BIN)/python tools/crash_matrix.py $(if $(LETTERS),--letters $(LETTERS))

.PHONY: lint
lint: $(VENV)/.dev ## Format, lint, types and import contracts only
	@$(BIN)/python tools/checks.py --only format lint types imports

.PHONY: docs
docs: $(VENV)/.dev ## Make the generated documents anew
	@$(BIN)/python tools/make_reference.py
	@$(BIN)/python tools/make_cli_reference.py
	@$(BIN)/python tools/make_definitions.py
	@$(BIN)/python tools/draw_lifecycle.py
	@$(BIN)/python tools/make_hostile.py

.PHONY: lock
lock: $(VENV)/.dev ## Pin the dependencies anew, with hashes
	@$(BIN)/python -m piptools compile --quiet --allow-unsafe --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --strip-extras --output-file requirements/run.txt requirements/run.in
	@$(BIN)/python -m piptools compile --quiet --allow-unsafe --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --strip-extras --output-file requirements/dev.txt requirements/dev.in
	@$(BIN)/python -m piptools compile --quiet --allow-unsafe --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --strip-extras --output-file requirements/audit.txt requirements/audit.in

.PHONY: audit
audit: ## Ask whether a pinned dependency is known to be vulnerable (needs the network)
	@test -x .audit/bin/python || $(PYTHON) -m venv .audit
	@.audit/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/audit.txt
	@.audit/bin/python tools/audit.py

.PHONY: clean
clean: ## Remove the environment and what tools left behind
	@rm -rf $(VENV) .audit build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*
