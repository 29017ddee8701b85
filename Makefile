# make run     set up .venv, generate 100 instructions with the offline model, show what came out
# make test    the tests            make check   linter, formatter, types, layers            make clean   all of it away but runs/
# make docs    what docs/ takes from the code

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
RUN    := runs/default
# Modules are compiled when first imported: compiling all 8,000 of them costs a third of the install.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt

.DEFAULT_GOAL := run
.NOTPARALLEL:
.PHONY: run test check docs clean

run: $(VENV)/installed
	$(BIN)/python run.py generate --run $(RUN)
	$(BIN)/python run.py status $(RUN)
	$(BIN)/python run.py export $(RUN) --format alpaca --out $(RUN)/alpaca.json
	@echo "three rows of $(RUN)/alpaca.json:"
	@$(BIN)/python -c 'import json, sys; rows = json.load(open(sys.argv[1], encoding="utf-8")); \
	print(*(json.dumps(row, ensure_ascii=False, indent=2) for row in rows[:: len(rows) // 3 or 1][:3]), sep="\n")' $(RUN)/alpaca.json

test: $(VENV)/installed-dev
	$(BIN)/pytest -n 2 --dist worksteal

check: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

docs: $(VENV)/installed-dev
	$(BIN)/python docs/generate.py

# What a run holds was paid for: runs/ stays.
clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps: a second call installs nothing, a changed list of packages installs again.
$(VENV)/installed: pyproject.toml constraints.txt | $(BIN)/pip
	@echo "installing the package and what it needs into $(VENV) (a minute, once)"
	$(INSTALL) -e .
	@touch $@

$(VENV)/installed-dev: pyproject.toml constraints.txt | $(BIN)/pip
	@echo "installing the package and its tools into $(VENV) (a minute, once)"
	$(INSTALL) -e '.[dev]'
	@touch $(VENV)/installed $@

# pip is the last thing that venv makes: where it is, the environment is whole.
$(BIN)/pip:
	@command -v $(PYTHON) >/dev/null || { echo "no $(PYTHON) here; name a Python 3.11 or newer: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "self-instruct needs Python 3.11 or newer; \
	$(PYTHON) is " + sys.version.split()[0] + "; name another: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
