# Everything a developer needs, with nothing but Python 3.11 and make. `make demo` and `make test` install what they need.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: help install demo test check fmt bench lock clean

help: ## Say what can be made
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/'

install: $(INSTALLED) ## Make .venv with everything in it
$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] < (3, 13) else "onecase needs Python 3.11 or 3.12; say which by: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(INSTALLED)

demo: $(INSTALLED) ## Run the main job on a local Kafka and Postgres and say what happened
	$(BIN)/onecase demo

test: $(INSTALLED) ## Run all tests
	$(BIN)/python -m pytest

check: $(INSTALLED) ## Format, lint, types, import rules, generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy
	$(BIN)/python -m onecase.generate --check

fmt: $(INSTALLED) ## Format, mend what can be mended, write generated files
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python -m onecase.generate

bench: $(INSTALLED) ## Measure (minutes)
	$(BIN)/onecase bench pipeline --reports 20000 --json

lock: ## Resolve the dependencies anew into requirements.lock
	$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options --all-extras --output-file requirements.lock pyproject.toml

clean: ## Remove .venv and caches; the data under .onecase stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
