# Everyday commands. `make` lists them.
PYTHON := .venv/bin/python
BIN := .venv/bin
# Tests of the language, weights, files and the house: none of them compiles a kernel, so they are done in seconds.
QUICK := expressions language language_check language_docs language_schema language_variants worlds_weights worlds_sample \
         worlds_store lens_compare report_text docs architecture

.DEFAULT_GOAL := help
.PHONY: help setup quick lint types quick-tests test format docs build clean

help:  ## list these commands
	@awk -F ':.*  ## ' '/^[a-z-]+:.*  ## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(PYTHON)  ## make .venv and install Foedus with what tests need
	$(PYTHON) -m pip install --quiet --editable '.[test]'

$(PYTHON):
	python3 -m venv .venv

quick:  ## a quick check, under a minute: lint, types, imports and the quickest tests
	@$(MAKE) --no-print-directory --jobs 2 --output-sync lint types quick-tests

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

types:
	$(BIN)/mypy

quick-tests:
	$(PYTHON) -m pytest -n 0 $(QUICK:%=tests/test_%.py)

test:  ## everything, as ./test does
	sh ./test

format:  ## mend what lint can mend, and lay the code out
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs:  ## draw the picture of the street anew
	$(PYTHON) scripts/draw_street.py

build:  ## build sdist and wheel into dist/
	$(PYTHON) -m build

clean:  ## throw away caches, also of compiled kernels (needed after changing a kernel that another file calls)
	find . -path ./.venv -prune -o -type d -name __pycache__ -print | xargs rm -rf
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
