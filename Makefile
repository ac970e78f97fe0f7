# Shouyue 守约. `make` alone lists the targets; `make run` is all a newcomer needs.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
SOURCES := src tests bench
PYTEST_ARGS ?=

# Whatever the caller's virtual environment is, ours is .venv.
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help setup run test lint bench shell clean lock tools messages

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

setup: $(STAMPS)/package messages  ## create .venv with everything the program needs

run: setup  ## start everything with the demo contracts; Ctrl-C stops it (PORT=8000)
	@exec $(BIN)/shouyue up --demo

test: setup tools  ## run all tests
	@scripts/install-test-tools
	@exec $(BIN)/python -m pytest -n 2 --dist loadgroup $(PYTEST_ARGS)

lint: setup tools  ## check style, types, templates, module order, migrations, translations
	@scripts/lint $(SOURCES)

bench: setup tools  ## measure speed (minutes) and write docs/benchmarks.md
	@exec $(BIN)/python -m bench

shell: setup  ## a Python shell with the models loaded
	@exec $(BIN)/shouyue manage shell

clean:  ## delete .venv, .shouyue with its database, and everything built
	@if [ -x $(BIN)/shouyue ]; then $(BIN)/shouyue stop && $(BIN)/shouyue database erase --yes || true; fi
	@rm -rf $(VENV) $${SHOUYUE_HOME:-.shouyue} build dist node_modules src/shouyue/web/static/vendor
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
	@find src -name '*.mo' -delete

lock: tools  ## renew requirements/*.txt and package-lock.json from pyproject.toml and package.json
	@scripts/lock

tools: $(STAMPS)/tools

messages: $(STAMPS)/package
	@$(BIN)/python scripts/compile_messages.py

$(STAMPS)/environment:
	@scripts/create-environment $(PYTHON) $(VENV)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/requirements: requirements/run.txt | $(STAMPS)/environment
	@echo "Installing the packages of requirements/run.txt ..."
	@$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/run.txt
	@touch $@

# The editable install runs hatch_build.py, which also places the front-end files.
$(STAMPS)/package: pyproject.toml hatch_build.py package-lock.json src/shouyue/web/icons.txt src/shouyue/web/sprite.py $(STAMPS)/requirements
	@echo "Building the package and its front-end files ..."
	@$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $@

$(STAMPS)/tools: requirements/dev.txt $(STAMPS)/requirements
	@echo "Installing the development tools of requirements/dev.txt ..."
	@$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/dev.txt
	@touch $@
