# make setup   everything that development needs, in .venv
# make demo    check, fix and prove the sample in demo/
# make test    all tests, with coverage
# make soak    the server under 20,000 random operations, and 1,000 sequences of edits
# make lint    style, formatting, types, layers, rules
# make pages   the rules' pages in docs/rules
# make bench   Setsquare against the parsers' floor and against Checkov
# make editors-test   the server in a real Neovim and a real Emacs

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ORACLE := tests/oracle

.PHONY: setup demo test soak lint format pages bench editors editors-test clean

setup: $(VENV)/.installed $(ORACLE)/node_modules/.installed

$(VENV)/.installed: pyproject.toml tools/hatch_build.py
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

# HashiCorp's own formatter and parser, as WebAssembly: what the fixes are held to.
$(ORACLE)/node_modules/.installed: $(ORACLE)/package-lock.json
	tools/ensure.sh npm nodejs npm
	cd $(ORACLE) && npm ci --no-audit --no-fund --loglevel=error
	touch $@

demo: $(VENV)/.installed
	PATH="$(CURDIR)/$(BIN):$$PATH" tools/demo.sh

test: setup
	$(BIN)/pytest --numprocesses=auto --cov --cov-report=term

soak: $(VENV)/.installed
	SETSQUARE_SOAK=20000 SETSQUARE_SEQUENCES=1000 $(BIN)/pytest --numprocesses=2 tests/lsp/test_soak.py tests/lsp/test_typethrough.py

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/setsquare rules --check

format: $(VENV)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

pages: $(VENV)/.installed
	$(BIN)/python tools/generate.py docs

bench: $(VENV)/.installed
	$(BIN)/python bench/run.py $(BENCH)

editors: $(VENV)/.installed
	test -x $(BIN)/nvim || $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[editors]' || tools/ensure.sh nvim neovim
	tools/ensure.sh emacs emacs-nox elpa-eglot

editors-test: editors
	$(BIN)/pytest -m editors tests/editors

clean:
	rm -rf build dist .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
