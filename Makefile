# make serve | site | offline | paper | test | test-slow | check | format | update-outputs | faults | mutants
# | test-torch | bench | clean, and for maintainers lock | runtime | vendor | check-js | reference | tournament
# | seconds | coverage | vary. Each sets up what it needs, most of them in .venv.

PYTHON ?= python3
# Not ?=, for HOST and PORT may stand in the environment for something else. `make serve HOST=… PORT=…` is what counts.
HOST = 127.0.0.1
PORT = 8000
BIN := .venv/bin
export NO_MKDOCS_2_WARNING := 1

.PHONY: serve site offline paper test test-slow check format update-outputs faults mutants test-torch bench
.PHONY: lock runtime vendor check-js reference tournament seconds coverage vary clean

serve: .venv/ready
	$(BIN)/mkdocs serve --dev-addr $(HOST):$(PORT)

site: .venv/ready
	$(BIN)/mkdocs build --strict

# A zip of the site that opens from a folder, without a server (npm).
offline: site scripts/vendor/node_modules/.ready
	$(BIN)/python -m scripts.offline site wi_docs-offline.zip

# The chapters as PDF, and as an EPUB, in site/paper, linked from their pages (Chromium).
paper: site
	$(BIN)/python -m scripts.paper site

# Every snippet, the package and the built site.
test: .venv/ready
	$(BIN)/pytest -m "not slow"

# The pages in the browsers that are installed, every fault, and builds of copies of the project.
test-slow: .venv/ready
	$(BIN)/pytest -m slow

# Style, types, and which folder imports from which: seconds, before every commit. Scripts' types need npm.
check: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory check-js; \
	else echo "no npm: scripts' types unchecked"; fi

format: .venv/ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Write what the >>> blocks of the pages print now in place of what stands there. Read the difference before you commit
# it.
update-outputs: .venv/ready
	$(BIN)/python -m scripts.maintain.update_outputs $(PAGES)

# Plant every fault, and see every claim that is named beside it fail. FAULTS="a word" takes those with the word.
faults: .venv/ready
	$(BIN)/python -m tests.faults $(FAULTS)

# Make small changes to the package, one at a time, and list those that no test notices.
# MUTANTS="wi_docs.nn.gains*" takes some.
mutants:
	$(PYTHON) -m venv .cache/mutants
	.cache/mutants/bin/pip install --quiet --editable '.[site,test]' 'mutmut>=3.8,<4'
	.cache/mutants/bin/mutmut run $(MUTANTS)
	.cache/mutants/bin/mutmut results | sed '/: not checked$$/d'

bench: .venv/ready
	$(BIN)/python -m scripts.maintain.bench $(BENCH)
	$(BIN)/python -m pytest -p no:xdist -o addopts= -q -s tests/timings.py

# Renew the lock: every file of every version that Python 3.11 to 3.14 would take, with its hash and no index address.
lock:
	$(PYTHON) -m venv .cache/lock
	.cache/lock/bin/pip install --quiet 'uv==0.13.9'
	.cache/lock/bin/uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 --upgrade \
		--extra site --extra test --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header \
		--output-file requirements.lock pyproject.toml

# Fetch the Python that pages run, which a build does by itself; RUNTIME="--lock" writes its lock anew (npm).
runtime: .venv/ready
	$(BIN)/python -m scripts.fetch_runtime $(RUNTIME)

# Bundle the editor and the charts that pages load, and fetch what looks for obstacles in the tests
# (npm). Only for a change of scripts/vendor.
vendor:
	cd scripts/vendor && npm ci --ignore-scripts && node bundle.mjs

# Check the types of our scripts: what pages load, and the worker, whose globals are others (npm).
check-js: scripts/vendor/node_modules/.ready
	cd scripts/vendor && npx tsc --project . && npx tsc --project tsconfig.worker.json

scripts/vendor/node_modules/.ready: scripts/vendor/package-lock.json
	cd scripts/vendor && npm ci --ignore-scripts
	@touch $@

# Count what holds the sentences of the pages, and list those held by nothing. PAGES="which-gain" takes some.
coverage: .venv/ready
	$(BIN)/python -m scripts.coverage $(PAGES)

# Run the claims that have changed under other conditions, one at a time, and keep what is found in docs/vary.json.
# VARY="an id" runs one, VARY=--all all of them, which takes hours, VARY=--list says which have changed.
vary: .venv/ready
	$(BIN)/python -m scripts.vary $(VARY)

# Ask the frameworks again what they do. Their versions are part of what the file says.
reference:
	$(PYTHON) -m venv .cache/reference
	.cache/reference/bin/pip install --quiet torch==2.13.0 jax==0.10.2 flax==0.12.8 keras==3.15.1
	.cache/reference/bin/python -m scripts.maintain.reference_data
	.cache/reference/bin/python -m scripts.maintain.diagnosis_reference

# Train all schemes against each other, and the map of scale and rate, anew: about seventeen minutes of one core.
tournament: .venv/ready
	$(BIN)/python -m scripts.maintain.tournament $(TOURNAMENT)

# Run all snippets in Chromium, and keep the seconds that the pages say beside Run: about three minutes.
seconds: site
	$(BIN)/python -m scripts.maintain.seconds site

# The hooks on real models. The lock is without PyTorch, so this has an environment of its own.
test-torch:
	$(PYTHON) -m venv .cache/torch
	.cache/torch/bin/pip install --quiet --editable '.[test,torch]' 'flax>=0.12,<1' 'keras>=3.15,<4'
	.cache/torch/bin/python -m pytest -p no:xdist -o addopts= -o testpaths= -q tests/torch

clean:
	rm -rf .cache .venv build site *.egg-info

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; set PYTHON=…")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
