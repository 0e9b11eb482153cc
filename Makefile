# One command for each thing that is done here. `make env` builds .venv; all others call it.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

# Where an environment forbids to keep bytecode, each process that a test starts would compile the product anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help env run demo test test-bluesky chaos chaos-long check format bench eval words lock clean

help:                     ## say what can be made
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

env: $(STAMP)             ## build the virtual environment .venv from requirements.lock

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 or newer is needed, and $(PYTHON) is not it. On Debian 12 or newer: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "Python's venv module is missing. On Debian: apt-get install python3-venv"; exit 1; }
	@echo "Installing into .venv (once; one to five minutes) …"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --use-pep517 --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

run: env                  ## start everything: store, worker and the page on http://127.0.0.1:8765
	$(BIN)/monitor up

demo: env                 ## replay the sample archive and print its digest
	$(BIN)/monitor demo

test: env                 ## run all tests
	$(BIN)/python -m pytest -n 4 --dist worksteal

test-bluesky: env         ## the product beside Bluesky's own servers, which it installs under .bluesky (700 MB, some minutes)
	$(BIN)/python -m tests.bluesky.install
	$(BIN)/python -m pytest -m bluesky tests/bluesky

chaos: env                ## kill, freeze, cut and storm for three minutes, and count what was lost or doubled (SEED=n repeats)
	$(BIN)/python -m pytest -n 2 -m chaos
	$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED))

chaos-long: env           ## the same figures in their full form: about an hour
	$(BIN)/python -m tests.chaos --long $(if $(SEED),--seed $(SEED))

check: env                ## format, lint, types, imports, architecture
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest tests/test_architecture.py

format: env               ## put the code in shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: env                ## measure the stages of ingest beside a naive pipeline, and the engines of language
	$(BIN)/python -m tests.benchmarks.ingest
	$(BIN)/python -m tests.benchmarks.language

eval: env                 ## measure how well languages are told apart, keywords found, senses judged, copies, bursts, new words and silences found
	$(BIN)/python -m tests.evaluation.language
	$(BIN)/python -m tests.evaluation.matching
	$(BIN)/python -m tests.evaluation.matching tests/evaluation/matching_held_out.jsonl
	$(BIN)/python -m tests.evaluation.sense
	$(BIN)/python -m tests.evaluation.copies
	$(BIN)/python -m tests.evaluation.bursts
	$(BIN)/python -m tests.evaluation.phrases
	$(BIN)/python -m tests.evaluation.silence

words: env                ## write what is to be translated into the catalogs of monitor/locale, for somebody to translate
	$(BIN)/pybabel -q extract -k say -k say_many:1,2 -k phrase --no-location --sort-output -o .words.pot monitor
	for language in zh-Hans zh-Hant; do \
	  $(BIN)/pybabel -q update --no-fuzzy-matching --ignore-obsolete -w 140 -i .words.pot -l $$(echo $$language | tr - _) \
	    -o monitor/locale/$$language.po; done
	rm .words.pot

lock: env                 ## pin all dependencies anew, with hashes
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes --upgrade \
	  --no-header --no-annotate --output-file requirements.lock pyproject.toml

clean:                    ## remove what was built; data under var/ stays
	rm -rf .venv .bluesky build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
