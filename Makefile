# One virtual environment, set up again only when its lists have changed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SET_UP := $(VENV)/.set-up
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
CLOCK := $(VENV)/.clock
BROWSER := $(VENV)/.browser
# Where JupyterLab finds the extension; a link, so that it is always the one that was built last.
LABEXTENSION := $(VENV)/share/jupyter/labextensions/@lakesail/notebook-labextension
PYTEST := $(BIN)/pytest
# Files are the unit: the tests of a file share one server, and each worker starts its own. They wait for servers,
# engines, kernels and pages more than they compute, so two cores have work for three. The order is tests/conftest.py's.
IN_PARALLEL := --numprocesses 3 --dist loadfile --no-loadscope-reorder
TEST_GROUPS := fast integration browser environments promises
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra local --extra marimo \
	--no-emit-index-url --no-header
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

.DEFAULT_GOAL := help
.PHONY: help setup frontend lab demo check test $(TEST_GROUPS:%=test-%) soak bench format lock install-report

help: ## Say what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(SET_UP) ## Make .venv with everything that the others need

frontend: $(SET_UP) ## Build the user interface if its sources have changed
	@$(BIN)/python scripts/build_frontend.py
	@test -L $(LABEXTENSION) || { rm -rf $(LABEXTENSION) && mkdir -p $(dir $(LABEXTENSION)) && \
		ln -s $(CURDIR)/lakesail_notebook/labextension $(LABEXTENSION); }

lab: frontend ## Open JupyterLab on the quickstart
	$(BIN)/jupyter lab $(AS_ROOT) examples/quickstart.ipynb

demo: $(SET_UP) ## Run the quickstart without a browser and print its result
	$(BIN)/python examples/demo.py

check: frontend ## Format, lint, types, which way imports go, and the front end
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/pytest --quiet tests/unit/test_imports.py tests/unit/test_architecture.py tests/unit/test_frontend_bundles.py
	npm run --silent check
	PYTHON=$(BIN)/python npm run --silent types:check

test: $(SET_UP) ## Run all tests, group after group, and say how long each group took
	@failed=; times=; for group in $(TEST_GROUPS); do \
		began=$$(date +%s); $(MAKE) --no-print-directory test-$$group || failed="$$failed $$group"; \
		times="$$times\n$$(printf '%-12s %5d s' $$group $$(($$(date +%s) - began)))"; \
	done; printf "$$times\n"; test -z "$$failed" || { echo "These failed:$$failed"; exit 1; }

test-fast: frontend ## Run the tests to run often: units, contracts, the API's edge
	npm run --silent test
	$(PYTEST) $(IN_PARALLEL) tests/unit tests/contract tests/server

test-integration: frontend $(CLOCK) ## Run the tests with real engines and kernels
	$(PYTEST) $(IN_PARALLEL) tests/integration

test-browser: frontend $(BROWSER) ## Run the tests that drive JupyterLab and Notebook 7 in Chromium
	$(PYTEST) $(IN_PARALLEL) tests/e2e

test-environments: frontend ## Run the tests that install into environments of their own
	$(PYTEST) $(IN_PARALLEL) tests/environments

test-promises: $(SET_UP) ## Run the measurements that are promises; nothing runs beside them
	$(PYTEST) -m "not bench" tests/bench

soak: $(SET_UP) ## Kill engines and proxies under sessions that come and go, for ten minutes
	SOAK_SECONDS=600 $(PYTEST) tests/integration/test_soak.py

bench: $(SET_UP) ## Measure everything; a table, and bench-results/figures.json
	$(BIN)/pytest tests/bench

install-report: $(SET_UP) ## Measure what an installation adds to environments, and changes there
	$(BIN)/python scripts/install_report.py

format: $(SET_UP) ## Put the code into form
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

lock: $(SET_UP) ## Write requirements.lock and binder/requirements.txt; LOCK_OPTIONS=--upgrade for the newest of all
	$(PIP) install uv
	$(COMPILE) --extra test pyproject.toml $(LOCK_OPTIONS) --output-file requirements.lock
	$(COMPILE) pyproject.toml binder/requirements.in --constraint requirements.lock --no-annotate \
		--output-file binder/requirements.txt

$(CLOCK): $(SET_UP)  # the tests that set the clock skip themselves where libfaketime is not to be had
	@ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1 || { \
		test "$$(id -u)" = 0 && apt-get --quiet update && apt-get --quiet --yes install libfaketime; \
	} || echo "libfaketime is not here; the tests that set the clock will skip themselves."
	@touch $@

$(BROWSER): $(SET_UP)  # the tests say what to do where there is no Chromium
	@test -n "$$CHROMIUM" || command -v chromium >/dev/null || { \
		test "$$(id -u)" = 0 && apt-get --quiet update && \
		apt-get --quiet --yes install chromium fonts-dejavu-core; \
	} || echo "Chromium is not here; install it, or name it by CHROMIUM=..."
	@touch $@

$(SET_UP): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=..." if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) scripts/build_frontend.py --node
	@echo "Setting up $(VENV); the first time takes a few minutes."
	@$(PYTHON) -m venv $(VENV) || { \
		test "$$(id -u)" = 0 && apt-get --quiet update && apt-get --quiet --yes install python3-venv && \
		$(PYTHON) -m venv --clear $(VENV); \
	}
	$(PIP) install --requirement requirements.lock
	@test ! -L $(LABEXTENSION) || rm $(LABEXTENSION)  # else pip would write through the link
	$(PIP) install --no-deps --editable .
	@touch $@
