# Everything happens in .venv, a private environment that is made when it is
# first needed, and mended when setup.cfg changes.

PYTHON ?= python3
# What `make run` serves, and where.
TARGET ?= examples.site:root
PORT ?= 8080
RPC_PORT ?= 7780

VENV := .venv
BIN := $(VENV)/bin

# Processes that share the tests: one for each processor.
WORKERS ?= logical --maxprocesses 8 --dist worksteal

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

# Seconds for each of the fuzzers.
SECONDS ?= 60
FUZZ := fuzz/.venv/bin/python

# Requests along each route.
REQUESTS ?= 10000

.PHONY: bench coverage help run test lint types contracts format requirements limits dist fuzz interop clean

help:
	@echo "make run    serve an example at http://localhost:$(PORT)/ and rpc://localhost:$(RPC_PORT)/"
	@echo "make test   run the tests"
	@echo "make coverage"
	@echo "            run them, and say which lines they don't reach"
	@echo "make lint   check style, types and imports"
	@echo "make requirements"
	@echo "            say which requirements of HTTP have a test, and write the page"
	@echo "make limits write the page of limits and deadlines"
	@echo "make dist   build the wheel and the source archive"
	@echo "make fuzz   fuzz the readers, each for SECONDS=$(SECONDS)"
	@echo "make interop"
	@echo "            send REQUESTS=$(REQUESTS) through each proxy (needs nginx, haproxy, varnish"
	@echo "            and squid)"
	@echo "make bench  measure side by side with the peers (needs wrk)"
	@echo "make clean  remove all that was made"

run: $(VENV)/.for-run
	$(BIN)/penstock serve $(TARGET) --http $(PORT) --rpc $(RPC_PORT)

test: $(VENV)/.for-test
	$(BIN)/pytest --numprocesses $(WORKERS) $(PYTEST_ARGS)

# Takes twice as long.
coverage: $(VENV)/.for-test
	$(BIN)/pytest --numprocesses $(WORKERS) --cov $(PYTEST_ARGS)

lint: $(VENV)/.for-lint
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/towncrier build --draft --version next >/dev/null

format: $(VENV)/.for-lint
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

requirements: $(VENV)/.for-test
	$(BIN)/python docs/requirements.py

limits:
	$(PYTHON) docs/limits.py

dist: $(VENV)/.for-lint
	rm -rf dist
	$(BIN)/python -m build

# One after the other: each takes a processor for itself.
fuzz: fuzz/.venv/.ready
	$(FUZZ) fuzz/run.py request --seconds $(SECONDS)
	$(FUZZ) fuzz/run.py response --seconds $(SECONDS)
	$(FUZZ) fuzz/run.py rpc --seconds $(SECONDS)
	$(FUZZ) fuzz/differential.py --seconds $(SECONDS)

fuzz/.venv/.ready: fuzz/requirements.txt setup.cfg pyproject.toml
	$(PYTHON) -m venv fuzz/.venv
	$(FUZZ) -m pip install --quiet --editable . --requirement fuzz/requirements.txt
	$(FUZZ) -m pip install --quiet atheris \
	    || echo "no atheris for this Python: inputs are changed at random instead"
	@touch $@

interop: $(VENV)/.for-test
	cd interop && ../$(BIN)/python scenes.py
	cd interop && ../$(BIN)/python behind.py --requests $(REQUESTS)
	cd interop && ../$(BIN)/python run.py --requests $(REQUESTS)

bench: $(VENV)-bench/.for-bench
	cd benchmarks && ../$(VENV)-bench/bin/python http_hello.py
	cd benchmarks && ../$(VENV)-bench/bin/python rpc_call.py
	cd benchmarks && ../$(VENV)-bench/bin/python memory_call.py

clean:
	rm -rf $(VENV) fuzz/.venv fuzz/found build dist *.egg-info .coverage .mypy_cache .pytest_cache \
	    .ruff_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "penstock needs Python 3.11 or newer, and $(PYTHON) is %d.%d: try make PYTHON=python3.12" % sys.version_info[:2] or 0)'
	@$(PYTHON) -c 'import ensurepip, venv' || { \
	    echo "$(PYTHON) has no venv module; Debian and Ubuntu have it in python3-venv" >&2; \
	    exit 1; }
	$(PYTHON) -m venv $(VENV)

# The peers have an environment of their own.
$(VENV)-bench/.for-bench: setup.cfg benchmarks/requirements.txt
	$(PYTHON) -m venv $(VENV)-bench
	$(VENV)-bench/bin/python -m pip install --quiet --editable . -r benchmarks/requirements.txt
	@touch $@

$(VENV)/.for-run: $(VENV)/bin/python setup.cfg pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.for-%: $(VENV)/bin/python setup.cfg pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[$*]'
	@touch $@
